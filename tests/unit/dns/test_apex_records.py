import asyncio
from itertools import product

import pytest

from checks.dns import apex_records
from checks.dns.apex_records import ASKED, Facts, Miss
from netdiag.model import Brief, RootServer
from netdiag.network import Observation
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from reports.crosswalk import zonemaster_tags
from tests.doctable import rows
from tests.unit.dns.zones import (
    APEX,
    CUT_OFF,
    NS1,
    SERVER1,
    SERVER2,
    SILENT,
    record,
    seen,
    server,
    zone,
)
from tests.unit.dns.zones import soa as authoritative_soa
from tests.world.world import World

ROOT = "198.41.0.4"


def given(rtype: str, *, authoritative: bool = True, name: str = APEX) -> DnsReply:
    data = {"SOA": f"{NS1} h.{APEX} 7 7200 3600 1209600 300", "NS": NS1}[rtype]
    return DnsReply(authoritative=authoritative, answer=(record(name, rtype, data),))


def outcome(words: str, rtype: str) -> Outcome:
    told: dict[str, Outcome] = {
        "the record, with authority": given(rtype),
        "the record, without authority": given(rtype, authoritative=False),
        "no such record": DnsReply(authoritative=True),
        "a record of another name": given(rtype, name="other.example."),
        "an error": DnsReply(rcode="SERVFAIL"),
        "none": SILENT,
        "none, for a reason of ours": CUT_OFF,
    }
    return told[words]


def replies(changed: tuple[str, str], words: str, others: str) -> tuple[Observation, ...]:
    def one(transport: str, rtype: str) -> Outcome:
        if (transport, rtype) == changed:
            return outcome(words, rtype)
        if transport == changed[0] and others == "none":
            return SILENT
        return given(rtype)

    return tuple(seen(one(*asked), rtype=asked[1]) for asked in ASKED)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("words", "others", "judgement"), rows(apex_records))
def test_the_documented_table_is_what_the_check_decides(
    asked: tuple[str, str], words: str, others: str, judgement: str
) -> None:
    facts = Facts(zone=zone(server()), replies=(replies(asked, words, others),))

    found = {
        (getattr(f, "transport", ""), getattr(f, "rtype", "")): f for f in apex_records.judge(facts)
    }

    assert len(found) == len(ASKED)
    assert found[asked].code == judgement


@pytest.mark.parametrize("asked", ASKED)
def test_each_miss_has_its_tag_and_nothing_else_is_said(asked: tuple[str, str]) -> None:
    told = {
        "none": "NO_RESPONSE_{}_QUERY",
        "an error": "UNEXPECTED_RCODE_{}_QUERY",
        "the record, without authority": "{}_RECORD_NOT_AA",
        "no such record": "MISSING_{}_RECORD",
        "a record of another name": "WRONG_{}_RECORD",
    }
    prefix = {"udp": "CN01_", "tcp": "CN02_"}[asked[0]]
    for words, tag in told.items():
        facts = Facts(zone=zone(server()), replies=(replies(asked, words, "any"),))

        said = {name for f in apex_records.judge(facts) for name in f.equivalents}

        connectivity = {name for name in said if name.startswith("zonemaster:CN")}
        assert connectivity == {f"zonemaster:{prefix}{tag.format(asked[1])}_{asked[0].upper()}"}


def test_every_tag_of_a_miss_exists() -> None:
    known = {f"zonemaster:{tag.name}" for tag in zonemaster_tags()}

    misses = product(Miss, ("SOA", "NS"), ("udp", "tcp"))
    assert {tag for miss, *about in misses for tag in miss.tags(*about)} <= known


def test_the_message_says_how_many_of_how_many_and_which_question() -> None:
    whole = replies(("", ""), "", "any")
    broken = replies(("tcp", "NS"), "an error", "any")
    facts = Facts(zone=zone(server(), server(SERVER2)), replies=(whole, broken))

    (problem,) = (f for f in apex_records.judge(facts) if f.code == "apex-record-not-given")

    assert problem.message == (
        "asked for the NS record of customer.example over TCP, 1 of 2 servers answer with an "
        "error: ns2.customer.example [22.51.0.53]"
    )


@pytest.mark.parametrize("drops_all", [False, True])
def test_a_lost_question_is_asked_in_another_shape_before_silence_counts(drops_all: bool) -> None:
    def answers(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server=server) if server == ROOT:
                glue = (record(NS1, "A", SERVER1.address),)
                return DnsReply(authority=(record(APEX, "NS", NS1),), additional=glue)
            case DnsQuery(transport="udp", rtype="NS", udp_payload=size) if size or drops_all:
                return Failed(kind=FailureKind.TIMEOUT)
            case DnsQuery(rtype="SOA"):
                return authoritative_soa()
            case DnsQuery(rtype="NS"):
                return given("NS")
            case _:
                return DnsReply(authoritative=True)

    brief = Brief(
        target=parse("customer.example"), families=(4,), root_servers=(RootServer("a.", ROOT),)
    )
    facts = asyncio.run(apex_records.gather(World(answers).network(), brief))

    said = {name for f in apex_records.judge(facts) for name in f.equivalents}
    assert said == ({"zonemaster:CN01_NO_RESPONSE_NS_QUERY_UDP"} if drops_all else set())
