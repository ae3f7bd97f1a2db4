"""Whether the machine's resolvers can be asked in private, over TLS.

## What it does
Asks every configured resolver (or the one given) which encrypted resolvers it designates, shakes
hands with those over TLS, and where it designates none tries the usual port 853 of it.

## Why is this bad?
Unencrypted questions are read and changed on the way. A system that upgrades by itself as the
resolver tells it, and then meets a closed port or a certificate that fails, is slow or stays
unencrypted without a word.

## How it decides
For each resolver; one designation that works is enough.

| the resolver                      | certificate             | judgement                 |
|-----------------------------------|-------------------------|---------------------------|
| designates one                    | one for its address     | encrypted-dns-offered     |
| designates one                    | one for another address | encrypted-dns-unverified  |
| designates one                    | an unknown certificate  | encrypted-dns-unverified  |
| designates one                    | one that ran out        | encrypted-dns-unverified  |
| is private and designates itself  | an unknown certificate  | encrypted-dns-offered     |
| is private and designates another | an unknown certificate  | encrypted-dns-unverified  |
| designates one                    | refused                 | encrypted-dns-unreachable |
| designates one                    | silent                  | encrypted-dns-unreachable |
| designates one                    | this run's own failure  | encrypted-dns-not-seen    |
| designates one over QUIC alone    | none                    | encrypted-dns-not-seen    |
| designates one without addresses  | none                    | encrypted-dns-not-seen    |
| designates none                   | an unknown certificate  | encrypted-dns-offered     |
| designates none                   | refused                 | encrypted-dns-not-offered |
| designates none                   | silent                  | encrypted-dns-not-offered |
| designates none                   | this run's own failure  | encrypted-dns-not-seen    |
| does not answer                   | any                     | encrypted-dns-not-seen    |

A designated resolver is verified by a certificate that holds the address of the resolver that
designates it. Only a private address that designates itself needs none. Without designation
nothing is verified: such encryption keeps out those who only listen.

## What to do
Correct the certificate or the firewall of the encrypted resolver, or stop designating it.

## References
- RFC 9462, section 4 (discovery by address), 4.2 (verified), 4.3 (opportunistic)
- RFC 9461 (DNS in service bindings)
- RFC 7858, section 4.1 (opportunistic privacy); RFC 8310
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.bindings import Binding, parsed
from checks.facts.certificates import DATES, TRUST_IS_FINE
from checks.facts.configured import configured_resolvers
from checks.facts.iterate import is_address, shown, version
from checks.facts.machine import own_namespace
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, TlsSession
from netdiag.requests import DnsQuery, TlsHandshake
from netdiag.special import special

DISCOVERY = "_dns.resolver.arpa."
"""The name under which a resolver tells of its encrypted ones (RFC 9462, section 4)."""

PORTS = {"dot": 853, "h2": 443, "http/1.1": 443}
"""The protocols over TLS on TCP that carry DNS, and their usual ports."""

MOST_BINDINGS = 4


@finding_kind
class EncryptedDnsOffered(Finding):
    """`verified` whether the certificate says so itself."""

    code: ClassVar[str] = "encrypted-dns-offered"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    where: str
    verified: bool

    @property
    def message(self) -> str:
        how = "verified" if self.verified else "not verified"
        return f"the resolver {self.subject} can be asked over TLS at {self.where} ({how})"


@finding_kind
class EncryptedDnsNotOffered(Finding):
    code: ClassVar[str] = "encrypted-dns-not-offered"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"the resolver {self.subject} can be asked without encryption alone"


@finding_kind
class _Wrong(Finding):
    """`where` are the addresses and ports that the resolver designates."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    where: tuple[str, ...]
    private: bool

    @property
    def owner(self) -> Owner:
        return Owner.CUSTOMER_NETWORK if self.private else Owner.ACCESS_ISP

    @property
    def for_customer(self) -> str:
        return (
            "The service that looks up names for your computer offers a private way of asking "
            "that does not work. Whoever runs it can repair that."
        )


@finding_kind
class EncryptedDnsUnreachable(_Wrong):
    code: ClassVar[str] = "encrypted-dns-unreachable"

    @property
    def message(self) -> str:
        return (
            f"the resolver {self.subject} answers, and sends those who want encryption to "
            f"{', '.join(self.where)}, where nothing accepts connections"
        )

    @property
    def for_agent(self) -> str:
        return "Open the port of the encrypted resolver, or take its SVCB record away."


@finding_kind
class EncryptedDnsUnverified(_Wrong):
    code: ClassVar[str] = "encrypted-dns-unverified"
    why: str

    @property
    def message(self) -> str:
        return (
            f"systems do not take up the encryption that the resolver {self.subject} offers at "
            f"{', '.join(self.where)}: {self.why}"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Give the encrypted resolver a valid certificate that holds the address "
            f"{self.subject}, or take its SVCB record away."
        )


@finding_kind
class EncryptedDnsNotSeen(Finding):
    code: ClassVar[str] = "encrypted-dns-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    why: str

    @property
    def message(self) -> str:
        return f"whether the resolver {self.subject} can be asked over TLS is open: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One resolver: its answer to the discovery, the bindings in it, and the handshakes."""

    address: str
    told: Observation
    bindings: tuple[Binding, ...]
    shakes: tuple[Observation, ...]

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return (self.told.id, *(one.id for one in self.shakes))

    @property
    def private(self) -> bool:
        return special(self.address) is not None

    @property
    def where(self) -> tuple[str, ...]:
        requests = (one.request for one in self.shakes)
        return tuple(
            f"{one.address} port {one.port}" for one in requests if isinstance(one, TlsHandshake)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    asked: tuple[Asked, ...] = ()
    missing: str = ""


async def gather(net: Asker, brief: Brief) -> Facts:
    """What every configured resolver designates, and how those shake hands."""
    if own_namespace(brief) and not brief.resolver:
        return Facts(missing="the root servers given are not the Internet's")
    resolvers = await configured_resolvers(net, brief)
    if not resolvers:
        return Facts(missing="this machine has no resolver that could be asked")
    return Facts(asked=tuple(await asyncio.gather(*(_ask(net, brief, one) for one in resolvers))))


async def _ask(net: Asker, brief: Brief, address: str) -> Asked:
    query = DnsQuery(server=address, name=DISCOVERY, rtype="SVCB", recursion_desired=True)
    told = await net.ask(query)
    bindings = bindings_of(told)
    if bindings:
        places = await asyncio.gather(*(_places(net, brief, address, one) for one in bindings))
        wanted = tuple(dict.fromkeys(one for several in places for one in several))
    elif isinstance(told.outcome, DnsReply):
        wanted = (TlsHandshake(address=address, port=PORTS["dot"], server_name=None),)
    else:
        wanted = ()
    shakes = await asyncio.gather(*map(net.ask, wanted))
    return Asked(address=address, told=told, bindings=bindings, shakes=tuple(shakes))


def bindings_of(told: Observation) -> tuple[Binding, ...]:
    """The designations, preferred ones first; aliases and the root name nobody."""
    reply = told.outcome
    records = reply.answer if isinstance(reply, DnsReply) else ()
    read = (parsed(r.data) for r in records if (r.name, r.rtype) == (DISCOVERY, "SVCB"))
    found = (one for one in read if one and not one.is_alias and one.target != ".")
    return tuple(sorted(found, key=lambda one: one.priority))[:MOST_BINDINGS]


async def _places(
    net: Asker, brief: Brief, resolver: str, binding: Binding
) -> tuple[TlsHandshake, ...]:
    """The handshakes with one designated resolver, one for each family."""
    ports = ports_of(binding)
    if not ports:
        return ()
    hints = sorted(binding.hints) or await _addresses(net, resolver, binding.target)
    firsts = (next((a for a in hints if version(a) == family), None) for family in brief.families)
    name = shown(binding.target)
    return tuple(
        TlsHandshake(address=address, port=port, server_name=name)
        for address in firsts
        if address
        for port in ports
    )


def ports_of(binding: Binding) -> tuple[int, ...]:
    """The ports at which it is to be asked over TLS on TCP; none for QUIC alone."""
    spoken = binding.keys.get("alpn", "").lower().split(",")
    own = binding.keys.get("port", "")
    usual = dict.fromkeys(PORTS[one] for one in spoken if one in PORTS)
    if not own:
        return tuple(usual)
    valid = own.isascii() and own.isdigit() and 0 < int(own[:6]) < 65536
    return (int(own),) if valid and usual else ()


async def _addresses(net: Asker, resolver: str, name: str) -> list[str]:
    """What the resolver itself gives for the name of the one it designates."""
    queries = (
        DnsQuery(server=resolver, name=name, rtype=rtype, recursion_desired=True)
        for rtype in ("A", "AAAA")
    )
    seen = await asyncio.gather(*map(net.ask, queries))
    replies = (one.outcome for one in seen)
    records = (r for one in replies if isinstance(one, DnsReply) for r in one.answer)
    return [r.data for r in records if r.rtype in {"A", "AAAA"} and is_address(r.data)]


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each resolver."""
    if facts.missing:
        yield Skipped(subject="encrypted DNS", missing=facts.missing)
    for one in facts.asked:
        yield judge_designated(one) if one.bindings else judge_silent(one)


def judge_silent(one: Asked) -> Finding:
    """The verdict on a resolver that designates none."""
    outcome = one.shakes[0].outcome if one.shakes else one.told.outcome
    if isinstance(outcome, TlsSession):
        return EncryptedDnsOffered(
            subject=one.address, evidence=one.evidence, where=one.where[0], verified=False
        )
    if not one.shakes:
        return _open(one, "it does not say")
    if isinstance(outcome, Failed) and outcome.kind.ours:
        return _open(one, "its port for that could not be tried")
    return EncryptedDnsNotOffered(subject=one.address, evidence=one.evidence)


def judge_designated(one: Asked) -> Finding:
    """The verdict on a resolver that designates some; the first that works is named."""
    if not one.shakes:
        return _open(one, "it designates none that has an address and speaks TLS on TCP")
    faults: list[str] = []
    for seen, place in zip(one.shakes, one.where, strict=True):
        if not isinstance(seen.outcome, TlsSession):
            continue
        fault = fault_of(one, seen, seen.outcome)
        verified = not certificate_fault(seen.outcome, one.address)
        if not fault:
            return EncryptedDnsOffered(
                subject=one.address, evidence=one.evidence, where=place, verified=verified
            )
        faults.append(fault)
    subject, evidence, where = one.address, one.evidence, one.where
    if faults:
        return EncryptedDnsUnverified(
            subject=subject, evidence=evidence, where=where, private=one.private, why=faults[0]
        )
    if all(isinstance(s.outcome, Failed) and s.outcome.kind.ours for s in one.shakes):
        return _open(one, "those that it designates could not be tried")
    return EncryptedDnsUnreachable(
        subject=subject, evidence=evidence, where=where, private=one.private
    )


def fault_of(one: Asked, seen: Observation, session: TlsSession) -> str:
    """Why a system does not go on to use what was shown; empty where it does."""
    request = seen.request
    itself = isinstance(request, TlsHandshake) and request.address == one.address
    return "" if itself and one.private else certificate_fault(session, one.address)


def certificate_fault(session: TlsSession, resolver: str) -> str:
    """Why the certificate does not verify; its other names do not matter (section 4.2)."""
    if session.verify_code not in TRUST_IS_FINE - DATES:
        return f"its certificate fails ({session.verify_error})"
    if not session.chain or resolver not in session.chain[0].names:
        return f"its certificate does not hold the address {resolver}"
    return ""


def _open(one: Asked, why: str) -> EncryptedDnsNotSeen:
    return EncryptedDnsNotSeen(subject=one.address, evidence=one.evidence, why=why)


CHECK = Check(
    id="encrypted-resolver",
    title="Whether the resolvers can be asked over TLS",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        EncryptedDnsOffered,
        EncryptedDnsNotOffered,
        EncryptedDnsUnreachable,
        EncryptedDnsUnverified,
        EncryptedDnsNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
