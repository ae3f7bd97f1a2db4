"""The target works over IPv4 and over IPv6, where it has addresses of both.

## What it does
Compares the addresses of both families, by what each of them answered on the asked ports. Where one
family fails it asks endpoints elsewhere over the same family, as the control.

## Why is this bad?
Browsers fall back to the other family and hide the fault; mail servers, scripts and monitors wait
for it, and customers with one family only are cut off.

## How it decides
For a family with addresses; "works" means that an asked port connects at one of them.

| family | state                          | other family | elsewhere    | judgement            |
|--------|--------------------------------|--------------|--------------|----------------------|
| IPv4   | works                          | works        | not asked    | family-works         |
| IPv6   | works                          | works        | not asked    | family-works         |
| IPv6   | silent                         | works        | answers      | ipv6-unreachable     |
| IPv4   | silent                         | works        | answers      | ipv4-unreachable     |
| IPv6   | silent                         | works        | silent       | family-undetermined  |
| IPv6   | the host resets                | works        | answers      | aaaa-without-service |
| IPv4   | the host resets                | works        | answers      | family-answers       |
| IPv6   | silent ports, the host answers | works        | answers      | family-answers       |
| IPv6   | rejected by a firewall         | works        | answers      | family-answers       |
| IPv6   | no route from this machine     | works        | not asked    | family-undetermined  |
| IPv6   | silent                         | silent       | answers      | family-undetermined  |
| IPv4   | refused by this run's policy   | works        | answers      | family-undetermined  |

`family-answers` leaves the cause to the check of ports, which names the port and who refuses.

## What to do
Make the service listen on the family that fails, or repair the way to it at the place named;
until then take that address record out of the DNS.

## References
- RFC 8305 (Happy Eyeballs version 2)
- RFC 6724 (default address selection)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import (
    Break,
    DeadHost,
    HostAnswers,
    Loop,
    NoRoute,
    Rejected,
    Silence,
    Ways,
    break_of,
)
from checks.facts.folding import OfAddresses, listed
from checks.facts.reach import Reach, address_in, family_of, nearer
from checks.facts.ways import ways_of
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


@finding_kind
class FamilyWorks(OfAddresses):
    code: ClassVar[str] = "family-works"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    family: int

    @property
    def message(self) -> str:
        return f"the target works over IPv{self.family} at {self.subject}"


@finding_kind
class FamilyAnswers(OfAddresses):
    """The way is fine over this family; what is wrong is one of ports."""

    code: ClassVar[str] = "family-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    family: int

    @property
    def message(self) -> str:
        return f"IPv{self.family} to {self.subject} leads to an answer, though no asked port works"


@finding_kind
class _FamilyUnreachable(OfAddresses):
    """`place` says where it breaks off and `owned_by` whose that is."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_severity: ClassVar[Severity] = Severity.WARNING
    family: int
    place: str
    owned_by: Owner

    @property
    def owner(self) -> Owner:
        return self.owned_by

    @property
    def message(self) -> str:
        other = 10 - self.family
        return (
            f"the target cannot be reached over IPv{self.family} ({self.subject}): {self.place}; "
            f"it works over IPv{other}, so the service runs, and IPv{self.family} to elsewhere "
            "works from here"
        )

    @property
    def for_agent(self) -> str:
        record = "AAAA" if self.family == 6 else "A"
        return (
            f"Repair IPv{self.family} at the place named ({self.place}). Until then the {record} "
            "record can be withdrawn so that clients do not wait for it."
        )

    @property
    def for_customer(self) -> str:
        return (
            f"Your service works for most visitors, but not over IPv{self.family}. Some visitors "
            "wait long or do not get through."
        )


@finding_kind
class Ipv6Unreachable(_FamilyUnreachable):
    code: ClassVar[str] = "ipv6-unreachable"
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK


@finding_kind
class Ipv4Unreachable(_FamilyUnreachable):
    code: ClassVar[str] = "ipv4-unreachable"
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK


@finding_kind
class AaaaWithoutService(OfAddresses):
    code: ClassVar[str] = "aaaa-without-service"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    family: int = 6

    @property
    def message(self) -> str:
        return (
            f"the name leads to {self.subject} over IPv6, where the host answers and nothing "
            "listens: it resets the connections itself, while the same service works over IPv4"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the service listen on IPv6 as well (for nginx: listen [::]:443), or withdraw the "
            "AAAA record."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server has an IPv6 address in the DNS, but the service is not switched on for "
            "IPv6. Please switch it on there, or let us remove that address from the DNS."
        )


@finding_kind
class FamilyUndetermined(OfAddresses):
    code: ClassVar[str] = "family-undetermined"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    family: int
    why: str

    @property
    def message(self) -> str:
        return f"whether IPv{self.family} to {self.subject} works cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Ways:
    """Every address with what is known of the way to it."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on each family that the target has addresses of."""
    known = ways.known
    if known.missing and not known.routeless:
        yield Skipped(subject="address families", missing=known.missing)
        return
    for family in (4, 6):
        reaches = known.of(family)
        routeless = [seen for seen in known.routeless if family_of(address_in(seen)) == family]
        if reaches:
            yield judge_family(ways, family, reaches)
        elif routeless:
            addresses = tuple(address_in(seen) for seen in routeless)
            evidence = tuple(seen.id for seen in routeless)
            why = f"this machine has no route for IPv{family}"
            yield _undetermined(addresses, evidence, family, why)


def judge_family(ways: Ways, family: int, reaches: tuple[Reach, ...]) -> Finding:
    """The verdict on one family with at least one address that was asked."""
    addresses = tuple(reach.address for reach in reaches)
    subject = listed(addresses)
    works = tuple(number for reach in reaches if reach.works for number in reach.tried)
    if works:
        return FamilyWorks(subject=subject, addresses=addresses, evidence=works, family=family)
    broken = [break_of(ways, reach) for reach in reaches]
    evidence = tuple(dict.fromkeys(number for one in broken for number in one.evidence))
    if not any(reach.observed for reach in reaches):
        return _undetermined(addresses, evidence, family, "this run did not ask there")
    if not ways.known.works:
        return _undetermined(addresses, evidence, family, "no address of any family works")
    control = ways.control(family)
    if all(isinstance(one, HostAnswers | Rejected) for one in broken):
        return _answering(ways, family, reaches, evidence)
    if control is None or control.answer is None:
        why = f"nothing else answers over IPv{family} from here either"
        return _undetermined(addresses, evidence, family, why)
    place, owner = _localised(broken)
    kind = Ipv6Unreachable if family == 6 else Ipv4Unreachable
    other = tuple(n for reach in ways.known.reaches if reach.works for n in reach.tried)
    return kind(
        subject=subject,
        addresses=addresses,
        evidence=(*evidence, *other),
        family=family,
        place=place,
        owned_by=owner,
    )


def _undetermined(
    addresses: tuple[str, ...], evidence: tuple[ObservationId, ...], family: int, why: str
) -> FamilyUndetermined:
    return FamilyUndetermined(
        subject=listed(addresses), addresses=addresses, evidence=evidence, family=family, why=why
    )


def _answering(
    ways: Ways, family: int, reaches: tuple[Reach, ...], evidence: tuple[ObservationId, ...]
) -> Finding:
    """Closed by the host itself over IPv6 alone, or a matter of ports."""
    addresses = tuple(reach.address for reach in reaches)
    subject = listed(addresses)
    closed = all(
        port.reset and nearer(reach, port.number) is None
        for reach in reaches
        for port in reach.asked
    )
    if family == 6 and closed:
        other = tuple(n for reach in ways.known.of(4) if reach.works for n in reach.tried)
        return AaaaWithoutService(
            subject=subject, addresses=addresses, evidence=(*evidence, *other)
        )
    return FamilyAnswers(subject=subject, addresses=addresses, evidence=evidence, family=family)


def _localised(broken: list[Break]) -> tuple[str, Owner]:
    """Where the first of these ways that can be followed breaks off, and whose that is."""
    for one in broken:
        match one:
            case Loop(routers=routers):
                return f"packets go round at {routers[-1]}", routers[-1].owner
            case NoRoute(router=router, says=says):
                return f"{router} reports {says.value}", router.owner
            case DeadHost(router=router):
                return f"the host does not answer behind {router}", Owner.HOST
            case Silence(last=last, after=after):
                return f"nothing gets beyond {last}", after.owner
            case Rejected(router=router):
                return f"a firewall at {router} refuses", router.owner
            case _:
                continue
    return "the way there cannot be followed", Owner.HOSTING_NETWORK


CHECK = Check(
    id="address-families",
    title="The target works over one address family only",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        FamilyWorks,
        FamilyAnswers,
        Ipv6Unreachable,
        Ipv4Unreachable,
        AaaaWithoutService,
        FamilyUndetermined,
        Skipped,
    ),
    doc=__doc__ or "",
)
