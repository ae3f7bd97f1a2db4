"""The watch on sockets that every scenario runs under bites whatever no request accounts for."""

import subprocess
import sys

import pytest

from netdiag.requests import DnsQuery, HopProbe, SystemLookup, TcpConnect
from tests.gate import NOT_ANNOUNCED, Gate, keys_of
from tests.lab.outside import ROOT, environment

UNANNOUNCED = {
    "connect": "socket.create_connection(('127.0.0.1', 9), 1)",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "message": "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))",
    "look-up": "socket.getaddrinfo('localhost', 80)",
    "a port of its own": "socket.create_server(('127.0.0.1', 45_001))",
    "a library": "__import__('httpx').get('http://127.0.0.1:9/', trust_env=False)",
    "another thread": (
        "__import__('threading').Thread("
        "target=socket.create_connection, args=[('127.0.0.1', 9), 1]).start()"
    ),
}


@pytest.mark.parametrize("act", UNANNOUNCED.values(), ids=UNANNOUNCED)
def test_what_nothing_accounts_for_ends_the_process(act: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", f"from tests.gate import install; install(); import socket; {act}"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == NOT_ANNOUNCED, run.stderr
    assert run.stderr.startswith("gate: ")


def test_a_request_accounts_for_its_own_place_while_it_is_under_way() -> None:
    import socket

    gate, request = Gate(), TcpConnect(address="22.40.1.10", port=443)
    with socket.socket() as sock:
        with gate.under_way(request):
            assert gate.objection("socket.connect", (sock, ("22.40.1.10", 443))) == ""
            assert gate.objection("socket.connect", (sock, ("22.40.1.10", 80))) != ""
            assert gate.objection("socket.connect", (sock, ("22.40.1.11", 443))) != ""
            assert gate.objection("socket.bind", (sock, ("0.0.0.0", 0))) == ""
        assert gate.objection("socket.connect", (sock, ("22.40.1.10", 443))) != ""


def test_addresses_are_the_same_in_every_spelling() -> None:
    query = DnsQuery(server="2e00:50:0::53", name="a.example.", rtype="A")

    assert list(keys_of(query)) == [("2e00:50::53", 53)]
    assert list(keys_of(SystemLookup(name="A.Example"))) == [("a.example", 0)]
    probe = HopProbe(address="22.40.1.10", ttl=3, protocol="udp", port=33434)
    assert list(keys_of(probe)) == [("22.40.1.10", 0)]
