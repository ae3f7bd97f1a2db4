"""One GET of a public data service that answers in JSON: its answer whole, or why there is none."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from netdiag.lazy import dataclass
from netdiag.network import Attempt
from netdiag.outcomes import Failed, FailureKind, HttpReply, Outcome
from netdiag.requests import HttpRequest, RdapQuery, RoutingQuery
from netdiag.wire import http
from netdiag.wire.http_backend import Exchange
from netdiag.wire.sockets import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """`body` is whole where `reply` is a page with status 200."""

    reply: Outcome
    body: bytes
    attempts: tuple[Attempt, ...]


async def fetch(
    request: RdapQuery | RoutingQuery,
    clock: Clock,
    context: ssl.SSLContext,
    *,
    most: int,
    accept: str = "application/json",
) -> Fetched:
    """Ask for the page at the request's path, of `most` octets at the most."""
    page = HttpRequest(
        address=request.address,
        port=request.port,
        tls=request.tls,
        host=request.host,
        path=request.path,
    )
    async with AsyncExitStack() as closing:
        exchange = Exchange(
            page, clock, clock(), context, closing, keep=most, most_body=most, accept=accept
        )
        sent = await http.exchanged(exchange)
    outcome = sent.outcome
    if isinstance(outcome, HttpReply) and outcome.status == 200:
        if outcome.received >= most:
            outcome = Failed(kind=FailureKind.TOO_LARGE, detail=f"more than {most} octets")
        elif not outcome.complete:
            outcome = Failed(kind=FailureKind.CLOSED_EARLY, detail="the answer broke off")
    return Fetched(reply=outcome, body=exchange.body, attempts=sent.attempts)


def tree_of(body: bytes) -> dict[str, Any] | None:
    """The JSON object that `body` is; None where it is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
