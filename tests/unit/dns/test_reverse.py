import pytest

from checks.dns import reverse
from checks.facts.iterate import Resolution, Status
from netdiag.network import ObservationId
from tests.doctable import rows
from tests.unit.dns.zones import record

ADDRESS, NAME = "22.40.1.10", "www.customer.example."
POINTER: dict[str, tuple[Status, tuple[str, ...]]] = {
    "a name": ("found", (NAME,)),
    "no such name": ("nxdomain", ()),
    "no PTR record": ("nodata", ()),
    "nobody answers": ("no-answer", ()),
}
BACK: dict[str, tuple[Status, tuple[str, ...]]] = {
    "the address": ("found", (ADDRESS,)),
    "others": ("found", ("22.40.1.11",)),
    "none": ("nxdomain", ()),
    "nobody answers": ("no-answer", ()),
}


def resolution(status: Status, data: tuple[str, ...], rtype: str) -> Resolution:
    return Resolution(
        name=NAME,
        rtype=rtype,
        status=status,
        chain=(NAME,),
        records=tuple(record(NAME, rtype, d) for d in data),
        evidence=(ObservationId(1),),
    )


@pytest.mark.parametrize(("pointer", "back", "judgement"), rows(reverse))
def test_the_documented_table_is_what_the_check_decides(
    pointer: str, back: str, judgement: str
) -> None:
    forward = resolution(*BACK[back], "A") if back in BACK else None

    finding = reverse.judge_pointer(ADDRESS, resolution(*POINTER[pointer], "PTR"), forward)

    assert finding.code == judgement
