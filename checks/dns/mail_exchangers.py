"""The hosts that take the name's mail are listed properly.

## What it does
Asks for the MX records of the target's name and for the addresses of every host that they list.

## Why is this bad?
Senders find the mail server by these records. Where a listed host has no address, mail waits at the
sender for days and then comes back.

## How it decides
A name without any MX record gets its mail at its own address.

| MX records                       | the listed host               | judgement                |
|----------------------------------|-------------------------------|--------------------------|
| present                          | has addresses                 | mail-exchanger-resolves  |
| present                          | does not exist                | mx-unresolvable          |
| present                          | exists without addresses      | mx-unresolvable          |
| present                          | is an alias with addresses    | mx-is-cname              |
| present                          | has an address not public     | mx-address-not-public    |
| present                          | is an alias without addresses | mx-unresolvable          |
| present                          | its servers do not answer     | mail-exchanger-not-seen  |
| only `0 .`, asked for mail       | none, on purpose              | no-mail-exchanger        |
| only `0 .`                       | none, on purpose              | no-mail-wanted           |
| none, and an address             | the name itself               | mail-goes-to-the-name    |
| none, no address, asked for mail | none                          | no-mail-exchanger        |
| none, no address                 | none                          | not-checked              |
| not to be had, asked for mail    | not known                     | mail-exchangers-not-seen |
| not to be had                    | not known                     | mail-exchangers-not-seen |
| no such name, asked for mail     | none                          | no-mail-exchanger        |
| no such name                     | none                          | not-checked              |

*Asked for mail* is a run about port 25, 465 or 587. A host that does not resolve, or to
addresses of special use alone, is critical where no other listed host is better, else a warning.
Addresses of a kind of network that the user points into are as good as public ones. What could not
be seen matters where mail was asked for.

## What to do
Correct the MX record, or add the public address of the host that it names. An alias is
replaced by the name that it leads to.

## References
- RFC 5321, section 5.1 (finding the host)
- RFC 2181, section 10.3 (an MX host is no alias)
- RFC 7505 (null MX)
- RFC 6890 (special-purpose addresses)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.mail import Mail, MailHost, mail_of
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
from netdiag.network import Asker
from netdiag.special import described, special

ALIAS_TAGS = ("zonemaster:MX_RECORD_IS_CNAME", "zonemaster:MX_RECORD_IS_NOT_CNAME")


@finding_kind
class MailExchangerResolves(Finding):
    """`host` takes mail for the subject."""

    code: ClassVar[str] = "mail-exchanger-resolves"
    known_as: ClassVar[tuple[str, ...]] = ALIAS_TAGS[1:]
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    host: str
    addresses: tuple[str, ...]

    @property
    def message(self) -> str:
        found = f" ({', '.join(self.addresses[:4])})" if self.addresses else ""
        return f"the mail host {self.host} of {self.subject} has addresses{found} and is no alias"


@finding_kind
class MailGoesToTheName(Finding):
    code: ClassVar[str] = "mail-goes-to-the-name"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} lists no mail host, so its mail would go to its own address"


@finding_kind
class NoMailWanted(Finding):
    code: ClassVar[str] = "no-mail-wanted"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} says by a null MX record that it takes no mail"


@finding_kind
class _MailProblem(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR


@finding_kind
class MxUnresolvable(_MailProblem):
    """`host` has no address; `hidden` where another listed host has one."""

    code: ClassVar[str] = "mx-unresolvable"
    known_as: ClassVar[tuple[str, ...]] = ALIAS_TAGS
    host: str
    alias: str
    hidden: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return ALIAS_TAGS[:1] if self.alias else ALIAS_TAGS[1:]

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        alias = f" (an alias of {self.alias})" if self.alias else ""
        return (
            f"the mail host {self.host}{alias} of {self.subject} has no address: the servers "
            "responsible for it say so with authority, so it is not that they do not answer"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Correct the MX record, or add an A or AAAA record for that host. An MX record has to "
            "name a host: an IP address written there looks like a name that does not exist."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The entry that says where your mail goes names a server that cannot be found. Please "
            "correct the mail entry (MX) in your domain's DNS settings."
        )


@finding_kind
class MxIsCname(_MailProblem):
    code: ClassVar[str] = "mx-is-cname"
    known_as: ClassVar[tuple[str, ...]] = ALIAS_TAGS[:1]
    usual_severity: ClassVar[Severity] = Severity.WARNING
    host: str
    alias: str

    @property
    def message(self) -> str:
        return (
            f"the mail host {self.host} of {self.subject} is an alias of {self.alias}; that one "
            "has addresses, so many senders deliver, and those that keep to the rules may not"
        )

    @property
    def for_agent(self) -> str:
        return f"Name {self.alias} itself in the MX record, or give {self.host} its own addresses."

    @property
    def for_customer(self) -> str:
        return (
            "The entry that says where your mail goes is set up in a way that some mail servers "
            "reject. Please have the mail entry (MX) in your domain's DNS settings corrected."
        )


@finding_kind
class MxAddressNotPublic(_MailProblem):
    """`addresses` are the ones in question; `hidden` where mail has another way."""

    code: ClassVar[str] = "mx-address-not-public"
    known_as: ClassVar[tuple[str, ...]] = ALIAS_TAGS
    host: str
    alias: str
    addresses: tuple[str, ...]
    hidden: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return ALIAS_TAGS[:1] if self.alias else ALIAS_TAGS[1:]

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        return (
            f"the mail host {self.host} of {self.subject} has "
            f"{', '.join(map(described, self.addresses[:4]))}, where no sender elsewhere reaches "
            "it; it was not asked"
        )

    @property
    def for_agent(self) -> str:
        return "Give the mail host a public address, or name the host that takes mail from outside."

    @property
    def for_customer(self) -> str:
        return (
            "The entry that says where your mail goes leads to an address inside a private "
            "network. Please enter the mail server's public address in your domain's DNS settings."
        )


@finding_kind
class NoMailExchanger(_MailProblem):
    """`refused` where a null MX says so, else there is neither MX record nor address."""

    code: ClassVar[str] = "no-mail-exchanger"
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    refused: bool

    @property
    def message(self) -> str:
        why = (
            "it says so by a null MX record"
            if self.refused
            else "it has neither an MX record nor an address, as its own servers or this "
            "machine's resolver say"
        )
        return f"{self.subject} takes no mail: {why}"

    @property
    def for_agent(self) -> str:
        return "Add an MX record that names the domain's mail server, if it is to take mail."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain does not say where its mail goes, so nobody can send you any. If it is to "
            "take mail, please add a mail entry (MX) in its DNS settings."
        )


@finding_kind
class MailExchangerNotSeen(Finding):
    """Whether `host` has an address could not be found out."""

    code: ClassVar[str] = "mail-exchanger-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    host: str
    wanted: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.wanted else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"whether the mail host {self.host} of {self.subject} has an address cannot be told: "
            "nobody gave a usable answer"
        )


@finding_kind
class MailExchangersNotSeen(Finding):
    code: ClassVar[str] = "mail-exchangers-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    wanted: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.wanted else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"where mail for {self.subject} goes cannot be told: neither its own servers nor a "
            "resolver of this machine gave a usable answer"
        )


async def gather(net: Asker, brief: Brief) -> Mail | None:
    """The mail exchangers of the target's name."""
    return await mail_of(net, brief) if brief.target.name else None


def judge(mail: Mail | None) -> Iterable[Finding]:
    """One verdict on every listed host, or on the name where none is listed."""
    if mail is None:
        yield Skipped(subject="mail exchangers", missing="the target is an address")
        return
    subject, evidence = mail.name, tuple(dict.fromkeys(mail.evidence))
    match mail.route:
        case "listed":
            yield from (judge_host(mail, host) for host in mail.hosts)
        case "refused" if not mail.wanted:
            yield NoMailWanted(subject=subject, evidence=evidence)
        case "refused" | "nowhere" | "no-name" if mail.wanted:
            refused = mail.route == "refused"
            yield NoMailExchanger(subject=subject, evidence=evidence, refused=refused)
        case "itself":
            yield MailGoesToTheName(subject=subject, evidence=evidence)
        case "not-seen":
            yield MailExchangersNotSeen(subject=subject, evidence=evidence, wanted=mail.wanted)
        case _:
            missing = "the name has neither MX records nor an address, and no mail was asked for"
            yield Skipped(subject="mail exchangers", missing=missing)


def judge_host(mail: Mail, host: MailHost) -> Finding:
    """The verdict on one listed host."""
    subject = mail.name
    evidence = tuple(dict.fromkeys((*mail.evidence, *host.evidence)))
    if not host.addresses and not host.certain:
        return MailExchangerNotSeen(
            subject=subject, evidence=evidence, host=host.name, wanted=mail.wanted
        )
    if not host.addresses:
        hidden = any(other.addresses for other in mail.hosts)
        return MxUnresolvable(
            subject=subject, evidence=evidence, host=host.name, alias=host.alias, hidden=hidden
        )
    inside = _inside(mail, host)
    if inside:
        hidden = any(set(other.addresses) - set(_inside(mail, other)) for other in mail.hosts)
        return MxAddressNotPublic(
            subject=subject,
            evidence=evidence,
            host=host.name,
            alias=host.alias,
            addresses=inside,
            hidden=hidden,
        )
    if host.alias:
        return MxIsCname(subject=subject, evidence=evidence, host=host.name, alias=host.alias)
    return MailExchangerResolves(
        subject=subject, evidence=evidence, host=host.name, addresses=host.addresses
    )


def _inside(mail: Mail, host: MailHost) -> tuple[str, ...]:
    """Those of a host's addresses that are of no use to senders elsewhere."""
    return tuple(a for a in host.addresses if (why := special(a)) and why.kind not in mail.meant)


CHECK = Check(
    id="mail-exchangers",
    title="The hosts that take the name's mail",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        MailExchangerResolves,
        MailGoesToTheName,
        NoMailWanted,
        MxUnresolvable,
        MxIsCname,
        MxAddressNotPublic,
        NoMailExchanger,
        MailExchangerNotSeen,
        MailExchangersNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
