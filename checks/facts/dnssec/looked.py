"""What the denials of one server come to, in words and in other tools' names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from checks.facts.dnssec.apex import Shown, shown_by
from checks.facts.dnssec.denial import Claim, Flaw, Lack
from checks.facts.dnssec.elsewhere import called
from checks.facts.dnssec.keys import Key, keys_of
from checks.facts.dnssec.proofs import (
    Denied,
    answered_by,
    contradicting,
    denied_by,
    questions_of,
    signature_flaw,
)
from checks.facts.iterate import below, shown
from checks.facts.remarks import Remark, dnsviz, zonemaster
from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

FAULT_OF_SIGNATURE = {
    Lack.SIGNATURE_MISSING: "signature-missing",
    Lack.SIGNATURE_EXPIRED: "signature-expired",
    Lack.SIGNATURE_NOT_YET_VALID: "signature-not-yet-valid",
}
"""The codes of what is wrong with signatures; of what does not verify by default."""

SOA_OF = {Claim.NAME_ERROR: ("NXDOMAIN", "a name"), Claim.NO_DATA: ("NODATA", "a type")}
"""Denials that carry an SOA record, as DNSViz and as people call them."""


NOTHING = Shown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Nothing was learnt without `told`, `refused` where keys are given and nothing is answered for
    the name that nobody has. `broken` keeps validators from believing, `faults` are the codes of
    faults of signatures where nothing else does; `apex` is what the records of the zone's name
    show."""

    told: bool = False
    refused: bool = False
    broken: tuple[Remark, ...] = ()
    faults: frozenset[str] = frozenset()
    soa: tuple[Remark, ...] = ()
    apex: Shown = NOTHING


def look(
    zone: str,
    nobody: str,
    keys: Observation,
    replies: Sequence[Observation],
    apex: Sequence[Observation],
    now: int,
) -> Looked:
    """What the replies of one server prove; the first is that for `nobody`, the name that nobody
    has, `apex` are those to the questions for NSEC and NSEC3PARAM records, or none."""
    reply = keys.outcome
    given = keys_of(reply.answer, zone) if isinstance(reply, DnsReply) else ()
    if not given:
        return Looked()
    denials: list[tuple[DnsReply, Denied]] = []
    for seen in (*replies, *apex):
        query, reply = seen.request, seen.outcome
        if isinstance(query, DnsQuery) and isinstance(reply, DnsReply):
            asked = questions_of(reply, query.name, query.rtype, zone)
            denials += [(reply, denied) for denied in denied_by(reply, asked, given, now)]
    judged = [(reply, denied) for reply, denied in denials if not denied.unsupported]
    claims = [denied for _, denied in judged]
    against = _contradicted(zone, (keys, *replies, *apex))
    expanded = _unsigned(zone, replies[0], given, now)
    answered = _answered(replies[0])
    shows = shown_by(apex[0], apex[1], zone, given, now) if len(apex) == 2 else NOTHING
    return Looked(
        told=bool(judged) and answered,
        refused=not answered,
        broken=(*_broken(nobody, claims), *_remarks(expanded), *against, *shows.broken),
        faults=frozenset() if against else _faults(claims, expanded),
        soa=(*(r for reply, one in judged for r in _without_soa(reply, one, zone)), *shows.soa),
        apex=shows,
    )


def _broken(nobody: str, judged: Iterable[Denied]) -> tuple[Remark, ...]:
    """What the denials lack, in words that name what is denied."""
    found: dict[Remark, None] = {}
    for denied in judged:
        about = shown(denied.question.name.to_text())
        for flaw in denied.flaws:
            where = "" if flaw.lack.of_signature else f" in the denial of {about}"
            names = (*called(flaw, denied), *_zonemaster4(nobody, flaw, denied))
            found[Remark(flaw.text + where, names)] = None
    return tuple(found)


def _zonemaster4(nobody: str, flaw: Flaw, denied: Denied) -> tuple[str, ...]:
    """What DNSSEC10 of Zonemaster 4 called it, which asked for a name that nobody has."""
    uncovered = flaw.lack in {Lack.NAME_NOT_COVERED, Lack.NEXT_CLOSER_NOT_COVERED}
    if denied.question.name.to_text() != nobody or not uncovered:
        return ()
    return zonemaster(f"DS10_NAME_NOT_COVERED_BY_{denied.kind}")


def _contradicted(zone: str, observations: Iterable[Observation]) -> tuple[Remark, ...]:
    """What the server denies and answers with all the same."""
    told = [seen.outcome for seen in observations if isinstance(seen.outcome, DnsReply)]
    known = frozenset(one for reply in told for one in answered_by(reply, zone))
    flaws = (flaw for reply in told for flaw in contradicting(reply, zone, known))
    return tuple(Remark(flaw.text, called(flaw)) for flaw in dict.fromkeys(flaws))


def _answered(seen: Observation) -> bool:
    reply = seen.outcome
    usable = isinstance(reply, DnsReply) and reply.rcode in {"NOERROR", "NXDOMAIN"}
    return usable and isinstance(reply, DnsReply) and reply.authoritative


def _unsigned(zone: str, seen: Observation, keys: Sequence[Key], now: int) -> tuple[Flaw, ...]:
    """What is wrong with the signatures of what a wildcard answers with."""
    reply = seen.outcome
    if not isinstance(reply, DnsReply):
        return ()
    own = [r for r in reply.answer if r.rtype in {"A", "CNAME"} and below(r.name, zone)]
    sets = (
        [r for r in own if (r.name, r.rtype) == of] for of in {(r.name, r.rtype): 0 for r in own}
    )
    flaws = (signature_flaw(rrset, reply.answer, keys, now) for rrset in sets)
    return tuple(f for f in flaws if f and f.lack is not Lack.SIGNATURE_UNSUPPORTED)


def _remarks(flaws: Iterable[Flaw]) -> Iterator[Remark]:
    for flaw in flaws:
        missing = flaw.lack is Lack.SIGNATURE_MISSING
        tag = "DS10_UNSIGNED_ANSWER" if missing else "DS10_ANSWER_VERIFY_ERROR"
        yield Remark(flaw.text, (*called(flaw), *zonemaster(tag)))


def _faults(judged: Iterable[Denied], besides: Iterable[Flaw]) -> frozenset[str]:
    flaws = [*besides, *(flaw for denied in judged for flaw in denied.flaws)]
    if not all(flaw.lack.of_signature for flaw in flaws):
        return frozenset()
    return frozenset(FAULT_OF_SIGNATURE.get(flaw.lack, "signature-invalid") for flaw in flaws)


def _without_soa(reply: DnsReply, denied: Denied, zone: str) -> Iterator[Remark]:
    """Whether a denial lacks the SOA record of its zone (RFC 2308, section 2)."""
    if denied.question.claim not in SOA_OF:
        return
    word, what = SOA_OF[denied.question.claim]
    owners = [record.name for record in reply.authority if record.rtype == "SOA"]
    if not owners:
        yield Remark(f"none with the denial of {what}", dnsviz(f"MISSING_SOA_FOR_{word}"))
    elif zone not in owners:
        words = f"that of {shown(owners[0])} with the denial of {what}"
        yield Remark(words, dnsviz(f"SOA_NOT_OWNER_FOR_{word}"))
