import dns.message
import dns.name
import dns.rrset
import pytest

from checks.dns import referral_size
from checks.dns.referral_size import LIMIT, size_of
from tests.doctable import rows
from tests.world.tree import HEALTHY, PARENT
from tests.world.zonemaster.delegation import MANY
from tests.world.zonemaster.scenario import brief

TREES = {
    "512 octets at most": HEALTHY,
    "more than 512 octets": HEALTHY.put(PARENT, MANY),
}
ADDRESSES = {4: ("A", "192.0.2.1"), 6: ("AAAA", "2001:db8::1")}


@pytest.mark.parametrize(("words", "judgement"), rows(referral_size))
def test_the_documented_table_is_what_the_check_decides(words: str, judgement: str) -> None:
    found = [f.code for f in TREES[words].findings(referral_size.CHECK, brief())]

    assert found == [judgement]


def written(zone: str, names: list[str], hosts: list[tuple[str, int]]) -> int:
    """The length of the referral as dnspython writes it."""
    question = zone if zone != "." else ""
    while len(question) < 254:
        room = 254 - len(question) - 1
        label = "a" * min(63, room if room < 65 else 63)
        question = f"{label}.{question}"
    message = dns.message.make_response(dns.message.make_query(question, "NS", use_edns=False))
    for name in names:
        message.authority.append(dns.rrset.from_text(zone, 3600, "IN", "NS", name))
    for host, family in hosts:
        rtype, address = ADDRESSES[family]
        message.additional.append(dns.rrset.from_text(host, 3600, "IN", rtype, address))
    assert len(dns.name.from_text(question).to_digestable()) == 255
    return len(message.to_wire())


@pytest.mark.parametrize(
    ("zone", "names", "hosts"),
    [
        ("child.xa.", ["ns1.child.xa.", "ns2.child.xa."], [("ns1.child.xa.", 4)]),
        ("child.xa.", ["ns1.child.xa.", "ns2.other.xa."], [("ns2.other.xa.", 6)]),
        ("xa.", ["a.ns.xb.", "b.ns.xb.", "c.ns.xa."], [("a.ns.xb.", 4), ("a.ns.xb.", 6)]),
        (".", ["a.root.", "b.root."], [("a.root.", 4), ("b.root.", 6)]),
        ("child.xa.", [f"server{n}.provider{n}.xa." for n in range(13)], []),
        ("child.xa.", ["a\\.b.child.xa.", "a\\032b.child.xa."], []),
    ],
)
def test_the_size_is_what_a_server_writes(
    zone: str, names: list[str], hosts: list[tuple[str, int]]
) -> None:
    assert size_of(zone, names, hosts) == written(zone, names, hosts)


def test_the_size_is_said() -> None:
    fits, large = (t.findings(referral_size.CHECK, brief())[0] for t in TREES.values())

    assert "351 of 512 octets" in fits.message
    assert isinstance(large, referral_size.ReferralTooLarge)
    assert large.size > LIMIT
    assert "the 6 name servers" in large.message


def test_an_address_is_needed_only_where_all_servers_are_below_the_parent() -> None:
    outside = HEALTHY.put(PARENT, "child.xa. NS ns1.child.xa.\nchild.xa. NS ns1.xb.")
    (found,) = outside.findings(referral_size.CHECK, brief())

    assert isinstance(found, referral_size.ReferralFits)
    assert found.size == size_of("child.xa.", ["ns1.child.xa.", "ns1.xb."], [("ns1.child.xa.", 6)])
