"""A web server that does what nginx refuses to do.

    python -m tests.lab.odd_http QUIRK CERTIFICATE

- `truncated`: promises more octets than it sends
- `slow`: thinks for four seconds before its answer
- `past`: its clock is 90 days behind
- `not-http`: answers a request with something else

It listens on port 80, and on 443 with CERTIFICATE (`.pem` and `.key` are appended).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

PAGE = b"<!doctype html><title>Shop</title><p>Welcome.\n"
SLOW = 4.0
LONGEST_HEAD = 16384


def head(octets: int, *more: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {octets}", *more)
    return "\r\n".join((*lines, "Connection: close", "", "")).encode()


PAST = format_datetime(datetime.now(UTC) - timedelta(days=90), usegmt=True)
ANSWERS = {
    "truncated": head(100 * len(PAGE)) + PAGE,
    "slow": head(len(PAGE)) + PAGE,
    "past": head(len(PAGE), f"Date: {PAST}") + PAGE,
    "not-http": b"ready to receive, over\n",
}


async def serve(quirk: str, certificate: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=10)
            if quirk == "slow":
                await asyncio.sleep(SLOW)
            writer.write(ANSWERS[quirk])
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(certificate + ".pem"), Path(certificate + ".key"))
    for family in (socket.AF_INET, socket.AF_INET6):
        for port, tls in ((80, None), (443, context)):
            sock = socket.create_server(("", port), family=family, backlog=128)
            await asyncio.start_server(answer, sock=sock, ssl=tls, limit=LONGEST_HEAD)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
