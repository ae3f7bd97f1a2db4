"""The certificates that the DNS announces by TLSA records are those that are served (DANE).

## What it does
Looks for TLSA records of every TLS port of the target and of port 25 of every mail host, and where
they are signed sets them against the chain that the server shows, behind STARTTLS on port 25.

## Why is this bad?
Mail servers that heed DANE deliver to no server whose certificate is not the one announced. After
a certificate is renewed with a new key and the record stays, mail from them waits and then bounces,
and mail from all others gets through.

## How it decides
TLSA records are *usage selector matching data*. One that holds is enough.

| the TLSA records                    | the server                        | judgement        |
|-------------------------------------|-----------------------------------|------------------|
| none                                | any                               | no-tlsa          |
| could not be looked up              | any                               | tlsa-not-judged  |
| in a zone that is not signed        | any                               | tlsa-not-signed  |
| with signatures that do not hold    | any                               | tlsa-not-judged  |
| all of kinds that nobody knows      | any                               | tlsa-unusable    |
| 1 at port 25                        | any                               | tlsa-unusable    |
| 3 1 1 of its key                    | shows a chain                     | tlsa-matches     |
| 3 0 2 of its certificate            | shows a chain                     | tlsa-matches     |
| 3 1 0 of its key                    | shows a chain                     | tlsa-matches     |
| 3 1 1 of its key                    | shows a self-signed certificate   | tlsa-matches     |
| 3 1 1 of another key                | shows a chain                     | tlsa-mismatch    |
| 3 1 1 of another key and of its key | shows a chain                     | tlsa-matches     |
| 2 1 1 of its authority              | shows a chain                     | tlsa-matches     |
| 2 1 1 of its authority              | shows a chain for another name    | tlsa-mismatch    |
| 2 1 1 of its authority              | shows a chain that is out of date | tlsa-mismatch    |
| 2 1 1 of one it leaves out          | shows a chain                     | tlsa-mismatch    |
| 2 0 0 of one it leaves out          | shows a chain                     | tlsa-not-judged  |
| 1 1 1 of its key                    | shows a chain                     | tlsa-matches     |
| 1 1 1 of its key                    | shows a self-signed certificate   | tlsa-mismatch    |
| 0 1 1 of its authority              | shows a chain                     | tlsa-matches     |
| 0 1 1 of one it leaves out          | shows a chain                     | tlsa-not-judged  |
| 3 1 1 of its key                    | offers no STARTTLS on port 25     | tlsa-without-tls |
| 3 1 1 of its key                    | refuses strangers at port 25      | tlsa-not-judged  |
| 3 1 1 of its key                    | breaks off the handshake          | tlsa-not-judged  |
| 3 1 1 of its key                    | could not be asked                | tlsa-not-judged  |

Signed means that the chain of trust leads to the zone (where no trust anchor fits the root servers:
that its parent has DS records) and that the signatures on the records hold. Usages 0 and 1 also
demand a certificate that is in order by itself, and are void at port 25.

## What to do
Publish a record of the new key beside the old one, wait for the old one's time to live, then change
the certificate. A renewal that keeps the key needs no new `3 1 1` record.

## References
- RFC 6698, sections 2.1 and 4.1 (records and their use)
- RFC 7671, sections 5 (usages), 8.1 (changing keys)
- RFC 7672, sections 2.2 (mail without a usable record), 3.1 (mail)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from checks.facts.domain import CERTAIN
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.handshakes import Handshake, handshakes
from checks.facts.mail import MAIL_PORT, Door, Mail, doors_of, mail_of
from checks.facts.tlsa import FOR_ANY, FOR_MAIL, Tlsa, Unlike, against, tlsa_of
from checks.facts.vouched import Vouched, vouched
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Endpoint,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import NO_STARTTLS, Failed, TlsSession
from netdiag.requests import TlsHandshake


@finding_kind
class NoTlsa(OfEndpoints):
    code: ClassVar[str] = "no-tlsa"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE

    @property
    def message(self) -> str:
        return f"the DNS announces no certificate for {self.subject} (there are no TLSA records)"


@finding_kind
class TlsaMatches(OfEndpoints):
    code: ClassVar[str] = "tlsa-matches"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    name: str
    record: str

    @property
    def message(self) -> str:
        return f"what is served at {self.subject} is what {self.name} announces ({self.record})"


@finding_kind
class _Wrong(OfEndpoints):
    """`name` is where the records are, `mail` whether they are for mail between servers."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    name: str
    mail: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.mail else Severity.NOTICE

    @property
    def then(self) -> str:
        if self.mail:
            return "mail servers that heed DANE do not deliver there"
        return "programs that heed DANE do not connect"

    @property
    def for_customer(self) -> str:
        return (
            "Your domain announces a security certificate that your server does not show. Some "
            "senders refuse to deliver because of it. Whoever manages your domain can correct it."
        )


@finding_kind
class TlsaMismatch(_Wrong):
    code: ClassVar[str] = "tlsa-mismatch"
    why: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"no TLSA record of {self.name} holds for what is served at {self.subject} "
            f"({listed(self.why)}): {self.then}"
        )

    @property
    def for_agent(self) -> str:
        return "Publish a TLSA record of the key in use (3 1 1), or bring the old key back."


@finding_kind
class TlsaWithoutTls(_Wrong):
    code: ClassVar[str] = "tlsa-without-tls"
    area: ClassVar[Area] = Area.SERVICE
    usual_owner: ClassVar[Owner] = Owner.SERVICE

    @property
    def message(self) -> str:
        return (
            f"{self.name} announces a certificate, and there is no encryption (STARTTLS) at "
            f"{self.subject}: {self.then}"
        )

    @property
    def for_agent(self) -> str:
        return "Switch STARTTLS on at the mail server, or remove the TLSA records."


@finding_kind
class TlsaUnusable(_Wrong):
    code: ClassVar[str] = "tlsa-unusable"
    records: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE

    @property
    def message(self) -> str:
        kinds = "usage 2 or 3" if self.mail else "known kinds and whole data"
        return (
            f"the TLSA records of {self.name} protect nothing: {listed(self.records)}, and only "
            f"records of {kinds} count for {self.subject}"
        )

    @property
    def for_agent(self) -> str:
        return "Publish a record 3 1 1 with the SHA-256 digest of the server's public key."


@finding_kind
class TlsaNotSigned(_Wrong):
    code: ClassVar[str] = "tlsa-not-signed"

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"the TLSA records of {self.name} protect nothing, since their zone is not signed: "
            f"everybody passes them over"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed (DNSSEC) and its DS records published, or remove the records."


@finding_kind
class TlsaNotJudged(OfEndpoints):
    code: ClassVar[str] = "tlsa-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    name: str
    why: str

    @property
    def message(self) -> str:
        return (
            f"whether the TLSA records of {self.name} hold for {self.subject} is open: {self.why}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A port that speaks TLS, the TLSA records for it, and the handshake where they count.

    `host` is the name under which it is reached; `mail` whether it takes mail from other servers.
    """

    host: str
    endpoint: Endpoint
    mail: bool
    records: Vouched
    handshake: Observation | None = None

    @property
    def name(self) -> str:
        return owner_of(self.host, self.endpoint.port)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return (*self.records.evidence, *([self.handshake.id] if self.handshake else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`domain` is the target's name without the final dot: mail's certificates may be for it."""

    domain: str
    now: datetime
    served: tuple[Served, ...] = ()
    missing: str = ""


def owner_of(host: str, port: int) -> str:
    """Where the TLSA records of a port are, without the final dot (RFC 6698, section 3)."""
    return f"_{port}._tcp.{host}"


async def gather(net: Asker, brief: Brief) -> Facts:
    """The records of every TLS port, and what is served where they count."""
    name = brief.target.name
    if name is None:
        missing = "the target is an address, and certificates are announced for names"
        return Facts(domain="", now=brief.started, missing=missing)
    host = brief.target.host
    known, mail = await asyncio.gather(handshakes(net, brief), mail_of(net, brief))
    doors = await doors_of(net, brief, mail)
    own = [_own(net, brief, host, one) for one in known.all]
    others = [_door(net, brief, one) for one in doors if one.open]
    served = await asyncio.gather(*own, *others)
    missing = "" if served else _missing(known.missing, mail)
    return Facts(domain=host, now=brief.started, served=tuple(served), missing=missing)


def _missing(ports: str, mail: Mail) -> str:
    hosts = "no mail host accepts connections" if mail.hosts else "no mail host is known"
    return f"{ports or 'no port of the target speaks TLS'}, and {hosts}"


async def _own(net: Asker, brief: Brief, host: str, one: Handshake) -> Served:
    records = await vouched(net, brief, owner_of(host, one.endpoint.port) + ".", "TLSA")
    return Served(host=host, endpoint=one.endpoint, mail=False, records=records, handshake=one.seen)


async def _door(net: Asker, brief: Brief, door: Door) -> Served:
    """A mail host is asked for its certificate only where a record announces one that counts."""
    records = await vouched(net, brief, owner_of(door.host, MAIL_PORT) + ".", "TLSA")
    heeded = records.standing == "vouched" and usable(records, mail=True)
    shake = TlsHandshake(
        address=door.endpoint.address, port=MAIL_PORT, server_name=door.host, starttls="smtp"
    )
    return Served(
        host=door.host,
        endpoint=door.endpoint,
        mail=True,
        records=records,
        handshake=await net.ask(shake) if heeded else None,
    )


def usable(records: Vouched, *, mail: bool) -> tuple[Tlsa, ...]:
    """Those that a client heeds."""
    usages = FOR_MAIL if mail else FOR_ANY
    return tuple(one for one in tlsa_of(records.data) if one.usable(usages))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every port that speaks TLS."""
    if not facts.served:
        yield Skipped(subject="DANE", missing=facts.missing)
        return
    yield from folded(judge_served(one, facts) for one in facts.served)


def judge_served(one: Served, facts: Facts) -> Foldable:
    """The verdict on one port."""
    about, evidence, records = (one.endpoint,), one.evidence, one.records
    if not records.data:
        if records.status in CERTAIN:
            return NoTlsa(endpoints=about, evidence=evidence)
        return _open(one, "they could not be looked up to the end")
    if records.standing == "unsigned":
        return TlsaNotSigned(endpoints=about, evidence=evidence, name=one.name, mail=one.mail)
    if records.standing != "vouched":
        broken = records.standing == "broken"
        what = "the signatures on them do not hold" if broken else "they could not be verified"
        return _open(one, what)
    heeded = usable(records, mail=one.mail)
    if not heeded:
        read = tuple(str(tlsa) for tlsa in tlsa_of(records.data)) or ("not one can be read",)
        return TlsaUnusable(
            endpoints=about, evidence=evidence, name=one.name, mail=one.mail, records=read
        )
    return judge_handshake(one, heeded, facts)


def judge_handshake(one: Served, records: tuple[Tlsa, ...], facts: Facts) -> Foldable:
    """The verdict on a port for which the DNS announces a certificate."""
    outcome = one.handshake.outcome if one.handshake else None
    if isinstance(outcome, TlsSession) and outcome.chain:
        return judge_chain(one, records, outcome, facts)
    if isinstance(outcome, Failed) and outcome.detail.startswith(NO_STARTTLS):
        about = (one.endpoint,)
        return TlsaWithoutTls(endpoints=about, evidence=one.evidence, name=one.name, mail=one.mail)
    return _open(one, "no certificate was seen")


def judge_chain(
    one: Served, records: tuple[Tlsa, ...], session: TlsSession, facts: Facts
) -> Foldable:
    """The verdict on the chain that is served; the first record that holds is named."""
    hosts = (one.host, facts.domain) if one.mail else (one.host,)
    unlike: list[Unlike] = []
    for record in records:
        fault = against(record, session, hosts, facts.now)
        if fault is None:
            return TlsaMatches(
                endpoints=(one.endpoint,), evidence=one.evidence, name=one.name, record=str(record)
            )
        unlike.append(fault)
    doubt = next((fault for fault in unlike if fault.open), None)
    if doubt:
        return _open(one, f"{doubt.record}: {doubt.why}")
    return TlsaMismatch(
        endpoints=(one.endpoint,),
        evidence=one.evidence,
        name=one.name,
        mail=one.mail,
        why=tuple(f"{fault.record}: {fault.why}" for fault in unlike),
    )


def _open(one: Served, why: str) -> TlsaNotJudged:
    return TlsaNotJudged(endpoints=(one.endpoint,), evidence=one.evidence, name=one.name, why=why)


CHECK = Check(
    id="dane",
    title="The certificates that the DNS announces (DANE)",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NoTlsa,
        TlsaMatches,
        TlsaMismatch,
        TlsaWithoutTls,
        TlsaUnusable,
        TlsaNotSigned,
        TlsaNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
