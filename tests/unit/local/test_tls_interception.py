from __future__ import annotations

from dataclasses import replace

import pytest

from checks.local import tls_interception as check
from checks.local.tls_interception import TlsIntercepted
from netdiag.outcomes import Failed, FailureKind, Outcome, TlsSession
from tests.doctable import rows
from tests.unit.service.site import (
    ANCHORS,
    HOST,
    INTERMEDIATE,
    ROOT,
    SILENT,
    V4,
    V6,
    Site,
    certificate,
    found,
    session,
)

OTHERS = certificate(names=("other.example",), subject="CN=other.example")
SELF_SIGNED = session(replace(certificate(issuer=f"CN={HOST}"), sha256="aa"), code=18)
BOX = session(code=20)
TARGET: dict[str, Outcome] = {
    "trusted": session(),
    "of an unknown authority": session(replace(certificate(), sha256="aa"), code=20),
    "of an unknown authority, not sent": session(certificate(issuer="CN=Root"), ROOT, code=21),
    "self-signed": SELF_SIGNED,
    "none is shown": Failed(kind=FailureKind.TLS_ALERT),
}
ELSEWHERE: dict[str, Outcome] = {
    "not asked": session(code=20),
    "of the same unknown authority": session(OTHERS, INTERMEDIATE, ROOT, code=19),
    "the very same certificate": session(replace(certificate(issuer="CN=x"), sha256="aa"), code=64),
    "of another authority": session(certificate(issuer="CN=Another"), code=20),
    "trusted": session(OTHERS),
    "none is shown": SILENT,
}


@pytest.mark.parametrize(("target", "elsewhere", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    target: str, elsewhere: str, judgement: str
) -> None:
    strangers: dict[object, Outcome] = {
        (ANCHORS[0], 443): ELSEWHERE[elsewhere],
        (ANCHORS[1], 443): SILENT,
    }
    site = Site(handshakes={443: TARGET[target], **strangers})

    (finding,), _ = found(check.CHECK, site)

    assert finding.code == judgement


def test_what_every_address_shows_is_told_once_with_the_authority() -> None:
    box = ELSEWHERE["of the same unknown authority"]
    site = Site(addresses=(V4, V6), handshakes={443: TARGET["of an unknown authority"]})
    site.handshakes = {**site.handshakes, (ANCHORS[0], 443): box, (ANCHORS[1], 443): box}

    (finding,), _ = found(check.CHECK, site)

    assert isinstance(finding, TlsIntercepted)
    assert (finding.addresses, finding.authority, finding.others) == (
        (V4, V6),
        "CN=Root",
        ANCHORS,
    )


def test_a_stranger_without_any_certificate_is_none_to_compare_with() -> None:
    empty = TlsSession(version="", cipher="", verify_code=20, verify_error="", chain=(), rtt=0.01)
    site = Site(handshakes={443: BOX, **{(a, 443): empty for a in ANCHORS}})

    (finding,), _ = found(check.CHECK, site)

    assert finding.code == "tls-interception-not-seen"
