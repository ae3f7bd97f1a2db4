"""What web servers that have nothing to do with the target answer, where something calls for it.

Who answers in everybody's place (a captive portal, a box that opens TLS) answers in theirs too, and
a wrong clock of this machine differs from theirs as from the target's. So the anchors' addresses
are asked for a page and shown a certificate: not where all is well with the target, nor where a run
is to look no closer.
"""

from __future__ import annotations

import asyncio

from checks.facts.addresses import target_addresses
from checks.facts.certificates import VERIFIED
from checks.facts.clocks import clock_of
from checks.facts.handshakes import Handshakes, handshakes
from checks.facts.machine import own_namespace, usable_families
from checks.facts.reach import connects, family_of
from checks.facts.web import Url, Visits, next_url, visits
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation
from netdiag.outcomes import HttpReply, TlsSession
from netdiag.requests import HttpRequest, TlsHandshake

MOST_OF_FAMILY = 2
LOGIN_NEEDED = 511
"""Network Authentication Required (RFC 6585, section 6): only a portal may say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """An address elsewhere: its page over plain HTTP, and its handshake without a name."""

    address: str
    page: Observation
    session: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The target's web services and, where they gave reason to ask, strangers."""

    visits: Visits
    shown: Handshakes
    strangers: tuple[Stranger, ...] = ()
    looked: bool = False

    @property
    def trusted(self) -> Observation | None:
        """A handshake with a certificate that is trusted and of the right name: nobody answers in
        everybody's place."""
        sessions = [one.seen for one in self.shown.all] + [one.session for one in self.strangers]
        return next((seen for seen in sessions if is_trusted(seen)), None)


def is_trusted(seen: Observation) -> bool:
    return isinstance(seen.outcome, TlsSession) and seen.outcome.verify_code == VERIFIED


async def company(net: Asker, brief: Brief) -> Company:
    """The target's services, and the strangers' where something about it is odd."""
    seen, shown = await asyncio.gather(visits(net, brief), handshakes(net, brief))
    if own_namespace(brief) or not await _wanted(net, brief, seen, shown):
        return Company(visits=seen, shown=shown)
    families = await usable_families(net, brief)
    asked = await asyncio.gather(*(_ask(net, address) for address in _chosen(brief, families)))
    return Company(visits=seen, shown=shown, strangers=tuple(asked), looked=True)


def _chosen(brief: Brief, families: tuple[int, ...]) -> tuple[str, ...]:
    anchors = dict.fromkeys(anchor.address for anchor in brief.anchors)
    return tuple(
        address
        for family in families
        for address in [a for a in anchors if family_of(a) == family][:MOST_OF_FAMILY]
    )


async def _ask(net: Asker, address: str) -> Stranger:
    page, session = await asyncio.gather(
        net.ask(HttpRequest(address=address, port=80, tls=False, host=address)),
        net.ask(TlsHandshake(address=address, port=443, server_name=None)),
    )
    return Stranger(address=address, page=page, session=session)


async def _wanted(net: Asker, brief: Brief, seen: Visits, shown: Handshakes) -> bool:
    """Whether this machine is in question, or anything about the target is odd."""
    if brief.purpose == "machine" or brief.depth == "thorough":
        return True
    if brief.depth == "fast":
        return False
    known, found = await asyncio.gather(connects(net, brief), target_addresses(net, brief))
    silent = any(not port.connected for reach in known.reaches for port in reach.asked)
    if silent or any(not is_trusted(one.seen) for one in shown.all):
        return True
    if found.source == "resolver" and not shown.all:
        return True
    return any(_is_odd(visit.steps[0].seen, brief) for visit in seen.all)


def _is_odd(seen: Observation, brief: Brief) -> bool:
    clock = clock_of("", seen, brief.started)
    return asks_for_login(seen) or bool(sent_to(seen)) or bool(clock and not clock.agrees)


def asks_for_login(seen: Observation) -> bool:
    return isinstance(seen.outcome, HttpReply) and seen.outcome.status == LOGIN_NEEDED


def sent_to(seen: Observation) -> str:
    """The other host to which an answer sends the visitor; empty where to none.

    A host and its www are one.
    """
    request, reply = seen.request, seen.outcome
    if not isinstance(request, HttpRequest) or not isinstance(reply, HttpReply):
        return ""
    if not 300 <= reply.status < 400:
        return ""
    asked = Url(tls=request.tls, host=request.host, port=request.port, path=request.path)
    following = next_url(asked, (reply.header("location") or "").strip())
    host = following.host if isinstance(following, Url) else request.host
    return "" if host.removeprefix("www.") == request.host.removeprefix("www.") else host
