from dataclasses import replace

import pytest

from checks.dns import name_case
from checks.dns.name_case import Facts
from checks.facts.shapes import Probe
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import APEX, SERVER2, SILENT, record, seen, server, soa, zone

OTHER = replace(soa(), answer=(record(APEX, "SOA", f"ns9.{APEX} x. 7 1 1 1 1"),))
REPLIES: dict[str, DnsReply] = {
    "SOA": soa(),
    "other SOA": OTHER,
    "NXDOMAIN": DnsReply(rcode="NXDOMAIN", authoritative=True),
}
LOST = Probe(first=seen(SILENT), again=seen(SILENT), controls=(seen(soa()), seen(soa())))
UNSEEN = replace(LOST, controls=(seen(soa()), seen(SILENT)))


def probe(answer: str, *, kept: bool = True) -> Probe:
    if answer in {"lost", "silent"}:
        return LOST if answer == "lost" else UNSEEN
    return Probe(first=seen(replace(REPLIES[answer], case_kept=kept)))


def tags(*probes: tuple[Probe, Probe]) -> set[str]:
    servers = (server(), server(SERVER2))[: len(probes)]
    found = name_case.judge(Facts(zone=zone(*servers), probes=probes))
    said = {name for finding in found for name in finding.equivalents}
    return {name.removeprefix("zonemaster:") for name in said if name.startswith("zonemaster:")}


@pytest.mark.parametrize(("capitals", "mixed", "spelling", "judgement"), rows(name_case))
def test_the_documented_table_is_what_the_check_decides(
    capitals: str, mixed: str, spelling: str, judgement: str
) -> None:
    kept = spelling == "kept"
    probes = ((probe(capitals, kept=kept), probe(mixed, kept=kept)),)

    (finding,) = name_case.judge(Facts(zone=zone(server()), probes=probes))

    assert finding.code == judgement


@pytest.mark.parametrize(
    ("capitals", "mixed", "kept", "said"),
    [
        ("SOA", "SOA", True, {"QNAME_CASE_SENSITIVE", "CASE_QUERIES_RESULTS_OK"}),
        ("SOA", "SOA", False, {"QNAME_CASE_INSENSITIVE", "CASE_QUERIES_RESULTS_OK"}),
        (
            "other SOA",
            "SOA",
            True,
            {
                "QNAME_CASE_SENSITIVE",
                "CASE_QUERIES_RESULTS_DIFFER",
                "CASE_QUERY_DIFFERENT_ANSWER",
            },
        ),
        (
            "NXDOMAIN",
            "SOA",
            True,
            {"QNAME_CASE_SENSITIVE", "CASE_QUERIES_RESULTS_DIFFER", "CASE_QUERY_DIFFERENT_RC"},
        ),
        (
            "lost",
            "SOA",
            True,
            {"QNAME_CASE_SENSITIVE", "CASE_QUERIES_RESULTS_DIFFER", "CASE_QUERY_NO_ANSWER"},
        ),
        ("silent", "SOA", True, set()),
    ],
)
def test_exactly_these_tags_are_said(capitals: str, mixed: str, kept: bool, said: set[str]) -> None:
    assert tags((probe(capitals, kept=kept), probe(mixed, kept=kept))) == said


def test_results_are_called_alike_only_where_they_are_at_every_server() -> None:
    fine = (probe("SOA"), probe("SOA"))

    assert "CASE_QUERIES_RESULTS_OK" in tags(fine, fine)
    assert "CASE_QUERIES_RESULTS_OK" not in tags(fine, (probe("NXDOMAIN"), probe("SOA")))
    assert "CASE_QUERIES_RESULTS_OK" not in tags(fine, (UNSEEN, UNSEEN))


def test_a_serial_that_rises_meanwhile_is_no_difference() -> None:
    risen = (Probe(first=seen(soa(8))), Probe(first=seen(soa(9))))

    (finding,) = name_case.judge(Facts(zone=zone(server()), probes=(risen,)))

    assert finding.code == "name-case-respected"
