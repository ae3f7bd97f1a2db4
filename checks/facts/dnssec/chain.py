"""The chain of trust from an anchor to the records of a name (RFC 4035, sections 4.3 and 5)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from checks.facts.dnssec.denial import Proof
from checks.facts.dnssec.keys import DIGESTS, Ds, Key, Match, ds_of, keys_of, match, wire
from checks.facts.dnssec.proofs import proof_of
from checks.facts.dnssec.signatures import SUPPORTED, Verdict, signatures_of, verdicts
from checks.facts.iterate import below, shown
from checks.facts.trust import Link, Step
from netdiag.model import TrustAnchor
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, ResourceRecord


class State(enum.Enum):
    """What a validator that starts from the anchor takes something for."""

    SECURE = "secure"
    INSECURE = "insecure"
    BOGUS = "bogus"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """The state of one zone or set of records, and why it is so. `keys` are the zone's trusted
    ones, empty unless it is secure."""

    subject: str
    state: State
    why: str
    evidence: tuple[ObservationId, ...]
    keys: tuple[Key, ...] = ()


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
        return _stand(link, State.INDETERMINATE, why)
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
    fault = fault_of(told, reply.answer, parent.keys, now)
    if fault:
        return _stand(link, State.BOGUS, f"{_name(parent)} vouches wrongly: {fault}")
    vouchers = [ds for ds in ds_of(told, link.zone) if usable(ds)]
    if not vouchers:
        why = "its DS records are of algorithms or digests that are not supported"
        return _stand(link, State.INSECURE, why)
    keys = _keys(link)
    if keys is None:
        return _stand(link, State.INDETERMINATE, "the question for its keys was not answered")
    entry = tuple(k for k in keys if any(match(ds, (k,)) is Match.MATCHES for ds in vouchers))
    if not entry:
        return _stand(link, State.BOGUS, f"none of its keys fits its DS records in {_name(parent)}")
    tags = ", ".join(str(key.tag) for key in entry)
    return _self_signed(link, entry, keys, f"key {tags} fits its DS in {_name(parent)}", now)


def usable(ds: Ds) -> bool:
    """Whether validators can follow the DS record (RFC 4035, section 5.2; RFC 9904)."""
    return ds.algorithm in SUPPORTED and ds.digest_type in DIGESTS


def _unvouched(link: Link, parent: Stand, reply: DnsReply, now: datetime) -> Stand:
    """A zone without DS records: insecure where that is proven, else taken for forged."""
    fault, proof = denial(reply, parent.keys, link.zone, "DS", now)
    if fault:
        why = f"{_name(parent)} does not prove that there is no DS: {fault}"
        return _stand(link, State.BOGUS, why)
    if proof is Proof.OPT_OUT:
        why = f"{_name(parent)} leaves unsigned delegations out of its proofs (opt-out)"
    elif proof is None:
        why = f"{_name(parent)} hashes too often for its proofs to be followed"
    else:
        why = f"{_name(parent)} proves that it has no DS record for it"
    return _stand(link, State.INSECURE, why)


def denial(
    reply: DnsReply, keys: tuple[Key, ...], name: str, rtype: str, now: datetime
) -> tuple[str, Proof | None]:
    """What is wrong with the proof that `name` has no such records, and what it proves."""
    proving = [r for r in reply.authority if r.rtype in {"NSEC", "NSEC3"}]
    zone = keys[0].owner
    for owner, kind in dict.fromkeys((r.name, r.rtype) for r in proving):
        rrset = [r for r in proving if (r.name, r.rtype) == (owner, kind)]
        if fault := fault_of(rrset, reply.authority, keys, now):
            return fault, Proof.NONE
    proof = proof_of(proving, name, rtype, zone)
    return ("NSEC or NSEC3 records are missing or of others" if proof is Proof.NONE else ""), proof


def fault_of(
    rrset: Sequence[ResourceRecord],
    beside: Sequence[ResourceRecord],
    keys: tuple[Key, ...],
    now: datetime,
) -> str:
    """Why no signature `beside` the set makes it secure; empty where one does."""
    owner, rtype = rrset[0].name, rrset[0].rtype
    signatures = [s for s in signatures_of(beside) if (s.owner, s.covers) == (owner, rtype)]
    what = f"{rtype} of {shown(owner)}"
    if not signatures:
        return f"{what} has no signature"
    found = verdicts(signatures, rrset, keys, int(now.timestamp()))
    if Verdict.VALID in found:
        return ""
    nearest = next(verdict for verdict in NEAREST if verdict in found)
    return f"the signature of {what} {FAULTS[nearest]}"


FAULTS = {
    Verdict.EXPIRED: "has run out",
    Verdict.NOT_YET_VALID: "is not valid yet",
    Verdict.INVALID: "does not verify",
    Verdict.NO_KEY: "is by a key that the zone does not have",
    Verdict.MALFORMED: "cannot be read",
    Verdict.UNSUPPORTED: "is of an algorithm that is not supported",
}
NEAREST = tuple(FAULTS)
"""What is told where no signature holds: the one that came nearest to it."""


def _self_signed(
    link: Link, entry: tuple[Key, ...], keys: tuple[Key, ...], why: str, now: datetime
) -> Stand:
    """Whether one of the `entry` keys signs the zone's keys (RFC 4035, section 5.2)."""
    reply = link.keys.outcome if link.keys else None
    if not isinstance(reply, DnsReply):
        raise TypeError("keys without a reply")
    rrset = [r for r in reply.answer if (r.name, r.rtype) == (link.zone, "DNSKEY")]
    fault = fault_of(rrset, reply.answer, entry, now)
    if fault:
        return _stand(link, State.BOGUS, fault)
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
    """The state of each set of records that some servers give, the first good one of each."""
    best: dict[str, Stand] = {}
    for seen in answers:
        for stand in stand_of(seen, zone, now):
            known = best.setdefault(stand.subject, stand)
            if known.state is State.BOGUS and stand.state is State.SECURE:
                best[stand.subject] = stand
    return tuple(best.values())


def stand_of(seen: Observation, zone: Stand, now: datetime) -> tuple[Stand, ...]:
    """The state of each set of the secure `zone`'s records that a reply answers with.

    An alias that a DNAME makes has no signature of its own (RFC 6672, section 5.3.1).
    """
    reply = seen.outcome
    if not isinstance(reply, DnsReply):
        return ()
    moved = any(r.rtype == "DNAME" for r in reply.answer)
    unsigned = {"RRSIG", "CNAME"} if moved else {"RRSIG"}
    own = [r for r in reply.answer if r.rtype not in unsigned and below(r.name, zone.subject)]
    found = []
    for owner, rtype in dict.fromkeys((r.name, r.rtype) for r in own):
        rrset = [r for r in own if (r.name, r.rtype) == (owner, rtype)]
        fault = fault_of(rrset, reply.answer, zone.keys, now)
        found.append(
            Stand(
                subject=f"{shown(owner)} {rtype}",
                state=State.BOGUS if fault else State.SECURE,
                why=fault or f"signed by {_name(zone)}",
                evidence=(seen.id,),
            )
        )
    return tuple(found)
