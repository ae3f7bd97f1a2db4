"""What an animal is: what it does to whom, and what a visit to it must say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

ZONE = "customer.example."

Answers = Callable[[bytes], Iterable[bytes]]
"""The datagrams that answer one."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What happens on one connection; it is closed afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One misbehaviour.

    `habit` says what it does. An animal with `datagrams` is the name server of a domain of its
    own, `talks` being what it does over TCP by port; one without is a host of the customer's zone.
    With `tls` its connections on port 443 begin with a handshake. `forges` are ICMP errors for
    each packet that comes to it, which its machine then drops. `ds` is what the zone above says of
    its keys. `config` is the configuration of a visit, where it needs one. `causes` are all the
    codes that a visit must name as causes.
    """

    name: str
    habit: str
    causes: frozenset[str]
    target: str = "{}"
    arguments: tuple[str, ...] = ()
    datagrams: Answers | None = None
    talks: Mapping[int, Talk] = field(default_factory=dict)
    tls: Callable[[], ssl.SSLContext] | None = None
    forges: Callable[[bytes], Iterable[bytes]] | None = None
    ds: tuple[str, ...] = ()
    config: str = ""

    @property
    def domain(self) -> str:
        """Its absolute name."""
        return f"{self.name}.{ZONE}"

    @property
    def aim(self) -> str:
        """What is given to netdiag."""
        return self.target.format(self.domain.rstrip("."))


BYSTANDERS = frozenset({"resolver-silent", "resolver-failing", "stale-answer"})
"""What a visit may name beside the causes: the lab's own resolver meets the name servers of the
zoo too, and how it fares, or what it keeps of a flood, is its own matter."""


def causes(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def server_names(animal: str) -> tuple[str, str]:
    """The absolute names of an animal's two name servers: names of the zone above its domain."""
    return f"ns1-{animal}.{ZONE}", f"ns2-{animal}.{ZONE}"
