"""What the probes of one hop came to."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import field

from netdiag.lazy import dataclass
from netdiag.outcomes import MplsLabel, RouterInterface

SHOWN = 60
"""Round-trip times kept for the picture of their course."""

MOST_SENDERS = 32
"""Addresses kept for one hop; no router spreads flows over more links."""


@dataclass(slots=True)
class Statistics:
    """One hop. Times are seconds; `course` has None where a probe was lost.

    `jitter` is the mean difference between successive round-trip times (RFC 3550, section 6.4.1,
    without its smoothing). Late and duplicate answers are counted and enter nothing else.
    """

    sent: int = 0
    received: int = 0
    last: float | None = None
    best: float = 0.0
    worst: float = 0.0
    total: float = 0.0
    late: int = 0
    duplicates: int = 0
    differences: float = 0.0
    course: deque[float | None] = field(default_factory=lambda: deque(maxlen=SHOWN))
    senders: Counter[str] = field(default_factory=Counter)
    by_flow: dict[int, str] = field(default_factory=dict)
    labels: tuple[MplsLabel, ...] = ()
    interfaces: tuple[RouterInterface, ...] = ()

    @property
    def lost(self) -> int:
        return self.sent - self.received

    @property
    def loss(self) -> float:
        """The share of probes without an answer, from 0 to 1."""
        return self.lost / self.sent if self.sent else 0.0

    @property
    def average(self) -> float | None:
        return self.total / self.received if self.received else None

    @property
    def jitter(self) -> float | None:
        return self.differences / (self.received - 1) if self.received > 1 else None

    def answer(self, sender: str, rtt: float, flow: int) -> None:
        """Count the answer of a probe."""
        self.sent += 1
        self.received += 1
        if self.last is not None:
            self.differences += abs(rtt - self.last)
        self.last = rtt
        self.best = min(self.best, rtt) if self.received > 1 else rtt
        self.worst = max(self.worst, rtt)
        self.total += rtt
        self.course.append(rtt)
        if sender in self.senders or len(self.senders) < MOST_SENDERS:
            self.senders[sender] += 1
            self.by_flow[flow] = sender

    def silence(self) -> None:
        """Count a probe that nothing came back of."""
        self.sent += 1
        self.course.append(None)
