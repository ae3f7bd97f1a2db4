"""Whether the target's prefix is announced by whom it may be."""

from __future__ import annotations

import pytest

from checks.routing import route_origin
from netdiag.model import Owner, Severity
from netdiag.outcomes import RouteAuthorisation
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, Site
from tests.unit.routing.registry import OLD, PEERS, WHOLE, Registry, Roas, judged

ROAS: dict[str, Roas] = {
    "one for this AS and this length": [(WHOLE, 64540, 16)],
    "one of two is for this AS": [("22.0.0.0/8", 64999, 8), (WHOLE, 64540, 24)],
    "none": [],
    "one for another AS": [(WHOLE, 64999, 24)],
    "one for this AS, up to a shorter length": [("22.0.0.0/8", 64540, 15)],
    "one for AS 0, nobody": [(WHOLE, 0, 32)],
    "not seen": [],
}


@pytest.mark.parametrize(("roas", "says", "judgement"), rows(route_origin))
def test_the_documented_table_is_what_the_check_decides(
    roas: str, says: str, judgement: str
) -> None:
    registry = Registry(
        routes={WHOLE: (64540, PEERS)},
        roas=ROAS[roas],
        validity=says.removeprefix("says ") if says.startswith("says ") else "invalid_asn",
        time=OLD if "behind" in says else Registry.time,
        silent="not answer" in says,
    )

    (finding,) = judged(route_origin.CHECK, registry)

    assert finding.code == judgement


@pytest.mark.parametrize(
    ("asn", "roas", "state"),
    [
        (64540, [(WHOLE, 64540, 16)], "valid"),
        (64540, [(WHOLE, 64540, 15)], "invalid"),
        (0, [(WHOLE, 0, 16)], "invalid"),
        (64540, [("22.40.0.0/17", 64540, 24)], "not found"),
        (64540, [("2e00::/16", 64999, 48)], "not found"),
        (64540, [(WHOLE, 64999, 16), (WHOLE, 64540, 16)], "valid"),
    ],
)
def test_the_rule_is_that_of_rfc_6811(asn: int, roas: Roas, state: str) -> None:
    known = [RouteAuthorisation(prefix=p, asn=a, max_length=n) for p, a, n in roas]

    assert route_origin.validated(WHOLE, asn, known) == state


def test_what_the_roas_allow_is_said() -> None:
    other = Registry(
        routes={WHOLE: (64540, PEERS)}, roas=[(WHOLE, 64999, 24)], validity="invalid_asn"
    )
    longer = Registry(
        routes={WHOLE: (64540, PEERS)}, roas=[("22.0.0.0/8", 64540, 8)], validity="invalid_length"
    )
    site = Site(ports={443: CONNECTED, 80: CONNECTED})

    (silent,) = judged(route_origin.CHECK, other)
    (works,) = judged(route_origin.CHECK, longer, site, depth="thorough")

    assert silent.owner is works.owner is Owner.HOSTING_NETWORK
    assert (silent.severity, works.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert "allow that to others: 22.40.0.0/16 to /24 by AS64999" in silent.message
    assert "allow no prefix so long: 22.0.0.0/8 by AS64540" in works.message


def test_a_prefix_that_nobody_announces_has_no_origin() -> None:
    (finding,) = judged(route_origin.CHECK, Registry())

    assert finding.code == "not-checked"
