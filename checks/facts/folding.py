"""Findings that say the same of several endpoints, said once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from netdiag.model import Endpoint, Finding

MOST_NAMED = 6


@dataclass(frozen=True, kw_only=True)
class OfEndpoints(Finding):
    """A finding about one or more (address, port) pairs of the target.

    `subject` names them; `folded` sets it.
    """

    subject: str = ""
    endpoints: tuple[Endpoint, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(endpoint.address for endpoint in self.endpoints))

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(endpoint.port for endpoint in self.endpoints))


@dataclass(frozen=True, kw_only=True)
class OfAddresses(Finding):
    """A finding about one or more addresses of the target."""

    subject: str = ""
    addresses: tuple[str, ...]


def folded(findings: Iterable[Finding]) -> Iterable[Finding]:
    """`findings`, those that differ only in what they are about made into one."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_statement(finding), []).append(finding)
    for group in groups.values():
        yield _merged(group)


def _statement(finding: Finding) -> tuple[object, ...]:
    about = {"subject", "evidence", "endpoints", "addresses"}
    fields = (f.name for f in dataclasses.fields(finding) if f.name not in about)
    return (type(finding), *(getattr(finding, name) for name in fields))


def _merged(group: list[Finding]) -> Finding:
    first = group[0]
    evidence = tuple(dict.fromkeys(number for f in group for number in f.evidence))
    if isinstance(first, OfEndpoints):
        endpoints = tuple(e for f in group if isinstance(f, OfEndpoints) for e in f.endpoints)
        subject = spelled(endpoints)
        return dataclasses.replace(first, subject=subject, endpoints=endpoints, evidence=evidence)
    if isinstance(first, OfAddresses):
        addresses = tuple(a for f in group if isinstance(f, OfAddresses) for a in f.addresses)
        subject = listed(addresses)
        return dataclasses.replace(first, subject=subject, addresses=addresses, evidence=evidence)
    return first


def spelled(endpoints: tuple[Endpoint, ...]) -> str:
    """`192.0.2.1 and 192.0.2.2 port 80 and 443`: addresses with the same ports go together."""
    ports: dict[str, tuple[int, ...]] = {}
    for endpoint in endpoints:
        ports[endpoint.address] = (*ports.get(endpoint.address, ()), endpoint.port)
    groups: dict[tuple[int, ...], list[str]] = {}
    for address, numbers in ports.items():
        groups.setdefault(tuple(sorted(set(numbers))), []).append(address)
    parts = (
        f"{listed(addresses)} port {listed(str(n) for n in numbers)}"
        for numbers, addresses in groups.items()
    )
    return ", ".join(parts)


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`; a long list is cut."""
    items = list(words)
    if len(items) > MOST_NAMED:
        items = [*items[:MOST_NAMED], f"{len(items) - MOST_NAMED} more"]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
