"""What is said on an accepted connection gets to the host.

## What it does
Where an exchange stalls with small segments as well, reads from this machine's kernel whether the
host has acknowledged what was said. Where it has not, says the first words again on connections of
their own, with a TTL that ends at each hop in turn.

## Why is this bad?
A firewall that takes a connection for illegal, an intrusion prevention or a broken balancer lets
the handshake pass and drops what follows. It looks like a service that hangs, and nobody who
restarts the service gets anywhere.

## How it decides
| the exchange | what was said, by the kernel's count | judgement                 |
|--------------|--------------------------------------|---------------------------|
| stalls       | acknowledged                         | data-arrives              |
| stalls       | never acknowledged                   | data-lost-after-handshake |
| stalls       | not known                            | data-arrival-not-seen     |

The operating system of the host acknowledges data whatever its services do, so missing
acknowledgements are the network's, or a firewall's on the host. With small segments the same comes
about, so that the size of packets is not to blame.

The words get to every hop from which an ICMP error about them comes back. Behind the last of these
they are lost, or else the acknowledgements are on their way back, which looks the same from here.

## What to do
Ask that network for a firewall or intrusion prevention that drops established connections.

## References
- RFC 9293, section 3.8 (acknowledgement is TCP's own)
- RFC 2979 (behaviour of and requirements for Internet firewalls)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.ownership import Place, place_of
from checks.facts.path import Path, named, path_to
from checks.facts.stalls import Stalled, Stalls, stalls
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
from netdiag.outcomes import DataEnded
from netdiag.requests import DataProbe, HttpRequest, Request, TlsHandshake


@finding_kind
class DataArrives(OfEndpoints):
    code: ClassVar[str] = "data-arrives"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"what is said to {self.subject} is acknowledged by the host"


@finding_kind
class DataLostAfterHandshake(OfEndpoints):
    """`last` are the last routers that the words get to, at the hops `ttls`; with none, `first` are
    the ones that they do not even get to."""

    code: ClassVar[str] = "data-lost-after-handshake"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "last", "ttls", "first"})
    last: tuple[Place, ...]
    ttls: tuple[int, ...]
    first: tuple[Place, ...]
    hidden: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return (self.owner,)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def owner(self) -> Owner:
        places = self.last or self.first
        return places[0].owner if places else Owner.HOSTING_NETWORK

    @property
    def message(self) -> str:
        return (
            f"{self.subject} accepts connections and what is said on them is never acknowledged, "
            f"in segments of any size: {self._where}, and no service can help it, for "
            "acknowledging is the operating system's"
        )

    @property
    def _where(self) -> str:
        if self.last:
            hops = listed(str(ttl) for ttl in self.ttls)
            return f"the words get to hop {hops}, {listed(map(str, self.last))}, and no further"
        if self.first:
            return f"the words do not even get to {listed(map(str, self.first))}"
        return "how far the words get could not be seen"

    @property
    def for_agent(self) -> str:
        places = listed(str(place) for place in self.last or self.first)
        return (
            f"Look at {places or 'the way to the host'} and what follows for a firewall, intrusion "
            "prevention or balancer that drops packets of established connections, or their "
            "acknowledgements on the way back. The service needs no restart."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server accepts visitors, and what they then send is lost on the way, in a "
            "firewall perhaps. Restarting your programs does not help."
        )


@finding_kind
class DataArrivalNotSeen(OfEndpoints):
    code: ClassVar[str] = "data-arrival-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    why: str

    @property
    def message(self) -> str:
        return f"whether what is said to {self.subject} arrives cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An exchange that stalls, and how far its words get. `probes` are in order of their TTL."""

    stalled: Stalled
    path: Path | None = None
    probes: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    stalls: Stalls
    followed: tuple[Followed, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every exchange that stalls, followed where its words are not acknowledged."""
    found = await stalls(net, brief)
    followed = await asyncio.gather(*(_followed(net, brief, one) for one in found.stalled))
    return Facts(brief=brief, stalls=found, followed=tuple(followed))


async def _followed(net: Asker, brief: Brief, stalled: Stalled) -> Followed:
    probe = _probe(stalled.seen.request)
    if not _lost(stalled) or probe is None:
        return Followed(stalled=stalled)
    address, port, host, tls = probe
    path = await named(net, brief, await path_to(net, address))
    asked = (
        DataProbe(address=address, port=port, ttl=hop.ttl, host=host, tls=tls)
        for hop in path.routers
    )
    probes = await asyncio.gather(*(net.ask(request) for request in asked))
    return Followed(stalled=stalled, path=path, probes=tuple(probes))


def _probe(request: Request) -> tuple[str, int, str, bool] | None:
    match request:
        case TlsHandshake(address=address, port=port, server_name=name, starttls=None):
            return address, port, name or address, True
        case HttpRequest(address=address, port=port, host=host, tls=tls):
            return address, port, host, tls
        case _:
            return None


def _lost(stalled: Stalled) -> bool:
    """Nothing of what was said was acknowledged, whatever the size of the segments."""
    state = stalled.state
    return stalled.repeated and state is not None and bool(state.unacknowledged)


def judge(facts: Facts) -> Iterable[Finding]:
    """A verdict on every endpoint where something stalls."""
    if not facts.followed:
        missing = facts.stalls.known.missing or "nothing stalls"
        yield Skipped(subject="data on connections", missing=missing)
        return
    yield from folded(judge_endpoint(facts, one) for one in facts.followed)


def judge_endpoint(facts: Facts, one: Followed) -> Foldable:
    """The verdict on one endpoint."""
    stalled = one.stalled
    about, evidence = (stalled.endpoint,), stalled.evidence
    if stalled.state is None:
        why = "the answer broke off in the middle, or this system does not tell"
        return DataArrivalNotSeen(endpoints=about, evidence=evidence, why=why)
    if not stalled.state.unacknowledged:
        return DataArrives(endpoints=about, evidence=evidence)
    if not stalled.repeated:
        why = "with small segments it does not stall"
        return DataArrivalNotSeen(endpoints=about, evidence=evidence, why=why)
    path, ttl = one.path, _reached(one.probes)
    places = _places(facts.brief, path, ttl)
    return DataLostAfterHandshake(
        endpoints=about,
        evidence=(*evidence, *(path.evidence if path else ()), *(p.id for p in one.probes)),
        last=places if ttl is not None else (),
        ttls=(ttl,) if ttl is not None else (),
        first=places if ttl is None else (),
        hidden=facts.stalls.others_work(stalled.endpoint.address),
    )


def _reached(probes: Iterable[Observation]) -> int | None:
    """The last TTL at which the words were seen to end."""
    ended = [
        seen.request.ttl
        for seen in probes
        if isinstance(seen.request, DataProbe)
        and isinstance(seen.outcome, DataEnded)
        and seen.outcome.expired
    ]
    return max(ended, default=None)


def _places(brief: Brief, path: Path | None, ttl: int | None) -> tuple[Place, ...]:
    """The router at `ttl`, or the first one."""
    routers = path.routers if path else ()
    hop = next((hop for hop in routers if ttl is None or hop.ttl == ttl), None)
    if path is None or hop is None or hop.sender is None:
        return ()
    return (place_of(brief, hop.sender, path.address, path),)


CHECK = Check(
    id="data-lost",
    title="What is said on a connection arrives",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(DataArrives, DataLostAfterHandshake, DataArrivalNotSeen, Skipped),
    doc=__doc__ or "",
)
