"""The mail address in the SOA record takes mail.

## What it does
Reads the contact in the SOA record of each server as a mail address, looks up the mail hosts of its
domain, or the domain itself where it names none, and their addresses.

## Why is this bad?
Whoever finds a fault in the zone writes to this address. Mail to a domain that does not exist, or
to a mail host without an address, reaches nobody.

## How it decides
For each host that is to take the mail.

| the domain or mail host       | judgement              |
|-------------------------------|------------------------|
| has an address                | contact-takes-mail     |
| a domain that does not exist  | contact-takes-no-mail  |
| has no address                | contact-takes-no-mail  |
| wants no mail: a null MX      | contact-takes-no-mail  |
| leads to the sender itself    | contact-takes-no-mail  |
| is an alias                   | contact-takes-no-mail  |
| nobody answers                | contact-not-seen       |

How the contact is spelt is the matter of `host-name-syntax`. All are notices: nothing fails by it.

## What to do
Name a mail address that is read, with a dot in place of the at sign.

## References
- RFC 1035, section 3.3.13 (RNAME)
- RFC 1912, section 2.2 (the contact)
- RFC 5321, section 5.1 (which host takes the mail; none is an alias)
- RFC 2142, section 7 (hostmaster)
- Zonemaster Syntax06
"""

from __future__ import annotations

import asyncio
import enum
import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import Resolution, is_address, resolve, shown
from checks.facts.labels import contact_is_mailbox, mail_domain
from checks.facts.ns_names import CERTAIN
from checks.facts.soa import given
from checks.facts.zone import Zone, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Skipped, finding_kind
from netdiag.network import Asker, ObservationId

MOST_CONTACTS, MOST_HOSTS = 3, 8


class Flaw(enum.Enum):
    """Why a host takes no mail: the tag of Zonemaster, and in words."""

    NOWHERE = ("RNAME_MAIL_DOMAIN_INVALID", "does not exist, has no address or wants no mail")
    LOCAL = ("RNAME_MAIL_DOMAIN_LOCALHOST", "leads to the sending machine itself")
    ALIAS = ("RNAME_MAIL_ILLEGAL_CNAME", "is an alias, which no mail host may be")

    @property
    def tag(self) -> str:
        return f"zonemaster:{self.value[0]}"

    @property
    def words(self) -> str:
        return self.value[1]


@finding_kind
class ContactTakesMail(Finding):
    code: ClassVar[str] = "contact-takes-mail"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:RNAME_RFC822_VALID",)
    contact: str
    hosts: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"mail to the contact in the SOA record of {self.subject}, {self.contact}, goes to "
            f"{', '.join(self.hosts)}"
        )


@finding_kind
class ContactTakesNoMail(Finding):
    """`host` is the domain of the contact or a mail host of it."""

    code: ClassVar[str] = "contact-takes-no-mail"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = tuple(flaw.tag for flaw in Flaw)
    contact: str
    host: str
    flaw: Flaw

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (self.flaw.tag,)

    @property
    def message(self) -> str:
        return (
            f"mail to the contact in the SOA record of {self.subject}, {self.contact}, goes to "
            f"{self.host}, which {self.flaw.words}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the SOA record name a mail address that is read, or its mail host corrected."

    @property
    def for_customer(self) -> str:
        return (
            "The contact address in your domain's technical settings takes no mail. Nothing fails "
            "by it; your DNS provider can correct it."
        )


@finding_kind
class ContactNotSeen(Finding):
    code: ClassVar[str] = "contact-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    contact: str
    host: str

    @property
    def message(self) -> str:
        return (
            f"whether mail to the contact in the SOA record of {self.subject}, {self.contact}, "
            f"can go to {self.host} could not be looked up to the end"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that is to take the mail, and the look-ups of its addresses."""

    name: str
    found: tuple[Resolution, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of the look-ups that need no alias."""
        plain = (one for one in self.found if len(one.chain) == 1)
        return tuple(data for one in plain for data in one.data if is_address(data))

    @property
    def certain(self) -> bool:
        return all(one.status in CERTAIN for one in self.found)

    @property
    def alias(self) -> bool:
        return any(len(one.chain) > 1 for one in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact as the SOA record has it; `hosts` are empty where its domain has none for mail."""

    rname: str
    domain: str
    exchange: Resolution
    hosts: tuple[Host, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`contacts` are those that read as mail addresses."""

    zone: Zone
    contacts: tuple[Contact, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The contacts of all servers' SOA records and where their mail goes."""
    zone = await target_zone(net, brief)
    names = sorted({soa.rname for one in given(zone) for soa in one.soas[:1]})
    readable = [name for name in names if contact_is_mailbox(name)][:MOST_CONTACTS]
    found = await asyncio.gather(*(_contact(net, brief, name) for name in readable))
    return Facts(zone=zone, contacts=tuple(found))


async def _contact(net: Asker, brief: Brief, rname: str) -> Contact:
    domain = mail_domain(rname)
    exchange = await resolve(net, brief, domain, "MX")
    listed = [data.split()[-1].lower() for data in exchange.data if data.split()]
    names = sorted(set(listed) - {"."})[:MOST_HOSTS] if listed else [exchange.chain[-1]]
    if exchange.status not in {"found", "nodata"}:
        names = []
    found = await asyncio.gather(
        *(
            asyncio.gather(*(resolve(net, brief, n, rtype) for rtype in ("A", "AAAA")))
            for n in names
        )
    )
    hosts = tuple(
        Host(name=name, found=tuple(both)) for name, both in zip(names, found, strict=True)
    )
    return Contact(rname=rname, domain=domain, exchange=exchange, hosts=hosts)


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on every contact."""
    zone = facts.zone
    if zone.missing or not facts.contacts:
        missing = zone.missing or "no SOA record has a contact that reads as a mail address"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    for contact in facts.contacts:
        yield from judge_contact(shown(zone.apex), contact)


def judge_contact(subject: str, contact: Contact) -> Iterable[Finding]:
    """The verdicts on the hosts that are to take the mail of one contact."""
    name, before = shown(contact.rname), contact.exchange.evidence
    if not contact.hosts:
        yield _without(subject, contact)
        return
    good: list[Host] = []
    for host in contact.hosts:
        evidence = _cited(before, (host,))
        wrong = flaws(host)
        if usable(host):
            good.append(host)
        elif not wrong:
            yield ContactNotSeen(
                subject=subject, evidence=evidence, contact=name, host=shown(host.name)
            )
        for flaw in wrong:
            yield ContactTakesNoMail(
                subject=subject, evidence=evidence, contact=name, host=shown(host.name), flaw=flaw
            )
    if good:
        yield ContactTakesMail(
            subject=subject,
            evidence=_cited(before, good),
            contact=name,
            hosts=tuple(shown(host.name) for host in good),
        )


def usable(host: Host) -> bool:
    """Whether any address of it leads to another machine than the sender's."""
    return any(not ipaddress.ip_address(address).is_loopback for address in host.addresses)


def flaws(host: Host) -> tuple[Flaw, ...]:
    """What is wrong with a host that is to take mail, as far as it is known."""
    local = any(ipaddress.ip_address(address).is_loopback for address in host.addresses)
    said = {
        Flaw.ALIAS: host.alias,
        Flaw.LOCAL: local,
        Flaw.NOWHERE: not usable(host) and (host.certain or host.alias or local),
    }
    return tuple(flaw for flaw, holds in said.items() if holds)


def _without(subject: str, contact: Contact) -> Finding:
    """The verdict where no host is to take the mail, or nobody tells which."""
    name, evidence = shown(contact.rname), contact.exchange.evidence
    host = shown(contact.exchange.chain[-1])
    if contact.exchange.status in CERTAIN:
        return ContactTakesNoMail(
            subject=subject, evidence=evidence, contact=name, host=host, flaw=Flaw.NOWHERE
        )
    return ContactNotSeen(subject=subject, evidence=evidence, contact=name, host=host)


def _cited(before: Iterable[ObservationId], hosts: Iterable[Host]) -> tuple[ObservationId, ...]:
    looked = (number for host in hosts for one in host.found for number in one.evidence)
    return tuple(dict.fromkeys((*before, *looked)))


CHECK = Check(
    id="zone-contact",
    title="The mail address in the SOA record takes mail",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ContactTakesMail, ContactTakesNoMail, ContactNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
