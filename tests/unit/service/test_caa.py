"""CAA against the issuer of what is served."""

import pytest

from checks.facts.authorities import identifiers_of
from checks.facts.handshakes import Handshake
from checks.facts.iterate import Resolution, Status
from checks.service import caa
from checks.service.caa import Facts, applying
from netdiag.model import Endpoint
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import Certificate, Connected, Outcome, ResourceRecord, TlsSession
from netdiag.requests import TcpConnect, TlsHandshake
from tests.doctable import rows

HOST = "www.customer.example"
ENCRYPT = "CN=R11,O=Let's Encrypt,C=US"
STRANGER = "CN=House CA,O=Some House"


def found(*records: str, status: Status = "found", name: str = HOST + ".") -> Resolution:
    data = tuple(ResourceRecord(name=name, ttl=60, rtype="CAA", data=r) for r in records)
    return Resolution(
        name=name,
        rtype="CAA",
        status=status if records or status != "found" else "nodata",
        chain=(name,),
        records=data,
        evidence=(ObservationId(7),),
    )


def handshake(issuer: str, *names: str, self_issued: bool = False) -> Handshake:
    leaf = Certificate(
        subject="CN=" + HOST,
        issuer=issuer,
        names=names or (HOST,),
        not_before="2026-01-01T00:00:00Z",
        not_after="2027-01-01T00:00:00Z",
        self_issued=self_issued,
        sha256="00",
    )
    session = TlsSession(
        version="TLSv1.3", cipher="x", verify_code=0, verify_error="", chain=(leaf,), rtt=0.01
    )
    to = Endpoint("192.0.2.1", 443)
    shake = TlsHandshake(address=to.address, port=to.port, server_name=HOST)
    connect = TcpConnect(address=to.address, port=to.port)
    return Handshake(
        endpoint=to, connected=seen(1, connect, Connected(rtt=0.01)), seen=seen(2, shake, session)
    )


def seen(number: int, request: TcpConnect | TlsHandshake, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=request,
        outcome=outcome,
        started=0.0,
        elapsed=0.1,
        completed=number,
    )


CASES = {
    "no records anywhere": (found(), found()),
    "records without an issue property": (found('0 iodef "mailto:a@customer.example"'),),
    "names the issuer's authority": (found('0 issue "letsencrypt.org; validationmethods=dns-01"'),),
    "names other authorities only": (found('0 issue "digicert.com"'),),
    "names none: nobody may issue": (found('0 issue ";"'),),
    "names authorities known to be others": (found('0 issue "digicert.com"'),),
    "names an authority that is not known": (found('0 issue "house.example"'),),
    "could not be looked up": (found(status="no-answer"), found('0 issue "digicert.com"')),
}


def judged(case: str, *shakes: Handshake) -> list[str]:
    policy = applying(CASES[case])
    facts = Facts(host=HOST, handshakes=shakes, policy=policy, missing="")
    return [finding.code for finding in caa.judge(facts)]


@pytest.mark.parametrize(("case", "issuer", "judgement"), rows(caa))
def test_the_documented_table_is_what_the_check_decides(
    case: str, issuer: str, judgement: str
) -> None:
    from_ = STRANGER if issuer == "unknown" else ENCRYPT

    assert judged(case, handshake(from_)) == [judgement]


def test_the_closest_name_decides() -> None:
    closer = applying((found('0 issue "letsencrypt.org"'), found('0 issue "digicert.com"')))

    assert closer.issue == ("letsencrypt.org",)


def test_issuewild_counts_for_a_wildcard_alone() -> None:
    policy = applying((found('0 issue "letsencrypt.org"', '0 issuewild ";"'),))

    def code(*names: str) -> str:
        shake = handshake(ENCRYPT, *names)
        facts = Facts(host=HOST, handshakes=(shake,), policy=policy, missing="")
        (finding,) = caa.judge(facts)
        return finding.code

    assert code(HOST) == "caa-allows-issuer"
    assert code("*.customer.example") == "caa-forbids-issuer"


def test_a_certificate_of_one_s_own_needs_no_authority() -> None:
    own = handshake("CN=me", self_issued=True)

    assert judged("names other authorities only", own) == ["caa-allows-issuer"]


def test_authorities_are_known_by_their_organisation() -> None:
    assert identifiers_of("CN=E5,O=Let\u2019s Encrypt,C=US") == ("letsencrypt.org",)
    assert "sectigo.com" in identifiers_of("CN=x,O=Sectigo Limited,C=GB")
    assert identifiers_of(STRANGER) == ()
