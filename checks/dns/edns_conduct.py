"""The zone's servers treat EDNS as its standards say.

## What it does
Asks every server that answers with EDNS for the SOA in the shapes of RFC 8906: with version 1, an
unknown option, an unknown flag, all three at once, with the options that resolvers send (cookie,
NSID, EXPIRE), and with DO and room for 512 octets; for the keys also in that room.

## Why is this bad?
EDNS was made to be extended: what a server does not know it has to ignore or to refuse politely.
One that drops or mistreats such questions makes resolvers wait and try again without EDNS, and
every extension that resolvers begin to use then fails for this zone alone.

## How it decides
For each server and each row. "SOA" is an authoritative answer with it, in EDNS version 0.

| question      | answer                               | judgement                   |
|---------------|--------------------------------------|-----------------------------|
| EDNS          | SOA                                  | edns-conduct-fine           |
| EDNS          | SOA, without OPT                     | edns-ignored                |
| EDNS          | SOA, in another version              | edns-version-mishandled     |
| version 1     | BADVERS                              | edns-conduct-fine           |
| version 1     | SOA                                  | edns-version-mishandled     |
| version 1     | BADVERS and SOA                      | edns-version-mishandled     |
| version 1     | FORMERR                              | edns-version-mishandled     |
| version 1     | none, twice, the usual one answered  | query-shape-dropped         |
| version 1     | none, then BADVERS                   | edns-conduct-fine           |
| version 1     | none, nor to the usual one           | edns-conduct-not-seen       |
| version 1     | not sent                             | edns-conduct-not-seen       |
| option        | SOA                                  | edns-conduct-fine           |
| option        | SOA, without OPT                     | edns-option-mishandled      |
| option        | SOA, with the option                 | edns-option-mishandled      |
| option        | SOA, without authority               | edns-option-mishandled      |
| option        | nothing                              | edns-option-mishandled      |
| option        | FORMERR                              | edns-option-mishandled      |
| option        | none, twice, the usual one answered  | query-shape-dropped         |
| flag          | SOA                                  | edns-conduct-fine           |
| flag          | SOA, with the flag                   | edns-flag-mishandled        |
| flag          | FORMERR                              | edns-flag-mishandled        |
| flag          | SERVFAIL                             | edns-flag-mishandled        |
| flag          | none, twice, the usual one answered  | query-shape-dropped         |
| all three     | BADVERS                              | edns-conduct-fine           |
| all three     | SOA                                  | edns-version-mishandled     |
| all three     | none, twice, the usual one answered  | query-shape-dropped         |
| cookie        | SOA                                  | edns-conduct-fine           |
| cookie        | SOA, with our cookie                 | edns-conduct-fine           |
| cookie        | SOA, with a stranger's cookie        | cookie-mishandled           |
| cookie        | SOA, with a malformed cookie         | cookie-mishandled           |
| cookie        | BADCOOKIE                            | edns-conduct-fine           |
| cookie        | FORMERR                              | edns-option-mishandled      |
| cookie        | none, twice, the usual one answered  | query-shape-dropped         |
| DO            | SOA                                  | edns-conduct-fine           |
| DO            | truncated                            | edns-conduct-fine           |
| DO            | truncated, without OPT               | edns-missing-when-truncated |
| DO            | FORMERR                              | edns-flag-mishandled        |
| DO            | none, twice, the usual one answered  | query-shape-dropped         |
| keys          | truncated, without OPT               | edns-missing-when-truncated |
| keys          | nothing                              | edns-conduct-fine           |
| keys          | none, twice, the usual one answered  | edns-conduct-not-seen       |

What fails with all three at once counts only where each of them alone goes well. Servers that do
not answer with EDNS at all are judged by how they answer without (`dns-transports`).

## What to do
Update the server, or the firewall before it that judges DNS messages by what it knows of them.

## References
- RFC 6891, section 6.1 (EDNS version, flags, options)
- RFC 8906, section 8.2 (how to test them)
- RFC 7873, section 5 (cookies)
- Zonemaster Nameserver02, Nameserver10, Nameserver11, Nameserver12, Nameserver13
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, ClassVar

from checks.facts.iterate import shown
from checks.facts.shapes import Probe, probe, speaking_edns
from checks.facts.zone import Zone, ZoneServer, target_zone
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import DnsReply
from netdiag.requests import COOKIE, EXPIRE, NSID, UNKNOWN_OPTION, DnsQuery

UNKNOWN_FLAG = 0x40
SMALL = 512
"""Octets that every path lets pass, and in which signatures seldom have room."""

EDNS, VERSION, OPTION, FLAG = "EDNS", "version 1", "option", "flag"
ALL, RESOLVERS, DO, KEYS = "all three", "cookie", "DO", "keys"
SHAPES = {
    VERSION: "of EDNS version 1",
    OPTION: "with an EDNS option that nobody knows",
    FLAG: "with an EDNS flag that nobody knows",
    ALL: "of EDNS version 1 with an option and a flag that nobody knows",
    RESOLVERS: "with the options that resolvers send (cookie, NSID, EXPIRE)",
    DO: "with DO",
    KEYS: "for keys with room for 512 octets",
}
USED = {OPTION, RESOLVERS, DO}
"""Shapes in which resolvers ask: who loses one of them loses time."""

_ZM, _DV = "zonemaster:", "dnsviz:"
LOST: dict[str, tuple[str, ...]] = {
    VERSION: (_ZM + "N10_NO_RESPONSE_EDNS1_QUERY", _DV + "ERROR_WITH_EDNS_VERSION"),
    OPTION: (_ZM + "N11_NO_RESPONSE", _DV + "ERROR_WITH_EDNS_OPTION"),
    FLAG: (_DV + "ERROR_WITH_EDNS_FLAG",),
    RESOLVERS: (_DV + "ERROR_WITH_EDNS_OPTION",),
    DO: (_DV + "ERROR_WITH_EDNS_FLAG",),
    ALL: (),
}


@finding_kind
class EdnsConductFine(Finding):
    """`everywhere` where it holds for every server that serves the zone."""

    code: ClassVar[str] = "edns-conduct-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:EDNS0_SUPPORT",)
    about: tuple[str, ...]
    servers: tuple[str, ...]
    everywhere: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.everywhere and EDNS in self.about else ()

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.servers)} answer as they should to questions with "
            f"{', '.join(self.about)}"
        )


@finding_kind
class _Mishandled(Finding):
    """`how` they do it, of `count` servers; `alike` is what others call just that."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]
    count: int
    how: str
    alike: tuple[str, ...] = ()

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.alike

    @property
    def message(self) -> str:
        return (
            f"{len(self.servers)} of {self.count} servers of {self.subject} {self.how}: "
            f"{', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated, or the firewall before it made to let all of EDNS pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not follow today's rules for questions. Most "
            "visitors do not notice yet; its operator should update it."
        )


@finding_kind
class EdnsIgnored(_Mishandled):
    code: ClassVar[str] = "edns-ignored"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:EDNS_RESPONSE_WITHOUT_EDNS",
        "zonemaster:N10_EDNS_RESPONSE_ERROR",
        "dnsviz:EDNS_IGNORED",
    )


@finding_kind
class EdnsVersionMishandled(_Mishandled):
    code: ClassVar[str] = "edns-version-mishandled"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:EDNS_VERSION_ERROR",
        "zonemaster:N10_UNEXPECTED_RCODE",
        "zonemaster:N10_EDNS_RESPONSE_ERROR",
        "dnsviz:EDNS_VERSION_MISMATCH",
        "dnsviz:ERROR_WITH_EDNS_VERSION",
        "dnsviz:IMPLEMENTED_EDNS_VERSION_NOT_PROVIDED",
    )


@finding_kind
class EdnsOptionMishandled(_Mishandled):
    code: ClassVar[str] = "edns-option-mishandled"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:N11_NO_EDNS",
        "zonemaster:N11_RETURNS_UNKNOWN_OPTION_CODE",
        "zonemaster:N11_UNEXPECTED_ANSWER_SECTION",
        "zonemaster:N11_UNEXPECTED_RCODE",
        "zonemaster:N11_UNSET_AA",
        "dnsviz:ERROR_WITH_EDNS_OPTION",
    )


@finding_kind
class EdnsFlagMishandled(_Mishandled):
    code: ClassVar[str] = "edns-flag-mishandled"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:NO_EDNS_SUPPORT",
        "zonemaster:NS_ERROR",
        "zonemaster:Z_FLAGS_NOTCLEAR",
        "dnsviz:EDNS_UNDEFINED_FLAGS_SET",
        "dnsviz:ERROR_WITH_EDNS_FLAG",
    )


@finding_kind
class EdnsMissingWhenTruncated(_Mishandled):
    code: ClassVar[str] = "edns-missing-when-truncated"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:MISSING_OPT_IN_TRUNCATED",)


@finding_kind
class CookieMishandled(_Mishandled):
    code: ClassVar[str] = "cookie-mishandled"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        "dnsviz:CLIENT_COOKIE_MISMATCH",
        "dnsviz:COOKIE_INVALID_LENGTH",
    )


@finding_kind
class QueryShapeDropped(_Mishandled):
    """`used` where resolvers ask in this shape."""

    code: ClassVar[str] = "query-shape-dropped"
    known_as: ClassVar[tuple[str, ...]] = tuple(
        sorted({n for names in LOST.values() for n in names})
    )
    used: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.used else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"{super().message}: the same question in its usual shape is answered there at once, "
            "so nothing was lost on the way"
        )

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers leaves some forms of questions unanswered, so some "
            "visitors wait longer. Its operator has to repair that."
        )


@finding_kind
class EdnsConductNotSeen(Finding):
    code: ClassVar[str] = "edns-conduct-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    about: tuple[str, ...]
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        shapes = ", ".join(SHAPES[about] for about in self.about)
        return (
            f"how {', '.join(self.servers)} treat questions {shapes} cannot be told: no answer "
            "came, which may be chance"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one server does with one question, or does well or unseen with several: the kind of
    finding, and for a fault how it does it and what others call that."""

    about: tuple[str, ...]
    kind: type[Finding] = EdnsConductFine
    how: str = ""
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`probes` has for each server that answers with EDNS its answers to all questions."""

    zone: Zone
    probes: tuple[Mapping[str, Probe], ...] = field(default=())


def questions(apex: str) -> dict[str, DnsQuery]:
    """One question for each shape."""
    unknown = (UNKNOWN_OPTION,)
    soa = DnsQuery(server="", name=apex, rtype="SOA")
    small = replace(soa, dnssec=True, udp_payload=SMALL, whole=False)
    return {
        VERSION: replace(soa, edns_version=1),
        OPTION: replace(soa, edns_options=unknown),
        FLAG: replace(soa, edns_flags=UNKNOWN_FLAG),
        ALL: replace(soa, edns_version=1, edns_options=unknown, edns_flags=UNKNOWN_FLAG),
        RESOLVERS: replace(soa, edns_options=(NSID, EXPIRE, COOKIE)),
        DO: small,
        KEYS: replace(small, rtype="DNSKEY"),
    }


async def gather(net: Asker, brief: Brief) -> Facts:
    """The answers of every server that answers with EDNS, to all questions at once."""
    zone = await target_zone(net, brief)
    asked = questions(zone.apex)

    async def of(server: ZoneServer) -> Mapping[str, Probe]:
        found = await asyncio.gather(*(probe(net, zone, server, q) for q in asked.values()))
        return dict(zip(asked, found, strict=True))

    probes = await asyncio.gather(*(of(server) for server in speaking_edns(zone)))
    return Facts(zone=zone, probes=tuple(probes))


def judge(facts: Facts) -> Iterable[Finding]:
    """The faults of each server, equal ones together, and what is well or unseen of each."""
    zone, servers = facts.zone, speaking_edns(facts.zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers with EDNS"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, probes in zip(servers, facts.probes, strict=True):
        for verdict in verdicts(server, probes, zone.apex):
            seen = [(server.soa.id,) if a == EDNS else probes[a].evidence for a in verdict.about]
            evidence = tuple(sorted({number for numbers in seen for number in numbers}))
            groups.setdefault(verdict, []).append((str(server.server), evidence))
    spoken = sum(len(m) for v, m in groups.items() if v.kind is EdnsConductFine and EDNS in v.about)
    for verdict, members in groups.items():
        yield _finding(zone, verdict, members, everywhere=spoken == len(zone.serving))


def verdicts(server: ZoneServer, probes: Mapping[str, Probe], apex: str) -> tuple[Verdict, ...]:
    """The faults of one server, then what it does well, then what is not seen."""
    basic = server.soa.outcome
    each = [of_edns(basic, probes[VERSION].reply)] if isinstance(basic, DnsReply) else []
    if not each or each[0].kind is not EdnsIgnored:
        each += [of_probe(about, probe, apex) for about, probe in probes.items()]
    alone = {VERSION, OPTION, FLAG}
    if any(v.kind is not EdnsConductFine and not alone.isdisjoint(v.about) for v in each):
        each = [v for v in each if v.about != (ALL,)]
    together = (EdnsConductFine, EdnsConductNotSeen, QueryShapeDropped)
    found = [v for v in each if v.kind not in together]
    merged = (_merged([v for v in each if v.kind is kind]) for kind in together)
    return (*found, *(v for v in merged if v))


def _merged(alike: Sequence[Verdict]) -> Verdict | None:
    """One verdict of a kind about all that it was given for."""
    if not alike:
        return None
    about = tuple(a for v in alike for a in v.about)
    shapes = ", ".join(SHAPES[a] for a in about if a in SHAPES)
    how = f"leave questions {shapes} unanswered" if alike[0].kind is QueryShapeDropped else ""
    names = tuple(dict.fromkeys(name for v in alike for name in v.alike))
    return Verdict(about=about, kind=alike[0].kind, how=how, alike=names)


def of_probe(about: str, probe: Probe, apex: str) -> Verdict:
    """The verdict on the answer to one question, or on its absence."""
    reply = probe.reply
    if reply is not None:
        return JUDGES[about](reply, apex)
    if probe.lost and about in LOST:
        return Verdict(about=(about,), kind=QueryShapeDropped, alike=LOST[about])
    return Verdict(about=(about,), kind=EdnsConductNotSeen)


def of_edns(reply: DnsReply, version: DnsReply | None) -> Verdict:
    """What the usual question gets; a server that ignores EDNS ignores its version too."""
    if not reply.edns:
        alike = [_ZM + "EDNS_RESPONSE_WITHOUT_EDNS", _DV + "EDNS_IGNORED"]
        if version and version.rcode == "NOERROR" and not version.edns:
            alike.append(_ZM + "N10_EDNS_RESPONSE_ERROR")
        how = "answer questions with EDNS as if they had none"
        return Verdict(about=(EDNS,), kind=EdnsIgnored, how=how, alike=tuple(alike))
    if reply.edns_version:
        how = f"answer EDNS version 0 in version {reply.edns_version}"
        alike = [_ZM + "EDNS_VERSION_ERROR", _DV + "EDNS_VERSION_MISMATCH"]
        return Verdict(about=(EDNS,), kind=EdnsVersionMishandled, how=how, alike=tuple(alike))
    return Verdict(about=(EDNS,))


def of_version(reply: DnsReply, apex: str) -> Verdict:
    """RFC 6891, section 6.1.3: BADVERS, and the version that the server knows."""
    match reply:
        case DnsReply(rcode="BADVERS", edns_version=0, answer=()):
            return Verdict(about=(VERSION,))
        case DnsReply(rcode="NOERROR"):
            how, alike = "answer EDNS version 1 as if they knew it", "N10_EDNS_RESPONSE_ERROR"
        case DnsReply(rcode="BADVERS", edns_version=0):
            how, alike = "refuse EDNS version 1 and answer in it", "N10_EDNS_RESPONSE_ERROR"
        case DnsReply(rcode="BADVERS", edns_version=known):
            how, alike = f"refuse EDNS version 1 as version {known}", "N10_EDNS_RESPONSE_ERROR"
        case DnsReply(rcode=rcode):
            how, alike = f"answer {rcode} to EDNS version 1", "N10_UNEXPECTED_RCODE"
    also = "ERROR_WITH_EDNS_VERSION" if alike == "N10_UNEXPECTED_RCODE" else ""
    if reply.rcode == "BADVERS" and reply.edns_version:
        also = "IMPLEMENTED_EDNS_VERSION_NOT_PROVIDED"
    return _verdict(VERSION, EdnsVersionMishandled, how, alike, also)


def of_option(reply: DnsReply, apex: str) -> Verdict:
    """RFC 6891, section 6.1.2: an option that is not understood is ignored."""
    kind, also = EdnsOptionMishandled, ""
    if reply.rcode != "NOERROR":
        how, alike = f"answer {reply.rcode} to", "N11_UNEXPECTED_RCODE"
        also = "ERROR_WITH_EDNS_OPTION"
    elif not reply.edns:
        how, alike = "answer without EDNS to", "N11_NO_EDNS"
    elif not _has_soa(reply, apex):
        how, alike = "give no SOA record in answer to", "N11_UNEXPECTED_ANSWER_SECTION"
    elif not reply.authoritative:
        how, alike = "answer without authority to", "N11_UNSET_AA"
    elif UNKNOWN_OPTION in reply.edns_options:
        how, alike = "send back the option of", "N11_RETURNS_UNKNOWN_OPTION_CODE"
    else:
        return Verdict(about=(OPTION,))
    return _verdict(OPTION, kind, f"{how} questions {SHAPES[OPTION]}", alike, also)


def of_flag(reply: DnsReply, apex: str) -> Verdict:
    """RFC 6891, section 6.1.4: a flag that is not understood is ignored, and not sent back."""
    also = "ERROR_WITH_EDNS_FLAG"
    if reply.rcode == "FORMERR" and not reply.edns:
        how, alike = "answer FORMERR to", "NO_EDNS_SUPPORT"
    elif reply.edns_flags:
        how, alike, also = "send back the flag of", "Z_FLAGS_NOTCLEAR", "EDNS_UNDEFINED_FLAGS_SET"
    elif reply.rcode != "NOERROR":
        how, alike = f"answer {reply.rcode} to", "NS_ERROR"
    elif reply.edns_version or not _has_soa(reply, apex):
        how, alike = "give no SOA record in EDNS version 0 in answer to", "NS_ERROR"
    else:
        return Verdict(about=(FLAG,))
    return _verdict(FLAG, EdnsFlagMishandled, f"{how} questions {SHAPES[FLAG]}", alike, also)


def of_all(reply: DnsReply, apex: str) -> Verdict:
    """As version 1 alone: the version comes before all else (RFC 8906, section 8.2.5)."""
    right = (reply.rcode, reply.edns_version, reply.edns_flags) == ("BADVERS", 0, 0)
    if right and not reply.answer and UNKNOWN_OPTION not in reply.edns_options:
        return Verdict(about=(ALL,))
    how = f"answer {reply.rcode}, and not BADVERS alone, to questions {SHAPES[ALL]}"
    return _verdict(ALL, EdnsVersionMishandled, how)


def of_resolvers(reply: DnsReply, apex: str) -> Verdict:
    """RFC 7873, section 5.2: a cookie comes back as it was sent, or not at all."""
    asked = f"questions {SHAPES[RESOLVERS]}"
    if reply.cookie == "foreign":
        how = f"send back another cookie in answer to {asked}"
        return _verdict(RESOLVERS, CookieMishandled, how, also="CLIENT_COOKIE_MISMATCH")
    if reply.cookie == "malformed":
        how = f"send back a cookie of no length that one has in answer to {asked}"
        return _verdict(RESOLVERS, CookieMishandled, how, also="COOKIE_INVALID_LENGTH")
    if reply.rcode == "BADCOOKIE" or (reply.rcode == "NOERROR" and _has_soa(reply, apex)):
        return Verdict(about=(RESOLVERS,))
    how = f"answer {reply.rcode} without the record to {asked}"
    return _verdict(RESOLVERS, EdnsOptionMishandled, how, also="ERROR_WITH_EDNS_OPTION")


def of_do(reply: DnsReply, apex: str) -> Verdict:
    """RFC 6891, section 7: a truncated answer has OPT too. DO is as any other flag."""
    also = "ERROR_WITH_EDNS_FLAG"
    if reply.truncated:
        return of_keys(reply, apex, DO)
    if reply.rcode == "FORMERR" and not reply.edns:
        return _verdict(DO, EdnsFlagMishandled, "answer FORMERR to DO", "NO_EDNS_SUPPORT", also)
    if reply.rcode != "NOERROR" or reply.edns_version:
        how = f"answer {reply.rcode} in EDNS version {reply.edns_version} to DO"
        return _verdict(DO, EdnsFlagMishandled, how, "NS_ERROR", also)
    return Verdict(about=(DO,))


def of_keys(reply: DnsReply, apex: str, about: str = KEYS) -> Verdict:
    """Whether OPT is in an answer that is truncated."""
    if reply.truncated and not reply.edns:
        how = "leave EDNS out of answers that they truncate"
        return _verdict(about, EdnsMissingWhenTruncated, how, "MISSING_OPT_IN_TRUNCATED")
    return Verdict(about=(about,))


JUDGES: dict[str, Callable[[DnsReply, str], Verdict]] = {
    VERSION: of_version,
    OPTION: of_option,
    FLAG: of_flag,
    ALL: of_all,
    RESOLVERS: of_resolvers,
    DO: of_do,
    KEYS: of_keys,
}


def _has_soa(reply: DnsReply, apex: str) -> bool:
    return any((r.name, r.rtype) == (apex, "SOA") for r in reply.answer)


def _verdict(about: str, kind: type[Finding], how: str, alike: str = "", also: str = "") -> Verdict:
    """`alike` is a tag of Zonemaster, `also` a code of DNSViz."""
    names = (*([_ZM + alike] if alike else []), *([_DV + also] if also else []))
    return Verdict(about=(about,), kind=kind, how=how, alike=names)


def _finding(
    zone: Zone,
    verdict: Verdict,
    members: list[tuple[str, tuple[ObservationId, ...]]],
    *,
    everywhere: bool,
) -> Finding:
    common: dict[str, Any] = {
        "subject": shown(zone.apex),
        "evidence": tuple(n for _, numbers in members for n in numbers),
        "servers": tuple(name for name, _ in members),
    }
    if verdict.kind is EdnsConductFine:
        return EdnsConductFine(**common, about=verdict.about, everywhere=everywhere)
    if verdict.kind is EdnsConductNotSeen:
        return EdnsConductNotSeen(**common, about=verdict.about)
    common |= {"count": len(zone.serving), "how": verdict.how, "alike": verdict.alike}
    if verdict.kind is QueryShapeDropped:
        return QueryShapeDropped(**common, used=not USED.isdisjoint(verdict.about))
    return verdict.kind(**common)


CHECK = Check(
    id="edns-conduct",
    title="The zone's servers treat EDNS as its standards say",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        EdnsConductFine,
        EdnsIgnored,
        EdnsVersionMishandled,
        EdnsOptionMishandled,
        EdnsFlagMishandled,
        EdnsMissingWhenTruncated,
        CookieMishandled,
        QueryShapeDropped,
        EdnsConductNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
