"""Visits to the target's web ports: one request, and the redirects that it leads to.

A redirect within the target's host stays at the same address; another host is looked up as any
program here would. Nothing is followed without end: a visit stops at the first URL that it has
seen before, and after `MOST_REDIRECTS`.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from urllib.parse import quote, urljoin, urlsplit

from checks.facts.addresses import in_order
from checks.facts.reach import Reaches, connects, family_of
from checks.facts.speech import speech_of
from netdiag.lazy import dataclass
from netdiag.model import Brief, Endpoint
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind, HttpReply, Outcome, SystemAddresses
from netdiag.requests import HttpRequest, SystemLookup
from netdiag.target import BadTargetError, parse

WEB_TLS_PORTS = frozenset({443, 8443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that send a browser on by itself (RFC 9110, section 15.4)."""

MOST_REDIRECTS = 10
"""Browsers give up after 20 (Fetch standard); no sound site needs half of them."""

UNSAFE_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179),
        *(389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601),
        *(636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000),
        *(6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)
"""Ports of other protocols, where a request may be taken for words of theirs: no browser asks
there, whatever a redirect says (Fetch standard, section 2.9, "port blocking")."""

_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in a Location that is not quite a URL; the rest is percent-encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """`path` includes the query."""

    tls: bool
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        scheme = "https" if self.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.tls else 80)
        return f"{scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"


class Stop(Enum):
    """Why a visit went no further."""

    ANSWER = "the last step decides"
    LOOP = "a URL seen before"
    ENDLESS = "too many redirects"
    NO_LOCATION = "a redirect without Location"
    BAD_LOCATION = "a Location that is no URL"
    UNSAFE_PORT = "a port that no browser asks"
    LEFT_THE_WEB = "a Location of another scheme"
    NAME_UNKNOWN = "a host that does not exist"
    NAME_NOT_FOUND = "a host that could not be looked up"


@dataclass(frozen=True, slots=True)
class Step:
    url: Url
    address: str
    seen: Observation

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.address, self.url.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`towards` is the Location that was not followed, `lookup` the failed look for its host."""

    endpoint: Endpoint
    steps: tuple[Step, ...]
    stop: Stop
    towards: str = ""
    lookup: Observation | None = None

    @property
    def start(self) -> Url:
        return self.steps[0].url

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        lookup = (self.lookup.id,) if self.lookup else ()
        return (*dict.fromkeys(step.seen.id for step in self.steps), *lookup)

    @property
    def sets_cookies(self) -> bool:
        """A step asked the visitor to keep something, which netdiag does not."""
        replies = (step.seen.outcome for step in self.steps)
        return any(isinstance(r, HttpReply) and r.header("set-cookie") for r in replies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    known: Reaches
    all: tuple[Visit, ...]

    @property
    def missing(self) -> str:
        """Why there is no visit; empty where there is one."""
        if self.all:
            return ""
        return self.known.missing or "no asked port accepts connections and speaks HTTP"


def first_request(brief: Brief, endpoint: Endpoint, *, tls: bool) -> HttpRequest:
    """What a visitor of the target asks first."""
    return HttpRequest(
        address=endpoint.address,
        port=endpoint.port,
        tls=tls,
        host=brief.target.host,
        path=brief.target.path,
    )


async def visits(net: Asker, brief: Brief) -> Visits:
    """Visit every asked web port that connects."""
    known = await connects(net, brief)
    starts = first_requests(brief, known)
    made = await asyncio.gather(*(_visit(net, brief, start) for start in starts))
    return Visits(known=known, all=tuple(made))


def first_requests(brief: Brief, known: Reaches) -> tuple[HttpRequest, ...]:
    """How a visit of each asked web port that connects begins."""
    return tuple(
        first_request(brief, Endpoint(reach.address, port.number), tls=tls)
        for reach in known.reaches
        for port in reach.asked
        if port.connected and (tls := _is_web(brief, port.number)) is not None
    )


def _is_web(brief: Brief, port: int) -> bool | None:
    """Whether HTTP is spoken there over TLS; None where it is not spoken as far as is known."""
    speech = speech_of(brief, port)
    if speech == "tls":
        return True if port in WEB_TLS_PORTS or brief.target.scheme == "https" else None
    return False if speech == "http" else None


async def _visit(net: Asker, brief: Brief, first: HttpRequest) -> Visit:
    endpoint = Endpoint(first.address, first.port)
    url = Url(tls=first.tls, host=first.host, port=first.port, path=first.path)
    steps = [Step(url, endpoint.address, await net.ask(first))]
    while True:
        location = _location(steps[-1].seen.outcome)
        if location is None:
            return Visit(endpoint=endpoint, steps=tuple(steps), stop=Stop.ANSWER)
        following = next_url(steps[-1].url, location)
        stop = following if isinstance(following, Stop) else _end(steps, following)
        if stop or isinstance(following, Stop):
            stop = stop or Stop.BAD_LOCATION
            return Visit(endpoint=endpoint, steps=tuple(steps), stop=stop, towards=location)
        addresses, lookup = await _addresses(net, brief, endpoint, following.host)
        if not addresses:
            stop = _unresolved(lookup)
            return Visit(
                endpoint=endpoint,
                steps=tuple(steps),
                stop=stop,
                towards=str(following),
                lookup=lookup,
            )
        steps.append(await _step(net, following, addresses))


def _location(outcome: Outcome) -> str | None:
    """Where a redirect leads, empty where it does not say; None for any other answer."""
    if not isinstance(outcome, HttpReply) or outcome.status not in REDIRECTS:
        return None
    return (outcome.header("location") or "").strip()


def next_url(base: Url, location: str) -> Url | Stop:
    """The URL that a Location means (RFC 9110, section 10.2.2), or why there is none."""
    if not location:
        return Stop.NO_LOCATION
    try:
        parts = urlsplit(urljoin(str(base), location))
        if parts.scheme not in {"http", "https"}:
            return Stop.LEFT_THE_WEB if parts.scheme else Stop.BAD_LOCATION
        # A user name in a Location is dropped: netdiag sends no credentials.
        bare = parts._replace(
            netloc=parts.netloc.rpartition("@")[2],
            path=quote(parts.path, safe=_KEPT),
            query=quote(parts.query, safe=_KEPT),
            fragment="",
        )
        target = parse(bare.geturl())
    except (BadTargetError, ValueError):
        return Stop.BAD_LOCATION
    if target.ports[0] in UNSAFE_PORTS:
        return Stop.UNSAFE_PORT
    return Url(
        tls=parts.scheme == "https", host=target.host, port=target.ports[0], path=target.path
    )


def _end(steps: list[Step], following: Url) -> Stop | None:
    if any(step.url == following for step in steps):
        return Stop.LOOP
    return Stop.ENDLESS if len(steps) > MOST_REDIRECTS else None


async def _addresses(
    net: Asker, brief: Brief, endpoint: Endpoint, host: str
) -> tuple[tuple[str, ...], Observation | None]:
    """Where to ask `host`: the visited address for the target itself, else one of each family."""
    if host == brief.target.host:
        return (endpoint.address,), None
    if ":" in host or host.rpartition(".")[2].isdigit():
        return (host,), None
    seen = await net.ask(SystemLookup(name=host))
    found = seen.outcome.addresses if isinstance(seen.outcome, SystemAddresses) else ()
    ordered = in_order(found, brief)
    same = [a for a in ordered if family_of(a) == family_of(endpoint.address)]
    other = [a for a in ordered if family_of(a) != family_of(endpoint.address)]
    return (*same[:1], *other[:1]), seen


def _unresolved(lookup: Observation | None) -> Stop:
    match lookup and lookup.outcome:
        case Failed(kind=FailureKind.NAME_UNKNOWN):
            return Stop.NAME_UNKNOWN
        case _:
            return Stop.NAME_NOT_FOUND


async def _step(net: Asker, url: Url, addresses: tuple[str, ...]) -> Step:
    """Ask one address after the other until one answers, as browsers do."""
    steps = []
    for address in addresses:
        seen = await net.ask(
            HttpRequest(address=address, port=url.port, tls=url.tls, host=url.host, path=url.path)
        )
        steps.append(Step(url, address, seen))
        if isinstance(seen.outcome, HttpReply):
            return steps[-1]
    return steps[0]
