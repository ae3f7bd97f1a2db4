import pytest

from checks.dns import resolvers
from checks.dns.resolvers import Asked
from netdiag.model import Owner, Severity
from netdiag.network import ObservationId
from netdiag.outcomes import DnsReply, IcmpError, Unreachable
from netdiag.outcomes import Outcome as Reply
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, REFUSED, SILENT, WWW, answer, seen

TRUE = "22.40.1.10"
PUBLIC = "9.9.9.9"
UNREACHABLE = IcmpError(
    kind=Unreachable.PORT, icmp_type=3, icmp_code=3, sender="22.11.0.53", rtt=0.01
)
REPLIES: dict[str, Reply] = {
    "the authoritative addresses": answer(TRUE),
    "says the name does not exist": DnsReply(rcode="NXDOMAIN"),
    "silent": SILENT,
    "port unreachable": UNREACHABLE,
    "REFUSED": REFUSED,
    "SERVFAIL": DnsReply(rcode="SERVFAIL"),
    "other addresses, TTL running": answer("22.40.1.99"),
    "a private address": answer("10.1.2.3"),
    "addresses for a missing name": answer("22.40.1.99"),
}


def asked(reply: Reply, address: str = "22.11.0.53") -> Asked:
    return Asked(address=address, replies=(seen(reply, WWW, "A"), seen(reply, WWW, "AAAA")))


def facts(one: Asked, elsewhere: str) -> resolvers.Facts:
    fails = elsewhere in {"silent too", "fails too"}
    return resolvers.Facts(
        name=WWW,
        asked=(one,),
        public=(asked(SILENT if fails else answer(TRUE), PUBLIC),),
        true=None if fails else () if elsewhere == "no such name" else (TRUE,),
        exists=elsewhere != "no such name",
        evidence=(ObservationId(1),),
    )


@pytest.mark.parametrize(("resolver", "elsewhere", "judgement"), rows(resolvers))
def test_the_documented_table_is_what_the_check_decides(
    resolver: str, elsewhere: str, judgement: str
) -> None:
    one = asked(REPLIES[resolver])

    assert resolvers.judge_resolver(facts(one, elsewhere), WWW, one).code == judgement


def test_a_resolver_in_the_local_network_is_the_local_network_s() -> None:
    one = asked(SILENT, "192.168.1.1")

    finding = resolvers.judge_resolver(facts(one, "answers"), WWW, one)

    assert finding.owner is Owner.CUSTOMER_NETWORK
    assert finding.severity is Severity.CRITICAL


def test_what_this_run_cut_off_is_not_blamed() -> None:
    one = asked(CUT_OFF)

    assert resolvers.judge_resolver(facts(one, "answers"), WWW, one).code == "resolver-not-judged"
