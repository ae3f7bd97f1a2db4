from dataclasses import replace

import pytest

from checks.dns import resolvers
from checks.dns.resolvers import Asked
from netdiag.model import Owner, Severity
from netdiag.network import ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind, IcmpError, Unreachable
from netdiag.outcomes import Outcome as Reply
from tests.doctable import rows
from tests.unit.dns.zones import APEX, CUT_OFF, REFUSED, SILENT, WWW, answer, record, seen

TRUE = "22.40.1.10"
PUBLIC = "9.9.9.9"
UNREACHABLE = IcmpError(
    kind=Unreachable.PORT, icmp_type=3, icmp_code=3, sender="22.11.0.53", rtt=0.01
)
DENIAL = DnsReply(rcode="NXDOMAIN", authority=(record(APEX, "SOA", "ns1. hm. 6 7200 3600 9 300"),))
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
    "an answer made by DNS64": answer("64:ff9b::1628:10a", rtype="AAAA"),
    "no such name, with the zone's SOA": DENIAL,
    "no such name, without an SOA": DnsReply(rcode="NXDOMAIN"),
    "no such name, with authority": replace(DENIAL, authoritative=True),
}


def asked(reply: Reply, address: str = "22.11.0.53") -> Asked:
    return Asked(address=address, replies=(seen(reply, WWW, "A"), seen(reply, WWW, "AAAA")))


ELSEWHERE: dict[str, tuple[Reply, tuple[str, ...] | None]] = {
    "fails too": (SILENT, None),
    "silent too": (SILENT, None),
    "nobody answers": (SILENT, None),
    "no such name": (DnsReply(rcode="NXDOMAIN"), ()),
    "differs too": (answer("22.40.1.98"), (TRUE,)),
}


def facts(one: Asked, elsewhere: str, *, exists: bool = True) -> resolvers.Facts:
    public, true = ELSEWHERE.get(elsewhere, (answer(TRUE), (TRUE,) if exists else ()))
    return resolvers.Facts(
        name=WWW,
        asked=(one,),
        public=(asked(public, PUBLIC),),
        true=true,
        exists=exists and elsewhere != "no such name",
        evidence=(ObservationId(1),),
    )


@pytest.mark.parametrize(("resolver", "elsewhere", "judgement"), rows(resolvers))
def test_the_documented_table_is_what_the_check_decides(
    resolver: str, elsewhere: str, judgement: str
) -> None:
    one = asked(REPLIES[resolver])
    exists = resolver != "says the name does not exist"

    finding = resolvers.judge_resolver(facts(one, elsewhere, exists=exists), WWW, one)

    assert finding.code == judgement


def test_a_resolver_in_the_local_network_is_the_local_network_s() -> None:
    one = asked(SILENT, "192.168.1.1")

    finding = resolvers.judge_resolver(facts(one, "answers"), WWW, one)

    assert finding.owner is Owner.CUSTOMER_NETWORK
    assert finding.severity is Severity.CRITICAL


def test_what_this_run_cut_off_is_not_blamed() -> None:
    one = asked(CUT_OFF)

    assert resolvers.judge_resolver(facts(one, "answers"), WWW, one).code == "resolver-not-judged"


def test_an_answer_is_not_called_true_where_it_was_not_compared() -> None:
    one = asked(answer("22.40.1.99"))
    heard, unheard = (
        resolvers.judge_resolver(facts(asked(answer(TRUE)), "the same"), WWW, asked(answer(TRUE))),
        resolvers.judge_resolver(facts(one, "nobody answers"), WWW, one),
    )

    assert heard.code == unheard.code == "resolver-answers"
    assert "could not be compared" in unheard.message
    assert "could not be compared" not in heard.message


def test_a_denied_name_weighs_more_than_a_wrong_address() -> None:
    denied, other = asked(REPLIES["no such name, without an SOA"]), asked(answer("10.1.2.3"))
    found = [resolvers.judge_resolver(facts(one, "answers"), WWW, one) for one in (denied, other)]

    assert [f.severity for f in found] == [Severity.CRITICAL, Severity.WARNING]


def replies(a: Reply, aaaa: Reply) -> Asked:
    return Asked(address="22.11.0.53", replies=(seen(a, WWW, "A"), seen(aaaa, WWW, "AAAA")))


@pytest.mark.parametrize(
    ("a", "aaaa", "code"),
    [
        (SILENT, answer(rtype="AAAA"), "resolver-not-judged"),
        (DnsReply(rcode="SERVFAIL"), answer(rtype="AAAA"), "resolver-failing"),
        (answer(TRUE), SILENT, "resolver-answers"),
        (SILENT, REFUSED, "resolver-refuses"),
        (SILENT, UNREACHABLE, "resolver-refuses"),
        (replace(UNREACHABLE, kind=Unreachable.NET), SILENT, "resolver-silent"),
        (Failed(kind=FailureKind.MALFORMED), SILENT, "resolver-failing"),
    ],
)
def test_the_more_telling_of_two_replies_decides(a: Reply, aaaa: Reply, code: str) -> None:
    one = replies(a, aaaa)

    assert resolvers.judge_resolver(facts(one, "answers"), WWW, one).code == code


def test_addresses_of_other_names_count_for_nothing() -> None:
    stranger = record("www.bank.example.", "A", "22.40.1.66")
    one = asked(DnsReply(answer=(stranger,)))
    assert one.given == {}


def test_aliases_lead_to_addresses_within_an_answer() -> None:
    answer = (
        record("b.delivery.net.", "A", "22.40.1.10"),
        record("a.delivery.net.", "CNAME", "b.delivery.net."),
        record(WWW, "CNAME", "a.delivery.net."),
        record("circle.", "CNAME", "circle."),
    )
    assert list(asked(DnsReply(answer=answer)).given) == ["22.40.1.10"]
