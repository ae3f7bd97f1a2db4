"""Every server of the zone gives its keys, and the same ones.

## What it does
Asks every server that answers anything for the zone's keys, with signatures. What is lost over UDP
is asked over TCP.

## Why is this bad?
Validating resolvers ask any of the servers for keys, and another one for what the keys have signed.
A server without the keys, or with others, makes the zone fail for some, now and then.

## How it decides
A server's answer to the SOA question is the control: it runs, and it is reached from here.

| servers                                 | parent | judgement              |
|-----------------------------------------|--------|------------------------|
| all give the same keys                  | a DS   | keys-given             |
| none has keys                           | no DS  | zone-unsigned          |
| none has keys                           | a DS   | zone-unsigned          |
| some have keys, one says it has none    | a DS   | signed-at-some-servers |
| a key that one server does not give     | a DS   | keys-differ            |
| one is silent when asked for keys       | a DS   | keys-not-answered      |
| one answers that question with an error | a DS   | keys-not-answered      |
| one answers it without authority        | a DS   | keys-not-answered      |
| none answers it                         | a DS   | keys-not-answered      |
| no answer, for a reason of ours         | a DS   | keys-not-seen          |

What a zone without keys that has DS records comes to is judged by `zone-signatures`. Signers that
share a zone give all the keys of all of them (RFC 8901), so that they never differ.

## What to do
Load the signed zone on the server, or have its software or the firewall before it let the question
for DNSKEY records through.

## References
- RFC 4035, sections 2.1 and 3.1; RFC 8901
- Zonemaster DNSSEC05 to DNSSEC07, DNSSEC11, DNSSEC14
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Literal

from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked, dnsviz, zonemaster
from checks.facts.signed_zone import SignedZone, records, signed_zone, silent
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply

Answer = Literal["keys", "none", "error", "no-authority", "silent", "unknown"]
"""What a server says when asked for keys; unknown for a reason of ours."""

REFUSALS: Mapping[Answer, Remark] = {
    "silent": Remark("do not answer", zonemaster("DS05_NO_RESPONSE", "DS07_NO_RESPONSE_DNSKEY")),
    "error": Remark(
        "answer with an error", zonemaster("DS07_UNEXP_RCODE_RESP_DNSKEY", "NO_RESPONSE_DNSKEY")
    ),
    "no-authority": Remark("answer without authority", zonemaster("DS07_NON_AUTH_RESPONSE_DNSKEY")),
}


@finding_kind
class KeysGiven(Finding):
    """`keys` are in words; `mute` are servers that answer nothing at all."""

    code: ClassVar[str] = "keys-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (*zonemaster("DS07_SIGNED"), *REFUSALS["silent"].names)
    keys: tuple[str, ...]
    servers: tuple[str, ...]
    mute: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.mute else self.known_as[:1]

    @property
    def message(self) -> str:
        mute = f"; {', '.join(self.mute)} answer nothing" if self.mute else ""
        return (
            f"{self.subject} has {', '.join(self.keys)}, given by {', '.join(self.servers)}{mute}"
        )


@finding_kind
class ZoneUnsigned(Finding):
    """`vouched` is whether the parent has DS records, None where it does not say."""

    code: ClassVar[str] = "zone-unsigned"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    always: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_NO_DNSSEC_SUPPORT", "DS05_ZONE_NO_DNSSEC", "DS07_NOT_SIGNED", "DS10_ZONE_NO_DNSSEC"
    )
    by_ds: ClassVar[Mapping[bool | None, tuple[str, ...]]] = {
        True: zonemaster("NO_RESPONSE_DNSKEY", "NO_DNSKEY"),
        False: zonemaster("NEITHER_DNSKEY_NOR_DS", "NOT_SIGNED", "DS01_PARENT_ZONE_NO_DS"),
        None: (),
    }
    known_as: ClassVar[tuple[str, ...]] = (*always, *by_ds[True], *by_ds[False])
    vouched: bool | None

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (*self.always, *self.by_ds[self.vouched])

    @property
    def message(self) -> str:
        if self.vouched is None:
            return f"no server of {self.subject} has keys"
        parent = "although its parent has" if self.vouched else "and its parent has no"
        return f"no server of {self.subject} has keys, {parent} DS records for it"


@finding_kind
class _KeysProblem(Finding):
    """`servers` are those with whom something is wrong."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers lacks a part of your domain's protection against "
            "forgery. Whoever runs it has to bring it up to date."
        )


@finding_kind
class SignedAtSomeServers(_KeysProblem):
    code: ClassVar[str] = "signed-at-some-servers"
    always: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_SERVER_NO_DNSSEC_SUPPORT",
        "DS05_SERVER_NO_DNSSEC",
        "DS07_INCONSISTENT_SIGNED",
        "DS07_NOT_SIGNED_ON_SERVER",
        "DS07_SIGNED_ON_SERVER",
        "DS10_SERVER_NO_DNSSEC",
        "EXTRA_PROCESSING_BROKEN",
        "NO_RESPONSE_DNSKEY",
    )
    behind_ds: ClassVar[tuple[str, ...]] = zonemaster(
        "DS11_INCONSISTENT_SIGNED_ZONE", "DS11_NS_WITH_UNSIGNED_ZONE", "DS11_NS_WITH_SIGNED_ZONE"
    )
    known_as: ClassVar[tuple[str, ...]] = (*always, *behind_ds)
    others: tuple[str, ...]
    vouched: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (*self.always, *(self.behind_ds if self.vouched else ()))

    @property
    def message(self) -> str:
        effect = (
            "validators take the zone for forged there"
            if self.vouched
            else "the zone cannot be given DS records like this"
        )
        return (
            f"{', '.join(self.servers)} serve {self.subject} without keys, while "
            f"{', '.join(self.others)} have some: {effect}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the signed zone loaded on that server; its transfer stopped or goes past it."


@finding_kind
class KeysDiffer(_KeysProblem):
    """`what` names in words each key that some do not give."""

    code: ClassVar[str] = "keys-differ"
    known_as: ClassVar[tuple[str, ...]] = dnsviz("DNSKEY_MISSING_FROM_SERVERS")
    what: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"in {self.subject}, {'; '.join(self.what)}: a resolver that has the keys of one "
            "server cannot verify the signatures of another"
        )

    @property
    def for_agent(self) -> str:
        return "Have all servers give the same keys, those of every signer."


@finding_kind
class KeysNotAnswered(_KeysProblem, Remarked):
    """`undecided` where no server says whether a zone with DS records has keys."""

    code: ClassVar[str] = "keys-not-answered"
    undetermined: ClassVar[tuple[str, ...]] = zonemaster("DS11_UNDETERMINED_SIGNED_ZONE")
    known_as: ClassVar[tuple[str, ...]] = (
        *(name for one in REFUSALS.values() for name in one.names),
        *undetermined,
    )
    undecided: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        named = (name for one in self.what for name in one.names)
        return tuple(dict.fromkeys((*named, *(self.undetermined if self.undecided else ()))))

    @property
    def message(self) -> str:
        return (
            f"asked for the keys of {self.subject}, {self.words}, while they answer other "
            "questions: resolvers that validate cannot use them"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server's software, or the firewall before it, answer DNSKEY questions."


@finding_kind
class KeysNotSeen(Finding):
    code: ClassVar[str] = "keys-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"which keys {self.subject} has cannot be told from here"


async def gather(net: Asker, brief: Brief) -> SignedZone:
    """The keys at each server."""
    return await signed_zone(net, brief)


def judge(seen: SignedZone) -> Iterable[Finding]:
    """What is given, and what is wrong with it."""
    if seen.missing or not seen.servers:
        yield Skipped(subject="keys", missing=seen.missing or "no server of the zone answers")
        return
    said = {one.server: answer_of(one.keys, seen.apex) for one in seen.servers}
    yield from _given(seen, said)
    yield from _differing(seen, said)
    if refusing := {server: answer for server, answer in said.items() if answer in REFUSALS}:
        yield _not_answered(seen, said, refusing)
    if set(said.values()) == {"unknown"}:
        yield KeysNotSeen(subject=shown(seen.apex), evidence=_cited(seen))


def answer_of(seen: Observation, apex: str) -> Answer:
    """What one server says of the keys."""
    reply = seen.outcome
    if not isinstance(reply, DnsReply):
        return "silent" if silent(seen) else "unknown"
    if reply.rcode != "NOERROR":
        return "error"
    if not reply.authoritative:
        return "no-authority"
    return "keys" if records(seen, apex, "DNSKEY") else "none"


def _given(seen: SignedZone, said: Mapping[str, Answer]) -> Iterator[Finding]:
    subject, cited = shown(seen.apex), _cited(seen)
    having = tuple(server for server, answer in said.items() if answer == "keys")
    lacking = tuple(server for server, answer in said.items() if answer == "none")
    if having and lacking:
        yield SignedAtSomeServers(
            subject=subject,
            evidence=cited,
            servers=lacking,
            others=having,
            vouched=bool(seen.ds_records),
        )
    elif having:
        keys = tuple(_in_words(seen))
        yield KeysGiven(subject=subject, evidence=cited, keys=keys, servers=having, mute=seen.mute)
    elif lacking:
        vouched = bool(seen.ds_records) if seen.ds_told else None
        yield ZoneUnsigned(subject=subject, evidence=cited, vouched=vouched)


def _in_words(seen: SignedZone) -> Iterator[str]:
    """Each key by its tag and algorithm."""
    from checks.facts.dnssec.keys import keys_of

    given = (r for one in seen.servers for r in records(one.keys, seen.apex, "DNSKEY"))
    for key in dict.fromkeys(keys_of(given, seen.apex)):
        yield f"key {key.tag} (algorithm {key.algorithm})"


def _differing(seen: SignedZone, said: Mapping[str, Answer]) -> Iterator[Finding]:
    from checks.facts.dnssec.keys import keys_of

    own = {
        one.server: keys_of(records(one.keys, seen.apex, "DNSKEY"), seen.apex)
        for one in seen.servers
        if said[one.server] == "keys"
    }
    lacking = {
        key: [server for server, keys in own.items() if key not in keys]
        for key in dict.fromkeys(key for keys in own.values() for key in keys)
    }
    what = tuple(
        f"key {key.tag} is not given by {', '.join(servers)}"
        for key, servers in lacking.items()
        if servers
    )
    if what:
        names = dict.fromkeys(server for servers in lacking.values() for server in servers)
        yield KeysDiffer(
            subject=shown(seen.apex), evidence=_cited(seen), servers=tuple(names), what=what
        )


def _not_answered(
    seen: SignedZone, said: Mapping[str, Answer], refusing: Mapping[str, Answer]
) -> KeysNotAnswered:
    remarks = (
        Remark(f"{', '.join(s for s, a in refusing.items() if a == kind)} {how.words}", how.names)
        for kind, how in REFUSALS.items()
        if kind in refusing.values()
    )
    return KeysNotAnswered(
        subject=shown(seen.apex),
        evidence=_cited(seen),
        servers=tuple(refusing),
        what=tuple(remarks),
        undecided=bool(seen.ds_records) and not set(said.values()) & {"keys", "none"},
    )


def _cited(seen: SignedZone) -> tuple[ObservationId, ...]:
    return (*(one.ds.id for one in seen.above), *(one.keys.id for one in seen.servers))


CHECK = Check(
    id="zone-keys",
    title="Every server gives the zone's keys",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        KeysGiven,
        ZoneUnsigned,
        SignedAtSomeServers,
        KeysDiffer,
        KeysNotAnswered,
        KeysNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
