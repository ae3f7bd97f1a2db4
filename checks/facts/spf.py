"""SPF as a receiver evaluates it: the record, what it includes, and how many look-ups that takes.

RFC 7208. Nothing is judged here. Receivers give up after ten look-ups, and so does this, a little
later, so that the report can say by how many the limit is passed.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from checks.facts.iterate import resolve
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, ObservationId

MOST_LOOKUPS = 10
MOST_VOID = 2
"""RFC 7208, section 4.6.4: look-ups, and those of them that find nothing."""

GIVES_UP = 25
MOST_DEPTH = 10
CERTAIN = frozenset({"found", "nodata", "nxdomain"})

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TERM = re.compile(
    r"(?P<qualifier>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?P<argument>[:/].*)?|(?P<modifier>[A-Za-z][\w.-]*)=(?P<value>.*)",
    re.IGNORECASE,
)
_NEEDS_ARGUMENT = frozenset({"include", "ip4", "ip6", "exists"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism or modifier: `kind` in lower case, `argument` without its colon."""

    kind: str
    argument: str = ""
    qualifier: str = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """What the domain's SPF record comes to.

    `records` are all that begin like one. `broken` are terms that are none, `missing` the domains
    included that have no record. `lookups` and `voids` count what a receiver looks up for a sender
    that nothing matches; `certain` is False where some of it could not be looked up.
    """

    domain: str
    records: tuple[str, ...]
    terms: tuple[Term, ...] = ()
    broken: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    lookups: int = 0
    voids: int = 0
    certain: bool = True
    evidence: tuple[ObservationId, ...] = ()

    @property
    def all(self) -> str:
        """The qualifier of the final `all`; empty without one."""
        return next((term.qualifier for term in self.terms if term.kind == "all"), "")


def joined(data: str) -> str:
    """The strings of a TXT record as one (RFC 7208, section 3.3)."""
    return "".join(part.replace('\\"', '"') for part in _STRING.findall(data))


def is_policy(text: str) -> bool:
    """Whether a TXT record is an SPF record (RFC 7208, section 4.5)."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parsed(record: str) -> tuple[tuple[Term, ...], tuple[str, ...]]:
    """The terms of a record, and the words that are none (RFC 7208, section 4.6.1)."""
    terms, broken = [], []
    for word in record.split()[1:]:
        match = _TERM.fullmatch(word)
        if match is None:
            broken.append(word)
            continue
        kind = (match["name"] or match["modifier"]).lower()
        argument = (match["argument"] or "").removeprefix(":") or match["value"] or ""
        if kind in _NEEDS_ARGUMENT and not argument:
            broken.append(word)
            continue
        terms.append(Term(kind=kind, argument=argument, qualifier=match["qualifier"] or "+"))
    return tuple(terms), tuple(broken)


async def spf_of(net: Asker, brief: Brief, domain: str) -> Spf:
    """The SPF of `domain` (absolute), through its includes."""
    return await _evaluate(net, brief, domain, (), 0)


async def _evaluate(
    net: Asker, brief: Brief, domain: str, above: tuple[str, ...], spent: int
) -> Spf:
    seen = await resolve(net, brief, domain, "TXT")
    texts = [joined(data) for data in seen.data]
    records = tuple(filter(is_policy, texts))
    found = Spf(
        domain=domain,
        records=records,
        certain=seen.status in CERTAIN,
        evidence=seen.evidence,
    )
    if len(records) != 1:
        return found
    terms, broken = parsed(records[0])
    found = replace(found, terms=terms, broken=broken)
    for term in terms:
        if spent + found.lookups >= GIVES_UP:
            break
        found = _plus(found, await _cost(net, brief, domain, term, above, spent + found.lookups))
    return found


async def _cost(
    net: Asker, brief: Brief, domain: str, term: Term, above: tuple[str, ...], spent: int
) -> Spf:
    """What one term adds: as an SPF of which only the sums count."""
    nothing = Spf(domain=domain, records=())
    if term.kind in {"include", "redirect"}:
        return await _included(net, brief, term.argument, (*above, domain), spent)
    if term.kind in {"ptr", "exists"}:
        return replace(nothing, lookups=1)
    if term.kind not in {"a", "mx"}:
        return nothing
    name = term.argument.partition("/")[0] or domain
    if "%" in name:
        return replace(nothing, lookups=1)
    rtypes = ("MX",) if term.kind == "mx" else ("A", "AAAA")
    seen = await asyncio.gather(*(resolve(net, brief, absolute(name), rtype) for rtype in rtypes))
    void = all(one.status in {"nodata", "nxdomain"} for one in seen)
    return replace(
        nothing,
        lookups=1,
        voids=int(void),
        certain=all(one.status in CERTAIN for one in seen),
        evidence=tuple(dict.fromkeys(number for one in seen for number in one.evidence)),
    )


async def _included(
    net: Asker, brief: Brief, argument: str, above: tuple[str, ...], spent: int
) -> Spf:
    nothing = Spf(domain=above[-1], records=(), lookups=1)
    name = absolute(argument)
    if "%" in name:
        return nothing
    if name in above or len(above) >= MOST_DEPTH:
        # A circle is looked up until the limit ends it.
        return replace(nothing, lookups=GIVES_UP)
    inner = await _evaluate(net, brief, name, above, spent + 1)
    void = not inner.records and inner.certain
    return replace(
        inner,
        lookups=inner.lookups + 1,
        voids=inner.voids + void,
        missing=(*inner.missing, name) if void else inner.missing,
    )


def _plus(found: Spf, more: Spf) -> Spf:
    return replace(
        found,
        broken=(*found.broken, *more.broken),
        missing=(*found.missing, *more.missing),
        lookups=found.lookups + more.lookups,
        voids=found.voids + more.voids,
        certain=found.certain and more.certain,
        evidence=tuple(dict.fromkeys((*found.evidence, *more.evidence))),
    )


def absolute(name: str) -> str:
    """A domain as the resolver wants it."""
    return name.strip(".").lower() + "."
