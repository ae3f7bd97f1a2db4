"""Read-only is a property of the types."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_type_hints

import netdiag.wire
from netdiag.readonly import REVIEWS
from netdiag.requests import DnsQuery, HttpRequest, Request, TlsHandshake

WRITING = {"body", "data", "content", "payload", "password", "user", "credential", "cookie"}


def test_every_kind_of_request_is_reviewed() -> None:
    assert set(REVIEWS) == set(get_args(Request))
    assert all(review.wire and review.why and review.source for review in REVIEWS.values())


def test_no_request_can_carry_anything_to_write() -> None:
    names = {field.name for kind in get_args(Request) for field in fields(kind)}

    assert names.isdisjoint(WRITING)


def test_methods_and_protocols_are_closed_lists() -> None:
    assert get_args(get_type_hints(HttpRequest)["method"]) == ("GET", "HEAD")
    assert get_args(get_type_hints(DnsQuery)["transport"]) == ("udp", "tcp")
    assert get_type_hints(TlsHandshake)["starttls"] == Literal["smtp"] | None
    assert "opcode" not in get_type_hints(DnsQuery)


def test_what_only_looks_at_this_machine_has_no_destination_and_no_cost() -> None:
    looks = [kind for kind, review in REVIEWS.items() if review.wire == "nothing"]

    assert looks
    assert all(kind.cost == 0 for kind in looks)


FALSE_SOURCES = {
    "IP_TRANSPARENT",
    "IPV6_TRANSPARENT",
    "IP_FREEBIND",
    "IPV6_FREEBIND",
    "IP_PKTINFO",
    "IPV6_PKTINFO",
    "SO_BINDTODEVICE",
    "SO_BROADCAST",
    "AF_PACKET",
}
"""What lets a socket send in the name of an address that is not its machine's, or to everybody."""


def wire_trees() -> Iterator[tuple[str, ast.Module]]:
    (folder,) = netdiag.wire.__path__
    for path in sorted(Path(folder).glob("*.py")):
        yield path.name, ast.parse(path.read_text())


def test_the_wire_knows_no_way_to_another_source_address() -> None:
    words = {
        (name, word)
        for name, tree in wire_trees()
        for node in ast.walk(tree)
        if (word := getattr(node, "attr", getattr(node, "id", ""))) in FALSE_SOURCES
    }

    assert words == set()


def test_the_wire_binds_to_nothing_but_the_source_that_the_kernel_chose() -> None:
    """One socket binds: it keeps the port of crafted packets, at the address of a connected one."""
    bound = [
        (name, ast.unparse(node))
        for name, tree in wire_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"bind", "listen"}
    ]

    assert bound == [("hop_kinds.py", "self._holder.bind((source, 0))")]
