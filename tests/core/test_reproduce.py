import shlex
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.network import Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind, Outcome
from netdiag.reproduce import command, commands
from netdiag.requests import (
    DnsQuery,
    HopProbe,
    HttpRequest,
    Request,
    SizeProbe,
    TcpConnect,
    TlsHandshake,
)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            DnsQuery(server="192.0.2.1", name="www.example.org.", rtype="A"),
            "dig @192.0.2.1 www.example.org. A +norec +bufsize=1232",
        ),
        (
            DnsQuery(server="192.0.2.1", name="a.", rtype="NS", transport="tcp", udp_payload=None),
            "dig @192.0.2.1 a. NS +norec +noedns +tcp",
        ),
        (
            DnsQuery(
                server="192.0.2.1",
                name="ab.example.",
                rtype="SOA",
                case="mixed",
                edns_version=1,
                edns_flags=0x40,
                edns_options=(3, 100),
                whole=False,
            ),
            "dig @192.0.2.1 Ab.eXaMpLe. SOA +norec +bufsize=1232 +edns=1 +noednsnegotiation "
            "+ednsflags=0x40 +nocookie +nsid +ednsopt=100 +ignore",
        ),
        (
            DnsQuery(server="192.0.2.1", name="version.bind.", rtype="TXT", rclass="CH"),
            "dig @192.0.2.1 version.bind. TXT CH +norec +bufsize=1232",
        ),
        (TcpConnect(address="2001:db8::1", port=25), "nc -v -z -w 4 2001:db8::1 25"),
        (
            TlsHandshake(address="2001:db8::1", port=443, server_name="www.example.org"),
            "openssl s_client -connect [2001:db8::1]:443 -servername www.example.org </dev/null",
        ),
        (
            HttpRequest(address="192.0.2.1", port=80, tls=False, host="www.example.org", path="/a"),
            "curl -sv -o /dev/null --resolve www.example.org:80:192.0.2.1 http://www.example.org/a",
        ),
        (HopProbe(address="192.0.2.1", ttl=3), "traceroute -n 192.0.2.1"),
        (SizeProbe(address="192.0.2.1", size=1400), "ping -c 3 -M probe -s 1372 192.0.2.1"),
        (
            SizeProbe(address="2001:db8::1", size=1400, ttl=3),
            "ping -c 3 -M probe -s 1352 -t 3 2001:db8::1",
        ),
        (
            TlsHandshake(address="192.0.2.1", port=443, server_name="www.example", filler=1600),
            "openssl s_client -connect 192.0.2.1:443 -servername www.example "
            "-alpn http/1.1$(printf ',filler%0193d' $(seq 8)) </dev/null",
        ),
        (
            TlsHandshake(address="192.0.2.1", port=443, server_name="www.example", segment=1200),
            "sleep 2 | socat -d -d - OPENSSL:192.0.2.1:443,mss=1200,verify=0,snihost=www.example",
        ),
        (
            HttpRequest(
                address="192.0.2.1", port=80, tls=False, host="h.example", path="/", segment=1200
            ),
            "printf 'GET / HTTP/1.1\\r\\nHost: h.example\\r\\n\\r\\n' | "
            "socat -d -d - TCP:192.0.2.1:80,mss=1200",
        ),
    ],
)
def test_the_command_asks_what_was_asked(request_: Request, expected: str) -> None:
    assert command(request_) == expected


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_text_from_the_network_cannot_leave_its_word(text: str) -> None:
    query = command(DnsQuery(server="192.0.2.1", name=text, rtype="A"))
    fetch = command(HttpRequest(address="192.0.2.1", port=80, tls=False, host="h", path="/" + text))

    assert query is not None
    assert text in shlex.split(query)
    assert fetch is not None
    assert shlex.split(fetch)[-1].endswith(text)


@pytest.mark.parametrize("kind", [kind for kind in get_args(Request) if kind.cost])
@given(data=st.data())
def test_every_kind_of_packet_has_a_command(kind: type[Request], data: st.DataObject) -> None:
    assert command(data.draw(st.from_type(kind)))


@pytest.mark.parametrize("kind", get_args(Request))
def test_no_text_of_a_record_becomes_a_word_of_its_own(kind: type[Request]) -> None:
    """The same words come of harmless text, one for one."""
    known: dict[str, Any] = {f.name: 7 for f in fields(kind) if f.type == "int"}
    known |= {f.name: True for f in fields(kind) if f.type == "bool"}
    texts = [f.name for f in fields(kind) if f.type in ("str", "str | None")]

    def words(text: str) -> list[str]:
        fields_of: dict[str, Any] = known | dict.fromkeys(texts, text)
        said = command(kind(**fields_of))
        return shlex.split(said) if said else []

    assert len(words("a; $(rm -rf ~) | `b` 'c")) == len(words("a"))


def test_nobody_is_told_to_ask_what_the_policy_refused() -> None:
    def seen(number: int, server: str, outcome: Outcome) -> Observation:
        return Observation(
            id=ObservationId(number),
            request=DnsQuery(server=server, name="a.", rtype="A"),
            outcome=outcome,
            started=0.0,
            elapsed=0.0,
            completed=number,
        )

    refused = seen(1, "10.0.0.1", Failed(kind=FailureKind.POLICY))
    silent = seen(2, "9.9.9.9", Failed(kind=FailureKind.TIMEOUT))

    (text,) = commands([refused, silent])

    assert "9.9.9.9" in text
