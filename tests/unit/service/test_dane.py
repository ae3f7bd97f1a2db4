"""What the DNS announces by TLSA records against what is served."""

import dataclasses
import hashlib
import re

import pytest

from checks.facts.tlsa import FOR_ANY, FOR_MAIL, Tlsa, tlsa_of
from checks.facts.vouched import Vouched
from checks.service import dane
from checks.service.dane import Facts, Served, TlsaMismatch
from netdiag.model import Endpoint, Finding, Severity
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import NO_STARTTLS, Certificate, Failed, FailureKind, Outcome, TlsSession
from netdiag.requests import TlsHandshake
from tests.doctable import rows
from tests.unit.service.site import HOST, NOW, certificate, session


def untrusted(leaf: Certificate) -> TlsSession:
    """As OpenSSL puts it where nobody knows the authority."""
    return session(leaf, ABOVE, code=20, why="unable to get local issuer certificate")


def digested(one: Certificate, name: str) -> Certificate:
    """With the digests of made-up octets: `name` for the whole, `name key` for its key."""
    whole, key = name.encode(), f"{name} key".encode()
    return dataclasses.replace(
        one,
        sha256=hashlib.sha256(whole).hexdigest(),
        sha512=hashlib.sha512(whole).hexdigest(),
        key_sha256=hashlib.sha256(key).hexdigest(),
        key_sha512=hashlib.sha512(key).hexdigest(),
    )


LEAF = digested(certificate(), "leaf")
OTHER_NAME = digested(certificate(names=("shop.delivery.example",)), "leaf")
OLD = digested(certificate(-90, -2), "leaf")
SELF = digested(certificate(subject="CN=x", issuer="CN=x"), "leaf")
ABOVE = digested(certificate(-400, 400, (), "CN=Root", "CN=Intermediate"), "authority")

SERVERS: dict[str, Outcome] = {
    "any": session(LEAF, ABOVE),
    "shows a chain": session(LEAF, ABOVE),
    "shows a chain for another name": untrusted(OTHER_NAME),
    "shows a chain that is out of date": untrusted(OLD),
    "shows a self-signed certificate": dataclasses.replace(
        session(code=18, why="self-signed certificate"), chain=(SELF,)
    ),
    "offers no STARTTLS on port 25": Failed(
        kind=FailureKind.NOT_TLS, detail=f"{NO_STARTTLS}: 250 HELP"
    ),
    "refuses strangers at port 25": Failed(
        kind=FailureKind.NOT_TLS, detail="answer to the greeting: 554 no"
    ),
    "breaks off the handshake": Failed(kind=FailureKind.RESET),
    "could not be asked": Failed(kind=FailureKind.POLICY),
}
OWNERS = {
    "its key": b"leaf key",
    "its certificate": b"leaf",
    "another key": b"old key",
    "its authority": b"authority key",
    "one it leaves out": b"root key",
}
HASHES = {"1": hashlib.sha256, "2": hashlib.sha512}
STATES = {
    "none": Vouched(name="x", status="nodata"),
    "could not be looked up": Vouched(name="x", status="no-answer"),
    "in a zone that is not signed": Vouched(
        name="x", status="found", data=("3 1 1 00",), standing="unsigned"
    ),
    "with signatures that do not hold": Vouched(
        name="x", status="found", data=("3 1 1 00",), standing="broken"
    ),
}


def record(words: str) -> str:
    """`3 1 1 of its key` as data of a record."""
    found = re.fullmatch(r"(\d \d (\d)) of (.+)", words)
    assert found, words
    octets = OWNERS[found[3]]
    data = octets.hex() if found[2] == "0" else HASHES[found[2]](octets).hexdigest()
    return f"{found[1]} {data}"


def announced(cell: str) -> Vouched:
    if cell in STATES:
        return STATES[cell]
    if cell == "all of kinds that nobody knows":
        data: tuple[str, ...] = (f"3 1 9 {'ab' * 32}", f"4 1 1 {'ab' * 32}", "3 1 1 abcd", "x")
    elif cell == "1 at port 25":
        data = (record("1 1 1 of its key"),)
    else:
        data = tuple(map(record, re.sub(r" and of", " and 3 1 1 of", cell).split(" and ")))
    return Vouched(name="x", status="found", data=data, standing="vouched")


def served(records: Vouched, outcome: Outcome, *, mail: bool) -> Served:
    to = Endpoint("192.0.2.1", 25 if mail else 443)
    shake = TlsHandshake(address=to.address, port=to.port, server_name=HOST)
    seen = Observation(
        id=ObservationId(1), request=shake, outcome=outcome, started=0.0, elapsed=0.1, completed=1
    )
    return Served(host=HOST, endpoint=to, mail=mail, records=records, handshake=seen)


def judged(one: Served) -> Finding:
    (finding,) = dane.judge(Facts(domain="customer.example", now=NOW, served=(one,)))
    return finding


@pytest.mark.parametrize(("records", "server", "judgement"), rows(dane))
def test_the_documented_table_is_what_the_check_decides(
    records: str, server: str, judgement: str
) -> None:
    mail = "25" in records or "25" in server

    finding = judged(served(announced(records), SERVERS[server], mail=mail))

    assert finding.code == judgement
    assert finding.message
    assert finding.evidence or records in STATES


def test_a_mismatch_stops_mail_and_bothers_few_programs() -> None:
    records = announced("3 1 1 of another key")
    severities = [
        judged(served(records, SERVERS["any"], mail=mail)).severity for mail in (True, False)
    ]

    assert severities == [Severity.WARNING, Severity.NOTICE]


def test_each_record_that_fails_is_told_with_its_reason() -> None:
    records = announced("3 1 1 of another key and 2 1 1 of one it leaves out")
    finding = judged(served(records, SERVERS["any"], mail=True))

    assert isinstance(finding, TlsaMismatch)
    assert [why.partition(": ")[2] for why in finding.why] == [
        "the certificate is another",
        "its authority is not in the chain that is sent",
    ]


def test_the_server_s_own_certificate_is_no_authority_above_it() -> None:
    finding = judged(served(announced("2 1 1 of its key"), SERVERS["any"], mail=True))

    assert finding.code == "tlsa-mismatch"


def test_mail_s_certificate_may_be_for_the_domain() -> None:
    leaf = digested(certificate(names=("customer.example",)), "leaf")
    shown = untrusted(leaf)
    codes = [
        judged(served(announced("2 1 1 of its authority"), shown, mail=mail)).code
        for mail in (True, False)
    ]

    assert codes == ["tlsa-matches", "tlsa-mismatch"]


def test_ports_of_which_the_same_is_true_share_a_finding() -> None:
    both = tuple(served(STATES["none"], SERVERS["any"], mail=mail) for mail in (True, False))
    (finding,) = dane.judge(Facts(domain=HOST, now=NOW, served=both))

    assert finding.subject == "192.0.2.1 port 25 and 443"


def test_long_data_may_be_spaced() -> None:
    half = "AB" * 32
    (found,) = tlsa_of([f"3 1 2 {half} {half}"])

    assert found.data == "ab" * 64
    assert found.usable(FOR_MAIL)
    assert str(found) == "3 1 2 abababababababab..."


@pytest.mark.parametrize("data", ["3 1 1", "3 1 1 xyz", "-1 1 1 ab", "3 1 1 " + "ab " * 40 + "!"])
def test_what_cannot_be_read_is_no_record(data: str) -> None:
    assert tlsa_of([data]) == ()


def test_odd_digits_are_no_octets() -> None:
    assert not Tlsa(3, 1, 0, "abc").usable(FOR_ANY)


def test_digests_that_are_not_known_match_nothing() -> None:
    bare = certificate()

    assert not Tlsa(3, 1, 1, "").usable(FOR_ANY)
    assert not Tlsa(3, 1, 1, hashlib.sha256(b"leaf key").hexdigest()).matches(bare)


def test_a_chain_of_nothing_is_not_judged() -> None:
    empty = TlsSession(
        version="TLSv1.3", cipher="x", verify_code=0, verify_error="", chain=(), rtt=0.1
    )

    assert judged(served(announced("3 1 1 of its key"), empty, mail=True)).code == "tlsa-not-judged"
