"""Every kind of request and outcome has a line, and no line can do anything."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag import outcomes, requests
from netdiag.outcomes import (
    Connected,
    DnsReply,
    Failed,
    FailureKind,
    HttpReply,
    IcmpError,
    ResourceRecord,
    Unreachable,
)
from netdiag.requests import DnsQuery, Echo, HopProbe, HttpRequest, TcpConnect, TlsHandshake
from reports.observation import (
    FAILURES,
    ICMP,
    LONGEST,
    duration,
    line,
    outcome_line,
    request_line,
)
from tests.reports.sample import TRANSCRIPT, active

REQUESTS = get_args(requests.Request)
OUTCOMES = get_args(outcomes.Outcome)

each_kind = pytest.mark.parametrize("kind", [*REQUESTS, *OUTCOMES], ids=lambda kind: kind.__name__)


@each_kind
def test_every_kind_has_a_line_of_clean_text(kind: type[Any]) -> None:
    @given(st.from_type(kind))
    def holds(value: Any) -> None:
        said = request_line(value) if kind in REQUESTS else outcome_line(value)
        assert said.strip()
        assert len(said) <= LONGEST
        assert not active(said)

    holds()


def test_every_failure_and_icmp_error_has_words_of_its_own() -> None:
    assert set(FAILURES) == set(FailureKind)
    assert set(ICMP) == set(Unreachable)
    assert len(set(FAILURES.values())) == len(FailureKind)
    assert len(set(ICMP.values())) == len(Unreachable)


ADDRESS = ResourceRecord(name="www.example.", ttl=60, rtype="A", data="192.0.2.1")
REFERRAL = ResourceRecord(name="example.", ttl=60, rtype="NS", data="ns1.example.")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (DnsQuery(server="192.0.2.1", name="www.example.", rtype="A"), "A www.example. @192.0.2.1"),
        (
            DnsQuery(
                server="2001:db8::1",
                name=".",
                rtype="NS",
                port=5353,
                transport="tcp",
                recursion_desired=True,
                udp_payload=None,
            ),
            "NS . @2001:db8::1 port 5353 +tcp +rec +noedns",
        ),
        (
            DnsQuery(
                server="192.0.2.1",
                name="ab.example.",
                rtype="SOA",
                case="upper",
                edns_version=1,
                edns_flags=0x40,
                edns_options=(100,),
                whole=False,
            ),
            "SOA AB.EXAMPLE. @192.0.2.1 +edns=1 +ednsflags=0x40 +ednsopt=100 +ignore",
        ),
        (
            DnsQuery(server="192.0.2.1", name="version.bind.", rtype="TXT", rclass="CH"),
            "CH TXT version.bind. @192.0.2.1",
        ),
        (Echo(address="192.0.2.1", attempt=2), "echo 192.0.2.1 (sample 3)"),
        (Echo(address="192.0.2.1", size=1400), "echo 192.0.2.1 with 1400 octets"),
        (TcpConnect(address="2001:db8::1", port=25), "TCP connect [2001:db8::1]:25"),
        (
            TlsHandshake(address="192.0.2.1", port=25, server_name=None, starttls="smtp"),
            "TLS 192.0.2.1:25 without a name after SMTP STARTTLS",
        ),
        (
            HttpRequest(address="192.0.2.1", port=8443, tls=True, host="www.example", path="/a"),
            "GET https://www.example:8443/a at 192.0.2.1",
        ),
        (
            HopProbe(address="192.0.2.1", ttl=7, protocol="tcp", port=443, flow=3),
            "hop 7 towards 192.0.2.1, TCP port 443, flow 3",
        ),
    ],
)
def test_what_was_asked_reads_like_the_tools_of_the_field(
    request_: requests.Request, words: str
) -> None:
    assert request_line(request_) == words


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Failed(kind=FailureKind.TIMEOUT), "no answer"),
        (Failed(kind=FailureKind.OTHER, detail="errno 99"), "failed (errno 99)"),
        (DnsReply(rcode="NXDOMAIN", authoritative=True), "NXDOMAIN aa, no answer records"),
        (DnsReply(answer=(ADDRESS,) * 6), "NOERROR, " + "A 192.0.2.1, " * 3 + "A 192.0.2.1 and 2"),
        (DnsReply(authority=(REFERRAL,)), "NOERROR, no answer, name servers ns1.example."),
        (
            DnsReply(rcode="SERVFAIL", extended_errors=((22, "No Reachable Authority"),)),
            "SERVFAIL, no answer records, EDE 22 No Reachable Authority",
        ),
        (Connected(rtt=0.02, source="192.0.2.9"), "connected from 192.0.2.9"),
        (
            IcmpError(
                kind=Unreachable.TOO_BIG,
                icmp_type=3,
                icmp_code=4,
                sender="192.0.2.5",
                rtt=0.01,
                mtu=1400,
            ),
            "packet too big from 192.0.2.5, MTU 1400",
        ),
        (
            HttpReply(
                status=301,
                reason="Moved",
                headers=(("location", "https://www.example/"),),
                body_start="",
                received=5,
                promised=9,
                complete=False,
                connected=0.0,
                tls_done=None,
                first_byte=0.1,
                total=0.2,
            ),
            "HTTP 301 Moved, 5 octets of 9 promised, incomplete, to https://www.example/",
        ),
    ],
)
def test_what_came_of_it_is_said_in_few_words(outcome: outcomes.Outcome, words: str) -> None:
    assert outcome_line(outcome).startswith(words)


def test_the_time_is_the_peers_own_where_it_is_known() -> None:
    assert line(TRANSCRIPT[0]).endswith("-> REFUSED, no answer records, 12.3 ms")
    assert line(TRANSCRIPT[5]).endswith("-> no answer (4 s), 4.00 s")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.00 ms"),
        (0.00041, "0.41 ms"),
        (0.0123, "12.3 ms"),
        (0.0999, "99.9 ms"),
        (0.09996, "100 ms"),
        (0.99949, "999 ms"),
        (0.9996, "1.00 s"),
        (12.345, "12.35 s"),
    ],
)
def test_times_have_about_three_digits(seconds: float, words: str) -> None:
    assert duration(seconds) == words
