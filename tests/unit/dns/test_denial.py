"""Denials of zones that are really signed, proven and not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from checks.dns import denial
from checks.dns.denial import APEX_TYPES, NO_SUCH, DenialProofBroken, Facts, Given
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord
from tests.doctable import rows
from tests.unit.dns.denials import Data, Denier, Server
from tests.unit.dns.signers import NOW, record, seen, signer

APEX, WWW = "customer.example.", "www.customer.example."
NOBODY = NO_SUCH + APEX
SIGNER = signer(APEX)
SOA = f"ns1.{APEX} hostmaster.{APEX} 7 7200 3600 1209600 300"
DATA: Data = {
    APEX: {"SOA": SOA, "NS": f"ns1.{APEX}", "DNSKEY": SIGNER.key.to_text()},
    WWW: {"A": "192.0.2.1"},
    f"zz.{APEX}": {"A": "192.0.2.2"},
}
WILD: Data = {**DATA, f"*.{APEX}": {"A": "192.0.2.3"}}
NSEC = Server(Denier(APEX, DATA), SIGNER)
NSEC3 = Server(Denier(APEX, DATA, hashed=True), SIGNER)
OPT_OUT = Server(Denier(APEX, DATA, hashed=True, opt_out=True), SIGNER)
COSTLY = Server(Denier(APEX, DATA, hashed=True, iterations=100), SIGNER)
EXPANDING = Server(Denier(APEX, WILD), SIGNER)
EXPIRED = Server(Denier(APEX, DATA), SIGNER, days=(-9, -2))
SILENT = Failed(kind=FailureKind.TIMEOUT)
DS = DnsReply(authoritative=True, answer=(record(APEX, "DS", SIGNER.ds),))

Change = Callable[[DnsReply], DnsReply]


def given(server: Server, name: str = "ns1", **changed: Change) -> Given:
    """The server's replies, those for a name of nobody's (`nobody`) and for `AAAA` changed."""
    nobody = changed.get("nobody", _same)(server.reply(NOBODY, "A"))
    aaaa = changed.get("aaaa", _same)(server.reply(WWW, "AAAA"))
    return _given(name, server, nobody, aaaa)


def _given(name: str, server: Server, nobody: Outcome, aaaa: Outcome) -> Given:
    return Given(
        name,
        seen(2, APEX, "DNSKEY", server.reply(APEX, "DNSKEY")),
        (
            seen(3, NOBODY, "A", nobody),
            seen(4, WWW, "A", server.reply(WWW, "A")),
            seen(5, WWW, "AAAA", aaaa),
        ),
    )


def in_full(server: Server, name: str = "ns1", **apex: Outcome) -> Given:
    """The same with the records of the zone's name."""
    told = {rtype: apex.get(rtype, server.reply(APEX, rtype)) for rtype in APEX_TYPES}
    seen_of = tuple(seen(n, APEX, r, told[r]) for n, r in enumerate(told, 6))
    return replace(given(server, name), apex=seen_of)


def _same(reply: DnsReply) -> DnsReply:
    return reply


def without(*rtypes: str) -> Change:
    def change(reply: DnsReply) -> DnsReply:
        return replace(reply, authority=tuple(r for r in reply.authority if r.rtype not in rtypes))

    return change


def unsigned(rtype: str) -> Change:
    def change(reply: DnsReply) -> DnsReply:
        kept = (
            r for r in reply.authority if r.rtype != "RRSIG" or not r.data.startswith(f"{rtype} ")
        )
        return replace(reply, authority=tuple(kept))

    return change


def instead(*records: ResourceRecord) -> Change:
    """The same denial with these records, signed."""

    def change(reply: DnsReply) -> DnsReply:
        proof = [r for one in records for r in NSEC.rrset(one.name, one.rtype, one.data)]
        soa = NSEC.rrset(APEX, "SOA", SOA)
        return replace(reply, authority=(*proof, *soa))

    return change


def of_zone(name: str) -> Change:
    def change(reply: DnsReply) -> DnsReply:
        return replace(
            reply,
            authority=tuple(
                replace(r, name=name) if r.rtype == "SOA" else r
                for r in reply.authority
                if not r.data.startswith("SOA ")
            ),
        )

    return change


def compact(reply: DnsReply) -> DnsReply:
    """RFC 9824, section 3.1."""
    proof = NSEC.rrset(NOBODY, "NSEC", rf"\000.{NOBODY} RRSIG NSEC NXNAME")
    return DnsReply(authoritative=True, authority=(*proof, *NSEC.rrset(APEX, "SOA", SOA)))


def bare(reply: DnsReply) -> DnsReply:
    return replace(reply, answer=reply.answer[:1])


def elsewhere(reply: DnsReply) -> DnsReply:
    return replace(reply, answer=(replace(reply.answer[0], data="192.0.2.9"), *reply.answer[1:]))


def hashed_more(reply: DnsReply) -> DnsReply:
    """The records of 101 iterations instead of 100."""
    old = [r for r in reply.authority if r.rtype == "NSEC3"]
    return instead(*(replace(r, data=r.data.replace(" 100 ", " 101 ")) for r in old))(reply)


PARAM = record(APEX, "NSEC3PARAM", "1 0 1 ab")
SEVERAL = DnsReply(authoritative=True, answer=(PARAM, replace(PARAM, data="1 0 0 -")))

CASES: dict[str, Given] = {
    "proven": given(NSEC),
    "proven as compact denial": given(NSEC, nobody=compact),
    "left out of the proofs (opt-out)": given(OPT_OUT),
    "hashed too often to follow": given(COSTLY, nobody=hashed_more, aaaa=hashed_more),
    "without NSEC or NSEC3 records": given(NSEC, nobody=without("NSEC")),
    "with records of other names": given(
        NSEC, nobody=instead(record(APEX, "NSEC", f"a.{APEX} SOA NS RRSIG NSEC DNSKEY"))
    ),
    "with a type that is denied": given(
        NSEC, aaaa=instead(record(WWW, "NSEC", f"zz.{APEX} A AAAA RRSIG NSEC"))
    ),
    "with a record without signature": given(NSEC, nobody=unsigned("NSEC")),
    "with a record whose signature ended": given(EXPIRED),
    "of a name that it answers for": given(
        NSEC, nobody=instead(record(APEX, "NSEC", f"zz.{APEX} SOA NS RRSIG NSEC DNSKEY"))
    ),
    "by a wildcard, where the name is": given(
        EXPANDING, nobody=instead(record(NOBODY, "NSEC", f"{WWW} A RRSIG NSEC"))
    ),
    "by a wildcard that is not signed": given(EXPANDING, nobody=bare),
    "by a wildcard of another address": given(EXPANDING, nobody=elsewhere),
    "proven, without the SOA record": given(NSEC, nobody=without("SOA")),
    "proven, with the SOA of another zone": given(NSEC, aaaa=of_zone("other.example.")),
    "not given": _given("ns1", NSEC, SILENT, SILENT),
    "by NSEC records": in_full(NSEC),
    "by NSEC3 records": in_full(NSEC3),
    "by NSEC, by NSEC3 at another server": in_full(NSEC),
    "proven, several NSEC3PARAM records": in_full(NSEC3, NSEC3PARAM=SEVERAL),
    "proven, its records not to be had": in_full(NSEC, NSEC=DnsReply(rcode="REFUSED")),
}


def facts(*servers: Given, vouched: bool = True) -> Facts:
    ds = seen(1, APEX, "DS", DS if vouched else DnsReply(authoritative=True))
    return Facts(apex=APEX, now=NOW, ds=ds, servers=servers)


def judged(*servers: Given, vouched: bool = True) -> list[Finding]:
    return list(denial.judge(facts(*servers, vouched=vouched)))


@pytest.mark.parametrize(("has", "case", "judgement"), rows(denial))
def test_the_documented_table_is_what_the_check_decides(
    has: str, case: str, judgement: str
) -> None:
    if case == "not asked":
        found = list(denial.judge(Facts(apex=APEX, now=NOW, missing="the zone has no DS records")))
    else:
        others = [in_full(NSEC3, "ns2")] if "another server" in case else []
        found = judged(CASES[case], *others, vouched=has == "DS records")

    codes = {finding.code for finding in found}
    assert judgement in codes
    assert codes - {judgement} <= {"denials-proven", "denies-by-nsec", "denies-by-nsec3"}
    assert all(set(finding.equivalents) <= set(finding.known_as) for finding in found)


@pytest.mark.parametrize("server", [NSEC3, EXPANDING, COSTLY], ids=["nsec3", "wildcard", "costly"])
def test_other_ways_of_denying_are_proven_too(server: Server) -> None:
    (finding,) = judged(given(server))

    assert finding.code == "denials-proven"


NAMED = {
    "without NSEC or NSEC3 records": {"dnsviz:MISSING_NSEC_FOR_NXDOMAIN"},
    "with records of other names": {
        "dnsviz:SNAME_NOT_COVERED",
        "zonemaster:DS10_NAME_NOT_COVERED_BY_NSEC",
    },
    "with a type that is denied": {"dnsviz:STYPE_IN_BITMAP"},
    "with a record without signature": {"dnsviz:MISSING_RRSIG"},
    "with a record whose signature ended": {"dnsviz:EXPIRATION_IN_PAST"},
    "of a name that it answers for": {"dnsviz:EXISTING_NAME_COVERED"},
    "by a wildcard, where the name is": {"dnsviz:SNAME_NOT_COVERED"},
    "by a wildcard that is not signed": {"dnsviz:MISSING_RRSIG", "zonemaster:DS10_UNSIGNED_ANSWER"},
    "by a wildcard of another address": {
        "dnsviz:SIGNATURE_INVALID",
        "zonemaster:DS10_ANSWER_VERIFY_ERROR",
    },
    "not given": {"zonemaster:DS10_NON_EXISTENT_RESPONSE_ERROR"},
    "proven, without the SOA record": {"dnsviz:MISSING_SOA_FOR_NXDOMAIN"},
    "proven, with the SOA of another zone": {"dnsviz:SOA_NOT_OWNER_FOR_NODATA"},
}


@pytest.mark.parametrize(("case", "names"), NAMED.items())
def test_other_tools_names_are_those_of_what_is_wrong(case: str, names: set[str]) -> None:
    (finding,) = judged(CASES[case])

    assert set(finding.equivalents) == names


def test_what_is_lacking_is_told_with_the_name_and_the_server() -> None:
    (finding,) = judged(given(NSEC), replace(CASES["without NSEC or NSEC3 records"], server="ns2"))

    assert finding.severity is Severity.WARNING
    assert (
        "there is no NSEC or NSEC3 record in the denial of netdiag-no-such-name" in finding.message
    )
    assert "at ns2" in finding.message
    assert "ns1" not in finding.message


def test_nobody_is_hurt_where_no_ds_vouches() -> None:
    (finding,) = judged(CASES["with a record without signature"], vouched=False)

    assert finding.severity is Severity.NOTICE
    assert "nobody validates it yet" in finding.message


@pytest.mark.parametrize(
    ("case", "faults"),
    [
        ("with a record without signature", {"signature-missing"}),
        ("with a record whose signature ended", {"signature-expired"}),
        ("with records of other names", set()),
    ],
)
def test_faults_of_signatures_alone_are_told_apart(case: str, faults: set[str]) -> None:
    (finding,) = judged(CASES[case])

    assert isinstance(finding, DenialProofBroken)
    assert finding.unsigned == faults
