"""The names in a zone's own records are host names that everybody accepts.

## What it does
Looks at the spelling of the zone's name, of its name servers, of the primary server and the contact
in its SOA record, and of its mail hosts.

## Why is this bad?
A name server or mail host whose name is no host name is refused by strict resolvers and mail
servers. A contact that is no mail address reaches nobody.

## How it decides
For each name; several rows may hold for one.

| the name                             | judgement               |
|--------------------------------------|-------------------------|
| letters, digits, hyphens within      | host-names-well-formed  |
| another character                    | host-name-malformed     |
| a label that begins with a hyphen    | host-name-malformed     |
| a label that ends with a hyphen      | host-name-malformed     |
| hyphens in third and fourth place    | host-name-malformed     |
| a last label of digits               | host-name-malformed     |
| a contact with an at sign            | soa-contact-malformed   |
| a contact that is no mail address    | soa-contact-malformed   |

Two hyphens in third and fourth place are a notice, for nothing fails by them yet; so are flaws of
the contact and of the primary server, which resolution does not use.

## What to do
Give the host another name, or correct the record; in the contact a dot stands for the at sign.

## References
- RFC 952; RFC 1123, section 2.1 (host names)
- RFC 5891, section 4.2.3.1 (two hyphens)
- RFC 1912, section 2.2 (the contact)
- RFC 3696, section 2 (a last label of digits)
- Zonemaster Syntax01 to Syntax08
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from itertools import product
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import shown
from checks.facts.labels import Flaw, contact_has_at_sign, contact_is_mailbox, flaws
from checks.facts.soa import given, newest
from checks.facts.zone import Zone, own_names, target_zone
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
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

MOST_NAMES = 30


class Role(enum.Enum):
    """What a name stands for, in words."""

    ZONE = "the zone's name"
    SERVER = "the name server"
    PRIMARY = "the primary server in the SOA record"
    MAIL = "the mail host"


PREFIX = {Role.SERVER: "NAMESERVER", Role.PRIMARY: "MNAME", Role.MAIL: "MX"}
_OF_ZONE = {
    Flaw.CHARACTERS: ("NON_ALLOWED_CHARS", "ONLY_ALLOWED_CHARS"),
    Flaw.INITIAL_HYPHEN: ("INITIAL_HYPHEN", "NO_ENDING_HYPHENS"),
    Flaw.TERMINAL_HYPHEN: ("TERMINAL_HYPHEN", "NO_ENDING_HYPHENS"),
    Flaw.DOUBLE_HYPHEN: ("DISCOURAGED_DOUBLE_DASH", "NO_DOUBLE_DASH"),
}
_OF_HOST = {
    Flaw.CHARACTERS: "NON_ALLOWED_CHARS",
    Flaw.DOUBLE_HYPHEN: "DISCOURAGED_DOUBLE_DASH",
    Flaw.NUMERIC_TOP: "NUMERIC_TLD",
}


def _tags(role: Role, flaw: Flaw) -> tuple[str, ...]:
    """What Zonemaster calls the flaw; nothing where it has no word for it."""
    if role is Role.ZONE:
        return (f"zonemaster:{_OF_ZONE[flaw][0]}",) if flaw in _OF_ZONE else ()
    return (f"zonemaster:{PREFIX[role]}_{_OF_HOST[flaw]}",) if flaw in _OF_HOST else ()


_CONTACT_FINE = "zonemaster:RNAME_NO_AT_SIGN"
_ZONE_FINE = tuple(dict.fromkeys(f"zonemaster:{fine}" for _, fine in _OF_ZONE.values()))
_HOSTS_FINE = tuple(f"zonemaster:{prefix}_SYNTAX_OK" for prefix in PREFIX.values())


@finding_kind
class HostNamesWellFormed(Finding):
    code: ClassVar[str] = "host-names-well-formed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (*_ZONE_FINE, *_HOSTS_FINE, _CONTACT_FINE)
    names: tuple[str, ...]
    said: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.said

    @property
    def message(self) -> str:
        return f"names in {self.subject} that are spelt as they should be: {', '.join(self.names)}"


@finding_kind
class HostNameMalformed(Finding):
    code: ClassVar[str] = "host-name-malformed"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = tuple(
        tag for role, flaw in product(Role, Flaw) for tag in _tags(role, flaw)
    )
    role: Role
    name: str
    flaw: Flaw

    @property
    def severity(self) -> Severity:
        harmless = self.flaw is Flaw.DOUBLE_HYPHEN or self.role is Role.PRIMARY
        return Severity.NOTICE if harmless else Severity.WARNING

    @property
    def equivalents(self) -> tuple[str, ...]:
        return _tags(self.role, self.flaw)

    @property
    def message(self) -> str:
        of = "" if self.role is Role.ZONE else f" of {self.subject}"
        return f"{self.role.value}{of}, {self.name}, {self.flaw.value}"

    @property
    def for_agent(self) -> str:
        return "Give the host a name of letters, digits and hyphens, and correct the record."

    @property
    def for_customer(self) -> str:
        return (
            "A name in your domain's settings is spelt in a way that some servers do not accept. "
            "Your DNS provider can correct it."
        )


@finding_kind
class SoaContactMalformed(Finding):
    """`at_sign` where it is written like a mail address, else it cannot be read as one."""

    code: ClassVar[str] = "soa-contact-malformed"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:RNAME_MISUSED_AT_SIGN",
        "zonemaster:RNAME_RFC822_INVALID",
    )
    contact: str
    at_sign: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as[:1] if self.at_sign else self.known_as[1:]

    @property
    def message(self) -> str:
        how = "is written with an at sign" if self.at_sign else "cannot be read as a mail address"
        return f"the contact in the SOA record of {self.subject}, {self.contact}, {how}"

    @property
    def for_agent(self) -> str:
        return "Have the contact corrected: a mail address with a dot in place of the at sign."

    @property
    def for_customer(self) -> str:
        return (
            "The contact address in your domain's technical settings is not written properly. "
            "Nothing fails by it; your DNS provider can correct it."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`mail` has the MX reply of each server that answers."""

    zone: Zone
    mail: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The zone, and every server's MX reply."""
    zone = await target_zone(net, brief)
    replies = await of_each(net, zone, DnsQuery(server="", name=zone.apex, rtype="MX"))
    return Facts(zone=zone, mail=tuple(seen for (seen,) in replies))


def judge(facts: Facts) -> Iterable[Finding]:
    """Each flaw of each name, and what is well spelt."""
    zone = facts.zone
    if zone.missing or not answering(zone):
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    subject, said, fine = shown(zone.apex), list[str](), list[str]()
    evidence = _cited(facts)
    for role, names in named(facts).items():
        found = [(name, flaw) for name in names for flaw in sorted_flaws(name)]
        if role is Role.ZONE:
            found = [(name, flaw) for name, flaw in found if flaw is not Flaw.NUMERIC_TOP]
        flawed = {bad for bad, _ in found}
        fine += [shown(name) for name in names if name != "." and name not in flawed]
        said += _fine_tags(role, names, found)
        for name, flaw in found:
            yield HostNameMalformed(
                subject=subject, evidence=evidence, role=role, name=shown(name), flaw=flaw
            )
    told = given(zone)
    if told:
        contact = newest(told).rname
        yield from judge_contact(subject, contact, evidence)
        said += [] if contact_has_at_sign(contact) else [_CONTACT_FINE]
    if fine:
        yield HostNamesWellFormed(
            subject=subject,
            evidence=evidence,
            names=tuple(dict.fromkeys(fine)),
            said=tuple(said),
        )


def judge_contact(
    subject: str, contact: str, evidence: tuple[ObservationId, ...]
) -> Iterable[Finding]:
    """What is wrong with the contact of an SOA record."""
    wrong = {True: contact_has_at_sign(contact), False: not contact_is_mailbox(contact)}
    for at_sign, holds in wrong.items():
        if holds:
            yield SoaContactMalformed(
                subject=subject, evidence=evidence, contact=shown(contact), at_sign=at_sign
            )


def named(facts: Facts) -> dict[Role, tuple[str, ...]]:
    """The names by what they stand for; at most `MOST_NAMES` of each."""
    zone = facts.zone
    told = given(zone)
    delegated = set(zone.cut.names) if zone.cut else set()
    names = {
        Role.ZONE: {zone.apex},
        Role.SERVER: own_names(zone) | delegated,
        Role.PRIMARY: {newest(told).mname} if told else set(),
        Role.MAIL: {host for seen in facts.mail for host in _hosts(seen, zone.apex)},
    }
    return {role: tuple(sorted(found)[:MOST_NAMES]) for role, found in names.items()}


def sorted_flaws(name: str) -> tuple[Flaw, ...]:
    """The flaws of a name in the order of their list."""
    found = flaws(name)
    return tuple(flaw for flaw in Flaw if flaw in found)


def _fine_tags(
    role: Role, names: tuple[str, ...], found: list[tuple[str, Flaw]]
) -> tuple[str, ...]:
    """What Zonemaster says of names that it finds no fault with."""
    if role is Role.ZONE:
        broken = {_OF_ZONE[flaw][1] for _, flaw in found}
        return tuple(tag for tag in _ZONE_FINE if tag.removeprefix("zonemaster:") not in broken)
    bad = {name for name, flaw in found if flaw in _OF_HOST}
    return (f"zonemaster:{PREFIX[role]}_SYNTAX_OK",) if set(names) - bad else ()


def _hosts(seen: Observation, apex: str) -> tuple[str, ...]:
    match seen.outcome:
        case DnsReply(answer=answer):
            data = [r.data.split() for r in answer if (r.name, r.rtype) == (apex, "MX")]
            return tuple(words[1].lower() for words in data if len(words) == 2)
        case _:
            return ()


def _cited(facts: Facts) -> tuple[ObservationId, ...]:
    replies = [n for s in facts.zone.serving for n in (s.best.id, s.ns.id)]
    mail = [seen.id for seen in facts.mail]
    cut = facts.zone.cut.evidence if facts.zone.cut else ()
    return tuple(dict.fromkeys((*cut, *replies, *mail)))


CHECK = Check(
    id="host-name-syntax",
    title="The names in a zone's own records are host names",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(HostNamesWellFormed, HostNameMalformed, SoaContactMalformed, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
