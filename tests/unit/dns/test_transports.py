import pytest

from checks.dns import transports
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.outcomes import Outcome as Reply
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, SILENT, server, soa, zone

REPLIES: dict[str, Reply | None] = {
    "serves": soa(),
    "silent": SILENT,
    "refused": Failed(kind=FailureKind.REFUSED),
    "FORMERR": DnsReply(rcode="FORMERR"),
    "not asked": None,
    "not sent": CUT_OFF,
}


@pytest.mark.parametrize(("udp", "plain", "tcp", "judgements"), rows(transports))
def test_the_documented_table_is_what_the_check_decides(
    udp: str, plain: str, tcp: str, judgements: str
) -> None:
    one = server(udp=REPLIES[udp], plain=REPLIES[plain], tcp=REPLIES[tcp])

    assert ", ".join(kind.code for kind in transports.verdicts(one)) == judgements


def test_a_server_that_does_not_serve_the_zone_is_not_judged() -> None:
    (finding,) = transports.judge(zone(server(udp=SILENT)))

    assert finding.code == "not-checked"
