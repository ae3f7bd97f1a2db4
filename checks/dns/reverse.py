"""The address has a name, and the name leads back to it.

## What it does
Where the target is an address, asks its reverse zone for a PTR record, from the root, and looks up
the name that it gives.

## Why is this bad?
Mail servers distrust a sender whose address has no name, or one that does not lead back.

## How it decides
| PTR              | the name's addresses | judgement             |
|------------------|----------------------|-----------------------|
| a name           | the address          | reverse-confirmed     |
| a name           | others               | reverse-mismatch      |
| a name           | none                 | reverse-mismatch      |
| a name           | nobody answers       | reverse-not-determined |
| no such name     | not asked            | reverse-missing       |
| no PTR record    | not asked            | reverse-missing       |
| nobody answers   | not asked            | reverse-not-determined |

Both are notices: a web site works without. For mail hosts they weigh more.

## What to do
Set the PTR record where the address is registered (the hosting company), to a name that leads to
the address.

## References
- RFC 1912, section 2.1
- RFC 8501, section 4 (what reverse names are used for)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import Resolution, resolve, shown
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Skipped, finding_kind
from netdiag.network import Asker

CERTAIN = frozenset({"found", "nodata", "nxdomain"})


@finding_kind
class ReverseConfirmed(Finding):
    code: ClassVar[str] = "reverse-confirmed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    name: str

    @property
    def message(self) -> str:
        return f"{self.subject} is named {self.name}, which leads back to it"


@finding_kind
class ReverseMissing(Finding):
    code: ClassVar[str] = "reverse-missing"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK

    @property
    def message(self) -> str:
        return f"{self.subject} has no name: its reverse zone says so with authority"

    @property
    def for_agent(self) -> str:
        return "Set a PTR record for the address, if the host sends mail."

    @property
    def for_customer(self) -> str:
        return (
            "Your server's address has no name. Web sites work without; if the server sends mail, "
            "ask your hosting company to set one."
        )


@finding_kind
class ReverseMismatch(Finding):
    code: ClassVar[str] = "reverse-mismatch"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK
    name: str
    leads_to: tuple[str, ...]

    @property
    def message(self) -> str:
        leads = ", ".join(self.leads_to) or "no address"
        return f"{self.subject} is named {self.name}, which leads to {leads} and not back to it"

    @property
    def for_agent(self) -> str:
        return "Set the PTR record to a name that leads to this address, or correct that name."

    @property
    def for_customer(self) -> str:
        return (
            "Your server's address carries a name that belongs to another server. If the server "
            "sends mail, ask your hosting company to correct it."
        )


@finding_kind
class ReverseNotDetermined(Finding):
    code: ClassVar[str] = "reverse-not-determined"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"the name of {self.subject} could not be looked up to the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`pointer` is the PTR's resolution, `back` the address lookup of its name."""

    address: str | None
    pointer: Resolution | None = None
    back: Resolution | None = None


async def gather(net: Asker, brief: Brief) -> Facts:
    """The PTR record of the target's address, and where its name leads."""
    address = brief.target.address
    if address is None:
        return Facts(address=None)
    ip = ipaddress.ip_address(address)
    pointer = await resolve(net, brief, ip.reverse_pointer + ".", "PTR")
    if not pointer.data:
        return Facts(address=address, pointer=pointer)
    rtype = "A" if ip.version == 4 else "AAAA"
    back = await resolve(net, brief, pointer.data[0].lower(), rtype)
    return Facts(address=address, pointer=pointer, back=back)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the address."""
    if facts.address is None or facts.pointer is None:
        yield Skipped(subject="reverse name", missing="the target is not given as an address")
    else:
        yield judge_pointer(facts.address, facts.pointer, facts.back)


def judge_pointer(address: str, pointer: Resolution, back: Resolution | None) -> Finding:
    """The verdict on one address's name."""
    if not pointer.data:
        if pointer.status in CERTAIN:
            return ReverseMissing(subject=address, evidence=pointer.evidence)
        return ReverseNotDetermined(subject=address, evidence=pointer.evidence)
    name = pointer.data[0].lower()
    evidence = tuple(dict.fromkeys((*pointer.evidence, *(back.evidence if back else ()))))
    if back is None or back.status not in CERTAIN | {"alias-loop"}:
        return ReverseNotDetermined(subject=address, evidence=evidence)
    if address in back.data:
        return ReverseConfirmed(subject=address, evidence=evidence, name=shown(name))
    return ReverseMismatch(subject=address, evidence=evidence, name=shown(name), leads_to=back.data)


CHECK = Check(
    id="reverse-name",
    title="The address has a name, and the name leads back",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ReverseConfirmed, ReverseMissing, ReverseMismatch, ReverseNotDetermined, Skipped),
    doc=__doc__ or "",
)
