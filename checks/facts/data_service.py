"""Asking a public data service (registration, routing) that is known by its URL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from checks.facts.addresses import in_order
from checks.facts.iterate import version
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Failed, Outcome, SystemAddresses
from netdiag.requests import Request, SystemLookup

Reply = TypeVar("Reply", bound=Outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a URL leads: to `path` of `host` at one of its addresses."""

    address: str
    host: str
    port: int
    tls: bool
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[Reply]):
    """The service's answer, or `why` there is none."""

    reply: Reply | None
    evidence: tuple[ObservationId, ...]
    why: str = ""


async def ask_service(
    net: Asker, brief: Brief, url: str, query: Callable[[Place], Request], kind: type[Reply]
) -> Told[Reply]:
    """Send what `query` makes of `url` to one address of each family; a reply of `kind` counts."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Told(reply=None, evidence=(), why=f"{url} is no URL")
    if parts.scheme not in {"http", "https"} or not host:
        return Told(reply=None, evidence=(), why=f"{url} is no URL")
    looked = await net.ask(SystemLookup(name=host))
    found = looked.outcome.addresses if isinstance(looked.outcome, SystemAddresses) else ()
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    queries = [
        query(
            Place(address=address, host=host, port=port or (443 if tls else 80), tls=tls, path=path)
        )
        for address in _one_of_each_family(in_order(found, brief))
    ]
    if not queries:
        return Told(reply=None, evidence=(looked.id,), why=f"{host} could not be looked up")
    seen = await asyncio.gather(*(net.ask(one) for one in queries))
    cited = (looked.id, *(one.id for one in seen))
    for one in seen:
        if isinstance(one.outcome, kind):
            return Told(reply=one.outcome, evidence=cited)
    why = f"{host} gives no answer ({_failure(seen[0])})"
    return Told(reply=None, evidence=cited, why=why)


def host_of(url: str) -> str:
    """Whom a URL names; the URL itself where it is none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _one_of_each_family(addresses: tuple[str, ...]) -> tuple[str, ...]:
    firsts = {version(address): address for address in reversed(addresses)}
    return tuple(firsts[family] for family in sorted(firsts))


def _failure(seen: Observation) -> str:
    match seen.outcome:
        case Failed(kind=kind):
            return kind.value
        case other:
            return other.type
