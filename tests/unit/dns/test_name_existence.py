import pytest

from checks.dns import name_existence
from checks.facts.iterate import Resolution, Status
from netdiag.network import ObservationId
from tests.doctable import rows
from tests.unit.dns.zones import APEX, WWW, record

ALIAS = (WWW, "gone.delivery.net.")
MANY = (WWW, *(f"n{number}.delivery.net." for number in range(12)))
SAYS: dict[str, tuple[Status, tuple[str, ...], tuple[str, ...]]] = {
    "addresses": ("found", (WWW,), ("22.40.1.10",)),
    "no such name": ("nxdomain", (WWW,), ()),
    "the name, and no address": ("nodata", (WWW,), ()),
    "an alias to a name without address": ("nodata", ALIAS, ()),
    "an alias to no such name": ("nxdomain", ALIAS, ()),
    "aliases in a circle": ("alias-loop", (*ALIAS, WWW), ()),
    "more than 12 aliases in a row": ("alias-loop", MANY, ()),
    "nothing": ("no-answer", (WWW,), ()),
    "refusal": ("lame", (WWW,), ()),
    "mail hosts and no address, only mail is asked": ("nodata", (WWW,), ()),
}


def facts(says: str, zone: str = APEX, *, apex: bool = False) -> name_existence.Facts:
    status, chain, data = SAYS[says]
    found = tuple(
        Resolution(
            name=WWW,
            rtype=rtype,
            status=status,
            chain=chain,
            records=tuple(record(WWW, rtype, d) for d in data if rtype == "A"),
            evidence=(ObservationId(number),),
        )
        for number, rtype in enumerate(("A", "AAAA"), 1)
    )
    return name_existence.Facts(name=WWW, found=found, zone=zone, mail="mail" in says, apex=apex)


@pytest.mark.parametrize(("says", "who", "judgement"), rows(name_existence))
def test_the_documented_table_is_what_the_check_decides(
    says: str, who: str, judgement: str
) -> None:
    zone = "example." if who == "a registry" else APEX
    (finding,) = name_existence.judge(facts(says, zone, apex=who == "its own zone is examined"))

    assert finding.code == judgement
    assert finding.evidence == (() if judgement == "not-checked" else (1, 2))


def test_an_address_as_target_has_no_name_to_look_up() -> None:
    (finding,) = name_existence.judge(name_existence.Facts(name=None))

    assert finding.code == "not-checked"


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        (".", "not-delegated"),
        ("example.", "not-delegated"),
        ("co.za.", "not-delegated"),
        ("co.example.", "name-does-not-exist"),
        ("shop.za.", "name-does-not-exist"),
    ],
)
def test_a_registry_is_told_from_a_domain(zone: str, code: str) -> None:
    (finding,) = name_existence.judge(facts("no such name", zone))

    assert finding.code == code


@pytest.mark.parametrize(
    ("says", "how"),
    [("aliases in a circle", "circle"), ("more than 12 aliases in a row", "longer than")],
)
def test_a_circle_is_told_from_a_chain_without_end(says: str, how: str) -> None:
    (finding,) = name_existence.judge(facts(says))

    assert how in finding.message
