from dataclasses import replace

import pytest

from checks.dns import primary_server
from checks.dns.primary_server import Facts, Primary
from netdiag.network import ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.outcomes import Outcome as Reply
from tests.doctable import rows
from tests.unit.dns.zones import NS1, SILENT, seen, server, soa, zone

HIDDEN = Primary(name="hidden.example.org.", addresses=("22.60.0.1",), evidence=(ObservationId(1),))
NAMES = {"one of the name servers": NS1, "localhost": "localhost.", "the root": "."}
ADDRESSES = {
    "none": replace(HIDDEN, addresses=()),
    "of this machine": replace(HIDDEN, addresses=("127.0.0.1",)),
    "by an alias": replace(HIDDEN, alias=True),
    "not looked up": replace(HIDDEN, addresses=()),
    "nobody answers": replace(HIDDEN, addresses=(), certain=False),
}
RECORDS: dict[str, Reply] = {
    "the newest serial": soa(7),
    "an older serial": soa(6),
    "none: silent": SILENT,
    "none: an error": DnsReply(rcode="REFUSED"),
    "without authority": soa(7, authoritative=False),
    "none: no such record": DnsReply(authoritative=True),
}


def about(primary: Primary, record: Reply | None = None) -> Facts:
    replies = ((primary.addresses[0], seen(record)),) if record else ()
    return Facts(zone=zone(server()), primaries=(replace(primary, replies=replies),))


@pytest.mark.parametrize(("name", "addresses", "record", "judgement"), rows(primary_server))
def test_the_documented_table_is_what_the_check_decides(
    name: str, addresses: str, record: str, judgement: str
) -> None:
    primary = ADDRESSES.get(addresses, HIDDEN)
    facts = about(replace(primary, name=NAMES.get(name, primary.name)), RECORDS.get(record))

    found = [f.code for f in primary_server.judge(facts)]

    assert judgement in found
    assert set(found) <= {judgement, "primary-server-found"}


NOT_LISTED, NO_ALIAS = "Z01_MNAME_NOT_IN_NS_LIST", "MNAME_IS_NOT_CNAME"
NOWHERE = {"MNAME_HAS_NO_ADDRESS", NO_ALIAS}


@pytest.mark.parametrize(
    ("facts", "tags"),
    [
        (about(replace(HIDDEN, name=NS1)), {NO_ALIAS}),
        (about(HIDDEN), {NO_ALIAS, NOT_LISTED}),
        (about(ADDRESSES["none"]), {*NOWHERE, "Z01_MNAME_NOT_RESOLVE", NOT_LISTED}),
        (
            about(ADDRESSES["of this machine"]),
            {"Z01_MNAME_HAS_LOCALHOST_ADDR", NO_ALIAS, NOT_LISTED},
        ),
        (about(ADDRESSES["by an alias"]), {"MNAME_IS_CNAME", NOT_LISTED}),
        (about(replace(HIDDEN, name="localhost.")), {*NOWHERE, "Z01_MNAME_IS_LOCALHOST"}),
        (about(replace(HIDDEN, name=".")), {*NOWHERE, "Z01_MNAME_IS_DOT"}),
        (about(ADDRESSES["nobody answers"]), set()),
    ],
)
def test_exactly_these_tags_are_said_of_the_name(facts: Facts, tags: set[str]) -> None:
    (found,) = primary_server.judge(facts)

    assert set(found.equivalents) == {f"zonemaster:{tag}" for tag in tags}


@pytest.mark.parametrize(
    ("record", "tags"),
    [
        ("the newest serial", set()),
        ("an older serial", {"Z01_MNAME_NOT_MASTER"}),
        ("none: silent", {"Z01_MNAME_NO_RESPONSE"}),
        ("none: an error", {"Z01_MNAME_UNEXPECTED_RCODE"}),
        ("without authority", {"Z01_MNAME_NOT_AUTHORITATIVE"}),
        ("none: no such record", {"Z01_MNAME_MISSING_SOA_RECORD"}),
    ],
)
def test_exactly_these_tags_are_said_of_its_answer(record: str, tags: set[str]) -> None:
    _, *found = primary_server.judge(about(HIDDEN, RECORDS[record]))

    said = {name for finding in found for name in finding.equivalents}
    assert said == {f"zonemaster:{tag}" for tag in tags}


def test_a_question_that_was_not_sent_says_nothing_of_the_primary() -> None:
    found = primary_server.judge(about(HIDDEN, Failed(kind=FailureKind.POLICY)))

    assert [f.code for f in found] == ["primary-server-found"]


def test_a_zone_that_nobody_serves_has_no_primary_server_to_judge() -> None:
    (found,) = primary_server.judge(Facts(zone=zone(server(udp=SILENT))))

    assert found.code == "not-checked"
