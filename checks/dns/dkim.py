"""Receivers can read the keys with which the domain signs its mail (DKIM).

## What it does
Looks up the key of each selector given (`--dkim-selector`) below the target's name, else below its
zone, and reads it as receivers do. No list of selectors can be asked for: they are in the header
`DKIM-Signature` of a message, as `s=`.

## Why is this bad?
Without a usable key no signature holds. Where DMARC demands one, receivers reject the domain's own
mail or file it as spam.

## How it decides
Each selector gets its verdict; a key that can be used may still be weak and in test mode.

| the selector has                       | judgement                     |
|----------------------------------------|-------------------------------|
| an RSA key of 2048 bits                | dkim-key-fine                 |
| an Ed25519 key                         | dkim-key-fine                 |
| a key behind an alias                  | dkim-key-fine                 |
| nothing at the name, a key at the zone | dkim-key-fine                 |
| no record                              | dkim-key-missing              |
| an empty key                           | dkim-key-revoked              |
| two keys                               | dkim-key-unusable             |
| a record without a key                 | dkim-key-unusable             |
| a key cut off in the middle            | dkim-key-unusable             |
| a key that is not base64               | dkim-key-unusable             |
| a kind of key that nobody knows        | dkim-key-unusable             |
| a key for SHA-1 alone                  | dkim-key-unusable             |
| a key that is not for mail             | dkim-key-unusable             |
| a version that is not the first tag    | dkim-key-unusable             |
| an RSA key of 768 bits                 | dkim-key-too-short            |
| an RSA key of 1024 bits                | dkim-key-fine, dkim-key-short |
| an RSA key in test mode                | dkim-key-fine, dkim-test-mode |
| could not be looked up                 | dkim-not-seen                 |

Receivers pass over RSA keys below 1024 bits; signers should use 2048. In test mode receivers treat
signed mail as if it were not.

## What to do
Copy the record anew from the mail provider. Texts of more than 255 octets go into several strings
of one record; many forms for editing zones cut them off instead.

## References
- RFC 6376, section 3.6.1 (records), section 3.6.2.2 (one record for a selector)
- RFC 8301, section 3 (lengths, no SHA-1)
- RFC 8463 (Ed25519)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checks.facts.dkim import Key, key_of
from checks.facts.domain import CERTAIN, zone_of
from checks.facts.iterate import resolve, shown
from checks.facts.spf import joined
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

SHORTEST = 1024
ENOUGH = 2048


@finding_kind
class DkimKeyFine(Finding):
    code: ClassVar[str] = "dkim-key-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    kind: str
    bits: int

    @property
    def message(self) -> str:
        return f"{self.subject} has a key that receivers can use ({self.kind}, {self.bits} bits)"


@finding_kind
class _Wrong(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR

    @property
    def for_customer(self) -> str:
        return (
            "The key with which others check that mail is really from you needs a correction in "
            "your domain's settings. Until then some of your mail may end up as spam."
        )


@finding_kind
class DkimKeyMissing(_Wrong):
    """`other` is where it was looked for besides the subject, empty for nowhere."""

    code: ClassVar[str] = "dkim-key-missing"
    other: str = ""

    @property
    def message(self) -> str:
        where = f"{self.subject} or {self.other}" if self.other else self.subject
        return f"there is no key at {where}: signatures made with this selector do not hold"

    @property
    def for_agent(self) -> str:
        return "Publish the mail provider's record, or compare the selector with a signed message."


@finding_kind
class DkimKeyRevoked(_Wrong):
    code: ClassVar[str] = "dkim-key-revoked"

    @property
    def message(self) -> str:
        return f"the key at {self.subject} is revoked (p= is empty): what it signed does not hold"

    @property
    def for_agent(self) -> str:
        return "Have mail signed with another selector, or publish a new key."


@finding_kind
class DkimKeyUnusable(_Wrong):
    code: ClassVar[str] = "dkim-key-unusable"
    why: str

    @property
    def message(self) -> str:
        return f"receivers cannot use the key at {self.subject}: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Copy the record anew, whole, from what the mail provider shows."


@finding_kind
class DkimKeyTooShort(_Wrong):
    code: ClassVar[str] = "dkim-key-too-short"
    bits: int

    @property
    def message(self) -> str:
        return (
            f"receivers pass over the key at {self.subject}: it has {self.bits} bits, and they "
            f"demand {SHORTEST}"
        )

    @property
    def for_agent(self) -> str:
        return f"Have the mail provider make a new key of {ENOUGH} bits, and publish it."


@finding_kind
class DkimKeyShort(_Wrong):
    code: ClassVar[str] = "dkim-key-short"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    bits: int

    @property
    def message(self) -> str:
        return f"the key at {self.subject} works and has {self.bits} bits, less than {ENOUGH}"

    @property
    def for_agent(self) -> str:
        return f"At the next change of keys take one of {ENOUGH} bits, under a new selector."


@finding_kind
class DkimTestMode(_Wrong):
    code: ClassVar[str] = "dkim-test-mode"
    usual_severity: ClassVar[Severity] = Severity.NOTICE

    @property
    def message(self) -> str:
        return f"the key at {self.subject} is in test mode (t=y): signed mail counts as unsigned"

    @property
    def for_agent(self) -> str:
        return "Take t=y out of the record once signing works."


@finding_kind
class DkimNotSeen(Finding):
    code: ClassVar[str] = "dkim-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"the key at {self.subject} could not be looked up to the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The texts at one selector. `name` is where they are or, with none, first looked for."""

    name: str
    texts: tuple[str, ...]
    certain: bool
    evidence: tuple[ObservationId, ...]
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`missing` says why there is nothing to judge."""

    selected: tuple[Selected, ...] = ()
    missing: str = ""


async def gather(net: Asker, brief: Brief) -> Facts:
    """The texts of every selector given."""
    zone = await zone_of(net, brief)
    if not zone or brief.target.name is None:
        return Facts(missing="there is no domain that could sign mail")
    if not brief.dkim_selectors:
        return Facts(missing="no selector was given (--dkim-selector)")
    places = tuple(dict.fromkeys((brief.target.name, zone)))
    found = (_selected(net, brief, selector, places) for selector in brief.dkim_selectors)
    return Facts(selected=tuple(await asyncio.gather(*found)))


async def _selected(net: Asker, brief: Brief, selector: str, places: tuple[str, ...]) -> Selected:
    """The first place that has texts, else the first of all."""
    names = [f"{selector}._domainkey.{place}" for place in places]
    found = await asyncio.gather(*(resolve(net, brief, name, "TXT") for name in names))
    held = next((one for one in found if one.data), found[0])
    evidence = held.evidence if held.data else tuple(n for one in found for n in one.evidence)
    return Selected(
        name=shown(held.name),
        texts=tuple(map(joined, held.data)),
        certain=all(one.status in CERTAIN for one in found),
        evidence=tuple(dict.fromkeys(evidence)),
        other="" if held.data else ", ".join(shown(name) for name in names[1:]),
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """What is wrong with each key, or that nothing is."""
    if facts.missing:
        yield Skipped(subject="DKIM", missing=facts.missing)
    for one in facts.selected:
        yield from judge_selector(one)


def judge_selector(one: Selected) -> Iterator[Finding]:
    """The verdicts on what is at one selector."""
    subject, evidence = one.name, one.evidence
    if not one.texts and one.certain:
        yield DkimKeyMissing(subject=subject, evidence=evidence, other=one.other)
    elif not one.texts:
        yield DkimNotSeen(subject=subject, evidence=evidence)
    elif len(one.texts) > 1:
        why = f"there are {len(one.texts)} records, and receivers take any one of them"
        yield DkimKeyUnusable(subject=subject, evidence=evidence, why=why)
    else:
        yield from judge_key(subject, key_of(one.texts[0]), evidence)


def judge_key(subject: str, key: Key, evidence: tuple[ObservationId, ...]) -> Iterator[Finding]:
    """The verdicts on one key."""
    if key.fault:
        yield DkimKeyUnusable(subject=subject, evidence=evidence, why=key.fault)
        return
    if key.revoked:
        yield DkimKeyRevoked(subject=subject, evidence=evidence)
        return
    if key.kind == "rsa" and key.bits < SHORTEST:
        yield DkimKeyTooShort(subject=subject, evidence=evidence, bits=key.bits)
    else:
        yield DkimKeyFine(subject=subject, evidence=evidence, kind=key.kind, bits=key.bits)
    if key.kind == "rsa" and SHORTEST <= key.bits < ENOUGH:
        yield DkimKeyShort(subject=subject, evidence=evidence, bits=key.bits)
    if key.testing:
        yield DkimTestMode(subject=subject, evidence=evidence)


CHECK = Check(
    id="dkim",
    title="The keys with which the domain signs its mail",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        DkimKeyFine,
        DkimKeyMissing,
        DkimKeyRevoked,
        DkimKeyUnusable,
        DkimKeyTooShort,
        DkimKeyShort,
        DkimTestMode,
        DkimNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
