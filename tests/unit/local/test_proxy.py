from __future__ import annotations

import pytest

from checks.local import proxy as check
from checks.local.proxy import ProxyConfigured, ProxyInTheWay
from netdiag.model import Severity
from netdiag.outcomes import Failed, FailureKind, Outcome, Proxies, SystemAddresses
from netdiag.requests import ReadProxies, SystemLookup, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    POLICY,
    RESET,
    SILENT,
    V4,
    Internet,
    Site,
    found,
)

AT = TcpConnect(address="10.0.0.8", port=3128)
URL = "http://10.0.0.8:3128"
NAMED = "http://proxy.office.example:3128"
WELL = Site(ports={80: CONNECTED, 443: CONNECTED})
ANSWERS: dict[str, Outcome] = {
    "accepts": CONNECTED,
    "refuses": RESET,
    "silent": SILENT,
    "not asked to the end": POLICY,
}


def machine(*proxies: tuple[str, str], site: Site = WELL, online: bool = True) -> Internet:
    internet = Internet({V4: site}, anchors={4: online, 6: online})
    internet.extra[ReadProxies()] = Proxies(proxies=proxies)
    internet.extra[AT] = SILENT
    return internet


@pytest.mark.parametrize(("prescribed", "at", "directly", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    prescribed: str, at: str, directly: str, judgement: str
) -> None:
    url = NAMED if "name" in at else URL.removesuffix(":3128") if "port" in at else URL
    given = [("https", url)] if prescribed.startswith("one") else []
    given += [("no", "22.40.1.10")] if "exempted" in prescribed else [("no", "localhost")]
    site = WELL if directly == "works" else Site()
    internet = machine(*given, site=site, online=directly != "nothing at all answers")
    internet.extra[AT] = ANSWERS.get(at, SILENT)
    internet.extra[SystemLookup(name="proxy.office.example")] = Failed(
        kind=FailureKind.NAME_UNKNOWN
    )
    if prescribed == "not observable":
        internet.extra[ReadProxies()] = POLICY

    (finding,), world = found(check.CHECK, internet)

    assert finding.code == judgement
    assert (AT in world.sent) == (at in {*ANSWERS})


def test_a_dead_proxy_is_graver_than_one_that_is_the_only_way_out() -> None:
    dead, _ = found(check.CHECK, machine(("all", URL)))
    only = machine(("all", URL), site=Site(), online=False)
    only.extra[AT] = CONNECTED
    closed, _ = found(check.CHECK, only)

    assert isinstance(dead[0], ProxyInTheWay)
    assert "which does not answer" in dead[0].message
    assert dead[0].severity is Severity.CRITICAL
    assert closed[0].severity is Severity.WARNING
    assert "lets only the proxy out" in closed[0].message


def test_a_proxy_with_a_name_is_looked_up_and_tried_wherever_it_is() -> None:
    internet = machine(("http", NAMED))
    internet.extra[SystemLookup(name="proxy.office.example")] = SystemAddresses(
        addresses=("10.0.0.8",)
    )
    internet.extra[AT] = CONNECTED

    (finding,), world = found(check.CHECK, internet)

    assert isinstance(finding, ProxyConfigured)
    assert AT in world.sent


def test_a_setting_for_another_protocol_is_not_the_targets() -> None:
    (finding,), _ = found(check.CHECK, machine(("https", URL)), f"http://{V4}/")

    assert finding.code == "no-proxy"


def test_where_this_machine_is_in_question_every_setting_is() -> None:
    (finding,), _ = found(check.CHECK, machine(("ftp", URL)), f"{V4}:443", purpose="machine")

    assert finding.code == "proxy-in-the-way"


@pytest.mark.parametrize(
    ("exempt", "is_exempt"),
    [
        ("*", True),
        ("example.org", True),
        (".example.org", True),
        ("localhost, WWW.example.org", True),
        ("ample.org", False),
        ("", False),
        (",", False),
    ],
)
def test_no_proxy_is_read_as_curl_does(exempt: str, is_exempt: bool) -> None:
    internet = machine(("all", URL), ("no", exempt))

    (finding,), _ = found(check.CHECK, internet, "www.example.org")

    assert (finding.code == "no-proxy") == is_exempt
