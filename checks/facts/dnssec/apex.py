"""What a server says of the records that its zone denies with: at the apex, asked for by type.

The rules are those of Zonemaster's test cases DNSSEC03 and DNSSEC10, by the published specification
of its engine 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import dns.name

from checks.facts.dnssec.denial import Flaw, Lack, Nsec, Nsec3, nsec3_hash
from checks.facts.dnssec.keys import Key
from checks.facts.dnssec.proofs import NEAREST, read, signature_flaw
from checks.facts.dnssec.signatures import MOST_SIGNATURES, Verdict, signatures_of, verdict
from checks.facts.iterate import shown
from checks.facts.remarks import Remark, zonemaster
from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

APEX_TYPES = {
    "NSEC": frozenset({"SOA", "NS", "DNSKEY", "RRSIG", "NSEC"}),
    "NSEC3": frozenset({"SOA", "NS", "DNSKEY", "RRSIG", "NSEC3PARAM"}),
}
"""What the record at the apex of a signed zone must list, besides what the zone has there."""

NOT_AT_APEX = {"NSEC": frozenset({"NSEC3PARAM"}), "NSEC3": frozenset({"NSEC"})}

OF_VERDICT = {
    Verdict.EXPIRED: "RRSIG_EXPIRED",
    Verdict.NOT_YET_VALID: "RRSIG_NOT_YET_VALID",
    Verdict.INVALID: "RRSIG_VERIFY_ERROR",
    Verdict.MALFORMED: "RRSIG_VERIFY_ERROR",
    Verdict.NO_KEY: "RRSIG_NO_DNSKEY",
}
UNSUPPORTED = zonemaster("DS10_ALGO_NOT_SUPPORTED_BY_ZM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one server's replies show. `broken` keeps validators from relying on a denial, `odd`
    does not, `refused` are questions that were not answered."""

    kinds: frozenset[str] = frozenset()
    broken: tuple[Remark, ...] = ()
    odd: tuple[Remark, ...] = ()
    soa: tuple[Remark, ...] = ()
    refused: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """The replies to the questions for NSEC and for NSEC3PARAM records at the apex."""

    apex: str
    nsec: DnsReply
    param: DnsReply

    def given(self, rtype: str) -> tuple[ResourceRecord, ...]:
        """The records of a type where they belong: NSEC3 is denied with, NSEC also answered."""
        places = {
            "NSEC": (*self.nsec.answer, *self.param.authority),
            "NSEC3": self.nsec.authority,
            "NSEC3PARAM": self.param.answer,
        }
        return tuple(record for record in places[rtype] if record.rtype == rtype)


def shown_by(
    nsec: Observation, param: Observation, apex: str, keys: Sequence[Key], now: int
) -> Shown:
    """What the replies of a server that gives `keys` show."""
    refused = tuple(remark for seen in (nsec, param) for remark in _refused(seen))
    replies = [seen.outcome for seen in (nsec, param)]
    usable = [reply for reply in replies if isinstance(reply, DnsReply) and _usable(reply)]
    if len(usable) < len(replies):
        return Shown(refused=refused)
    said = _Said(apex, *usable)
    parts = [_of_kind(said, kind, keys, now) for kind in ("NSEC", "NSEC3") if said.given(kind)]
    hashed = bool(said.given("NSEC3") or said.given("NSEC3PARAM"))
    kinds = {"NSEC": bool(said.given("NSEC")), "NSEC3": hashed}
    here = frozenset(kind for kind, holds in kinds.items() if holds)
    broken, odd = _halves(said, here)
    return Shown(
        kinds=here,
        broken=(*broken, *(remark for part in parts for remark in part.broken)),
        odd=(*odd, *_odd_answers(said), *(remark for part in parts for remark in part.odd)),
        soa=tuple(remark for part in parts for remark in part.soa),
    )


def _usable(reply: DnsReply) -> bool:
    return reply.rcode == "NOERROR" and reply.authoritative


def _refused(seen: Observation) -> Iterator[Remark]:
    """Whether the question was not answered; what is our own failure names nobody."""
    reply, query = seen.outcome, seen.request
    if not isinstance(query, DnsQuery) or (isinstance(reply, DnsReply) and _usable(reply)):
        return
    names = zonemaster(f"DS10_{query.rtype}_QUERY_RESPONSE_ERR")
    if isinstance(reply, DnsReply):
        said = reply.rcode if reply.rcode != "NOERROR" else "an answer without authority"
        yield Remark(f"the question for {query.rtype} records gets {said}", names)
    else:
        ours = getattr(getattr(reply, "kind", None), "ours", False)
        yield Remark(
            f"the question for {query.rtype} records gets no answer", () if ours else names
        )


def _halves(said: _Said, kinds: frozenset[str]) -> tuple[list[Remark], list[Remark]]:
    """What is there for one of the two questions only, or for neither, or of both kinds."""
    broken: list[Remark] = []
    odd: list[Remark] = []
    if not kinds:
        names = zonemaster("DS10_EXPECTED_NSEC_NSEC3_MISSING", "DS10_MISSING_NSEC_NSEC3")
        broken.append(Remark("there are keys, and neither NSEC nor NSEC3 records", names))
    if len(kinds) == 2:
        words = "there are both NSEC and NSEC3 records"
        odd.append(Remark(words, zonemaster("DS10_MIXED_NSEC_NSEC3")))
    if kinds == {"NSEC"}:
        answered = any(r.rtype == "NSEC" for r in said.nsec.answer)
        denied = any(r.rtype == "NSEC" for r in said.param.authority)
        if answered != denied:
            proven = any(r.rtype in {"NSEC", "NSEC3"} for r in said.nsec.authority)
            place = odd if denied and proven else broken
            place.append(_half("NSEC", "asked for" if answered else "in a denial"))
    if kinds == {"NSEC3"} and bool(said.given("NSEC3")) != bool(said.given("NSEC3PARAM")):
        hashed = bool(said.given("NSEC3"))
        place = odd if hashed else broken
        place.append(_half("NSEC3", "in a denial" if hashed else "told of by NSEC3PARAM"))
    return broken, odd


def _half(kind: str, where: str) -> Remark:
    return Remark(f"{kind} records are {where} alone", zonemaster(f"DS10_INCONSISTENT_{kind}"))


def _odd_answers(said: _Said) -> Iterator[Remark]:
    """Answers with other records than those asked for, several of them, or of another name."""
    for rtype, reply in (("NSEC", said.nsec), ("NSEC3PARAM", said.param)):
        strange = {r.rtype for r in reply.answer} - {rtype, "RRSIG"}
        if strange:
            words = f"the question for {rtype} records is answered by {', '.join(sorted(strange))}"
            yield Remark(words, zonemaster(f"DS10_{rtype}_GIVES_ERR_ANSWER"))
    told = said.given("NSEC3PARAM")
    if len(told) > 1:
        words = "there are several NSEC3PARAM records"
        yield Remark(words, zonemaster("DS10_ERR_MULT_NSEC3PARAM"))
    elif told and told[0].name != said.apex:
        words = f"the NSEC3PARAM record is of {shown(told[0].name)}"
        yield Remark(words, zonemaster("DS10_NSEC3PARAM_MISMATCHES_APEX"))


def _of_kind(said: _Said, kind: str, keys: Sequence[Key], now: int) -> Shown:
    """What is wrong with the records of one kind, in each of the replies that have some."""
    sections = [
        (said.nsec.answer, False),
        (said.nsec.authority, True),
        (said.param.authority, True),
    ]
    if kind == "NSEC3":
        sections = sections[1:2]
    found: list[Shown] = []
    for section, denial in sections:
        told = [r for r in section if r.rtype == kind]
        if told and not (kind == "NSEC" and section is said.nsec.authority):
            found.append(_of_section(said.apex, kind, section, keys, now))
            if denial:
                found.append(Shown(soa=tuple(_soa(said.apex, kind, section))))
    return Shown(
        broken=_once(remark for one in found for remark in one.broken),
        odd=_once(remark for one in found for remark in one.odd),
        soa=_once(remark for one in found for remark in one.soa),
    )


def _once(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(dict.fromkeys(remarks))


def _of_section(
    apex: str, kind: str, section: Sequence[ResourceRecord], keys: Sequence[Key], now: int
) -> Shown:
    """What is wrong with the NSEC or NSEC3 records of one section and their signatures."""
    told = [r for r in section if r.rtype == kind]
    broken, odd = list[Remark](), list[Remark]()
    if len(told) > 1:
        names = zonemaster(f"DS10_ERR_MULT_{kind}", *(["DS03_ERR_MULT_NSEC3"] * (kind == "NSEC3")))
        odd.append(Remark(f"there are several {kind} records where one is needed", names))
    else:
        broken += _of_record(apex, kind, told[0])
    for owner in dict.fromkeys(r.name for r in told):
        rrset = [r for r in told if r.name == owner]
        wrong, beside = _signatures(kind, rrset, section, keys, now)
        broken += wrong
        odd += beside
    return Shown(broken=tuple(broken), odd=tuple(odd))


def _of_record(apex: str, kind: str, record: ResourceRecord) -> Iterator[Remark]:
    """Whether the record is that of the apex, and lists the types that are there."""
    known = read([record])
    if not known.nsec and not known.nsec3:
        return
    one = known.nsec[0] if known.nsec else known.nsec3[0]
    if not _is_apex(one, dns.name.from_text(apex)):
        words = f"the {kind} record is of {shown(record.name)}, not of the zone's own name"
        yield Remark(words, zonemaster(f"DS10_{kind}_MISMATCHES_APEX"))
        return
    lacking, strange = APEX_TYPES[kind] - one.types, NOT_AT_APEX[kind] & one.types
    names = zonemaster(f"DS10_{kind}_ERR_TYPE_LIST")
    if lacking:
        words = f"the {kind} record of the zone's own name leaves out {', '.join(sorted(lacking))}"
        yield Remark(words, names)
    if strange:
        words = f"the {kind} record of the zone's own name lists {', '.join(sorted(strange))}"
        yield Remark(words, names)


def _is_apex(one: Nsec | Nsec3, apex: dns.name.Name) -> bool:
    if isinstance(one, Nsec):
        return bool(one.owner == apex)
    try:
        return one.owner == nsec3_hash(apex, one.salt, one.iterations)
    except ValueError:
        return True  # too costly to tell


def _signatures(
    kind: str,
    rrset: Sequence[ResourceRecord],
    section: Sequence[ResourceRecord],
    keys: Sequence[Key],
    now: int,
) -> tuple[list[Remark], list[Remark]]:
    """What is wrong with the signatures of one set: where none holds, and beside one that does."""
    flaw = signature_flaw(rrset, section, keys, now)
    if flaw and flaw.lack is Lack.SIGNATURE_MISSING:
        return [Remark(flaw.text, zonemaster(f"DS10_{kind}_MISSING_SIGNATURE"))], []
    own = [s for s in signatures_of(section) if (s.owner, s.covers) == (rrset[0].name, kind)]
    what = f"{kind} of {shown(rrset[0].name)}"
    told: dict[str, tuple[str, ...]] = {}
    for one in own[:MOST_SIGNATURES]:
        said = verdict(one, rrset, keys, now)
        if said is not Verdict.VALID:
            names = (
                zonemaster(f"DS10_{kind}_{OF_VERDICT[said]}") if said in OF_VERDICT else UNSUPPORTED
            )
            told[Flaw(NEAREST[said], what).text] = names
    remarks = [Remark(words, names) for words, names in told.items()]
    if flaw is None:
        return [], remarks
    if flaw.lack is Lack.SIGNATURE_UNSUPPORTED:
        return [], remarks
    none = zonemaster(f"DS10_{kind}_NO_VERIFIED_SIGNATURE")
    return [Remark(f"no signature of {what} holds", none), *remarks], []


def _soa(apex: str, kind: str, authority: Sequence[ResourceRecord]) -> Iterator[Remark]:
    """Whether the SOA record of the zone is in a denial."""
    owners = [record.name for record in authority if record.rtype == "SOA"]
    if not owners:
        yield Remark(
            "none with the denial of a type", zonemaster(f"DS10_{kind}_NODATA_MISSING_SOA")
        )
    elif apex not in owners:
        words = f"that of {shown(owners[0])} with the denial of a type"
        yield Remark(words, zonemaster(f"DS10_{kind}_NODATA_WRONG_SOA"))
