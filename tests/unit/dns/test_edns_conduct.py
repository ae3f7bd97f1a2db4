import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from checks.dns import edns_conduct
from checks.dns.edns_conduct import (
    ALL,
    DO,
    EDNS,
    FLAG,
    KEYS,
    OPTION,
    RESOLVERS,
    VERSION,
    Facts,
    questions,
)
from checks.facts.shapes import Probe
from netdiag.model import Brief, Finding, RootServer
from netdiag.network import Attempt, Sent
from netdiag.outcomes import DnsReply, Outcome, SourceAddress
from netdiag.requests import UNKNOWN_OPTION, DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.doctable import rows
from tests.unit.dns.zones import (
    APEX,
    CUT_OFF,
    NS1,
    SERVER1,
    SERVER2,
    SILENT,
    answer,
    record,
    seen,
    server,
    soa,
    zone,
)
from tests.world.world import World

BADVERS = DnsReply(rcode="BADVERS", edns=True)
NOTHING = DnsReply(authoritative=True, edns=True)
CUT_SHORT = DnsReply(authoritative=True, truncated=True, edns=True)
REPLIES: dict[str, DnsReply] = {
    "SOA": soa(),
    "SOA, without OPT": soa(edns=False),
    "SOA, in another version": replace(soa(), edns_version=1),
    "SOA, with the option": replace(soa(), edns_options=(UNKNOWN_OPTION,)),
    "SOA, without authority": soa(authoritative=False),
    "SOA, with the flag": replace(soa(), edns_flags=0x40),
    "SOA, with our cookie": replace(soa(), cookie="both"),
    "SOA, with a stranger's cookie": replace(soa(), cookie="foreign"),
    "SOA, with a malformed cookie": replace(soa(), cookie="malformed"),
    "nothing": NOTHING,
    "BADVERS": BADVERS,
    "BADVERS and SOA": replace(soa(), rcode="BADVERS"),
    "BADCOOKIE": DnsReply(rcode="BADCOOKIE", edns=True, cookie="both"),
    "FORMERR": DnsReply(rcode="FORMERR"),
    "SERVFAIL": DnsReply(rcode="SERVFAIL", edns=True),
    "truncated": CUT_SHORT,
    "truncated, without OPT": replace(CUT_SHORT, edns=False),
}
RIGHT: dict[str, Outcome] = {
    VERSION: BADVERS,
    OPTION: soa(),
    FLAG: soa(),
    ALL: BADVERS,
    RESOLVERS: replace(soa(), cookie="both"),
    DO: soa(),
    KEYS: CUT_SHORT,
}
CONTROLS = (seen(soa()), seen(soa()))
LOST = Probe(first=seen(SILENT), again=seen(SILENT), controls=CONTROLS)
UNCLEAR = {
    "none, twice, the usual one answered": LOST,
    "none, then BADVERS": replace(LOST, again=seen(BADVERS)),
    "none, nor to the usual one": replace(LOST, controls=(seen(soa()), seen(SILENT))),
    "not sent": Probe(first=seen(CUT_OFF)),
}


def probes(**odd: Probe | Outcome) -> Mapping[str, Probe]:
    """Those of a server that does all right but for what is given, by the names of `ODD`."""
    given = {about: odd.get(word, RIGHT[about]) for word, about in ODD.items()}
    return {
        a: one if isinstance(one, Probe) else Probe(first=seen(one)) for a, one in given.items()
    }


ODD = {
    "version": VERSION,
    "option": OPTION,
    "flag": FLAG,
    "everything": ALL,
    "cookie": RESOLVERS,
    "do": DO,
    "keys": KEYS,
}
WORDS = {about: word for word, about in ODD.items()}


def tags(found: list[Finding], of: str = "zonemaster") -> set[str]:
    said = {name for finding in found for name in finding.equivalents}
    return {name.partition(":")[2] for name in said if name.startswith(f"{of}:")}


@pytest.mark.parametrize(("question", "reply", "judgement"), rows(edns_conduct))
def test_the_documented_table_is_what_the_check_decides(
    question: str, reply: str, judgement: str
) -> None:
    told = UNCLEAR.get(reply) or Probe(first=seen(REPLIES[reply]))
    if question == EDNS:
        facts = Facts(zone=zone(server(udp=told.first.outcome)), probes=(probes(),))
    else:
        facts = Facts(zone=zone(server()), probes=(probes(**{WORDS[question]: told}),))

    found = list(edns_conduct.judge(facts))

    fine = {a for f in found if isinstance(f, edns_conduct.EdnsConductFine) for a in f.about}
    assert (question in fine) == (judgement == "edns-conduct-fine")
    assert judgement in {f.code for f in found}
    assert {f.code for f in found} <= {judgement, "edns-conduct-fine"}


@pytest.mark.parametrize(
    ("odd", "said", "codes"),
    [
        ({}, {"EDNS0_SUPPORT"}, {"edns-conduct-fine"}),
        ({"version": LOST}, {"N10_NO_RESPONSE_EDNS1_QUERY"}, {"query-shape-dropped"}),
        (
            {"version": REPLIES["FORMERR"]},
            {"N10_UNEXPECTED_RCODE"},
            {"edns-version-mishandled"},
        ),
        ({"version": soa()}, {"N10_EDNS_RESPONSE_ERROR"}, {"edns-version-mishandled"}),
        (
            {"version": replace(BADVERS, edns_version=1)},
            {"N10_EDNS_RESPONSE_ERROR"},
            {"edns-version-mishandled"},
        ),
        ({"option": LOST}, {"N11_NO_RESPONSE"}, {"query-shape-dropped"}),
        ({"option": soa(edns=False)}, {"N11_NO_EDNS"}, {"edns-option-mishandled"}),
        (
            {"option": REPLIES["SOA, with the option"]},
            {"N11_RETURNS_UNKNOWN_OPTION_CODE"},
            {"edns-option-mishandled"},
        ),
        ({"option": NOTHING}, {"N11_UNEXPECTED_ANSWER_SECTION"}, {"edns-option-mishandled"}),
        ({"option": REPLIES["SERVFAIL"]}, {"N11_UNEXPECTED_RCODE"}, {"edns-option-mishandled"}),
        ({"option": soa(authoritative=False)}, {"N11_UNSET_AA"}, {"edns-option-mishandled"}),
        ({"flag": REPLIES["SOA, with the flag"]}, {"Z_FLAGS_NOTCLEAR"}, {"edns-flag-mishandled"}),
        ({"flag": REPLIES["FORMERR"]}, {"NO_EDNS_SUPPORT"}, {"edns-flag-mishandled"}),
        ({"flag": REPLIES["SERVFAIL"]}, {"NS_ERROR"}, {"edns-flag-mishandled"}),
        ({"flag": NOTHING}, {"NS_ERROR"}, {"edns-flag-mishandled"}),
        ({"flag": LOST}, set(), {"query-shape-dropped"}),
        ({"do": REPLIES["FORMERR"]}, {"NO_EDNS_SUPPORT"}, {"edns-flag-mishandled"}),
        ({"do": REPLIES["SERVFAIL"]}, {"NS_ERROR"}, {"edns-flag-mishandled"}),
        (
            {"do": REPLIES["truncated, without OPT"]},
            {"MISSING_OPT_IN_TRUNCATED"},
            {"edns-missing-when-truncated"},
        ),
        (
            {"keys": REPLIES["truncated, without OPT"]},
            {"MISSING_OPT_IN_TRUNCATED"},
            {"edns-missing-when-truncated"},
        ),
        ({"keys": LOST}, set(), {"edns-conduct-not-seen"}),
        ({"version": Probe(first=seen(CUT_OFF))}, set(), {"edns-conduct-not-seen"}),
    ],
)
def test_exactly_these_tags_and_codes_are_said(
    odd: dict[str, Probe | Outcome], said: set[str], codes: set[str]
) -> None:
    found = list(edns_conduct.judge(Facts(zone=zone(server()), probes=(probes(**odd),))))

    assert tags(found) == said | {"EDNS0_SUPPORT"}
    assert {f.code for f in found} == codes | {"edns-conduct-fine"}


@pytest.mark.parametrize(
    ("usual", "version", "said"),
    [
        (
            soa(edns=False),
            soa(edns=False),
            {"EDNS_RESPONSE_WITHOUT_EDNS", "N10_EDNS_RESPONSE_ERROR"},
        ),
        (soa(edns=False), SILENT, {"EDNS_RESPONSE_WITHOUT_EDNS"}),
        (replace(soa(), edns_version=1), BADVERS, {"EDNS_VERSION_ERROR"}),
    ],
)
def test_a_server_that_mistakes_edns_altogether_is_named_for_that(
    usual: DnsReply, version: Outcome, said: set[str]
) -> None:
    facts = Facts(zone=zone(server(udp=usual)), probes=(probes(version=version),))

    assert tags(list(edns_conduct.judge(facts))) == said


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"version": LOST}, {"ERROR_WITH_EDNS_VERSION"}),
        ({"version": replace(BADVERS, edns_version=1)}, {"IMPLEMENTED_EDNS_VERSION_NOT_PROVIDED"}),
        ({"option": LOST, "do": LOST}, {"ERROR_WITH_EDNS_OPTION", "ERROR_WITH_EDNS_FLAG"}),
        ({"flag": REPLIES["SOA, with the flag"]}, {"EDNS_UNDEFINED_FLAGS_SET"}),
        ({"cookie": REPLIES["SOA, with a stranger's cookie"]}, {"CLIENT_COOKIE_MISMATCH"}),
        ({"cookie": REPLIES["SOA, with a malformed cookie"]}, {"COOKIE_INVALID_LENGTH"}),
        ({"cookie": REPLIES["FORMERR"]}, {"ERROR_WITH_EDNS_OPTION"}),
    ],
)
def test_dnsviz_calls_it_so(odd: dict[str, Probe | Outcome], said: set[str]) -> None:
    found = list(edns_conduct.judge(Facts(zone=zone(server()), probes=(probes(**odd),))))

    assert tags(found, "dnsviz") == said


def test_all_that_one_server_drops_is_one_finding() -> None:
    odd = probes(version=LOST, option=LOST, everything=LOST, cookie=LOST)
    facts = Facts(zone=zone(server(), server(SERVER2)), probes=(probes(), odd))

    found = list(edns_conduct.judge(facts))

    (dropped,) = (f for f in found if f.code == "query-shape-dropped")
    assert "1 of 2 servers" in dropped.message
    assert f"{SERVER2}" in dropped.message
    assert "EDNS version 1" in dropped.message
    assert "cookie" in dropped.message
    assert dropped.severity.value == "warning"


def test_what_resolvers_never_ask_is_a_notice() -> None:
    found = edns_conduct.judge(Facts(zone=zone(server()), probes=(probes(version=LOST),)))

    (dropped,) = (f for f in found if f.code == "query-shape-dropped")
    assert dropped.severity.value == "notice"


def test_edns_is_not_said_to_work_everywhere_where_a_server_knows_none() -> None:
    old = server(SERVER2, udp=DnsReply(rcode="FORMERR"), plain=soa(edns=False), tcp=soa())
    found = list(edns_conduct.judge(Facts(zone=zone(server(), old), probes=(probes(),))))

    assert tags(found) == set()


def test_a_control_that_needed_a_second_packet_is_none() -> None:
    lossy = tuple(
        Attempt(how="udp", result=result, elapsed=0.1, packets=1, octets=80)
        for result in ("timeout", "answered")
    )
    probe = replace(LOST, controls=(CONTROLS[0], replace(CONTROLS[1], attempts=lossy)))

    found = edns_conduct.judge(Facts(zone=zone(server()), probes=(probes(version=probe),)))

    assert "query-shape-dropped" not in {f.code for f in found}


ROOT = "198.41.0.4"


def world(conduct: Mapping[DnsQuery, Outcome]) -> World:
    """A zone with one server, which does what `conduct` says of its questions."""

    def answers(request: Request) -> Outcome | Sent:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server=asked) if asked == ROOT:
                glue = (record(NS1, "A", SERVER1.address),)
                return DnsReply(authority=(record(APEX, "NS", NS1),), additional=glue)
            case DnsQuery(name=name, rtype="A") if name == NS1:
                return answer(SERVER1.address, name=NS1)
            case DnsQuery() if odd := conduct.get(replace(request, server="", attempt=0)):
                return odd
            case DnsQuery(rtype="SOA", edns_version=1):
                return BADVERS
            case DnsQuery(rtype="SOA"):
                return soa()
            case _:
                return NOTHING

    return World(answers)


def judged(conduct: Mapping[DnsQuery, Outcome]) -> tuple[list[Finding], World]:
    brief = Brief(
        target=parse("customer.example"), families=(4,), root_servers=(RootServer("a.", ROOT),)
    )
    here = world(conduct)
    facts = asyncio.run(edns_conduct.gather(here.network(), brief))
    return list(edns_conduct.judge(facts)), here


@pytest.mark.parametrize("about", [VERSION, OPTION, FLAG, ALL, RESOLVERS, DO])
def test_a_shape_that_gets_lost_is_found_by_asking_again_with_controls(about: str) -> None:
    found, here = judged({questions(APEX)[about]: SILENT})

    (dropped,) = (f for f in found if f.code == "query-shape-dropped")
    asked = [q for q in here.sent if isinstance(q, DnsQuery) and q.server == SERVER1.address]
    assert [
        q.attempt for q in asked if replace(q, attempt=0, server="") == questions(APEX)[about]
    ] == [0, 1]
    assert len([q for q in asked if q.attempt]) == 3
    assert len(dropped.evidence) == 4


def test_nothing_more_is_asked_of_a_server_that_answers_all() -> None:
    found, here = judged({})

    assert {f.code for f in found} == {"edns-conduct-fine"}
    assert all(not request.attempt for request in here.sent if isinstance(request, DnsQuery))
