"""What the clocks of web servers say, by which this machine's own is judged.

A server writes the time of its answer into it (RFC 9110, section 6.6.1); a cache that gives an
older answer adds for how long it has had it (RFC 9111, section 5.1).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import HttpReply

APART = timedelta(minutes=5)
"""How far clocks may differ and still agree; Kerberos allows as much (RFC 4120, section 8.2)."""

MOST_AGE = 10
"""Digits of an Age that are believed: three hundred years in seconds."""


UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))
"""Seconds and name; of one of a kind two of the next are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock of `whose`; `ahead` is how far this machine's is ahead of it, in whole seconds."""

    whose: str
    ahead: timedelta
    seen: Observation

    @property
    def agrees(self) -> bool:
        """With this machine's."""
        return abs(self.ahead) <= APART

    def like(self, other: Clock) -> bool:
        """Both tell the same time."""
        return abs(self.ahead - other.ahead) <= APART


def clock_of(whose: str, seen: Observation, started: datetime) -> Clock | None:
    """The clock behind an answer of a run that began at `started`; None where it does not tell."""
    theirs = moment_of(seen)
    if theirs is None or not isinstance(seen.outcome, HttpReply):
        return None
    try:
        ours = started + timedelta(seconds=seen.started + seen.outcome.first_byte)
        ahead = timedelta(seconds=round((ours - theirs).total_seconds()))
    except (OverflowError, ValueError):
        return None
    return Clock(whose=whose, ahead=ahead, seen=seen)


def moment_of(seen: Observation | None) -> datetime | None:
    """The server's own time as it answered; None where it does not tell."""
    reply = seen.outcome if seen else None
    text = reply.header("date") if isinstance(reply, HttpReply) else None
    if not text or not isinstance(reply, HttpReply):
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment + _age(reply) if moment.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _age(reply: HttpReply) -> timedelta:
    text = reply.header("age") or ""
    known = text.isascii() and text.isdigit() and len(text) <= MOST_AGE
    return timedelta(seconds=int(text) if known else 0)


def spelled(ahead: timedelta) -> str:
    """`3 days ahead`, `12 minutes behind`."""
    seconds = abs(ahead).total_seconds()
    size, unit = next(((s, u) for s, u in UNITS if seconds >= 2 * s), UNITS[-1])
    return f"{round(seconds / size)} {unit} {'ahead' if ahead > timedelta() else 'behind'}"
