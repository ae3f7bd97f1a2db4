"""MTA-STS and reports on encryption."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from checks.dns import mail_encryption
from checks.dns.mail_encryption import Page, Texts
from netdiag.model import Brief, RootServer, Severity
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import (
    DnsReply,
    Failed,
    FailureKind,
    HttpReply,
    Outcome,
    SourceAddress,
    TlsSession,
)
from netdiag.requests import DnsQuery, HttpRequest, Request, SelectSource, TlsHandshake
from netdiag.target import parse
from netdiag.text import clean
from tests.doctable import rows
from tests.unit.dns.zones import SILENT, record
from tests.world.world import World

CITED = (ObservationId(1),)
SUBJECT, HOST = "customer.example", "mta-sts.customer.example"
HOSTS = ("mail.customer.example",)
RECORD = "v=STSv1; id=20261123"
POLICY = "version: STSv1\nmode: enforce\nmx: mail.customer.example\nmax_age: 86400\n"
GOOD = TlsSession(version="TLSv1.3", cipher="", verify_code=0, verify_error="", chain=(), rtt=0.01)
BAD = TlsSession(
    version="TLSv1.3", cipher="", verify_code=62, verify_error="name mismatch", chain=(), rtt=0.01
)


def texts(*records: str, certain: bool = True) -> Texts:
    return Texts(records=records, certain=certain, evidence=CITED)


def reply(text: str = POLICY, status: int = 200) -> HttpReply:
    return HttpReply(
        status=status,
        reason="",
        headers=(),
        body_start=clean(text[:2048]),
        received=len(text),
        promised=None,
        complete=True,
        connected=0.01,
        tls_done=0.02,
        first_byte=0.03,
        total=0.03,
    )


def seen(request: Request, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(2), request=request, outcome=outcome, started=0, elapsed=0, completed=2
    )


def page(answer: Outcome, session: Outcome = GOOD) -> Page:
    get = HttpRequest(address="22.40.1.10", port=443, tls=True, host=HOST)
    shake = TlsHandshake(address="22.40.1.10", port=443, server_name=HOST)
    return Page(
        host=HOST,
        addresses=("22.40.1.10",),
        certain=True,
        page=seen(get, answer),
        handshake=seen(shake, session),
        evidence=CITED,
    )


ONE = texts(RECORD)


@dataclass(frozen=True, kw_only=True)
class Case:
    sts: Texts = ONE
    page: Page | None = None


OTHER_HOST = POLICY.replace("mail.", "old.")
STS: Mapping[str, Case] = {
    "no MTA-STS record": Case(sts=texts()),
    "a policy that names every mail host": Case(page=page(reply())),
    "a policy that names not every mail host": Case(page=page(reply(OTHER_HOST))),
    "a policy being tested that names not every host": Case(
        page=page(reply(OTHER_HOST.replace("enforce", "testing")))
    ),
    "two MTA-STS records": Case(sts=texts(RECORD, RECORD)),
    "an MTA-STS record without id": Case(sts=texts("v=STSv1;"), page=page(reply())),
    "a policy without mode": Case(page=page(reply(POLICY.replace("mode", "node")))),
    "a policy without mail hosts": Case(page=page(reply(POLICY.replace("mx", "nx")))),
    "a record, and no host mta-sts": Case(
        page=Page(host=HOST, addresses=(), certain=True, evidence=CITED)
    ),
    "a policy that is redirected": Case(page=page(reply("", 301))),
    "a policy behind a certificate that fails": Case(page=page(reply(), BAD)),
    "a policy server that refuses connections": Case(
        page=page(Failed(kind=FailureKind.REFUSED), Failed(kind=FailureKind.REFUSED))
    ),
    "a policy server that is silent": Case(page=page(SILENT, SILENT)),
    "an MTA-STS record that could not be looked up": Case(sts=texts(certain=False)),
}
REPORTS: Mapping[str, Texts] = {
    "a record for reports in order": texts("v=TLSRPTv1; rua=mailto:tls@customer.example"),
    "no record for reports": texts(),
    "a record for reports without an address": texts("v=TLSRPTv1; rua=tls@customer.example"),
    "two records for reports": texts(*["v=TLSRPTv1; rua=mailto:a@b.example"] * 2),
    "a record for reports that could not be looked up": texts(certain=False),
}


@pytest.mark.parametrize(("has", "judgement"), rows(mail_encryption))
def test_the_documented_table_is_what_the_check_decides(has: str, judgement: str) -> None:
    if has in REPORTS:
        finding = mail_encryption.judge_reports(SUBJECT, REPORTS[has])
    else:
        case = STS[has]
        finding = mail_encryption.judge_sts(SUBJECT, case.sts, case.page, HOSTS)

    assert finding.code == judgement


def test_a_policy_that_is_only_tested_stops_no_mail() -> None:
    enforced, tested = (
        mail_encryption.judge_sts(SUBJECT, STS[has].sts, STS[has].page, HOSTS)
        for has in (
            "a policy that names not every mail host",
            "a policy being tested that names not every host",
        )
    )

    assert (enforced.severity, tested.severity) == (Severity.WARNING, Severity.NOTICE)


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("mail.customer.example", "mail.customer.example", True),
        ("*.customer.example", "mail.customer.example", True),
        ("*.customer.example", "a.mail.customer.example", False),
        ("*.customer.example", "customer.example", False),
        ("customer.example", "mail.customer.example", False),
    ],
)
def test_a_star_stands_for_one_label(pattern: str, host: str, covered: bool) -> None:
    assert mail_encryption.matches(pattern, host) is covered


def test_a_host_beyond_what_was_read_is_not_called_missing() -> None:
    many = "".join(f"mx: mx{n}.customer.example\n" for n in range(200))
    long = page(reply("version: STSv1\nmode: enforce\n" + many))

    finding = mail_encryption.judge_sts(SUBJECT, texts(RECORD), long, HOSTS)

    assert finding.code == "mail-encryption-not-seen"


def test_mail_hosts_that_are_not_known_are_not_called_missing() -> None:
    finding = mail_encryption.judge_sts(SUBJECT, texts(RECORD), page(reply()), None)

    assert finding.code == "mail-encryption-not-seen"


def test_the_policy_is_fetched_at_its_own_host() -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Outcome:
        asked.append(request)
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(name="_mta-sts.customer.example.", rtype="TXT"):
                data = f'"{RECORD}"'
            case DnsQuery(name="customer.example.", rtype="MX"):
                data = "10 mail.customer.example."
            case DnsQuery(name="mta-sts.customer.example.", rtype="A"):
                data = "22.40.1.10"
            case DnsQuery():
                return DnsReply(authoritative=True)
            case HttpRequest():
                return reply()
            case TlsHandshake():
                return GOOD
            case _:
                return SILENT
        found = record(request.name, request.rtype, data)
        return DnsReply(authoritative=True, answer=(found,))

    brief = Brief(
        target=parse("customer.example"),
        families=(4,),
        root_servers=(RootServer("a.", "198.41.0.4"),),
    )

    async def look() -> mail_encryption.Facts:
        net = World(answer).network()
        sts = await mail_encryption._fetched(net, brief, "customer.example.")
        return mail_encryption.Facts(
            domain="customer.example.",
            hosts=HOSTS,
            sts=texts(RECORD),
            page=sts,
            reports=texts(),
        )

    findings = list(mail_encryption.judge(asyncio.run(look())))

    assert [finding.code for finding in findings] == ["mta-sts-fine", "tls-reports-fine"]
    assert [r.path for r in asked if isinstance(r, HttpRequest)] == ["/.well-known/mta-sts.txt"]
