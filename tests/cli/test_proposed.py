"""The options of a planned delegation."""

import click
import pytest

from netdiag.cli.proposed import read
from netdiag.model import ProposedServer

DIGEST = "a" * 64


def test_servers_are_gathered_by_name() -> None:
    servers = ("ns1.new.example/192.0.2.1", "NS1.new.example./2001:DB8::1", "ns2.new.example")
    planned = read("customer.example.", servers, (f"12345,13,2,{DIGEST.upper()}",))

    assert planned is not None
    assert planned.servers == (
        ProposedServer(name="ns1.new.example.", addresses=("192.0.2.1", "2001:db8::1")),
        ProposedServer(name="ns2.new.example."),
    )
    assert planned.ds == (f"12345 13 2 {DIGEST}",)


def test_nothing_is_planned_without_options() -> None:
    assert read("customer.example.", (), ()) is None


@pytest.mark.parametrize(
    ("servers", "ds", "said"),
    [
        (("192.0.2.1",), (), "is not NAME or NAME/ADDRESS"),
        (("ns1.example/nonsense",), (), "is not an IP address"),
        (("ns1.example:53",), (), "is not NAME or NAME/ADDRESS"),
        (("",), (), "is not NAME or NAME/ADDRESS"),
        ((), (f"1,13,2,{DIGEST}",), "give the planned servers as well"),
        (("ns1.example",), ("1,13,2",), "is not KEYTAG,ALGORITHM,TYPE,DIGEST"),
        (("ns1.example",), ("x,13,2,aa",), "is not KEYTAG,ALGORITHM,TYPE,DIGEST"),
        (("ns1.example",), ("1,13,2,zz",), "is not KEYTAG,ALGORITHM,TYPE,DIGEST"),
        (("ns1.example",), ("99999,13,2," + DIGEST,), "at most 65535"),
        (("ns1.example",), ("1,13,2,aabb",), "has 64 hex digits, not 4"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    servers: tuple[str, ...], ds: tuple[str, ...], said: str
) -> None:
    with pytest.raises(click.ClickException, match=said) as raised:
        read("customer.example.", servers, ds)
    assert "\n" not in raised.value.message
