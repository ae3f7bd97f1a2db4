"""This machine is connected to a network and has an address in it.

## What it does
Reads the state and the addresses of this machine's network interfaces. Sends nothing.

## Why is this bad?
Without a link or an address no packet leaves the machine.

## How it decides
| link                       | addresses            | judgement        |
|----------------------------|----------------------|------------------|
| one is up                  | one beyond the link  | link-up          |
| all without carrier        | any                  | link-down        |
| all switched off           | any                  | link-down        |
| one is up                  | link-local alone     | no-address       |
| one is up                  | none                 | no-address       |
| no interface but loopback  | none                 | link-down        |
| not observable             | unknown              | link-not-seen    |
| not needed                 | loopback is asked    | not-checked      |

Loopback, tunnels and the inner links of containers and virtual machines (docker, br-, veth, virbr)
do not count, unless there are no others. An interface whose carrier this system does not tell
counts as connected when it is switched on.

## What to do
Link: cable, Wi-Fi, flight mode. Address: does the local router hand out addresses (DHCP, router
advertisements)?

## References
- RFC 3927 (IPv4 link-local addresses, used where DHCP does not answer)
- RFC 4862 (IPv6 address autoconfiguration)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import listed
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
from netdiag.network import Asker, Observation
from netdiag.outcomes import Failed, Interface, Interfaces
from netdiag.requests import ReadInterfaces

INNER = ("docker", "br-", "veth", "virbr")
SUBJECT = "this machine"


@finding_kind
class LinkUp(Finding):
    code: ClassVar[str] = "link-up"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{listed(self.names)} of this machine is connected and has an address"


@finding_kind
class LinkDown(Finding):
    code: ClassVar[str] = "link-down"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        which = f" ({listed(self.names)} has no carrier or is switched off)" if self.names else ""
        return f"this machine is connected to no network{which}, so nothing can leave it"

    @property
    def for_agent(self) -> str:
        return "Have the cable or Wi-Fi of this machine checked; nothing else can be judged before."

    @property
    def for_customer(self) -> str:
        return "Your computer is not connected to a network: please check the cable or the Wi-Fi."


@finding_kind
class NoAddress(Finding):
    code: ClassVar[str] = "no-address"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"this machine has no network address: {listed(self.names)} is connected, so the "
            "cable or Wi-Fi works, but it has no address that leads beyond the link"
        )

    @property
    def for_agent(self) -> str:
        return (
            "See whether the local router hands out addresses (DHCP), and whether others get one."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your computer is connected but got no network address. Please restart the router, "
            "and then switch the network of your computer off and on again."
        )


@finding_kind
class LinkNotSeen(Finding):
    code: ClassVar[str] = "link-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    why: str

    @property
    def message(self) -> str:
        return f"the state of this machine's network interfaces was not seen: {self.why}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The interfaces, None where the target and the root servers are on this machine itself."""

    seen: Observation | None


async def gather(net: Asker, brief: Brief) -> Facts:
    """The interfaces of this machine, where anything beyond it is in question."""
    if _stays_here(brief):
        return Facts(None)
    return Facts(await net.ask(ReadInterfaces()))


def _stays_here(brief: Brief) -> bool:
    target = brief.target.address
    asked = [target] if target else [root.address for root in brief.root_servers]
    return bool(asked) and all(ipaddress.ip_address(address).is_loopback for address in asked)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on this machine."""
    seen = facts.seen
    if seen is None:
        yield Skipped(subject=SUBJECT, missing="all that is asked is on this machine itself")
        return
    match seen.outcome:
        case Interfaces(interfaces=interfaces):
            yield _judge(_outward(interfaces), seen)
        case Failed(kind=kind):
            yield LinkNotSeen(subject=SUBJECT, evidence=(seen.id,), why=kind.value)
        case _:
            yield LinkNotSeen(subject=SUBJECT, evidence=(seen.id,), why="unexpected outcome")


def _judge(interfaces: tuple[Interface, ...], seen: Observation) -> Finding:
    linked = [one for one in interfaces if one.up and one.carrier is not False]
    if not linked:
        names = tuple(one.name for one in interfaces)
        return LinkDown(subject=SUBJECT, evidence=(seen.id,), names=names)
    addressed = [one for one in linked if any(_leads_out(address) for address in one.addresses)]
    if not addressed:
        names = tuple(one.name for one in linked)
        return NoAddress(subject=SUBJECT, evidence=(seen.id,), names=names)
    names = tuple(one.name for one in addressed)
    return LinkUp(subject=SUBJECT, evidence=(seen.id,), names=names)


def _outward(interfaces: tuple[Interface, ...]) -> tuple[Interface, ...]:
    """The interfaces that may lead to a network outside this machine."""
    real = tuple(one for one in interfaces if not one.loopback)
    outer = tuple(one for one in real if not one.tunnel and not one.name.startswith(INNER))
    return outer or real


def _leads_out(address: str) -> bool:
    try:
        ip = ipaddress.ip_interface(address.partition("%")[0]).ip
    except ValueError:
        return False
    return not (ip.is_link_local or ip.is_loopback or ip.is_unspecified)


CHECK = Check(
    id="link",
    title="This machine has a link and an address",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(LinkUp, LinkDown, NoAddress, LinkNotSeen, Skipped),
    doc=__doc__ or "",
)
