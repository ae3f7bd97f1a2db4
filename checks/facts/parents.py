"""Who keeps a delegation: a registry, through a registrar, or the operator of an ordinary zone."""

from __future__ import annotations

from checks.facts.iterate import is_registry, shown
from checks.facts.zone import Zone
from netdiag.model import Finding, Outcome, Owner, finding_kind


@finding_kind
class OfDelegation(Finding):
    """A fault of what the parent zone says. `parent` is that zone, as shown, and empty where the
    delegation is only planned."""

    parent: str

    @property
    def owner(self) -> Owner:
        if self.outcome is not Outcome.PROBLEM:
            return self.usual_owner
        return Owner.REGISTRAR if self._registry else Owner.DNS_OPERATOR

    @property
    def keeper(self) -> str:
        """What to call the parent."""
        if not self.parent:
            return "the planned delegation"
        return "the registry" if self._registry else f"the parent zone {self.parent}"

    @property
    def changer(self) -> str:
        """Who changes what the parent says."""
        if not self.parent:
            return "whoever plans the delegation"
        return "the registrar" if self._registry else f"the operator of {self.parent}"

    @property
    def _registry(self) -> bool:
        return not self.parent or self.parent == shown(".") or is_registry(self.parent + ".")


def parent_of(zone: Zone) -> str:
    """The parent of the target's zone, as shown; empty where its delegation is planned."""
    if zone.cut and zone.cut.planned:
        return ""
    return shown(zone.cut.parent if zone.cut else ".")
