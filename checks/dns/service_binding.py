"""The HTTPS record of the name leads browsers to where its address records lead.

## What it does
Looks up the name's HTTPS record and its addresses, and sets them against each other.

## Why is this bad?
Newer browsers ask for this record first, and may connect to the addresses in it. Where they are old
ones, the site fails in such browsers alone, and works with every other tool.

## How it decides
| the name has                                      | judgement                 |
|---------------------------------------------------|---------------------------|
| no HTTPS record                                   | no-service-binding        |
| one without addresses of its own                  | service-binding-fine      |
| one with the addresses that the name has          | service-binding-fine      |
| one with an address that the name has not         | service-binding-differs   |
| one that leads to a name without addresses        | service-binding-dangling  |
| one that leads to a name that could not be looked up | service-binding-not-seen |
| an alias form that leads to itself                | service-binding-malformed |
| one that makes a key mandatory and lacks it       | service-binding-malformed |
| an answer that could not be had                   | service-binding-not-seen  |

## What to do
Have the record changed together with the addresses, or leave the addresses out of it: they are only
a hint that saves a look-up.

## References
- RFC 9460, section 2.4 (forms), section 7.3 (hints), section 8 (mandatory keys)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checks.facts.bindings import Binding, parsed
from checks.facts.domain import CERTAIN
from checks.facts.iterate import addresses_of, resolve, shown, version
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
from netdiag.network import Asker, ObservationId

MOST_RECORDS = 8


@finding_kind
class NoServiceBinding(Finding):
    code: ClassVar[str] = "no-service-binding"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} has no HTTPS record, and needs none"


@finding_kind
class ServiceBindingFine(Finding):
    code: ClassVar[str] = "service-binding-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"the HTTPS record of {self.subject} leads to where its address records lead"


@finding_kind
class _Wrong(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR

    @property
    def for_customer(self) -> str:
        return (
            "An entry of your domain that only newer browsers use leads to a wrong place, so your "
            "site may fail in them. Whoever manages your domain's settings can correct it."
        )


@finding_kind
class ServiceBindingDiffers(_Wrong):
    code: ClassVar[str] = "service-binding-differs"
    hints: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def message(self) -> str:
        has = ", ".join(self.addresses) or "none"
        return (
            f"the HTTPS record of {self.subject} sends browsers to {', '.join(self.hints)}, "
            f"which its address records do not have (they have {has})"
        )

    @property
    def for_agent(self) -> str:
        return "Correct ipv4hint and ipv6hint of the HTTPS record, or leave them out."


@finding_kind
class ServiceBindingDangling(_Wrong):
    code: ClassVar[str] = "service-binding-dangling"
    target: str

    @property
    def message(self) -> str:
        return f"the HTTPS record of {self.subject} leads to {self.target}, which has no addresses"

    @property
    def for_agent(self) -> str:
        return "Name a host that has addresses in the HTTPS record, or remove the record."


@finding_kind
class ServiceBindingMalformed(_Wrong):
    code: ClassVar[str] = "service-binding-malformed"
    why: str

    @property
    def message(self) -> str:
        return f"browsers ignore an HTTPS record of {self.subject}: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Correct the HTTPS record, or remove it."


@finding_kind
class ServiceBindingNotSeen(Finding):
    code: ClassVar[str] = "service-binding-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    what: str

    @property
    def message(self) -> str:
        return (
            f"the HTTPS record of {self.subject} is not judged: {self.what} could not be looked up"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Addresses of a name, and whether none means that it has none."""

    addresses: frozenset[str]
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The bindings of `name`, and the addresses of it and of the names that they lead to."""

    name: str
    bindings: tuple[Binding, ...] = ()
    places: dict[str, Found] | None = None
    certain: bool = True
    evidence: tuple[ObservationId, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The HTTPS record with the addresses of all names in it."""
    name = brief.target.name
    if name is None:
        return Facts(name="")
    seen = await resolve(net, brief, name, "HTTPS")
    bindings = tuple(filter(None, map(parsed, seen.data[:MOST_RECORDS])))
    names = tuple(dict.fromkeys(place(name, one) for one in bindings))
    looked = await asyncio.gather(*(addresses_of(net, brief, one) for one in names))
    places = {
        one: Found(addresses=frozenset(found), certain=CERTAIN.issuperset(states))
        for one, (found, _, states) in zip(names, looked, strict=True)
    }
    cited = (number for _, numbers, _ in looked for number in numbers)
    return Facts(
        name=name,
        bindings=bindings,
        places=places,
        certain=seen.status in CERTAIN,
        evidence=tuple(dict.fromkeys((*seen.evidence, *cited))),
    )


def place(name: str, binding: Binding) -> str:
    """Whose addresses a browser uses: in service form the root stands for the owner."""
    return name if binding.target == "." else binding.target


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each fault of the records, one at least."""
    subject = shown(facts.name)
    if not facts.name:
        yield Skipped(subject="HTTPS record", missing="the target is given as an address")
    elif not facts.certain:
        what = "the record"
        yield ServiceBindingNotSeen(subject=subject, evidence=facts.evidence, what=what)
    elif not facts.bindings:
        yield NoServiceBinding(subject=subject, evidence=facts.evidence)
    else:
        wrong = [f for one in facts.bindings for f in _faults(facts, one)]
        yield from dict.fromkeys(wrong)
        if not wrong:
            yield ServiceBindingFine(subject=subject, evidence=facts.evidence)


def _faults(facts: Facts, one: Binding) -> Iterator[Finding]:
    subject, evidence = shown(facts.name), facts.evidence
    whose = place(facts.name, one)
    found = (facts.places or {})[whose]
    if one.is_alias and whose == facts.name:
        # The root as an alias says that there is no service (section 2.5.1).
        why = (
            "it is an alias of itself" if one.target != "." else "it says that there is no service"
        )
        yield ServiceBindingMalformed(subject=subject, evidence=evidence, why=why)
    elif one.lacking:
        why = f"{', '.join(one.lacking)} is mandatory in it, and missing"
        yield ServiceBindingMalformed(subject=subject, evidence=evidence, why=why)
    elif not found.addresses and not found.certain:
        yield ServiceBindingNotSeen(subject=subject, evidence=evidence, what=shown(whose))
    elif not found.addresses:
        yield ServiceBindingDangling(subject=subject, evidence=evidence, target=shown(whose))
    elif one.hints - found.addresses and found.certain:
        yield ServiceBindingDiffers(
            subject=subject,
            evidence=evidence,
            hints=in_order(one.hints - found.addresses),
            addresses=in_order(found.addresses),
        )


def in_order(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(addresses, key=lambda a: (version(a), a)))


CHECK = Check(
    id="service-binding",
    title="The HTTPS record agrees with the addresses",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NoServiceBinding,
        ServiceBindingFine,
        ServiceBindingDiffers,
        ServiceBindingDangling,
        ServiceBindingMalformed,
        ServiceBindingNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
