from __future__ import annotations

import asyncio

import pytest

from checks.facts.addresses import Addresses
from checks.local import hosts_file
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import HostsEntries, Outcome
from netdiag.requests import ReadHostsFile, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, POLICY, SILENT, V4, Internet, brief, found

OTHER = "22.40.1.77"
ENTRIES: dict[str, Outcome] = {
    "nothing of the name": HostsEntries(addresses=()),
    "the DNS's addresses": HostsEntries(addresses=(V4,)),
    "another address": HostsEntries(addresses=(OTHER,)),
    "any, DNS not known": HostsEntries(addresses=(V4,)),
    "not observable": POLICY,
}
CONNECT = TcpConnect(address=OTHER, port=443)


def seen(request: ReadHostsFile | TcpConnect, outcome: Outcome) -> Observation:
    number = ObservationId(1 if isinstance(request, ReadHostsFile) else 2)
    return Observation(
        id=number, request=request, outcome=outcome, started=0.0, elapsed=0.0, completed=1
    )


@pytest.mark.parametrize(("entry", "there", "judgement", "severity"), rows(hosts_file))
def test_the_documented_table_is_what_the_check_decides(
    entry: str, there: str, judgement: str, severity: str
) -> None:
    source = "resolver" if "not known" in entry else "authoritative"
    answer: Outcome = CONNECTED if there == "a port connects" else SILENT
    facts = hosts_file.Facts(
        name="www.example",
        entry=seen(ReadHostsFile(name="www.example"), ENTRIES[entry]),
        published=Addresses(addresses=(V4,), source=source),
        tried=() if there == "not asked" else (seen(CONNECT, answer),),
    )

    (finding,) = hosts_file.judge(facts)

    assert (finding.code, finding.severity.value) == (judgement, severity)
    assert finding.message


def test_an_address_as_target_has_no_entry() -> None:
    (finding,) = found(hosts_file.CHECK, Internet())[0]

    assert finding.code == "not-checked"


def test_gathering_compares_with_what_is_published() -> None:
    from tests.world.world import World

    internet = Internet(extra={ReadHostsFile(name="www.example"): HostsEntries(addresses=(OTHER,))})
    net = World(internet.answer).network()

    facts = asyncio.run(hosts_file.gather(net, brief("www.example")))

    assert facts.entry is not None
    assert isinstance(facts.entry.outcome, HostsEntries)
