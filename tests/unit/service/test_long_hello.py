from __future__ import annotations

import pytest

from checks.facts.stalls import SMALL
from checks.service import long_hello
from checks.service.long_hello import FILLER, SHORT, TlsHelloSizeIntolerant
from netdiag.model import Owner, Severity
from netdiag.outcomes import Failed, FailureKind, Outcome, Stall
from netdiag.requests import Request, TlsHandshake
from tests.doctable import rows
from tests.unit.service.site import HOST, POLICY, V4, V6, Site, found, session


def asked(address: str = V4, *, filler: int | None = None, segment: int | None = None) -> Request:
    return TlsHandshake(address=address, port=443, server_name=HOST, filler=filler, segment=segment)


def stuck(unacknowledged: int) -> Failed:
    stall = Stall(unacknowledged=unacknowledged, retransmitted=3, received=0)
    return Failed(kind=FailureKind.TIMEOUT, stall=stall)


def failed(kind: FailureKind, detail: str = "") -> Failed:
    return Failed(kind=kind, detail=detail)


RESET = failed(FailureKind.RESET)
LONG: dict[str, list[Outcome]] = {
    "is answered": [
        session(),
        failed(FailureKind.TLS_ALERT, "TLSV1_ALERT_NO_APPLICATION_PROTOCOL"),
        failed(FailureKind.OTHER, "TLS: [SSL] tlsv1 alert no application protocol (_ssl.c:1006)"),
    ],
    "fails": [
        RESET,
        stuck(0),
        stuck(2),
        failed(FailureKind.CLOSED_EARLY),
        failed(FailureKind.TLS_ALERT, "TLSV1_ALERT_DECODE_ERROR"),
    ],
    "not asked to the end": [POLICY, failed(FailureKind.REFUSED), failed(FailureKind.TIMEOUT)],
}


def again(words: str, long: Outcome) -> dict[Request, Outcome]:
    """Short and long in small segments."""
    outcomes: dict[str, tuple[Outcome, Outcome]] = {
        "only the short is answered": (session(), long),
        "both are answered": (session(), session()),
        "the short fails": (RESET, long),
        "not asked": (session(), long),
    }
    short, longer = outcomes[words]
    return {asked(filler=SHORT, segment=SMALL): short, asked(filler=FILLER, segment=SMALL): longer}


@pytest.mark.parametrize(("_", "long", "small", "judgement"), rows(long_hello))
def test_the_documented_table_is_what_the_check_decides(
    _: str, long: str, small: str, judgement: str
) -> None:
    for outcome in LONG[long]:
        site = Site(extra={**again(small, outcome), asked(filler=FILLER): outcome})

        (finding,), world = found(long_hello.CHECK, site)

        assert finding.code == judgement
        repeated = any(isinstance(r, TlsHandshake) and r.segment for r in world.sent)
        assert repeated == (small != "not asked")
        if small == "the short fails":
            assert "unknown protocol is not answered" in finding.message


@pytest.mark.parametrize(
    ("outcome", "owner"),
    [(stuck(2), Owner.HOSTING_NETWORK), (stuck(0), Owner.SERVICE), (RESET, Owner.SERVICE)],
)
def test_a_hello_that_is_lost_is_the_networks(outcome: Outcome, owner: Owner) -> None:
    fails = again("only the short is answered", outcome)
    site = Site(extra={asked(filler=FILLER): outcome, **fails})

    (finding,), _ = found(long_hello.CHECK, site)

    assert finding.owner is owner
    assert finding.severity is Severity.CRITICAL


def test_an_address_that_answers_long_hellos_makes_the_other_a_warning() -> None:
    fails = again("only the short is answered", RESET)
    site = Site(addresses=(V4, V6), extra={asked(filler=FILLER): RESET, **fails})

    findings, _ = found(long_hello.CHECK, site)

    (problem,) = (one for one in findings if isinstance(one, TlsHelloSizeIntolerant))
    assert problem.severity is Severity.WARNING
    assert problem.addresses == (V4,)


def test_a_long_hello_that_fails_otherwise_in_small_segments_is_not_blamed() -> None:
    site = Site(extra={asked(filler=FILLER): RESET, asked(filler=FILLER, segment=SMALL): stuck(0)})

    (finding,), _ = found(long_hello.CHECK, site)

    assert finding.code == "long-hello-not-judged"


def test_no_long_hello_goes_where_short_ones_fail() -> None:
    (finding,), world = found(long_hello.CHECK, Site(handshakes={443: RESET}))

    assert finding.code == "not-checked"
    assert not [r for r in world.sent if isinstance(r, TlsHandshake) and r.filler]
