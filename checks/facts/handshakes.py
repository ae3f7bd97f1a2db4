"""The TLS handshakes with the target: one on every asked port that connects and speaks TLS."""

from __future__ import annotations

import asyncio

from checks.facts.reach import Reaches, connects
from checks.facts.speech import speech_of
from netdiag.lazy import dataclass
from netdiag.model import Brief, Endpoint
from netdiag.network import Asker, Observation
from netdiag.requests import TlsHandshake

SUBMISSION_PORT = 587
"""Mail programs turn to TLS here by STARTTLS and check the certificate (RFC 8314)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """A port that connects, and the handshake on it."""

    endpoint: Endpoint
    connected: Observation
    seen: Observation

    @property
    def starttls(self) -> bool:
        return self.endpoint.port == SUBMISSION_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshakes:
    known: Reaches
    all: tuple[Handshake, ...]

    @property
    def missing(self) -> str:
        """Why there is no handshake; empty where there is one."""
        if self.all:
            return ""
        return self.known.missing or "no asked port accepts connections and speaks TLS"


async def handshakes(net: Asker, brief: Brief) -> Handshakes:
    """Shake hands wherever TLS is spoken."""
    known = await connects(net, brief)
    found = encrypted(brief, known)
    seen = await asyncio.gather(*(net.ask(request_for(brief, endpoint)) for endpoint, _ in found))
    return Handshakes(
        known=known,
        all=tuple(
            Handshake(endpoint=endpoint, connected=connected, seen=one)
            for (endpoint, connected), one in zip(found, seen, strict=True)
        ),
    )


def encrypted(brief: Brief, known: Reaches) -> list[tuple[Endpoint, Observation]]:
    """Every asked port that connects and speaks TLS, with the connection that shows it."""
    return [
        (Endpoint(reach.address, port.number), port.seen)
        for reach in known.reaches
        for port in reach.asked
        if port.connected and _encrypts(brief, port.number)
    ]


def _encrypts(brief: Brief, port: int) -> bool:
    return speech_of(brief, port) == "tls" or port == SUBMISSION_PORT


def request_for(brief: Brief, endpoint: Endpoint) -> TlsHandshake:
    """The handshake that a visitor of the target would begin."""
    return TlsHandshake(
        address=endpoint.address,
        port=endpoint.port,
        server_name=None if brief.target.address else brief.target.host,
        starttls="smtp" if endpoint.port == SUBMISSION_PORT else None,
    )
