"""What a report says and in which order, before any form gives it a shape.

Terminal, ticket and page say the same because they lay out the same digest. Its text is clean
already; escaping for its own syntax is left to each form. A record may come from a stranger, so
nothing is taken for granted: links between findings may be circular or lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from netdiag import reproduce
from netdiag.boundary import Support
from netdiag.lazy import dataclass
from netdiag.model import Area, Outcome, Owner, Severity
from netdiag.network import Observation
from netdiag.record import FindingRecord, Record
from netdiag.text import clean
from reports import observation
from reports.observation import duration

Audience = Literal["customer", "agent", "expert"]

AREAS = {
    Area.DNS: "DNS",
    Area.CONNECTIVITY: "connectivity",
    Area.ROUTING: "routing",
    Area.LOCAL: "local",
    Area.SERVICE: "service",
    Area.APPLICATION: "application",
}

UNCHECKED = "Not checked, for there was nothing to look at or nobody asked"
"""Before the checks that were skipped."""

PLAIN_AREAS = {
    Area.DNS: "how its name is found (DNS)",
    Area.CONNECTIVITY: "how the server is reached",
    Area.ROUTING: "the way through the networks to the server",
    Area.LOCAL: "the machine this ran on or the network it is in",
    Area.SERVICE: "how a service on the server is set up",
    Area.APPLICATION: "the scripts or the application on the server",
}
"""The areas in words that a customer knows."""

NEAR_BY = {
    Owner.CUSTOMER_DEVICE: "this machine itself",
    Owner.CUSTOMER_NETWORK: "the network that this machine is in",
    Owner.ACCESS_ISP: "the line to the Internet provider, or with that provider",
}
"""Where a local fault lies, by whose it is to mend."""

NOTHING_TO_DO = "Nothing: support takes it from here."
SEND_RECORD = "Send the record of this run to support: one of netdiag's own checks failed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first lines: what is wrong, whose it is, what support does, what the customer can do.

    `whose` is empty where nothing is wrong; `support` and `contact` are then, too.
    """

    what: str
    whose: str
    support: str
    contact: str
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding in clean text."""

    id: str
    check: str
    code: str
    outcome: Outcome
    severity: Severity
    area: Area
    message: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause with all that belongs to it. `seen` pairs an observation's number with its line."""

    item: Item
    whose: str
    support: str
    customer: str
    agent: str
    symptoms: tuple[Item, ...]
    seen: tuple[tuple[int, str], ...]
    reproduce: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """`causes` ask for action; `notices` are causes worth knowing only."""

    target: str
    status: str
    head: Head
    causes: tuple[Cause, ...]
    notices: tuple[Cause, ...]
    crashed: tuple[Item, ...]
    undetermined: tuple[Item, ...]
    unchecked: tuple[Item, ...]
    fine: dict[Area, tuple[Item, ...]]
    footer: str

    @property
    def open(self) -> tuple[Area, ...]:
        """Areas of which a customer is told that something could not be determined: only where it
        matters, and nothing is known to be amiss anyway."""
        faulty = {cause.item.area for cause in self.causes}
        major = {i.area for i in self.undetermined if i.severity is not Severity.NOTICE}
        return tuple(area for area in Area if area in major - faulty)

    @property
    def clear(self) -> tuple[Area, ...]:
        """Areas of which a customer is told that they are fine: nothing amiss, nothing open, and
        nothing that a cause hides."""
        touched = (item for cause in self.causes for item in (cause.item, *cause.symptoms))
        amiss = {item.area for item in touched} | set(self.open)
        return tuple(area for area in self.fine if area not in amiss)


def digest(record: Record, audience: Audience = "agent") -> Digest:
    """All of the record that a report shows, in its order."""
    causes = tuple(_cause(record, cause) for cause in record.causes)
    folded = {item.id for cause in causes for item in (cause.item, *cause.symptoms)}
    rest = [_item(f) for f in record.findings if clean(f.id) not in folded]
    fine = [item for item in rest if item.outcome is Outcome.OK]
    return Digest(
        target=clean(record.target.display),
        status=record.status,
        head=_head(record, audience),
        causes=tuple(c for c in causes if c.item.severity is not Severity.NOTICE),
        notices=tuple(c for c in causes if c.item.severity is Severity.NOTICE),
        crashed=tuple(item for item in rest if item.outcome is Outcome.CRASHED),
        undetermined=tuple(
            item for item in rest if item.outcome in (Outcome.INCONCLUSIVE, Outcome.PROBLEM)
        ),
        unchecked=tuple(item for item in rest if item.outcome is Outcome.SKIPPED),
        fine={area: own for area in Area if (own := tuple(i for i in fine if i.area is area))},
        footer=footer(record),
    )


def footer(record: Record) -> str:
    """What the run cost, how long it took, from where, when, by which version."""
    sent = [o for o in record.transcript if any(a.packets for a in o.attempts)]
    places = {place for o in sent if (place := o.request.destination)}
    took = max(0.0, (record.finished - record.started).total_seconds())
    cut = {"complete": "", "deadline": " (the time was up)", "interrupted": " (interrupted)"}
    vantage = record.vantage
    on = f" ({vantage.platform})" if vantage.platform else ""
    return clean(
        f"{record.sent.packets} packets to {counted(len(places), 'address', 'addresses')} in "
        f"{duration(took)}{cut[record.ended]}, seen from {vantage.name}{on}, "
        f"{record.started:%Y-%m-%d %H:%M:%S %Z}, {record.tool.name} {record.tool.version}"
        f"{guarded(record)}{limited(record)}"
    )


def limited(record: Record) -> str:
    """Which limits kept something from being asked; nothing where none did."""
    if record.budget is None or not record.budget.reached:
        return ""
    return f"; not everything was asked: {', '.join(record.budget.reached)}"


def guarded(record: Record) -> str:
    """Which guards held the run to looking; nothing where the record does not tell."""
    if not record.guards:
        return ""
    weak = [f"{guard.name} {guard.state}" for guard in record.guards if guard.state != "active"]
    held = [guard.name for guard in record.guards if guard.state == "active"]
    if not weak:
        return ", guards: all active"
    return f", guards: {', '.join(held) or 'none'} active, {', '.join(weak)}"


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def humanised(code: str) -> str:
    """A check's id or a code as words."""
    return code.replace("-", " ")


def numbers(item: Item, most: int) -> str:
    """The first of a finding's evidence as the transcript numbers it, and how many there are
    besides."""
    shown = ", ".join(f"#{number}" for number in item.evidence[:most])
    return shown + more(len(item.evidence) - most)


def more(number: int) -> str:
    """How a list that was cut ends."""
    return f" and {number} more" if number > 0 else ""


def checks(items: Iterable[Item]) -> str:
    """The checks of some findings, each once, as words."""
    return ", ".join(dict.fromkeys(humanised(item.check) for item in items))


def codes(items: Iterable[Item]) -> str:
    """What some findings found, each once, as words."""
    return ", ".join(dict.fromkeys(humanised(item.code) for item in items))


def _head(record: Record, audience: Audience) -> Head:
    top = next((c for c in record.causes if c.severity is not Severity.NOTICE), None)
    if top is not None:
        return Head(
            what=_what_for_customer(record, top) if audience == "customer" else _sum(record),
            whose=_owner(record, top.owner),
            support=_support(record, top.support),
            contact=_contact(record),
            customer=clean(top.advice.customer) or NOTHING_TO_DO,
        )
    if record.status == "ok":
        vantage = clean(record.vantage.name)
        again = (
            "If it still fails for somebody, run netdiag selfcheck where it fails: this was seen "
            f"from {vantage} only."
        )
        return Head(what=_sum(record), whose="", support="", contact="", customer=again)
    return _undecided(record)


def _undecided(record: Record) -> Head:
    """Nothing was established: say so, and what would establish it."""
    crashed = any(f.outcome is Outcome.CRASHED for f in record.findings)
    again = {
        "complete": "Look again from another network, and send the record to support.",
        "deadline": "Run it again with a longer --timeout.",
        "interrupted": "Run it again and let it finish.",
    }
    return Head(
        what=_sum(record),
        whose=_owner(record, Owner.NETDIAG) + " (a check failed)" if crashed else "not known yet",
        support="what support does follows from the cause, which is not known yet",
        contact=_contact(record),
        customer=SEND_RECORD if crashed else again[record.ended],
    )


def _what_for_customer(record: Record, top: FindingRecord) -> str:
    name, place = clean(record.target.display), PLAIN_AREAS[top.area]
    if top.severity is Severity.CRITICAL and top.area is Area.LOCAL:
        near = NEAR_BY.get(top.owner, place)
        return f"{name} does not work from here. The fault lies in {near}."
    if top.severity is Severity.CRITICAL:
        return f"{name} has a fault. It lies in {place}."
    return f"{name} works, but has a weak point. It lies in {place}."


def _sum(record: Record) -> str:
    return clean(record.summary)


def _owner(record: Record, owner: Owner) -> str:
    return clean(record.boundary.owners.get(owner, humanised(owner.value)))


def _support(record: Record, support: Support) -> str:
    """The boundary's words; the cost is said wherever an expert is."""
    words = record.boundary.wording.get(support)
    said = f"{words.label}: {words.text}" if words else humanised(support.value)
    cost = record.boundary.desk.cost_notice if support is Support.REFER else ""
    return clean(f"{said} {cost}".rstrip())


def _contact(record: Record) -> str:
    desk = record.boundary.desk
    channels = ", ".join(channel for channel in (desk.mail, desk.phone, desk.url) if channel)
    return clean(f"{desk.name}: {channels}") if channels else ""


def _cause(record: Record, finding: FindingRecord) -> Cause:
    known: dict[int, Observation] = {o.id: o for o in record.transcript}
    seen = [o for number in finding.evidence if (o := known.get(number))]
    return Cause(
        item=_item(finding),
        whose=_owner(record, finding.owner),
        support=_support(record, finding.support),
        customer=clean(finding.advice.customer),
        agent=clean(finding.advice.agent),
        symptoms=tuple(_item(f) for f in _symptoms(record, finding)),
        seen=tuple((o.id, observation.line(o)) for o in seen),
        reproduce=_commands(finding, seen),
        references=tuple(clean(reference) for reference in finding.references),
    )


def _commands(finding: FindingRecord, seen: Iterable[Observation]) -> tuple[str, ...]:
    """The finding's commands, but only those that follow from its evidence: a reader may run what
    a report shows, and a record file can claim any command."""
    derived = {reproduce.command(o.request) for o in seen}
    return tuple(clean(command) for command in finding.reproduce if command in derived)


def _symptoms(record: Record, cause: FindingRecord) -> Iterator[FindingRecord]:
    """All that the cause explains, directly or through another symptom, in the record's order."""
    by_id = {f.id: f for f in record.findings}
    reached, waiting = {cause.id}, list(cause.explains)
    while waiting:
        identifier = waiting.pop()
        if identifier in by_id and identifier not in reached:
            reached.add(identifier)
            waiting.extend(by_id[identifier].explains)
    roots = {root.id for root in record.causes}
    return (f for f in record.findings if f.id in reached - roots)


def _item(finding: FindingRecord) -> Item:
    return Item(
        id=clean(finding.id),
        check=clean(finding.check),
        code=clean(finding.code),
        outcome=finding.outcome,
        severity=finding.severity,
        area=finding.area,
        message=clean(finding.message),
        evidence=finding.evidence,
    )
