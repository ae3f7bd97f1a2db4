"""The zone's keys at each of its servers; keys and signatures are real."""

import pytest

from checks.dns import zone_keys
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply, Failed, FailureKind
from tests.doctable import rows
from tests.unit.dns.signed_world import (
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    SILENT,
    ZSK,
    SignedWorld,
    bare,
    healthy,
    keys,
    unlike,
)

HERE = keys(KSK, ZSK, by=[KSK])
CASES = {
    "all give the same keys": healthy(),
    "none has keys": healthy(DNSKEY=NONE),
    "some have keys, one says it has none": unlike(healthy(), DNSKEY=NONE),
    "a key that one server does not give": unlike(
        healthy(DNSKEY=keys(KSK, ZSK, OTHER, by=[KSK])), DNSKEY=HERE
    ),
    "one is silent when asked for keys": unlike(healthy(), DNSKEY=SILENT),
    "one answers that question with an error": unlike(healthy(), DNSKEY=DnsReply(rcode="NOTIMP")),
    "one answers it without authority": unlike(healthy(), DNSKEY=DnsReply(answer=HERE.answer)),
    "none answers it": healthy(DNSKEY=SILENT),
    "no answer, for a reason of ours": healthy(DNSKEY=Failed(kind=FailureKind.DEADLINE)),
}
ALSO_GIVEN = {"keys-given"}


def judged(world: SignedWorld) -> dict[str, Finding]:
    return {one.code: one for one in world.findings(zone_keys.CHECK)}


@pytest.mark.parametrize(("case", "parent", "judgement"), rows(zone_keys))
def test_the_documented_table_is_what_the_check_decides(
    case: str, parent: str, judgement: str
) -> None:
    world = CASES[case]
    if parent == "no DS":
        world = SignedWorld({P1: NONE, P2: NONE}, world.apex, world.other)

    assert set(judged(world)) - ALSO_GIVEN == {judgement} - ALSO_GIVEN


def test_the_server_without_keys_is_named_and_what_that_does() -> None:
    found = judged(unlike(healthy(), DNSKEY=NONE))["signed-at-some-servers"]

    assert found.message.startswith("ns2.zone.example [22.51.0.53] serve zone.example without keys")
    assert found.message.endswith("validators take the zone for forged there")
    assert found.severity is Severity.WARNING


def test_one_server_s_refusal_is_not_taken_for_the_absence_of_keys() -> None:
    found = judged(unlike(healthy(), DNSKEY=DnsReply(rcode="REFUSED")))

    assert set(found) == {"keys-given", "keys-not-answered"}
    assert (
        "ns2.zone.example [22.51.0.53] answer with an error" in found["keys-not-answered"].message
    )


def test_what_is_lost_over_udp_and_comes_over_tcp_is_an_answer() -> None:
    world = healthy()
    lost = world.answer

    class OverTcp(SignedWorld):
        def answer(self, request):  # type: ignore[no-untyped-def]
            large = getattr(request, "rtype", "") == "DNSKEY"
            return SILENT if large and request.transport == "udp" else lost(request)

    found = judged(OverTcp(world.above, world.apex))
    assert set(found) == {"keys-given"}


def test_keys_without_signatures_are_keys() -> None:
    assert set(judged(healthy(DNSKEY=bare(HERE)))) == {"keys-given"}
