"""What a scenario is: one truth, the faults that make it true, and what must be reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.plan import Plan

Fault = Callable[[Plan], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A cause that must be reported; `owner` and `support` count only where given."""

    code: str
    owner: str = ""
    support: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`causes` are all that may be reported: one more is as wrong as one less. `notes` are codes of
    findings that are said besides, because they look like faults and are none. `lasting` says that
    a look changes what the next one meets for a while: a server's alternate answers, a size of the
    path that this machine has learnt, segments still sent again, a router's search for its
    neighbour."""

    name: str
    truth: str
    faults: tuple[Fault, ...] = ()
    vantage: str = "desk"
    target: str = "www.customer.example"
    arguments: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    status: int = 0
    lasting: bool = False

    def stage(self, plan: Plan) -> None:
        """Make the truth true."""
        for fault in self.faults:
            fault(plan)
