"""Mail servers (aiosmtpd) on several machines: `python -m tests.lab.smtp NODE=PORT,PORT ...`.

`NODE!` offers no STARTTLS.
One process serves all of them: a socket stays in the network namespace in which it was made.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from tests.lab import linux

CERTIFICATES = Path("/run/lab/certificates")
HOST_NAMES = {"mail": "mail.customer.example", "other": "mx.mailhost.example"}


def listeners(node: str, port: int) -> Iterator[socket.socket]:
    with linux.within(node):
        for family in (socket.AF_INET, socket.AF_INET6):
            yield socket.create_server(("", port), family=family)


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "customer.pem", CERTIFICATES / "customer.key")
    return context


async def serve(machines: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    context = tls()
    for machine in machines:
        words, _, ports = machine.partition("=")
        node = words.rstrip("!")
        offered = None if words.endswith("!") else context

        def protocol(
            name: str = HOST_NAMES[node], offered: ssl.SSLContext | None = offered
        ) -> SMTP:
            return SMTP(Sink(), hostname=name, ident="ESMTP", tls_context=offered)

        for port in ports.split(","):
            for listener in listeners(node, int(port)):
                await loop.create_server(protocol, sock=listener)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
