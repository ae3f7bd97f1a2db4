"""Findings that say the same of several endpoints, said once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, ClassVar

from netdiag.model import Endpoint, Finding, finding_kind

MOST_NAMED = 6


@finding_kind
class Foldable(Finding):
    """A finding that several like it can be made into one of.

    `pooled` names the tuples that are then joined; what is left of the fields, and `kin`, must
    agree. `folded` sets `subject`.
    """

    pooled: ClassVar[frozenset[str]]
    subject: str = ""

    @property
    def kin(self) -> tuple[object, ...]:
        """What must agree besides the fields that are not pooled: whose it is, for example."""
        return ()

    @property
    def about(self) -> str:
        """The subject in words."""
        raise NotImplementedError


@finding_kind
class OfEndpoints(Foldable):
    """A finding about one or more (address, port) pairs of the target."""

    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints"})
    endpoints: tuple[Endpoint, ...]

    @property
    def about(self) -> str:
        return spelled(self.endpoints)

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(endpoint.address for endpoint in self.endpoints))

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(endpoint.port for endpoint in self.endpoints))


@finding_kind
class OfAddresses(Foldable):
    """A finding about one or more addresses of the target."""

    pooled: ClassVar[frozenset[str]] = frozenset({"addresses"})
    addresses: tuple[str, ...]

    @property
    def about(self) -> str:
        return listed(self.addresses)


def folded(findings: Iterable[Foldable]) -> Iterable[Foldable]:
    """`findings`, those that say the same of different things made into one."""
    groups: dict[tuple[object, ...], list[Foldable]] = {}
    for finding in findings:
        groups.setdefault(_statement(finding), []).append(finding)
    for group in groups.values():
        names = (*group[0].pooled, "evidence")
        pooled: dict[str, Any] = {name: _joined(group, name) for name in names}
        whole = dataclasses.replace(group[0], **pooled)
        yield dataclasses.replace(whole, subject=whole.about)


def _statement(finding: Foldable) -> tuple[object, ...]:
    joined = {"subject", "evidence", *finding.pooled}
    names = (field.name for field in dataclasses.fields(finding) if field.name not in joined)
    return (type(finding), finding.kin, *(getattr(finding, name) for name in names))


def _joined(group: list[Foldable], name: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for finding in group for item in getattr(finding, name)))


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
