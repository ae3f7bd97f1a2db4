"""Asked ports accept connections, refuse them or stay silent, and who does so.

## What it does
Opens a TCP connection to every asked port of every address. Where none is accepted it also asks an
echo, a few control ports and the path; where a reset came, with which TTL resets and other answers
of the host arrive.

## Why is this bad?
A port that does not accept connections offers no service. Whose it is to fix depends on who said
no: the host itself, a firewall on the way, or nobody at all.

## How it decides
For each address and asked port; "the host" means an answer that only the host can have sent.

| what came back                    | control                               | judgement           |
|-----------------------------------|---------------------------------------|---------------------|
| connected                         | not needed                            | port-open           |
| reset                             | another asked port is open            | port-not-offered    |
| reset                             | arrives like the host's other answers | port-closed         |
| reset                             | none that differs                     | port-closed         |
| reset                             | comes from nearer than other answers  | reset-by-middlebox  |
| prohibited by a router            | not needed                            | rejected-by-firewall |
| prohibited by the host            | not needed                            | rejected-by-firewall |
| port unreachable from a router    | not needed                            | rejected-by-firewall |
| host unreachable from a router    | the host answers another port         | rejected-by-firewall |
| silence                           | the host answers another port         | port-filtered       |
| silence                           | the host answers echo                 | port-filtered       |
| silence                           | another connection to it is accepted  | port-not-reached    |
| silence                           | more connections are not seen to end  | port-not-reached    |
| silence                           | no answer of the host                 | port-not-reached    |
| host unreachable from a router    | no answer of the host                 | port-not-reached    |
| TTL ended on the way              | not needed                            | port-not-reached    |
| error of this machine             | not needed                            | port-not-reached    |
| this run's own failure            | not needed                            | port-not-reached    |
| not sent: no route to the address | not needed                            | port-not-reached    |

A bare name asks 443 and 80, as a browser does: one of them closed beside the other open is no
fault. A port that works at another address, or beside an open one, is a warning, else critical.

A reset counts as sent from nearer when fewer routers lie on its way back, initial TTL (64, 128 or
255) less arrival TTL, than on that of another answer of the host.

## What to do
Closed: start the service or make it listen on this address. Filtered or rejected: open the port in
the firewall that is named. Reset by a middlebox: ask its owner which rule resets the connection.

## References
- RFC 9293, section 3.10.7.1 (a closed port answers with a reset)
- RFC 1812, section 5.2.7.1 (codes 9, 10 and 13: administratively prohibited)
- RFC 4443, section 3.1
- RFC 5082 (what an arrival TTL tells about the sender)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar

from checks.facts.breaks import NO_CLOSER, Ways
from checks.facts.flows import Series, further
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.ownership import Place, place_of
from checks.facts.path import Path, is_address
from checks.facts.reach import Nearer, Port, Reach, Reaches, address_in, nearer
from checks.facts.ways import ways_of
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
from netdiag.outcomes import Connected, Failed, FailureKind, IcmpError, Reset, Unreachable

REJECTING = frozenset({Unreachable.PORT, Unreachable.PROTOCOL})
"""What only the host may say of its ports, or a firewall in its place."""


@finding_kind
class PortOpen(OfEndpoints):
    code: ClassVar[str] = "port-open"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"connections to {self.subject} are accepted"


@finding_kind
class PortNotOffered(OfEndpoints):
    """One of a browser's two ports is closed; the other one serves."""

    code: ClassVar[str] = "port-not-offered"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    instead: int

    @property
    def message(self) -> str:
        return (
            f"nothing listens on {self.subject}, which is no fault: port {self.instead} of the "
            "same address is open"
        )


@finding_kind
class _Shut(OfEndpoints):
    """A problem of ports; `hidden` where another port or address still serves."""

    area: ClassVar[Area] = Area.CONNECTIVITY
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL


@finding_kind
class PortClosed(_Shut):
    """`compared` is whether the reset's origin was checked against another answer of the host."""

    code: ClassVar[str] = "port-closed"
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    compared: bool

    @property
    def message(self) -> str:
        how = (
            "arrive over as many hops as its other answers, so no middlebox sent them"
            if self.compared
            else "are all that came, so their sender could not be compared with another answer"
        )
        return f"nothing listens on {self.subject}: the host resets connections; its resets {how}"

    @property
    def for_agent(self) -> str:
        return (
            "The way to the host is fine. Have the service started, or made to listen on this "
            "address and not only on 127.0.0.1 or the other address family (on the host: ss -ltn)."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server can be reached, but the service is not running on it. Please start it "
            "again, or ask whoever looks after the server to do so."
        )


@finding_kind
class PortFiltered(_Shut):
    """`after` are the last routers that packets to the ports still reach. Where not even the first
    router gets them, though it gets others, this machine's own owner is `dropped_by`."""

    code: ClassVar[str] = "port-filtered"
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "after"})
    control: str
    after: tuple[Place, ...]
    dropped_by: Owner

    @property
    def owner(self) -> Owner:
        return self.dropped_by

    @property
    def message(self) -> str:
        place = f", behind {self.where}" if self.after else ""
        if self.dropped_by is Owner.CUSTOMER_DEVICE:
            place = ", before the first router, which answers other probes"
        return (
            f"packets to {self.subject} are dropped without an answer{place}, while the host "
            f"answers {self.control}, so neither the host nor the way to it is down"
        )

    @property
    def for_agent(self) -> str:
        if self.dropped_by is Owner.HOST:
            return (
                "Look for a drop rule for this port in the host's own firewall, then in the one "
                "right before it."
            )
        if self.dropped_by is Owner.CUSTOMER_DEVICE:
            return "Look for a drop rule for this port on this machine, then on its first router."
        return f"Look for a drop rule for this port behind {self.where}."

    @property
    def where(self) -> str:
        return listed(str(place) for place in self.after)

    @property
    def for_customer(self) -> str:
        if self.dropped_by is Owner.CUSTOMER_DEVICE:
            return (
                "Your server is running, but your own computer or router blocks this service. "
                "Please allow it there."
            )
        return (
            "Your server is running, but something blocks this service on the way in. If you or "
            "somebody else manages the server's firewall, please allow the port there."
        )


@finding_kind
class RejectedByFirewall(_Shut):
    """The routers or hosts `by` sent the ICMP errors that say `says`."""

    code: ClassVar[str] = "rejected-by-firewall"
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "by", "says"})
    by: tuple[Place, ...]
    says: tuple[Unreachable, ...]

    @property
    def kin(self) -> tuple[object, ...]:
        return self.by[0].network, self.by[0].owner

    @property
    def owner(self) -> Owner:
        return self.by[0].owner

    @property
    def message(self) -> str:
        senders = listed(str(place) for place in self.by)
        said = listed(kind.value for kind in self.says)
        return (
            f"a firewall at {senders} rejects connections to {self.subject}: its ICMP error says "
            f"{said}, which a closed port of the host or a dead host would not"
        )

    @property
    def for_agent(self) -> str:
        senders = listed(str(place) for place in self.by)
        return f"Find the reject rule for these ports at {senders} and ask its owner to allow them."

    @property
    def for_customer(self) -> str:
        return (
            "A firewall refuses connections to this service. If you set it up, please allow the "
            "port; otherwise we find out who runs it."
        )


@finding_kind
class ResetByMiddlebox(_Shut):
    """The reset was sent `hops` hops before the host, at `by` where the path shows it."""

    code: ClassVar[str] = "reset-by-middlebox"
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "by"})
    hops: int
    control: str
    by: tuple[Place, ...]
    owned_by: Owner

    @property
    def owner(self) -> Owner:
        return self.owned_by

    @property
    def message(self) -> str:
        place = f" at {self.where}" if self.by else ""
        return (
            f"somebody{place} resets connections to {self.subject} in the host's name: the reset "
            f"comes from {self.hops} hops nearer than the host's answer on {self.control}, so "
            "the port is not simply closed"
        )

    @property
    def for_agent(self) -> str:
        where = self.where or f"the device {self.hops} hops before the host"
        return f"Ask the owner of {where} for the rule that resets connections to this port."

    @property
    def for_customer(self) -> str:
        return (
            "A device in front of your server breaks off connections to this service. The server "
            "itself is running. Whoever runs that device has to allow the service."
        )

    @property
    def where(self) -> str:
        return listed(str(place) for place in self.by)


@finding_kind
class PortNotReached(OfEndpoints):
    """Nothing can be said of the port itself: nothing of the host came back."""

    code: ClassVar[str] = "port-not-reached"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    hidden: bool
    why: str

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.hidden else Severity.WARNING

    @property
    def message(self) -> str:
        return f"whether connections to {self.subject} are accepted cannot be told: {self.why}"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ways to the ports, and more connections to those of which the first was lost."""

    ways: Ways
    further: Mapping[Endpoint, Series]


async def gather(net: Asker, brief: Brief) -> Ports:
    """Every address with what is known of it, and whether silent ports are silent again."""
    ways, more = await asyncio.gather(ways_of(net, brief), further(net, brief))
    return Ports(ways, {series.endpoint: series for series in more})


def judge(ports: Ports) -> Iterable[Finding]:
    """One verdict on every asked port of every address."""
    known = ports.ways.known
    judged = [judge_port(ports, reach, port) for reach in known.reaches for port in reach.asked]
    judged += [_routeless(known, seen) for seen in known.routeless if known.ports]
    yield from folded(judged)
    if not judged:
        yield Skipped(subject="ports", missing=known.missing)


def judge_port(ports: Ports, reach: Reach, port: Port) -> Foldable:
    """The verdict on one port of one address."""
    ways = ports.ways
    endpoints = (Endpoint(reach.address, port.number),)
    evidence = (port.seen.id,)
    hidden = reach.works or ways.works_elsewhere(reach)
    match port.seen.outcome:
        case Connected():
            return PortOpen(endpoints=endpoints, evidence=evidence)
        case Reset():
            return _reset(ways, reach, port, hidden)
        case IcmpError(sender=sender, kind=kind) if _rejects(reach, sender, kind):
            by = place_of(ways.brief, sender, reach.address, reach.path)
            return RejectedByFirewall(
                endpoints=endpoints, evidence=evidence, hidden=hidden, by=(by,), says=(kind,)
            )
        case Failed() if port.silent and reach.answer is not None:
            series = ports.further.get(endpoints[0])
            return _not_always(series, hidden) or _filtered(ways, reach, port, hidden)
        case _:
            why = _why(reach, port)
            return PortNotReached(endpoints=endpoints, evidence=evidence, hidden=hidden, why=why)


def _rejects(reach: Reach, sender: str, kind: Unreachable) -> bool:
    """Whether an ICMP error is a firewall's. Net or host unreachable is one too where the host
    answers something else: routes and neighbours know nothing of ports."""
    if sender == reach.source or not is_address(sender):
        return False
    if kind in {Unreachable.NET, Unreachable.HOST}:
        return reach.answer is not None
    return kind.prohibited or kind in REJECTING


def _routeless(known: Reaches, seen: Observation) -> Foldable:
    """An address that this machine has no route to: nothing was sent."""
    endpoints = tuple(Endpoint(address_in(seen), port) for port in known.ports)
    why = "this machine has no route to it"
    hidden = bool(known.reaches)
    return PortNotReached(endpoints=endpoints, evidence=(seen.id,), hidden=hidden, why=why)


def _why(reach: Reach, port: Port) -> str:
    """Why nothing can be said of a port that neither connected nor was refused by the host."""
    match port.seen.outcome:
        case _ if reach.refused_here(port):
            return "this machine itself rejects them"
        case IcmpError(sender=sender) if sender == reach.source:
            return "this machine itself reports that the next hop does not answer"
        case IcmpError(sender=sender, kind=kind):
            return f"{sender} reports {kind.value}, so nothing gets as far as the host"
        case Failed(kind=FailureKind.NO_PERMISSION):
            return "this machine itself refuses to send them"
        case Failed(kind=kind) if kind.ours:
            return f"not asked to the end ({kind.value})"
        case Failed(kind=kind) if kind is not FailureKind.TIMEOUT:
            return f"the connection ended with {kind.value} and nobody said who sent that"
        case _ if not reach.followed:
            return NO_CLOSER
        case _:
            return "the host answers neither this port nor anything else"


def _reset(ways: Ways, reach: Reach, port: Port, hidden: bool) -> Foldable:
    """Closed, not offered, or reset by somebody before the host."""
    endpoints = (Endpoint(reach.address, port.number),)
    instead = next((p for p in reach.asked if p.connected), None)
    if instead:
        evidence = (port.seen.id, instead.seen.id)
        return PortNotOffered(endpoints=endpoints, evidence=evidence, instead=instead.number)
    before = nearer(reach, port.number)
    arrivals = tuple(p.seen.id for p in reach.arrivals)
    if before is None:
        compared = len(reach.arrivals) > sum(p.reset for p in reach.asked)
        return PortClosed(
            endpoints=endpoints,
            evidence=(port.seen.id, *arrivals),
            hidden=hidden,
            compared=compared,
        )
    return _by_middlebox(ways, reach, port, before, hidden)


def _by_middlebox(
    ways: Ways, reach: Reach, port: Port, before: Nearer, hidden: bool
) -> ResetByMiddlebox:
    """The middlebox is as many hops before the host as its reset arrives over fewer."""
    path = next((path for path in reach.paths if path.reached), None)
    hop = path.at(path.reached.ttl - before.hops) if path and path.reached else None
    by = place_of(ways.brief, hop.sender, reach.address, path) if hop and hop.sender else None
    network = ways.brief.network_of(reach.address)
    guess = network.owner if network else Owner.TRANSIT
    return ResetByMiddlebox(
        endpoints=(Endpoint(reach.address, port.number),),
        evidence=(port.seen.id, *before.evidence, *(path.evidence if path else ())),
        hidden=hidden,
        hops=before.hops,
        control=before.control,
        by=(by,) if by else (),
        owned_by=by.owner if by else guess,
    )


def _not_always(series: Series | None, hidden: bool) -> PortNotReached | None:
    """What the silence of one connection is where others say that it is no filter's, or might."""
    if series is None or not (series.accepted or series.unfinished):
        return None
    why = "one connection had no answer, and whether others have was not seen to the end"
    if series.accepted:
        why = f"{len(series.accepted)} of {len(series.known)} are, so that no filter drops them all"
    return PortNotReached(
        endpoints=(series.endpoint,), evidence=series.evidence, hidden=hidden, why=why
    )


def _filtered(ways: Ways, reach: Reach, port: Port, hidden: bool) -> PortFiltered:
    """Who drops: the host or the last router before it, unless the path to the port ends earlier
    than the path to the host."""
    to_port = next((p for p in reach.paths if p.protocol == "tcp" and p.port == port.number), None)
    to_port = to_port or next((p for p in reach.paths if p.protocol == "tcp"), None)
    to_host = next((p for p in reach.paths if p.protocol == "udp"), None)
    after, dropped_by = _dropper(ways, reach, to_port, to_host)
    paths = (path for path in (to_port, to_host) if path)
    control, shown = _control(reach)
    return PortFiltered(
        endpoints=(Endpoint(reach.address, port.number),),
        evidence=(port.seen.id, *shown, *(number for path in paths for number in path.evidence)),
        hidden=hidden,
        control=control,
        after=(after,) if after else (),
        dropped_by=dropped_by,
    )


def _dropper(
    ways: Ways, reach: Reach, to_port: Path | None, to_host: Path | None
) -> tuple[Place | None, Owner]:
    last = to_port.last if to_port else None
    if last is None or last.sender is None:
        first = to_host.at(1) if to_host else None
        near = to_port is not None and first is not None and first.sender is not None
        return None, Owner.CUSTOMER_DEVICE if near else Owner.HOST
    here = place_of(ways.brief, last.sender, reach.address, to_port)
    end = to_host.reached if to_host else None
    beyond = to_host.at(last.ttl + 1) if to_host else None
    if end and last.ttl < end.ttl - 1 and beyond and beyond.sender:
        return here, place_of(ways.brief, beyond.sender, reach.address, to_host).owner
    if end and last.ttl < end.ttl - 1:
        return here, here.owner
    return here, Owner.HOST


def _control(reach: Reach) -> tuple[str, tuple[ObservationId, ...]]:
    """What the host does answer, in words, and the observation."""
    number = reach.answer
    ports = (*reach.asked, *reach.controls)
    port = next((p for p in ports if p.seen.id == number), None)
    shown = (number,) if number is not None else ()
    if port:
        return f"on port {port.number}", shown
    if reach.echo and reach.echo.id == number:
        return "to echo", shown
    return "to a UDP probe", shown


CHECK = Check(
    id="port-state",
    title="Asked ports accept connections",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        PortOpen,
        PortNotOffered,
        PortClosed,
        PortFiltered,
        RejectedByFirewall,
        ResetByMiddlebox,
        PortNotReached,
        Skipped,
    ),
    doc=__doc__ or "",
)
