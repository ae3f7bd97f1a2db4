"""The support boundary: what support does about a cause, as a policy that the desk writes."""

from __future__ import annotations

import enum
from importlib import resources
from pathlib import Path

import msgspec

from netdiag import tomlfile
from netdiag.model import Area, Finding, Owner
from netdiag.tomlfile import BadFileError


class Support(enum.Enum):
    """Ours to solve; ours to explain; an expert's, at an extra cost."""

    FIX = "fix"
    GUIDE = "guide"
    REFER = "refer"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fits a finding when all that it names (area, owner, code) is the finding's."""

    support: Support
    area: Area | None = None
    owner: Owner | None = None
    code: str | None = None

    def fits(self, finding: Finding) -> bool:
        return (
            self.area in (None, finding.area)
            and self.owner in (None, finding.owner)
            and self.code in (None, finding.code)
        )


class Desk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers, through which channels, and what an expert costs. Empty: not offered."""

    name: str = "Support"
    mail: str = ""
    phone: str = ""
    url: str = ""
    cost_notice: str = ""


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    text: str


class Boundary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole policy. `wording` has an entry for every `Support`, `owners` for every `Owner`."""

    rule: tuple[Rule, ...]
    wording: dict[Support, Wording]
    owners: dict[Owner, str]
    desk: Desk = Desk()

    def support_for(self, finding: Finding) -> Support:
        """The first rule that fits decides; `complete` has made sure that one does."""
        return next(rule.support for rule in self.rule if rule.fits(finding))


class _Partial(msgspec.Struct, forbid_unknown_fields=True):
    """A desk's file may leave out whatever it does not change."""

    rule: tuple[Rule, ...] = ()
    wording: dict[Support, Wording] = {}
    owners: dict[Owner, str] = {}
    desk: Desk | None = None


def default() -> Boundary:
    """The policy that netdiag ships."""
    text = resources.files("netdiag").joinpath("boundary.toml").read_text("utf-8")
    return tomlfile.parse(text, Boundary, "boundary.toml")


def load(path: Path) -> Boundary:
    """The desk's policy over the shipped one: its rules come first, its words replace ours.

    Raises `BadFileError` naming file, line and reason.
    """
    own = tomlfile.load(path, _Partial)
    shipped = default()
    for rule in own.rule:
        if rule.area is None and rule.owner is None and rule.code is None:
            raise BadFileError(f"{path}: a rule must name an area, an owner or a code")
    return Boundary(
        rule=own.rule + shipped.rule,
        wording=shipped.wording | own.wording,
        owners=shipped.owners | own.owners,
        desk=own.desk or shipped.desk,
    )
