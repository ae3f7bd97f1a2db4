"""Laws over worlds that answer anything at all: they hold for every check, present and future."""

import asyncio
from typing import Any, get_args, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.catalogue import CATALOGUE
from netdiag import boundary, outcomes, record, requests
from netdiag.anchors import ROOT_ANCHORS
from netdiag.conclude import Run, conclude
from netdiag.engine import Judgement, diagnose
from netdiag.model import Brief, Endpoint, Outcome, RootServer
from netdiag.network import Network, Recorded, Sent
from netdiag.policy import MOST_EDNS, is_meta
from netdiag.record import Vantage
from netdiag.requests import Request
from netdiag.special import special
from netdiag.target import parse
from tests.world.world import timeless

NAMES = st.sampled_from(
    [
        "example.",
        "www.example.",
        "a.example.",
        "b.example.",
        "ns1.example.",
        ".",
        "mail.test.",
        "net.",
    ]
)
ADDRESSES = st.sampled_from(
    ["1.2.3.4", "5.6.7.8", "9.9.9.9", "10.0.0.1", "2600::1", "fe80::1", "::1", "224.0.0.1"]
)
TYPES = st.sampled_from(["A", "AAAA", "NS", "SOA", "CNAME", "MX", "TXT", "PTR", "DS"])
RDATA = NAMES | ADDRESSES | st.sampled_from(["", "10 a.example.", "0 .", "x", "a. b. 1 2 3 4 5"])
RECORD = st.builds(
    outcomes.ResourceRecord, name=NAMES, ttl=st.integers(0, 2**31), rtype=TYPES, data=RDATA
)
SECTION = st.lists(RECORD, max_size=3).map(tuple)
SECONDS = st.floats(0, 10)
TIMES = st.sampled_from(
    ["2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00+00:00", "", "soon"]
)
TEXT = st.sampled_from(["", "x", "220 ready", "421 busy", "\\x1b[2J", "https://a.example/", "é"])

KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "rcode": st.sampled_from(["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "NOTIMP", "BADVERS"]),
    "answer": SECTION,
    "authority": SECTION,
    "additional": SECTION,
    "addresses": st.lists(ADDRESSES, max_size=3).map(tuple),
    "address": ADDRESSES,
    "sender": ADDRESSES,
    "present": st.sampled_from([(), ("raw_sockets", "error_queue"), ("raw_sockets",)]),
    "not_before": TIMES,
    "not_after": TIMES,
    "status": st.integers(-1, 999),
    "verify_code": st.sampled_from([0, 9, 10, 18, 19, 20, 21, 62, 99]),
}
OUTCOMES = {kind.type: kind for kind in get_args(outcomes.Outcome)}
ANSWERS: dict[str, tuple[str, ...]] = {
    "dns-query": ("dns-reply", "icmp-error"),
    "echo": ("echo-reply", "icmp-error"),
    "tcp-connect": ("connected", "reset", "icmp-error"),
    "tcp-arrival-ttl": ("arrival-ttl",),
    "tls-handshake": ("tls-session", "reset", "icmp-error"),
    "http-request": ("http-reply", "reset", "icmp-error"),
    "rdap-query": ("rdap-reply", "reset", "icmp-error"),
    "routing-query": ("routing-reply", "reset", "icmp-error"),
    "read-banner": ("banner", "reset", "icmp-error"),
    "hop-probe": ("icmp-error", "connected", "reset", "echo-reply"),
    "size-probe": ("echo-reply", "icmp-error"),
    "data-probe": ("data-ended", "reset", "icmp-error"),
    "system-lookup": ("system-addresses",),
    "read-network-table": ("network-entry",),
    "select-source": ("source-address",),
    "read-routes": ("routes",),
    "read-interfaces": ("interfaces",),
    "read-neighbours": ("neighbours",),
    "read-resolvers": ("resolvers",),
    "read-hosts-file": ("hosts-entries",),
    "read-proxies": ("proxies",),
    "read-abilities": ("abilities",),
}


def built(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of a dataclass, with fields that look like what they are where that matters."""
    hints = get_type_hints(kind)
    own = {
        name: KNOWN[name]
        for name, hint in hints.items()
        if name in KNOWN
        and name in kind.__dataclass_fields__
        and hint is not bool
        and (name != "answer" or kind is outcomes.DnsReply)
    }
    return st.builds(kind, **own)


st.register_type_strategy(float, SECONDS)
st.register_type_strategy(str, TEXT)
FAILED = st.builds(outcomes.Failed, kind=st.sampled_from(outcomes.FailureKind))
OF = {tag: built(kind) for tag, kind in OUTCOMES.items()}


def answers(request_type: str) -> st.SearchStrategy[outcomes.Outcome]:
    return st.one_of(FAILED, *(OF[tag] for tag in ANSWERS[request_type]))


class AnyWorld:
    """Answers each request with whatever hypothesis draws for its kind."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Sent:
        self.sent.append(request)
        await asyncio.sleep(0)
        return Sent(self.data.draw(answers(request.type), label=str(request)))


def brief(target: str) -> Brief:
    return Brief(
        target=parse(target),
        root_servers=(RootServer("a.", "1.2.3.4"), RootServer("b.", "2600::1")),
        trust_anchors=ROOT_ANCHORS,
        public_resolvers=("9.9.9.9",),
        anchors=(Endpoint("9.9.9.9", 53),),
        mail_anchors=(Endpoint("5.6.7.8", 25),),
    )


TARGETS = st.sampled_from(
    ["www.example", "example", "https://www.example/", "1.2.3.4", "2600::1", "smtp://mail.test"]
)


def look(data: st.DataObject, target: str) -> tuple[tuple[Judgement, ...], Network, AnyWorld]:
    world = AnyWorld(data)

    async def go() -> tuple[tuple[Judgement, ...], Network]:
        net = timeless(world)
        found = await diagnose(brief(target), CATALOGUE.checks, CATALOGUE.explanations, net)
        await net.close()
        return found, net

    found, net = asyncio.run(go())
    return found, net, world


unhurried = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@unhurried
@given(data=st.data(), target=TARGETS)
def test_whatever_comes_back_no_check_crashes(data: st.DataObject, target: str) -> None:
    found, _, _ = look(data, target)

    assert [j.finding.message for j in found if j.finding.outcome is Outcome.CRASHED] == []


@unhurried
@given(data=st.data(), target=TARGETS)
def test_nothing_is_asked_twice_and_evidence_exists(data: st.DataObject, target: str) -> None:
    found, net, world = look(data, target)

    assert len(world.sent) == len(set(world.sent))
    known = {o.id for o in net.transcript}
    assert all(set(j.finding.evidence) <= known for j in found)


@unhurried
@given(data=st.data(), target=TARGETS)
def test_nobody_is_asked_too_much_and_nobody_inside(data: st.DataObject, target: str) -> None:
    """A question that is refused whomever it is for is a fault of the check that asks it."""
    _, net, world = look(data, target)

    asked = [o.request for o in net.transcript if isinstance(o.request, requests.DnsQuery)]
    assert [query for query in asked if is_meta(query.rtype)] == []
    assert [query for query in asked if (query.udp_payload or 0) > MOST_EDNS] == []
    inside = [request for request in world.sent if special(request.destination or "1.1.1.1")]
    served = requests.DnsQuery | requests.Echo | requests.HopProbe | requests.SizeProbe
    assert [request for request in inside if not isinstance(request, served)] == []
    assert all(getattr(request, "recursion_desired", True) for request in inside)


@unhurried
@given(data=st.data(), target=TARGETS)
def test_a_finding_is_known_elsewhere_by_no_other_names_than_its_kind(
    data: st.DataObject, target: str
) -> None:
    found, _, _ = look(data, target)

    others = {n for j in found for n in set(j.finding.equivalents) - set(j.finding.known_as)}
    assert others == set()


@unhurried
@given(data=st.data(), target=TARGETS)
def test_a_transcript_judged_again_gives_the_same_record(data: st.DataObject, target: str) -> None:
    found, net, _ = look(data, target)
    first = concluded(target, found, net)
    saved = record.loads(record.dumps(first))

    replay = Recorded(saved.transcript)
    again = asyncio.run(
        diagnose(record.brief_of(saved), CATALOGUE.checks, CATALOGUE.explanations, replay)
    )

    assert record.dumps(concluded(target, again, replay)) == record.dumps(first)


def concluded(target: str, found: tuple[Judgement, ...], net: Network | Recorded) -> record.Record:
    run = Run(brief=brief(target), vantage=Vantage(name="here", platform="test"), timeout=20.0)
    policy = boundary.default()
    return conclude(run, CATALOGUE, found, net.transcript, policy, run.brief.started)


def test_every_kind_of_request_has_answers_here() -> None:
    assert {kind.type for kind in get_args(requests.Request)} == set(ANSWERS)
