"""Read-only is a property of the types."""

from dataclasses import fields
from typing import Literal, get_args, get_type_hints

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
