from __future__ import annotations

from dataclasses import dataclass

import pytest

from checks.local import local_firewall
from netdiag.model import Owner, Severity
from netdiag.network import Sent
from netdiag.outcomes import Abilities, Failed, FailureKind, Outcome, Unreachable
from netdiag.requests import HopProbe, ReadAbilities, Request, SelectSource
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    LAN_ROUTER,
    OWN,
    RESET,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
    icmp,
)

REFUSED = Failed(kind=FailureKind.NO_PERMISSION, detail="EPERM: Operation not permitted")


@dataclass
class Guarded(Internet):
    """An internet seen from a machine that refuses UDP probes to the host, those `beside` it, SYNs
    crafted whole, or any route."""

    probes: bool = False
    beside: bool = False
    crafted: bool = False
    routed: bool = True

    def answer(self, request: Request) -> Outcome | Sent:
        match request:
            case SelectSource() if not self.routed:
                return REFUSED
            case ReadAbilities():
                return Abilities(present=("raw_sockets", "error_queue"))
            case HopProbe(address=address, protocol="udp") if address == LAN_ROUTER[4]:
                return REFUSED if self.beside else super().answer(request)
            case HopProbe(protocol="udp") if self.probes:
                return REFUSED
            case HopProbe(protocol="tcp") if self.crafted:
                return REFUSED
            case _:
                return super().answer(request)


PORTS: dict[str, Outcome] = {
    "one connects": CONNECTED,
    "refused, not permitted": REFUSED,
    "prohibited by this machine": icmp(OWN[4], Unreachable.ADMIN_PROHIBITED),
    "port unreachable by this machine": icmp(OWN[4], Unreachable.PORT),
    "not routed, not permitted": SILENT,
    "silence": SILENT,
    "next hop not found": icmp(OWN[4], Unreachable.HOST),
    "reset": RESET,
}


@pytest.mark.parametrize(("asked", "else_", "judgement"), rows(local_firewall))
def test_the_documented_table_is_what_the_check_decides(
    asked: str, else_: str, judgement: str
) -> None:
    echo = REFUSED if "echo" in else_ else SILENT
    machine = Guarded(
        {V4: Site(other_ports=PORTS[asked], echo=echo)},
        probes="UDP probes" in else_,
        beside="beside it too" in else_,
        crafted="SYNs" in else_,
        routed=asked != "not routed, not permitted",
    )

    (finding,) = found(local_firewall.CHECK, machine)[0]

    assert finding.code == judgement


def test_whoever_looks_after_the_machine_has_to_fix_it() -> None:
    (finding,) = found(local_firewall.CHECK, Internet({V4: Site(other_ports=REFUSED)}))[0]

    assert finding.owner is Owner.CUSTOMER_DEVICE
    assert finding.severity is Severity.CRITICAL


def test_a_rule_against_one_family_is_hidden_by_the_other() -> None:
    sites = {V4: Site(other_ports=CONNECTED), V6: Site(other_ports=REFUSED)}

    findings, _ = found(local_firewall.CHECK, Internet(sites), "www.example")

    assert codes(findings) == ["local-firewall", "sending-allowed"]
    assert {f.severity for f in findings if f.code == "local-firewall"} == {Severity.WARNING}


def test_a_machine_that_sends_no_echo_is_not_blamed_for_a_dead_host() -> None:
    (finding,) = found(local_firewall.CHECK, Internet({V4: Site(echo=REFUSED)}))[0]

    assert finding.code == "sending-not-told"


@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.251", "0.0.0.0"])
def test_what_nobody_may_connect_to_is_no_rule_of_this_machine(address: str) -> None:
    machine = Guarded({address: Site()}, routed=False)

    (finding,) = found(local_firewall.CHECK, machine, "www.example")[0]

    assert finding.code == "not-checked"
