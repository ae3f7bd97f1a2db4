"""What a question may have beside name and type, octet by octet, and what is read of its answer."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import dns.edns
import dns.flags
import dns.message
import dns.rdataclass
import dns.rrset
import pytest

from netdiag.network import Sent
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.requests import COOKIE, EXPIRE, NSID, UNKNOWN_OPTION, DnsQuery
from netdiag.wire import dns_message
from tests.wire import peers
from tests.wire.peers import reply_to

SERVER, NAME = "192.0.2.53", "www.example."
OPTIONS = (NSID, EXPIRE, COOKIE, UNKNOWN_OPTION)


def built(query: DnsQuery) -> dns.message.Message:
    return dns.message.from_wire(dns_message.build(query, 7))


def read(query: DnsQuery, answer: bytes) -> DnsReply:
    return dns_message.read(answer, query, "udp", 0.0)


def cookie_sent() -> bytes:
    asked = built(DnsQuery(server=SERVER, name=NAME, rtype="A", edns_options=(COOKIE,)))
    return asked.options[0].to_wire() or b""


def _generic(code: int, data: bytes = b"") -> dns.edns.GenericOption:
    """An option as it is: dnspython's own classes refuse what is malformed."""
    return dns.edns.GenericOption(dns.edns.OptionType(code), data)


def test_a_question_says_all_of_its_edns() -> None:
    query = DnsQuery(
        server=SERVER,
        name=NAME,
        rtype="A",
        edns_version=1,
        edns_flags=0x40,
        edns_options=OPTIONS,
        dnssec=True,
    )

    asked = built(query)

    assert (asked.edns, asked.ednsflags & 0xFFFF) == (1, dns.flags.DO | 0x40)
    assert [int(option.otype) for option in asked.options] == list(OPTIONS)
    sizes = [len(option.to_wire() or b"") for option in asked.options]
    assert sizes == [0, 0, 8, 0]


def test_a_question_without_edns_has_none_of_it() -> None:
    query = DnsQuery(
        server=SERVER, name=NAME, rtype="A", udp_payload=None, edns_version=1, edns_options=OPTIONS
    )

    assert built(query).edns == -1


def test_every_server_gets_a_cookie_of_its_own() -> None:
    other = built(DnsQuery(server="192.0.2.54", name=NAME, rtype="A", edns_options=(COOKIE,)))

    assert cookie_sent() == cookie_sent()
    assert other.options[0].to_wire() != cookie_sent()


@pytest.mark.parametrize(
    ("case", "spelled"),
    [("lower", "www.example."), ("upper", "WWW.EXAMPLE."), ("mixed", "WwW.ExAmPlE.")],
)
def test_the_name_is_spelled_as_asked_and_its_answer_may_differ_in_case(
    case: str, spelled: str
) -> None:
    query = DnsQuery(server=SERVER, name=NAME, rtype="A", case=case)  # type: ignore[arg-type]
    asked = dns_message.build(query, 7)

    same = read(query, reply_to(asked).to_wire())
    turned = asked[:12] + asked[12:-15].swapcase() + asked[-15:]
    other = read(query, reply_to(turned).to_wire())

    assert dns.message.from_wire(asked).question[0].name.to_text() == spelled
    assert same.case_kept
    assert not other.case_kept


def test_what_the_answers_opt_record_says_is_read() -> None:
    query = DnsQuery(server=SERVER, name=NAME, rtype="A")
    reply = reply_to(dns_message.build(query, 7))
    options: list[dns.edns.Option] = [
        _generic(UNKNOWN_OPTION),
        _generic(NSID, b"ns1"),
    ]
    reply.use_edns(1, ednsflags=dns.flags.DO | 0x41, options=options)

    seen = read(query, reply.to_wire())

    assert (seen.edns_version, seen.edns_flags) == (1, 0x41)
    assert seen.edns_options == (UNKNOWN_OPTION, NSID)
    assert seen.cookie == "none"


@pytest.mark.parametrize(
    ("half", "rest", "what"),
    [
        ("ours", 0, "client"),
        ("ours", 8, "both"),
        ("ours", 32, "both"),
        ("a stranger's", 0, "foreign"),
        ("a stranger's", 8, "foreign"),
        ("ours", 7, "malformed"),
        ("ours", 33, "malformed"),
        ("none", 0, "malformed"),
    ],
)
def test_what_comes_back_of_a_cookie_is_told(half: str, rest: int, what: str) -> None:
    query = DnsQuery(server=SERVER, name=NAME, rtype="A", edns_options=(COOKIE,))
    reply = reply_to(dns_message.build(query, 7))
    client = {"ours": cookie_sent(), "a stranger's": b"stranger", "none": b""}[half]
    reply.use_edns(0, options=[_generic(COOKIE, client + bytes(rest))])

    assert read(query, reply.to_wire()).cookie == what


@pytest.mark.parametrize(("rclass", "foreign"), [("CH", False), ("IN", True)])
def test_records_of_another_class_than_asked_are_told(rclass: str, foreign: bool) -> None:
    query = DnsQuery(server=SERVER, name="version.bind.", rtype="TXT", rclass="CH")
    reply = reply_to(dns_message.build(query, 7))
    reply.answer.append(dns.rrset.from_text("version.bind.", 0, rclass, "TXT", '"one 1.0"'))

    seen = read(query, reply.to_wire())

    assert reply.question[0].rdclass == dns.rdataclass.CH
    assert seen.foreign_class is foreign
    assert [r.data for r in seen.answer] == ['"one 1.0"']


def test_an_answer_of_another_class_answers_another_question() -> None:
    query = DnsQuery(server=SERVER, name="version.bind.", rtype="TXT", rclass="CH")
    other = DnsQuery(server=SERVER, name="version.bind.", rtype="TXT")

    with pytest.raises(dns_message.MismatchError):
        read(query, reply_to(dns_message.build(other, 7)).to_wire())


def ask_beside(query: DnsQuery, source: str, other_id: bool = False) -> Sent:
    """What comes of `query` to a server whose answers have another source."""

    async def main() -> Sent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beside:
            beside.bind((source, 0))
            asked = asyncio.get_running_loop()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.bind((peers.HOST, 0))
                server.setblocking(False)

                def react() -> None:
                    data, peer = server.recvfrom(65535)
                    reply = reply_to(data)
                    reply.id ^= other_id
                    beside.sendto(reply.to_wire(), peer)

                asked.add_reader(server, react)
                try:
                    port = server.getsockname()[1]
                    return await peers.send(replace(query, server=peers.HOST, port=port))
                finally:
                    asked.remove_reader(server)

    return asyncio.run(main())


BESIDE = "127.0.0.77"
OPEN = DnsQuery(server=peers.HOST, name=NAME, rtype="A", any_source=True)


def test_an_answer_of_another_address_is_heard_only_by_who_listens_for_it() -> None:
    deaf = ask_beside(replace(OPEN, any_source=False), BESIDE).outcome
    heard = ask_beside(OPEN, BESIDE).outcome

    assert isinstance(deaf, Failed)
    assert deaf.kind is FailureKind.TIMEOUT
    assert isinstance(heard, DnsReply)
    assert heard.source == BESIDE


def test_an_answer_of_the_asked_address_has_no_other_source() -> None:
    heard = ask_beside(OPEN, peers.HOST).outcome

    assert isinstance(heard, DnsReply)
    assert heard.source == ""


def test_who_listens_to_anybody_still_takes_no_answer_to_another_question() -> None:
    heard = ask_beside(OPEN, BESIDE, other_id=True).outcome

    assert isinstance(heard, Failed)
    assert heard.kind is FailureKind.MISMATCHED
