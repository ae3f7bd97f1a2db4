"""The machine's hosts file does not answer for the target instead of the DNS.

## What it does
Reads what the hosts file says of the target's name, compares it with the addresses in the DNS, and
tries the asked ports at addresses that only the hosts file has.

## Why is this bad?
An entry that was set once, for a test or a move, stays when the server has long moved on. This
machine then goes elsewhere than everybody else.

## How it decides
| the hosts file           | at its address       | judgement           | severity |
|--------------------------|----------------------|---------------------|----------|
| nothing of the name      | not asked            | no-hosts-entry      | notice   |
| the DNS's addresses      | not asked            | hosts-file-override | notice   |
| another address          | a port connects      | hosts-file-override | warning  |
| another address          | nothing connects     | hosts-file-override | critical |
| any, DNS not known       | not asked            | hosts-file-unjudged | warning  |
| not observable           | not asked            | hosts-file-unjudged | notice   |

## What to do
Remove the line from the hosts file of this machine.

## References
- RFC 952 (the host table); RFC 1123, section 6.1.3.8 (a local host table beside the DNS)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.addresses import Addresses, target_addresses
from checks.facts.folding import listed
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Connected, Failed, HostsEntries
from netdiag.requests import ReadHostsFile, TcpConnect

MOST_TRIED = 4


@finding_kind
class NoHostsEntry(Finding):
    code: ClassVar[str] = "no-hosts-entry"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"the hosts file of this machine says nothing of {self.subject}"


@finding_kind
class HostsFileOverride(Finding):
    """`entries` are the hosts file's addresses, `published` the DNS's; `serves` is whether an
    asked port connects at an address that only the hosts file has."""

    code: ClassVar[str] = "hosts-file-override"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    name: str
    entries: tuple[str, ...]
    published: tuple[str, ...]
    serves: bool

    @property
    def same(self) -> bool:
        return set(self.entries) <= set(self.published)

    @property
    def severity(self) -> Severity:
        if self.same:
            return Severity.NOTICE
        return Severity.WARNING if self.serves else Severity.CRITICAL

    @property
    def message(self) -> str:
        published = listed(self.published) or "no address"
        effect = "the same for now" if self.same else f"where the DNS says {published}"
        return (
            f"the hosts file of this machine sends {self.name} to {listed(self.entries)}, "
            f"{effect}: it is this machine alone that is told so"
        )

    @property
    def for_agent(self) -> str:
        return f"Have the line for {self.name} removed from this machine's hosts file."

    @property
    def for_customer(self) -> str:
        return (
            f"Your computer has its own, private entry for {self.name} and therefore goes to "
            "another place than everybody else. Please remove that line from its hosts file."
        )


@finding_kind
class HostsFileUnjudged(Finding):
    code: ClassVar[str] = "hosts-file-unjudged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    why: str
    matters: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.matters else Severity.NOTICE

    @property
    def message(self) -> str:
        return f"whether the hosts file misleads about {self.subject} cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`entry` is None where the target is an address; `tried` are ports at the file's addresses."""

    name: str
    entry: Observation | None
    published: Addresses
    tried: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The entry, the DNS's addresses, and whether the entry's own addresses serve."""
    name = brief.target.host
    if brief.target.address:
        published = await target_addresses(net, brief)
        return Facts(name=name, entry=None, published=published)
    entry, published = await asyncio.gather(
        net.ask(ReadHostsFile(name=name)), target_addresses(net, brief)
    )
    others = _only_here(entry, published)
    asking = [
        TcpConnect(address=address, port=port) for address in others for port in brief.target.ports
    ]
    tried = await asyncio.gather(*(net.ask(request) for request in asking))
    return Facts(name=name, entry=entry, published=published, tried=tuple(tried))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the hosts file."""
    if facts.entry is None:
        yield Skipped(subject="hosts file", missing="the target is an address, not a name")
        return
    yield judge_entry(facts, facts.entry)


def judge_entry(facts: Facts, entry: Observation) -> Finding:
    """The verdict on what the hosts file says of the name."""
    evidence = (entry.id,)
    match entry.outcome:
        case HostsEntries(addresses=()):
            return NoHostsEntry(subject=facts.name, evidence=evidence)
        case HostsEntries(addresses=addresses) if facts.published.source == "resolver":
            why = f"it says {listed(addresses)}, and the DNS was seen only through this machine"
            return _unjudged(facts, evidence, why, matters=True)
        case HostsEntries(addresses=addresses):
            tried = tuple(seen.id for seen in facts.tried)
            return HostsFileOverride(
                subject=facts.name,
                evidence=(*evidence, *facts.published.evidence, *tried),
                name=facts.name,
                entries=addresses,
                published=facts.published.addresses,
                serves=any(isinstance(seen.outcome, Connected) for seen in facts.tried),
            )
        case Failed(kind=kind):
            return _unjudged(facts, evidence, kind.value, matters=False)
        case _:
            return _unjudged(facts, evidence, "unexpected outcome", matters=False)


def _unjudged(
    facts: Facts, evidence: tuple[ObservationId, ...], why: str, *, matters: bool
) -> Finding:
    return HostsFileUnjudged(subject=facts.name, evidence=evidence, why=why, matters=matters)


def _only_here(entry: Observation, published: Addresses) -> tuple[str, ...]:
    """Addresses that the hosts file has and the DNS does not."""
    if not isinstance(entry.outcome, HostsEntries) or published.source == "resolver":
        return ()
    distinct = dict.fromkeys(entry.outcome.addresses)
    return tuple(a for a in distinct if a not in published.addresses)[:MOST_TRIED]


CHECK = Check(
    id="hosts-file",
    title="The hosts file answers instead of the DNS",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoHostsEntry, HostsFileOverride, HostsFileUnjudged, Skipped),
    doc=__doc__ or "",
)
