"""Routing data as RIPEstat gives it, and as others may send it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdiag.outcomes import (
    Failed,
    FailureKind,
    KnownRoute,
    Outcome,
    RouteAuthorisation,
    RoutingReply,
)
from netdiag.requests import RoutingQuery
from netdiag.wire import routing_registry
from tests.wire import peers

ADDRESS, PREFIX = "192.0.2.1", "192.0.2.0/24"
INFO: dict[str, Any] = {"asns": ["64496", 64497, "x", -1, True], "prefix": PREFIX}
STATUS: dict[str, Any] = {
    "resource": PREFIX,
    "visibility": {
        "v4": {"ris_peers_seeing": 320, "total_ris_peers": 325},
        "v6": {"ris_peers_seeing": 1, "total_ris_peers": 2},
    },
    "less_specifics": [
        {"prefix": "192.0.0.0/16", "origin": 64496},
        {"prefix": "192.0.0.0/20", "origin": "64497"},
        {"prefix": "198.51.100.0/24", "origin": 64496},
        {"prefix": "192/8", "origin": 64496},
        "nonsense",
    ],
    "last_seen": {"prefix": PREFIX, "origin": "64496", "time": "2026-05-03T16:00:00"},
    "query_time": "2026-05-03T16:00:00",
}
VALIDITY: dict[str, Any] = {
    "prefix": PREFIX,
    "status": "invalid\x1b[2J",
    "validating_roas": [
        {"origin": "64499", "prefix": "192.0.0.0/16", "max_length": 24},
        {"origin": "64499", "prefix": "192.0.0.0/16", "max_length": 15},
        {"origin": None, "prefix": "192.0.0.0/16", "max_length": 24},
        [],
    ],
}
CALLS = {"network-info": INFO, "routing-status": STATUS, "rpki-validation": VALIDITY}


def answer(data: object, call: str, **more: object) -> bytes:
    head = {"data_call_name": call, "status": "ok", "time": "2026-05-03T20:01:02.123456"}
    return json.dumps(head | {"data": data} | more).encode()


def decoded(data: object, call: str, about: str = "", **more: object) -> RoutingReply | Failed:
    about = about or (ADDRESS if call == "network-info" else PREFIX)
    return routing_registry.decode(answer(data, call, **more), call, about)


def test_each_call_is_read() -> None:
    assert decoded(INFO, "network-info") == RoutingReply(
        status=200, time="2026-05-03T20:01:02.123456", prefix=PREFIX, origins=(64496, 64497)
    )
    assert decoded(STATUS, "routing-status") == RoutingReply(
        status=200,
        time="2026-05-03T16:00:00",
        prefix=PREFIX,
        seeing=320,
        peers=325,
        covering=(
            KnownRoute(prefix="192.0.0.0/20", asn=64497),
            KnownRoute(prefix="192.0.0.0/16", asn=64496),
        ),
        last=KnownRoute(prefix=PREFIX, asn=64496, time="2026-05-03T16:00:00"),
    )
    assert decoded(VALIDITY, "rpki-validation") == RoutingReply(
        status=200,
        time="2026-05-03T20:01:02.123456",
        prefix=PREFIX,
        validity="invalid\\x1b[2J",
        roas=(RouteAuthorisation(prefix="192.0.0.0/16", asn=64499, max_length=24),),
    )


def test_an_address_that_nobody_announces_has_no_prefix() -> None:
    for prefix in ("", None, PREFIX):
        found = decoded({"asns": [], "prefix": prefix}, "network-info")
        assert isinstance(found, RoutingReply)
        assert (found.prefix, found.origins) == ("", ())


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("network-info", INFO | {"prefix": "198.51.100.0/24"}),
        ("network-info", INFO | {"prefix": "2001:db8::/32"}),
        ("network-info", {"prefix": PREFIX}),
        ("routing-status", STATUS | {"resource": "192.0.2.0/25"}),
        ("routing-status", STATUS | {"visibility": {"v6": STATUS["visibility"]["v6"]}}),
        ("routing-status", STATUS | {"visibility": [7]}),
        (
            "routing-status",
            STATUS | {"visibility": {"v4": {"ris_peers_seeing": 9, "total_ris_peers": 8}}},
        ),
        ("rpki-validation", VALIDITY | {"prefix": "192.0.2.0/25"}),
        ("rpki-validation", VALIDITY | {"status": 7}),
        ("rpki-validation", VALIDITY | {"validating_roas": {}}),
        ("rpki-validation", []),
        ("network-info", None),
    ],
)
def test_what_does_not_answer_the_question_is_malformed(call: str, data: object) -> None:
    found = decoded(data, call)

    assert isinstance(found, Failed)
    assert found.kind is FailureKind.MALFORMED


def test_a_service_that_says_it_is_out_of_order_tells_nothing() -> None:
    found = decoded(INFO, "network-info", status="maintenance")
    other = decoded(INFO, "network-info", data_call_name="whois")

    assert found == Failed(kind=FailureKind.OTHER, detail="it says 'maintenance'")
    assert isinstance(other, Failed)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"data":' * 100_000])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    for call in CALLS:
        found = routing_registry.decode(body, call, PREFIX)
        assert isinstance(found, Failed)
        assert found.kind is FailureKind.MALFORMED


def test_no_more_is_kept_than_a_route_has() -> None:
    many = [{"prefix": "192.0.0.0/16", "origin": n} for n in range(5000)]
    roas = [{"prefix": "192.0.0.0/16", "origin": n, "max_length": 24} for n in range(5000)]

    found = [
        decoded({"asns": list(range(5000)), "prefix": PREFIX}, "network-info"),
        decoded(STATUS | {"less_specifics": many, "query_time": "9" * 9999}, "routing-status"),
        decoded(VALIDITY | {"validating_roas": roas}, "rpki-validation"),
    ]

    for one in found:
        assert isinstance(one, RoutingReply)
        sizes = [len(one.origins), len(one.covering), len(one.roas)]
        assert max(sizes) == routing_registry.MOST_ITEMS
        assert len(one.time) < 100


KEYS = sorted({key for data in CALLS.values() for key in data} | {"origin", "max_length", "v4"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(PREFIX),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=20,
)


@settings(max_examples=30)
@given(st.sampled_from(sorted(CALLS)), st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_object_is_survived(call: str, tree: dict[str, Any]) -> None:
    decoded(tree, call)
    decoded(CALLS[call] | tree, call)


def served(said: bytes, status: str = "200 OK") -> tuple[Outcome, bytes]:
    """What comes of a query to a server that says `said`, and what it was asked."""
    asked = bytearray()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)
        await writer.drain()

    async def main() -> Outcome:
        async with peers.stream(talk) as port:
            query = RoutingQuery(
                address=peers.HOST,
                port=port,
                tls=False,
                host="registry.example",
                path=f"/data/network-info/data.json?resource={ADDRESS}&sourceapp=netdiag",
                call="network-info",
                about=ADDRESS,
            )
            return (await peers.send(query)).outcome

    return asyncio.run(main()), bytes(asked)


def test_a_server_in_the_documented_form_is_understood() -> None:
    outcome, asked = served(answer(INFO, "network-info"))

    assert isinstance(outcome, RoutingReply)
    assert outcome.origins == (64496, 64497)
    first = asked.split(b"\r\n")[0]
    assert first == (
        b"GET /data/network-info/data.json?resource=192.0.2.1&sourceapp=netdiag HTTP/1.1"
    )
    assert b"\r\nHost: registry.example" in asked


def test_a_server_that_misbehaves_gives_no_fact() -> None:
    refused, _ = served(b"{}", "503 Service Unavailable")
    endless, _ = served(b'{"data":"' + b"x" * routing_registry.MOST_OCTETS + b'"}')

    assert refused == RoutingReply(status=503)
    assert isinstance(endless, Failed)
    assert endless.kind is FailureKind.TOO_LARGE
