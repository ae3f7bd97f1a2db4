"""netdiag with a watch on every socket: `python -m tests.gate ARGUMENTS`, as `python -m netdiag`.

What any code of the process is about to do with a socket, libraries included, is set against the
requests that the transport has under way at that moment. What none of them accounts for ends the
process with status 70 and one line on standard error.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

NOT_ANNOUNCED = 70
ANY_PORT = 0

Key = tuple[str, int]
"""An address or a name, and a port, `ANY_PORT` where the request does not bind itself to one."""


class Request(Protocol):
    """What all requests have."""

    @property
    def destination(self) -> str | None: ...


class Gate:
    """Knows what was announced, and looks at every audit event (PEP 578) about sockets."""

    def __init__(self) -> None:
        self.announced: Counter[Key] = Counter()

    @contextmanager
    def under_way(self, request: Request) -> Iterator[None]:
        """`request` accounts for its own destination until the block ends."""
        keys = list(keys_of(request))
        self.announced.update(keys)
        try:
            yield
        finally:
            self.announced.subtract(keys)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        why = self.objection(event, arguments)
        if why:
            os.write(2, f"gate: {why}\n".encode())
            os._exit(NOT_ANNOUNCED)

    def objection(self, event: str, arguments: tuple[Any, ...]) -> str:
        """Why this must not happen now; empty where a request accounts for it."""
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            sock, address = arguments
            if sock.family not in {socket.AF_INET, socket.AF_INET6} or address is None:
                return ""
            known = self._accounts_for(address[0], address[1])
            return "" if known else f"{event} to {address[:2]} is of no request"
        if event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
            known = self._accounts_for(arguments[0], ANY_PORT)
            return "" if known else f"{event} of {arguments[0]!r} is of no request"
        if event == "socket.bind":
            sock, address = arguments
            serves = sock.family in {socket.AF_INET, socket.AF_INET6} and address[1] != 0
            return f"{event} to port {address[1]}" if serves else ""
        return ""

    def _accounts_for(self, place: object, port: object) -> bool:
        name = plain(place)
        # A port that is chosen and one that does not matter are 0 for the system.
        return self.announced[name, ANY_PORT] > 0 or (
            isinstance(port, int) and self.announced[name, port] > 0
        )


def plain(place: object) -> str:
    """An address or a name in one spelling."""
    text = place.decode() if isinstance(place, bytes) else str(place)
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return text.rstrip(".").lower()


def keys_of(request: Request) -> Iterator[Key]:
    """What a request accounts for."""
    fields = {name: getattr(request, name, None) for name in ("address", "server", "name", "port")}
    place = fields["address"] or fields["server"]
    bound = type(request).__name__ not in {"HopProbe", "SizeProbe", "Echo", "SelectSource"}
    if place:
        yield plain(place), int(fields["port"] or ANY_PORT) if bound else ANY_PORT
    elif fields["name"]:
        yield plain(fields["name"]), ANY_PORT


def install() -> Gate:
    """Watch this process from now on."""
    from netdiag.wire.live import LiveTransport

    gate = Gate()
    send: Callable[[LiveTransport, Any], Awaitable[Any]] = LiveTransport.send

    @functools.wraps(send)
    async def announced(transport: LiveTransport, request: Any) -> Any:
        with gate.under_way(request):
            return await send(transport, request)

    LiveTransport.send = announced  # type: ignore[method-assign,assignment]
    sys.addaudithook(gate.hook)
    return gate


if __name__ == "__main__":
    install()
    from netdiag.__main__ import main

    main()
