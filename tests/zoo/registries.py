"""Registration data servers that misbehave: JSON that is too deep, too big, or not what it says."""

from __future__ import annotations

import asyncio
import gzip
import json

from tests.zoo.animal import ZONE, Animal, Talk, causes
from tests.zoo.web import PORT, for_ever, request, says, to

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rdap+json\r\n"
DOMAIN = ZONE.rstrip(".")
SOUND = {"objectClassName": "domain", "ldhName": DOMAIN, "status": ["active"]}


def answers(body: bytes, head: bytes = HEAD) -> Talk:
    return says(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def tells(**changes: object) -> bytes:
    return json.dumps(SOUND | changes).encode()


def registry(name: str, habit: str, talk: Talk, *codes: str) -> Animal:
    """The registry of the customer's domain, as a configuration says that has it."""
    config = f'[rdap]\n"{DOMAIN}" = "http://{name}.{DOMAIN}/"\n'
    return Animal(
        name=name,
        habit=habit,
        causes=causes(*codes),
        target=DOMAIN,
        arguments=("--thorough", "--only", "registration"),
        config=config,
        talks={PORT: talk},
    )


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One octet a second of an answer that is never whole."""
    await request(reader)
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
    for octet in tells():
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(1)


DEEP = b'{"objectClassName":"domain","status":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
HUGE_NUMBER = b'{"objectClassName":"domain","status":[' + b"9" * 900_000 + b"]}"
BOMB = gzip.compress(tells(status=["x" * (1 << 24)]), 9)
ESCAPES = "\x1b[2J\x1b]0;owned\x07\u202e<script>alert(1)</script>`$(id)`[x](javascript:alert(1))"
CARD = ["vcard", [["fn", {}, "text", ESCAPES]]]
TWICE = b'{"objectClassName":"domain","status":["active"],"status":"active","status":{"a":[]}}'

ANIMALS = (
    registry("registry-sound", "Nothing is wrong.", answers(tells())),
    registry("registry-deep", "Lists in lists, 200,000 deep.", answers(DEEP)),
    registry("registry-number", "A number of 900,000 digits.", answers(HUGE_NUMBER)),
    registry(
        "registry-text", "A state of half a megabyte.", answers(tells(status=["x" * 500_000]))
    ),
    registry("registry-endless", "An answer without end.", for_ever(HEAD + b"\r\n{", b" " * 65536)),
    registry(
        "registry-many",
        "10,000 events, states and servers.",
        answers(
            tells(
                status=["active"] * 10_000,
                events=[{"eventAction": "expiration", "eventDate": "2040-01-01T00:00:00Z"}] * 5_000,
                nameservers=[{"ldhName": "ns1.example"}] * 10_000,
            )
        ),
    ),
    registry("registry-twice", "The same key three times, of three kinds.", answers(TWICE)),
    registry(
        "registry-wrong-types",
        "Nothing is of the type that it should be.",
        answers(tells(status={"a": 1}, events="never", entities=7, nameservers=[[], None, 1.5])),
    ),
    registry(
        "registry-not-a-number",
        "NaN and Infinity.",
        answers(b'{"objectClassName":"domain","status":[NaN,Infinity,-0,1e999]}'),
    ),
    registry(
        "registry-not-utf-8",
        "Octets that are no text.",
        answers(b'{"objectClassName":"domain","status":["\xff\xfe\x80"]}'),
    ),
    registry(
        "registry-escapes",
        "Words that a terminal or a browser would act on.",
        answers(
            tells(
                status=["active", ESCAPES],
                events=[{"eventAction": ESCAPES, "eventDate": ESCAPES}],
                entities=[{"roles": ["registrar"], "vcardArray": CARD}],
            )
        ),
    ),
    registry(
        "registry-dates",
        "Dates that are none, or of year 9999.",
        answers(
            tells(
                events=[
                    {"eventAction": "expiration", "eventDate": text}
                    for text in ("9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "soon", "2" * 300)
                ]
            )
        ),
    ),
    registry(
        "registry-bomb",
        "16 MiB, compressed to 16 KiB, though nobody asked for that.",
        answers(BOMB, HEAD + b"Content-Encoding: gzip\r\n"),
    ),
    registry("registry-drip", "An octet a second.", drip),
    registry(
        "registry-circle",
        "A redirect to itself.",
        to(b"http://registry-circle." + DOMAIN.encode() + b"/domain/" + DOMAIN.encode()),
    ),
    registry(
        "registry-inside",
        "A redirect into the visitor's network.",
        to(b"http://169.254.169.254/latest/meta-data/"),
    ),
    registry("registry-file", "A redirect to the visitor's disk.", to(b"file:///etc/passwd")),
    registry(
        "registry-stranger",
        "The answer is about somebody else.",
        answers(tells(ldhName="other.example", status=["client hold"])),
    ),
)
