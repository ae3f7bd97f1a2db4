"""How a zone hashes the names in its denials, as the record of its own name at each server shows it
(RFC 5155, section 3.1; RFC 9276)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from checks.facts.dnssec.denial import OPT_OUT, SHA1
from checks.facts.remarks import Remark, at, zonemaster
from netdiag.lazy import dataclass
from netdiag.outcomes import DnsReply

FIELDS = 5
"""Of an NSEC3 record, before its types."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """`salt` in octets."""

    algorithm: int
    flags: int
    iterations: int
    salt: int

    @property
    def opt_out(self) -> bool:
        return bool(self.flags & OPT_OUT)

    @property
    def unknown_flags(self) -> int:
        return self.flags & ~OPT_OUT


By = Mapping[str, Parameters]
"""The parameters by server."""


def parameters_of(reply: DnsReply) -> tuple[Parameters, ...]:
    """Those of each NSEC3 record in a denial; unreadable records are left out."""
    found = (_read(r.data.split()) for r in reply.authority if r.rtype == "NSEC3")
    return tuple(one for one in found if one)


def _read(words: Sequence[str]) -> Parameters | None:
    if len(words) < FIELDS or not all(_is_number(word) for word in words[:3]):
        return None
    algorithm, flags, iterations = (int(word) for word in words[:3])
    salt = 0 if words[3] == "-" else len(words[3]) // 2
    return Parameters(algorithm, flags, iterations, salt)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 5


def unknown_hashes(by: By) -> Iterator[Remark]:
    names = zonemaster("DS03_ILLEGAL_HASH_ALGO")
    yield from _odd(by, lambda one: one.algorithm != SHA1, "hash algorithm {0.algorithm}", names)


def unknown_flags(by: By) -> Iterator[Remark]:
    names = zonemaster("DS03_UNASSIGNED_FLAG_USED")
    yield from _odd(by, lambda one: bool(one.unknown_flags), "flags {0.flags}", names)


def _odd(
    by: By, is_odd: Callable[[Parameters], bool], words: str, names: tuple[str, ...]
) -> Iterator[Remark]:
    where: dict[str, list[str]] = {}
    for server, one in by.items():
        if is_odd(one):
            where.setdefault(words.format(one), []).append(server)
    for text, servers in where.items():
        yield Remark(text + at(servers, tuple(by)), names)


DIFFERENT: Sequence[tuple[str, Callable[[Parameters], int], str]] = (
    ("hash algorithm", lambda one: one.algorithm, "DS03_INCONSISTENT_HASH_ALGO"),
    ("flags", lambda one: one.flags, "DS03_INCONSISTENT_NSEC3_FLAGS"),
    ("iterations", lambda one: one.iterations, "DS03_INCONSISTENT_ITERATION"),
    ("octets of salt", lambda one: one.salt, "DS03_INCONSISTENT_SALT_LENGTH"),
)


def differences(by: By) -> Iterator[Remark]:
    """What is not the same at all servers."""
    for name, of, tag in DIFFERENT:
        where: dict[int, list[str]] = {}
        for server, one in by.items():
            where.setdefault(of(one), []).append(server)
        if len(where) > 1:
            each = "; ".join(f"{value} at {', '.join(who)}" for value, who in where.items())
            yield Remark(f"{name}: {each}", zonemaster(tag))


def in_use(by: By, registry: bool) -> Iterator[Remark]:
    """What is as it should be, or usual."""
    told = tuple(by.values())
    if any(one.algorithm == SHA1 for one in told):
        yield Remark("SHA-1", zonemaster("DS03_LEGAL_HASH_ALGO"))
    if any(one.iterations == 0 for one in told):
        yield Remark("no further iterations", zonemaster("DS03_LEGAL_ITERATION_VALUE"))
    if any(one.salt == 0 for one in told):
        yield Remark("no salt", zonemaster("DS03_LEGAL_EMPTY_SALT"))
    if any(not one.opt_out for one in told):
        yield Remark("no opt-out", zonemaster("DS03_NSEC3_OPT_OUT_DISABLED"))
    if registry and any(one.opt_out for one in told):
        names = zonemaster("DS03_NSEC3_OPT_OUT_ENABLED_TLD", "HAS_NSEC3_OPTOUT")
        yield Remark("unsigned delegations left out (opt-out), as registries do", names)
