"""The chain of trust from an anchor to the records of a name (RFC 4035, sections 4.3 and 5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import dns.name

from checks.facts.dnssec.denial import Claim, Proof, Question
from checks.facts.dnssec.elsewhere import called
from checks.facts.dnssec.keys import DIGESTS, Ds, Key, Match, ds_of, keys_of, match, wire
from checks.facts.dnssec.proofs import Denied, denied_by, questions_of, signature_flaw
from checks.facts.dnssec.signatures import SUPPORTED
from checks.facts.iterate import below, shown
from checks.facts.remarks import dnsviz
from checks.facts.trust import Link, Step
from netdiag.lazy import dataclass
from netdiag.model import TrustAnchor
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery


class State(enum.Enum):
    """What a validator that starts from the anchor takes something for."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """The state of one zone or set of records, and why it is so. `keys` are the zone's trusted
    ones, empty unless it is secure; `names` are other tools' names for what is wrong."""

    subject: str
    state: State
    why: str
    evidence: tuple[ObservationId, ...]
    keys: tuple[Key, ...] = ()
    names: tuple[str, ...] = ()


def walk(anchors: Iterable[TrustAnchor], steps: Sequence[Step], now: datetime) -> tuple[Stand, ...]:
    """The state of each zone down to the first that is not secure; all below shares its state.

    A zone that is broken cites the links above it as well, since they hold.
    """
    found: list[Stand] = []
    for step in steps:
        if found:
            stand = _best(_delegated(link, found[-1], now) for link in step.links)
        else:
            stand = _best(_anchored(link, anchors, now) for link in step.links)
        if stand.state is State.BOGUS:
            cited = dict.fromkeys(number for one in (*found, stand) for number in one.evidence)
            stand = replace(stand, evidence=tuple(cited))
        found.append(stand)
        if stand.state is not State.SECURE:
            break
    return tuple(found)


def _best(stands: Iterable[Stand]) -> Stand:
    """The first that a validator can go on from, else the first."""
    first = None
    for stand in stands:
        if stand.state in {State.SECURE, State.INSECURE}:
            return stand
        first = first or stand
    if first is None:
        raise ValueError("a step without a link")
    return first


def _anchored(link: Link, anchors: Iterable[TrustAnchor], now: datetime) -> Stand:
    """The zone that the anchors are of."""
    in_force = [one for one in anchors if _in_force(one, now)]
    keys = _keys(link)
    if keys is None:
        return _stand(link, State.INDETERMINATE, "the question for its keys was not answered")
    entry = tuple(key for key in keys if any(_fits(one, key) for one in in_force))
    if not entry:
        why = "none of its keys fits the trust anchor: one of the two is not the real one"
        nobody = dnsviz("NO_TRUST_ANCHOR_SIGNING")
        return replace(_stand(link, State.INDETERMINATE, why), names=nobody)
    tags = ", ".join(str(key.tag) for key in entry)
    return _self_signed(link, entry, keys, f"key {tags} fits the trust anchor", now)


def _in_force(anchor: TrustAnchor, now: datetime) -> bool:
    begun = anchor.since is None or anchor.since <= now
    return begun and (anchor.until is None or now < anchor.until)


def _fits(anchor: TrustAnchor, key: Key) -> bool:
    record = ResourceRecord(name=anchor.zone, ttl=0, rtype=anchor.rtype, data=anchor.data)
    if anchor.rtype == "DNSKEY":
        return key.usable and wire(record) == key.rdata
    return any(match(ds, (key,)) is Match.MATCHES for ds in ds_of((record,), anchor.zone))


def _delegated(link: Link, parent: Stand, now: datetime) -> Stand:
    """A zone that the secure zone `parent` vouches for, or proves that it does not."""
    reply = link.ds.outcome if link.ds else None
    if not isinstance(reply, DnsReply) or reply.rcode not in {"NOERROR", "NXDOMAIN"}:
        why = f"{_name(parent)} did not answer the question for its DS records"
        return _stand(link, State.INDETERMINATE, why)
    told = tuple(r for r in reply.answer if (r.name, r.rtype) == (link.zone, "DS"))
    if not told:
        return _unvouched(link, parent, reply, now)
    if flaw := signature_flaw(told, reply.answer, parent.keys, int(now.timestamp())):
        why = f"{_name(parent)} vouches wrongly: {flaw.text}"
        return replace(_stand(link, State.BOGUS, why), names=called(flaw))
    vouchers = [ds for ds in ds_of(told, link.zone) if usable(ds)]
    if not vouchers:
        why = "its DS records are of algorithms or digests that are not supported"
        return _stand(link, State.INSECURE, why)
    keys = _keys(link)
    if keys is None:
        return _stand(link, State.INDETERMINATE, "the question for its keys was not answered")
    entry = tuple(k for k in keys if any(match(ds, (k,)) is Match.MATCHES for ds in vouchers))
    if not entry:
        why = f"none of its keys fits its DS records in {_name(parent)}"
        return replace(_stand(link, State.BOGUS, why), names=dnsviz("NO_SEP"))
    tags = ", ".join(str(key.tag) for key in entry)
    return _self_signed(link, entry, keys, f"key {tags} fits its DS in {_name(parent)}", now)


def usable(ds: Ds) -> bool:
    """Whether validators can follow the DS record (RFC 4035, section 5.2; RFC 9904)."""
    return ds.algorithm in SUPPORTED and ds.digest_type in DIGESTS


def _unvouched(link: Link, parent: Stand, reply: DnsReply, now: datetime) -> Stand:
    """A zone without DS records: insecure where that is proven, else taken for forged."""
    claim = Claim.NAME_ERROR if reply.rcode == "NXDOMAIN" else Claim.INSECURE
    zone, apex = dns.name.from_text(link.zone), dns.name.from_text(parent.subject)
    asked = Question(zone, "DS", apex, claim)
    (denied,) = denied_by(reply, (asked,), parent.keys, int(now.timestamp()))
    if denied.proof is Proof.NONE:
        why = f"{_name(parent)} does not prove that there is no DS: {_flaws(denied)}"
        return replace(_stand(link, State.BOGUS, why), names=_names(denied))
    left_out = _unproven(denied, parent)
    return _stand(
        link, State.INSECURE, left_out or f"{_name(parent)} proves that it has no DS record for it"
    )


def _flaws(denied: Denied) -> str:
    return ", ".join(flaw.text for flaw in denied.flaws)


def _names(denied: Denied) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for flaw in denied.flaws for name in called(flaw, denied)))


def _unproven(denied: Denied, zone: Stand) -> str:
    """Why the zone's proof is none of absence and yet no fault; empty where it is one."""
    if denied.proof is Proof.OPT_OUT:
        return f"{_name(zone)} leaves unsigned delegations out of its proofs (opt-out)"
    if denied.proof is Proof.TOO_COSTLY:
        return f"{_name(zone)} hashes too often for its proofs to be followed"
    return ""


def _self_signed(
    link: Link, entry: tuple[Key, ...], keys: tuple[Key, ...], why: str, now: datetime
) -> Stand:
    """Whether one of the `entry` keys signs the zone's keys (RFC 4035, section 5.2)."""
    reply = link.keys.outcome if link.keys else None
    if not isinstance(reply, DnsReply):
        raise TypeError("keys without a reply")
    rrset = [r for r in reply.answer if (r.name, r.rtype) == (link.zone, "DNSKEY")]
    if flaw := signature_flaw(rrset, reply.answer, entry, int(now.timestamp())):
        return replace(_stand(link, State.BOGUS, flaw.text), names=called(flaw))
    return _stand(link, State.SECURE, why, keys)


def _keys(link: Link) -> tuple[Key, ...] | None:
    """The keys that the zone gives, None where it did not answer."""
    reply = link.keys.outcome if link.keys else None
    if not isinstance(reply, DnsReply) or reply.rcode != "NOERROR":
        return None
    return keys_of(reply.answer, link.zone)


def _name(stand: Stand) -> str:
    return shown(stand.subject)


def _stand(link: Link, state: State, why: str, keys: tuple[Key, ...] = ()) -> Stand:
    seen = [one.id for one in (link.ds, link.keys) if one]
    return Stand(subject=link.zone, state=state, why=why, evidence=tuple(seen), keys=keys)


def stands_of(answers: Sequence[Observation], zone: Stand, now: datetime) -> tuple[Stand, ...]:
    """The state of each set of records that some servers give or deny, the best one of each."""
    best: dict[str, Stand] = {}
    for seen in answers:
        for stand in stand_of(seen, zone, now):
            known = best.setdefault(stand.subject, stand)
            if BEST.index(stand.state) < BEST.index(known.state):
                best[stand.subject] = stand
    return tuple(best.values())


BEST = (State.SECURE, State.INSECURE, State.BOGUS, State.INDETERMINATE)
"""Of what several servers say, as a validator that asks on gets it."""


def stand_of(seen: Observation, zone: Stand, now: datetime) -> tuple[Stand, ...]:
    """The state of each set of the secure `zone`'s records that a reply gives or denies."""
    reply, query = seen.outcome, seen.request
    if not isinstance(query, DnsQuery):
        return ()
    if not isinstance(reply, DnsReply) or reply.rcode not in {"NOERROR", "NXDOMAIN"}:
        subject = f"{shown(query.name)} {query.rtype}"
        why = "the question was not answered"
        return (_of_answer(seen, subject, State.INDETERMINATE, why),)
    questions = questions_of(reply, query.name, query.rtype, zone.subject)
    denials = denied_by(reply, questions, zone.keys, int(now.timestamp()))
    given = _given(seen, reply, zone, now)
    for denied in denials:
        stand = _denied(seen, denied, zone)
        if given.get(stand.subject, stand).state is not State.BOGUS or stand.state is State.BOGUS:
            given[stand.subject] = stand
    return tuple(given.values())


def _given(seen: Observation, reply: DnsReply, zone: Stand, now: datetime) -> dict[str, Stand]:
    """Of the records in the answer. An alias that a DNAME makes has no signature of its own
    (RFC 6672, section 5.3.1)."""
    moved = any(r.rtype == "DNAME" for r in reply.answer)
    unsigned = {"RRSIG", "CNAME"} if moved else {"RRSIG"}
    own = [r for r in reply.answer if r.rtype not in unsigned and below(r.name, zone.subject)]
    found = {}
    for owner, rtype in dict.fromkeys((r.name, r.rtype) for r in own):
        rrset = [r for r in own if (r.name, r.rtype) == (owner, rtype)]
        flaw = signature_flaw(rrset, reply.answer, zone.keys, int(now.timestamp()))
        state = State.BOGUS if flaw else State.SECURE
        subject, why = f"{shown(owner)} {rtype}", flaw.text if flaw else f"signed by {_name(zone)}"
        named = called(flaw) if flaw else ()
        found[subject] = replace(_of_answer(seen, subject, state, why), names=named)
    return found


def _denied(seen: Observation, denied: Denied, zone: Stand) -> Stand:
    """Of records that are not there, or that a wildcard stands in for."""
    asked = denied.question
    subject = f"{shown(asked.name.to_text())} {asked.rtype}"
    if denied.proof is Proof.NONE:
        why = f"{_name(zone)} does not prove that {asked.claim.value}: {_flaws(denied)}"
        return replace(_of_answer(seen, subject, State.BOGUS, why), names=_names(denied))
    unproven = _unproven(denied, zone)
    state = State.INSECURE if unproven else State.SECURE
    why = unproven or f"{_name(zone)} proves that {denied.proof.value}"
    return _of_answer(seen, subject, state, why)


def _of_answer(seen: Observation, subject: str, state: State, why: str) -> Stand:
    return Stand(subject=subject, state=state, why=why, evidence=(seen.id,))
