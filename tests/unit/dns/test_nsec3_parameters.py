"""Parameters of hashed denials, as the servers of a zone show them."""

import pytest

from checks.dns import nsec3_parameters
from checks.dns.nsec3_parameters import Facts, Given
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from tests.doctable import rows
from tests.unit.dns.signers import record, seen

APEX = "customer.example."
KEYS = DnsReply(authoritative=True, answer=(record(APEX, "DNSKEY", "257 3 13 AAAA"),))
NONE = DnsReply(authoritative=True)
REST = f"{'0' * 32} NS SOA RRSIG DNSKEY NSEC3PARAM"


def hashed(parameters: str) -> DnsReply:
    """A denial by a record with these: algorithm, flags, iterations, salt."""
    own = record(f"{'v' * 32}.{APEX}", "NSEC3", f"{parameters} {REST}")
    return DnsReply(authoritative=True, authority=(own,))


USUAL = hashed("1 0 0 -")
CASES: dict[str, tuple[Outcome, ...]] = {
    "as they should be": (USUAL, USUAL),
    "not at all": (NONE, NONE),
    "by an algorithm that is not SHA-1": (hashed("2 0 0 -"),),
    "with a flag that is not assigned": (hashed("1 2 0 -"),),
    "with opt-out, the zone being a registry's": (hashed("1 1 0 -"),),
    "with opt-out, the zone being another": (hashed("1 1 0 -"),),
    "with other parameters at one server": (USUAL, hashed("1 0 0 aabb")),
    "at one server and not at another": (USUAL, NONE),
    "by a zone without keys": (USUAL,),
    "and the question is not answered": (Failed(kind=FailureKind.TIMEOUT),),
}


def facts(case: str) -> Facts:
    keys = NONE if "without keys" in case else KEYS
    apex = "example." if "registry" in case else APEX
    keys = DnsReply(answer=tuple(record(apex, r.rtype, r.data) for r in keys.answer))
    servers = tuple(
        Given(f"ns{n}", seen(n, apex, "DNSKEY", keys), seen(10 + n, apex, "NSEC", told))
        for n, told in enumerate(CASES[case], 1)
    )
    return Facts(apex=apex, servers=servers)


@pytest.mark.parametrize(("case", "judgement"), rows(nsec3_parameters))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    *others, last = nsec3_parameters.judge(facts(case))

    assert last.code == judgement
    assert {finding.code for finding in others} <= {"nsec3-parameters"}
    assert all(set(one.equivalents) <= set(one.known_as) for one in (*others, last))


def test_what_differs_is_told_with_the_servers() -> None:
    (*_, finding) = nsec3_parameters.judge(facts("with other parameters at one server"))

    assert "octets of salt: 0 at ns1; 2 at ns2" in finding.message
    assert finding.equivalents == ("zonemaster:DS03_INCONSISTENT_SALT_LENGTH",)
