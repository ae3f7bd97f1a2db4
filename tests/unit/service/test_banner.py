from __future__ import annotations

import pytest

from checks.facts.pages import ServiceUnavailable
from checks.facts.speech import first_line
from checks.service import banner
from netdiag.model import Severity
from netdiag.outcomes import Banner, Failed, FailureKind, Outcome, Reset
from netdiag.requests import ReadBanner
from tests.doctable import rows
from tests.unit.service.site import CONNECTED, POLICY, SILENT, V4, Site, codes, found


def says(text: str, *, closed: bool = False) -> Banner:
    return Banner(text=text, closed=closed, rtt=0.1)


SAID: dict[str, list[tuple[int, Outcome]]] = {
    "the greeting of its protocol": [
        (21, says("220-welcome")),
        (22, says("SSH-2.0-OpenSSH_9.2\\x0d\\x0a")),
        (25, says("220 mail.customer.example ESMTP")),
        (110, says("+OK ready")),
        (143, says("* OK [CAPABILITY IMAP4rev1] ready")),
        (587, says("220 ready")),
    ],
    "SMTP: 421, 554 or another 4xx or 5xx": [
        (25, says("421 too busy")),
        (25, says("554 no", closed=True)),
    ],
    "FTP: 120, 421 or another 4xx or 5xx": [(21, says("421 full")), (21, says("120 in 5 min"))],
    "POP3: -ERR": [(110, says("-ERR busy"))],
    "IMAP: BYE": [(143, says("* BYE overloaded"))],
    "SSH: too many logins, or not allowed": [(22, says("Exceeded MaxStartups\\x0d\\x0a"))],
    "nothing, and closes": [(22, says("", closed=True))],
    "something else": [(22, says("HTTP/1.1 400 Bad Request")), (25, says("\\x0d\\x0a"))],
    "nothing in time": [(25, says("")), (22, SILENT)],
    "nothing, the second connection failed": [
        (22, Reset(rtt=0.0)),
        (22, POLICY),
        (22, Failed(kind=FailureKind.RESET)),
    ],
}
CASES = [
    (port, outcome, judgement)
    for said, _, judgement in rows(banner)
    for port, outcome in SAID[said]
]


@pytest.mark.parametrize(("port", "outcome", "judgement"), CASES)
def test_the_documented_table_is_what_the_check_decides(
    port: int, outcome: Outcome, judgement: str
) -> None:
    site = Site(ports={port: CONNECTED}, banners={port: outcome})

    findings, _ = found(banner.CHECK, site, f"{V4}:{port}")

    assert codes(findings) == [judgement]


def test_a_scheme_says_which_protocol_an_unusual_port_speaks() -> None:
    site = Site(ports={2222: CONNECTED}, banners={2222: says("SSH-2.0-x")})

    (finding,), world = found(banner.CHECK, site, f"ssh://{V4}:2222")

    assert finding.code == "service-greets"
    assert ReadBanner(address=V4, port=2222) in world.sent


def test_what_turns_visitors_away_is_quoted_and_critical() -> None:
    text = "421 mail.customer.example too busy\\x0d\\x0a"
    site = Site(ports={25: CONNECTED}, banners={25: says(text)})

    (finding,) = found(banner.CHECK, site, f"{V4}:25")[0]

    assert isinstance(finding, ServiceUnavailable)
    assert "“421 mail.customer.example too busy”" in finding.message
    assert finding.severity is Severity.CRITICAL


def test_ports_that_do_not_speak_first_are_left_alone() -> None:
    findings, world = found(banner.CHECK, Site(), V4)

    assert codes(findings) == ["not-checked"]
    assert not [r for r in world.sent if isinstance(r, ReadBanner)]


@pytest.mark.parametrize(
    ("text", "first"), [("", ""), ("a\\x0d\\x0ab", "a"), ("a\\x0ab", "a"), ("\\x0a", "")]
)
def test_first_line(text: str, first: str) -> None:
    assert first_line(text) == first
