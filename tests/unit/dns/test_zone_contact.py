import pytest

from checks.dns import zone_contact
from netdiag.model import Outcome
from tests.doctable import rows
from tests.world.tree import APEX, HEALTHY, OTHER4, SILENT, TWO4, TWO6, Tree
from tests.world.zonemaster.scenario import brief
from tests.world.zonemaster.syntax import soa

MAIL = soa(rname="hostmaster.mx.xb.").add("xb.", "mx.xb. MX 10 host.xb.")
TREES: dict[str, Tree] = {
    "has an address": MAIL.add("xb.", "host.xb. A 22.40.1.26"),
    "a domain that does not exist": soa(rname="hostmaster.gone.xb."),
    "has no address": MAIL,
    "wants no mail: a null MX": MAIL.put("xb.", "mx.xb. MX 0 ."),
    "leads to the sender itself": MAIL.add("xb.", "host.xb. A 127.0.0.1"),
    "is an alias": MAIL.add("xb.", "host.xb. CNAME real.xb.", "real.xb. A 22.40.1.26"),
    "nobody answers": MAIL.departs(SILENT, OTHER4),
}


@pytest.mark.parametrize(("host", "judgement"), rows(zone_contact))
def test_the_documented_table_is_what_the_check_decides(host: str, judgement: str) -> None:
    found = {f.code for f in TREES[host].findings(zone_contact.CHECK, brief())}

    assert found == {judgement}


def test_the_contacts_of_all_servers_are_judged() -> None:
    two = HEALTHY.put(
        APEX, f"{APEX} SOA ns1.{APEX} h.gone.xb. 7 28800 3600 1209600 300", at=(TWO4, TWO6)
    )

    found = two.findings(zone_contact.CHECK, brief())

    assert {f.outcome for f in found} == {Outcome.OK, Outcome.PROBLEM}


def test_mail_hosts_are_bounded() -> None:
    many = "\n".join(f"mx.xb. MX {n} m{n}.xb." for n in range(40))
    found = MAIL.put("xb.", many).findings(zone_contact.CHECK, brief())

    assert len(found) == zone_contact.MOST_HOSTS
