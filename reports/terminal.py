"""The report for a terminal, coloured or plain, from 40 columns up.

What a terminal would act on never reaches it: the digest's text is clean, and it is laid out as
`rich.text.Text`, which interprets no markup. Commands are the only lines that may be longer than
the terminal is wide, because a command broken into lines can no longer be copied.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from netdiag.lazy import dataclass
from netdiag.model import Area, Outcome, Severity
from netdiag.record import Record
from reports.digest import (
    AREAS,
    PLAIN_AREAS,
    UNCHECKED,
    Audience,
    Cause,
    Digest,
    Item,
    checks,
    codes,
    counted,
    digest,
    more,
    numbers,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

NARROW = 60
"""Columns below which a label stands above its text instead of beside it."""

LABEL = 12
MANY = 10
FEW = 5
"""Evidence numbers, and symptoms and undetermined things, shown where not all was asked for."""

MARKS = {
    "critical": ("✖", "X", "bold red"),
    "warning": ("▲", "!", "bold yellow"),
    "notice": ("•", "*", "cyan"),
    "unknown": ("?", "?", "bold magenta"),
    "ok": ("✔", "+", "bold green"),
}
"""By status and severity: the mark, the one in ASCII, the style."""


def render(
    record: Record,
    *,
    width: int = 80,
    colour: bool = False,
    audience: Audience = "agent",
    verbose: bool = False,
    ascii_only: bool = False,
) -> str:
    """The report, at most `width` columns wide but for commands, with a newline at its end."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    page = _Page(console, digest(record, audience), audience, verbose, ascii_only)
    page.show()
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n") + "\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """The sections of a report, each of which prints itself or nothing."""

    console: Console
    digest: Digest
    audience: Audience
    verbose: bool
    ascii_only: bool

    def show(self) -> None:
        self.head()
        if self.audience == "customer":
            self.other_causes()
        else:
            self.causes()
        self.notices()
        self.crashed()
        self.undetermined()
        self.unchecked()
        self.fine()
        if self.audience == "customer":
            self.for_support()
        self.blank()
        self.text(self.digest.footer, style="dim")

    def head(self) -> None:
        head, customer = self.digest.head, self.audience == "customer"
        self.text(head.what, mark=self.digest.status, style="bold")
        self.labelled("Whose to fix", head.whose)
        self.labelled("Support", head.support)
        self.labelled("" if head.support else "Support", head.contact)
        if head.whose:
            self.labelled("For you" if customer else "Customer", head.customer)
        else:
            self.text(head.customer, indent=2)
        others = self.digest.causes[1:]
        if others and not customer:
            known = ", ".join(cause.item.code for cause in others)
            self.labelled("Also", f"{counted(len(others), 'other cause', 'other causes')}: {known}")

    def other_causes(self) -> None:
        """In plain words, for a customer."""
        for cause in self.digest.causes[1:]:
            self.blank()
            self.text(
                f"There is another fault, in {PLAIN_AREAS[cause.item.area]}.",
                mark=cause.item.severity.value,
                style="bold",
            )
            self.labelled("Whose to fix", cause.whose)
            self.labelled("Support", cause.support)
            self.labelled("For you", cause.customer)

    def causes(self) -> None:
        for number, cause in enumerate(self.digest.causes, 1):
            self.blank()
            several = len(self.digest.causes) > 1
            self.cause(cause, f"Cause {number}: " if several else "Cause: ", number == 1)

    def cause(self, cause: Cause, title: str, first: bool) -> None:
        """The first cause's message and owner stand in the head already."""
        item = cause.item
        kind = f" ({item.severity.value}, {AREAS[item.area]})"
        self.text(f"{title}{item.code}{kind}", mark=item.severity.value, style="bold")
        if not first or item.message not in self.digest.head.what:
            self.text(item.message, indent=2)
        if not first:
            self.labelled("Whose to fix", cause.whose)
            self.labelled("Support", cause.support)
        self.labelled("Next step", cause.agent)
        self.evidence(cause)
        self.symptoms(cause.symptoms)
        self.commands(cause.reproduce)
        if self.everything:
            self.labelled("References", "; ".join(cause.references))

    def evidence(self, cause: Cause) -> None:
        if not self.everything:
            self.labelled("Evidence", numbers(cause.item, MANY))
            return
        missing = [f"#{n}" for n in cause.item.evidence if n not in dict(cause.seen)]
        lines = [f"#{number} {self.plain(line)}" for number, line in cause.seen]
        self.labelled("Evidence", *lines, *missing)

    def symptoms(self, symptoms: tuple[Item, ...]) -> None:
        if not symptoms:
            return
        shown = symptoms if self.everything else symptoms[:FEW]
        lines = [f"{self.bullet} {item.message} ({item.code})" for item in shown]
        if len(symptoms) > len(shown):
            lines.append(f"{self.bullet}{more(len(symptoms) - len(shown))}")
        self.labelled("Explains", counted(len(symptoms), "finding:", "findings:"), *lines)

    def commands(self, commands: tuple[str, ...]) -> None:
        if not commands:
            return
        self.labelled("To repeat", "")
        from rich.text import Text

        for command in commands:
            line = Text(self.plain("    " + command), style="cyan", no_wrap=True, overflow="ignore")
            self.console.print(line, soft_wrap=True)

    def notices(self) -> None:
        """A customer finds these under "for support" only."""
        if self.audience != "customer":
            self.section("Worth knowing", "notice", (cause.item for cause in self.digest.notices))

    def crashed(self) -> None:
        self.section("netdiag itself failed", "unknown", self.digest.crashed)

    def undetermined(self) -> None:
        """Minor things are counted, unless everything was asked for."""
        items = self.digest.undetermined
        if self.audience == "customer":
            self.areas("Could not be determined", "unknown", self.digest.open)
            return
        major = tuple(i for i in items if i.severity is not Severity.NOTICE)
        shown = items if self.everything else (major or items)[:FEW]
        self.section("Could not be determined", "unknown", shown)
        if rest := [i for i in items if i not in shown]:
            self.text(f"and {len(rest)} more: {checks(rest)}", indent=4)

    def unchecked(self) -> None:
        """Checks that had nothing to look at."""
        items = self.digest.unchecked
        if self.audience == "customer":
            return
        if self.everything:
            self.section("Not checked", "notice", items)
        elif items:
            self.blank()
            self.text(f"{UNCHECKED}: {checks(items)}")

    def fine(self) -> None:
        title = "Checked, no fault found"
        if self.audience == "customer":
            self.areas(title, "ok", self.digest.clear)
            return
        if self.digest.fine:
            self.blank()
            self.text(title, style="bold")
        for area, items in self.digest.fine.items():
            if self.everything:
                for item in items:
                    self.text(item.message, mark="ok", indent=2)
            else:
                self.text(f"{AREAS[area]}: {codes(items)}", mark="ok", indent=2)

    def areas(self, title: str, mark: str, areas: tuple[Area, ...]) -> None:
        """A titled list of parts in a customer's words."""
        if not areas:
            return
        self.blank()
        self.text(title, style="bold")
        for area in areas:
            self.text(PLAIN_AREAS[area], mark=mark, indent=2)

    def for_support(self) -> None:
        """The only line with codes and numbers that a customer's report has."""
        causes = (*self.digest.causes, *self.digest.notices)
        if not causes:
            return
        self.blank()
        self.text("For support", style="bold")
        for cause in causes:
            item = cause.item
            self.text(f"{item.code}: {item.message} [{numbers(item, FEW)}]", indent=2)

    def section(self, title: str, mark: str, items: Iterable[Item]) -> None:
        """A titled list of findings."""
        known = list(items)
        if not known:
            return
        self.blank()
        self.text(title, style="bold")
        for item in known:
            code = "" if item.outcome is Outcome.CRASHED else f" ({item.code})"
            self.text(f"{item.message}{code}", mark=mark, indent=2)

    @property
    def everything(self) -> bool:
        return self.verbose or self.audience == "expert"

    @property
    def bullet(self) -> str:
        return "-" if self.ascii_only else "–"  # noqa: RUF001

    def plain(self, text: str) -> str:
        """In ASCII where nothing else can be shown."""
        return text.encode("ascii", "backslashreplace").decode() if self.ascii_only else text

    def blank(self) -> None:
        self.console.print()

    def text(self, text: str, *, mark: str = "", indent: int = 0, style: str = "") -> None:
        """A paragraph; what follows a mark hangs beside it."""
        from rich.padding import Padding
        from rich.text import Text

        shown: RenderableType = Text(self.plain(text), style=style)
        if mark:
            symbol, ascii_symbol, mark_style = MARKS[mark]
            sign = Text(ascii_symbol if self.ascii_only else symbol, style=mark_style)
            shown = _beside(sign, 2, shown)
        self.console.print(Padding(shown, (0, 0, 0, indent)))

    def labelled(self, label: str, *lines: str) -> None:
        """A label with its text beside it, or above it where the terminal is narrow."""
        if not any(lines) and label != "To repeat":
            return
        from rich.padding import Padding
        from rich.text import Text

        body = Text(self.plain("\n".join(lines)))
        if self.console.width >= NARROW:
            shown = _beside(Text(label, style="dim"), LABEL + 2, body)
            self.console.print(Padding(shown, (0, 0, 0, 2)))
            return
        if label:
            self.console.print(Padding(Text(label, style="dim"), (0, 0, 0, 2)))
        if body.plain:
            self.console.print(Padding(body, (0, 0, 0, 4)))


def _beside(left: RenderableType, width: int, right: RenderableType) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(padding=0)
    grid.add_column(width=width, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row(left, right)
    return grid
