from dataclasses import replace

import pytest

from checks.dns import software_version
from checks.dns.software_version import Facts
from netdiag.model import Finding
from netdiag.outcomes import DnsReply, Outcome
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, REFUSED, SERVER2, SILENT, record, seen, server, zone

TOLD = DnsReply(authoritative=True, answer=(record("version.bind.", "TXT", '"NSD 4.8"'),))
EMPTY = DnsReply(authoritative=True, answer=(record("version.bind.", "TXT", '""'),))
FAILS = DnsReply(rcode="SERVFAIL")


def judged(one: Outcome, other: Outcome) -> Finding:
    facts = Facts(zone=zone(server()), replies=((seen(one), seen(other)),))
    (finding,) = software_version.judge(facts)
    return finding


@pytest.mark.parametrize(("came", "rclass", "other", "judgement"), rows(software_version))
def test_the_documented_table_is_what_the_check_decides(
    came: str, rclass: str, other: str, judgement: str
) -> None:
    others: dict[str, Outcome] = {"SERVFAIL": FAILS, "nothing came": SILENT}
    rest = others.get(other, REFUSED)
    texts: dict[str, DnsReply] = {"yes": TOLD, "empty": EMPTY}
    text = texts.get(came)
    first = replace(text, foreign_class=rclass == "IN") if text else rest

    assert judged(first, rest).code == judgement


@pytest.mark.parametrize(
    ("one", "other", "tags"),
    [
        (TOLD, REFUSED, ("N15_SOFTWARE_VERSION",)),
        (REFUSED, REFUSED, ("N15_NO_VERSION_REVEALED",)),
        (REFUSED, FAILS, ("N15_ERROR_ON_VERSION_QUERY",)),
        (SILENT, SILENT, ("N15_ERROR_ON_VERSION_QUERY",)),
        (CUT_OFF, SILENT, ()),
        (
            replace(TOLD, foreign_class=True),
            REFUSED,
            ("N15_WRONG_CLASS", "FOREIGN_CLASS_DATA_ANSWER"),
        ),
    ],
)
def test_exactly_these_tags_are_said(one: Outcome, other: Outcome, tags: tuple[str, ...]) -> None:
    assert tuple(name.partition(":")[2] for name in judged(one, other).equivalents) == tags


def test_servers_with_the_same_software_are_told_together() -> None:
    both = zone(server(), server(SERVER2))
    facts = Facts(zone=both, replies=((seen(TOLD), seen(REFUSED)), (seen(TOLD), seen(REFUSED))))

    (finding,) = software_version.judge(facts)

    assert '"NSD 4.8"' in finding.message
    assert len(finding.evidence) == 4
