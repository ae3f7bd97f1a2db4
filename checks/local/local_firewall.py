"""This machine itself sends what it is asked to send.

## What it does
Nothing of its own: it reads what this machine's kernel said of the connections, echoes and probes
to each address, most of which are sent only where an asked port did not connect.

## Why is this bad?
A packet filter or security program on this machine that refuses to send makes a server that works
seem dead, from here alone.

## How it decides
For each address; "refused" is the kernel's own word, or an ICMP error that this machine wrote.

| asked ports                      | what else was sent                | judgement        |
|----------------------------------|-----------------------------------|------------------|
| one connects                     | not needed                        | sending-allowed  |
| refused, not permitted           | not needed                        | local-firewall   |
| prohibited by this machine       | not needed                        | local-firewall   |
| port unreachable by this machine | not needed                        | local-firewall   |
| not routed, not permitted        | not needed                        | local-firewall   |
| silence                          | SYNs to the port refused          | local-firewall   |
| silence                          | UDP probes refused, not beside it | local-firewall   |
| silence                          | UDP probes refused, beside it too | sending-not-told |
| silence                          | echo alone refused                | sending-not-told |
| silence                          | nothing refused                   | sending-allowed  |
| next hop not found               | nothing refused                   | sending-allowed  |
| reset                            | echo alone refused                | sending-allowed  |

A connect needs no privileges, and neither do UDP datagrams; so a refusal of these is a rule. Linux
tells a connect nothing of a rule that drops: what other kinds of packets were told decides then:
crafted SYNs (as root), or UDP probes, where those to the first address of the host's LAN are sent,
so that the rule is against the host and not against such probes. That nobody may connect to a
broadcast address is no rule of a firewall.

## What to do
Look for a rule against the address or port: nft list ruleset, iptables -S, the settings of a
security program or of a VPN client; ip route for a prohibited route.

## References
- connect(2), send(2) (EACCES, EPERM)
- RFC 1812, section 5.2.7.1 (administratively prohibited)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import Ways
from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.reach import Port, Reach, address_in
from checks.facts.ways import ways_of
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
from netdiag.outcomes import Failed, FailureKind
from netdiag.special import NEVER, special


@finding_kind
class SendingAllowed(OfAddresses):
    code: ClassVar[str] = "sending-allowed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"this machine refuses nothing that was to be sent to {self.subject}"


@finding_kind
class LocalFirewall(OfAddresses):
    """`hidden` is whether another address of the target works."""

    code: ClassVar[str] = "local-firewall"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        return (
            f"this machine itself refuses to send to {self.subject}: its own kernel says so, and "
            "nobody on the way was asked"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the packet filter of this machine looked at (nft list ruleset, iptables -S), its "
            "security program or VPN client, and ip route for a prohibited route. Nothing is known "
            "of the server from here."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A firewall or security program on your own computer blocks the connection. Please "
            "allow it there, or try from another device."
        )


@finding_kind
class SendingNotTold(OfAddresses):
    code: ClassVar[str] = "sending-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return (
            f"whether this machine sends connections to {self.subject} cannot be told: it refuses "
            "to send other kinds of packets, and no connection is answered"
        )


async def gather(net: Asker, brief: Brief) -> Ways:
    """What is known of every address anyway."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on every address."""
    judged: list[Foldable] = [judge_reach(ways, reach) for reach in ways.known.reaches]
    judged += [
        LocalFirewall(addresses=(address_in(seen),), evidence=(seen.id,), hidden=ways.known.works)
        for seen in ways.known.routeless
        if _refused(seen) and not _is_nobodys(address_in(seen))
    ]
    yield from folded(judged)
    if not judged:
        yield Skipped(subject="local firewall", missing=ways.known.missing or "nothing was asked")


def judge_reach(ways: Ways, reach: Reach) -> Foldable:
    """The verdict on one address."""
    about = (reach.address,)
    proof = _said(reach)
    if reach.works or not proof:
        return SendingAllowed(addresses=about, evidence=reach.tried)
    if _told_of_all(reach):
        return LocalFirewall(addresses=about, evidence=proof, hidden=ways.works_elsewhere(reach))
    if any(port.silent for port in reach.asked):
        return SendingNotTold(addresses=about, evidence=(*reach.tried, *proof))
    return SendingAllowed(addresses=about, evidence=reach.tried)


def _told_of_all(reach: Reach) -> bool:
    """Whether what this machine refused is what was asked for: a port, or the host as such."""
    asked = any(_barred(reach, port) for port in reach.asked)
    silent = [port.number for port in reach.asked if port.silent]
    crafted = any(
        path.protocol == "tcp" and path.port in silent and path.barred for path in reach.paths
    )
    udp = any(path.protocol == "udp" and path.barred for path in reach.paths)
    beside = reach.beside is not None and not reach.beside.barred
    return asked or crafted or (bool(silent) and udp and beside)


def _said(reach: Reach) -> tuple[ObservationId, ...]:
    """Everything in which this machine refused to send."""
    ports = [port.seen.id for port in (*reach.asked, *reach.controls) if _barred(reach, port)]
    echo = [reach.echo.id] if reach.echo and _refused(reach.echo) else []
    hops = [number for path in reach.paths for number in path.barred]
    return (*ports, *echo, *hops)


def _barred(reach: Reach, port: Port) -> bool:
    return _refused(port.seen) or reach.refused_here(port)


def _is_nobodys(address: str) -> bool:
    """A broadcast and its kin, which the kernel lets nobody connect to."""
    kept = special(address)
    return kept is not None and kept.kind in NEVER


def _refused(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind is FailureKind.NO_PERMISSION


CHECK = Check(
    id="local-firewall",
    title="This machine refuses to send",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SendingAllowed, LocalFirewall, SendingNotTold, Skipped),
    doc=__doc__ or "",
)
