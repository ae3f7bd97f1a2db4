"""Read-only is a property of the types."""

from dataclasses import fields
from typing import get_args

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
    types = {
        kind: {field.name: field.type for field in fields(kind)}
        for kind in (HttpRequest, DnsQuery, TlsHandshake)
    }

    assert types[HttpRequest]["method"] == 'Literal["GET", "HEAD"]'
    assert types[DnsQuery]["transport"] == 'Literal["udp", "tcp"]'
    assert types[TlsHandshake]["starttls"] == 'Literal["smtp"] | None'
    assert "opcode" not in types[DnsQuery]


def test_what_only_looks_at_this_machine_has_no_destination_and_no_cost() -> None:
    looks = [kind for kind, review in REVIEWS.items() if review.wire == "nothing"]

    assert looks
    assert all(kind.cost == 0 for kind in looks)
