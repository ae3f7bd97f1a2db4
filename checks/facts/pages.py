"""Findings about pages, and the one kind that web and other services share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.folding import Foldable, OfEndpoints, folded, listed, spelled
from netdiag.model import Area, Endpoint, Outcome, Owner, Severity, finding_kind


@finding_kind
class OfPages(OfEndpoints):
    """A finding about what is shown under `urls` at `endpoints`.

    `partial` where other addresses of the target show something else. A service without pages has
    no URLs.
    """

    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "urls"})
    urls: tuple[str, ...] = ()
    partial: bool = False

    @property
    def about(self) -> str:
        if not self.urls:
            return spelled(self.endpoints)
        where = f" at {listed(self.addresses)}" if self.partial else ""
        return f"{listed(self.urls)}{where}"


@finding_kind
class BadPage(OfPages):
    """A problem; `hidden` where another port or address serves well."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    hidden: bool

    @property
    def severity(self) -> Severity:
        if self.hidden and self.usual_severity is Severity.CRITICAL:
            return Severity.WARNING
        return self.usual_severity


@finding_kind
class ServiceUnavailable(BadPage):
    """The service itself says so; `said` is what, in words."""

    code: ClassVar[str] = "service-unavailable"
    said: str

    @property
    def message(self) -> str:
        return (
            f"the service of {self.subject} can be reached and turns visitors away: {self.said}, "
            "so the way to it and its port are fine"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Ask whoever runs the service whether it is in maintenance, overloaded, or lets in "
            "only some addresses; its log at this time says which."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your service is running but says that it cannot serve visitors now: it may be in "
            "maintenance or overloaded. If that was not planned, please have it looked at."
        )


def folded_pages(findings: Iterable[Foldable], all_of: Iterable[Endpoint]) -> Iterable[Foldable]:
    """`findings` folded; those that do not hold at all addresses of `all_of` say where they do."""
    everywhere = {endpoint.address for endpoint in all_of}
    return (_placed(finding, everywhere) for finding in folded(findings))


def _placed(finding: Foldable, everywhere: set[str]) -> Foldable:
    if not isinstance(finding, OfPages) or not set(finding.addresses) < everywhere:
        return finding
    partial = replace(finding, partial=True)
    return replace(partial, subject=partial.about)
