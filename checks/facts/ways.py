"""The way to every address of the target, with the controls of its family."""

from __future__ import annotations

import asyncio

from checks.facts.breaks import Ways
from checks.facts.outside import both
from checks.facts.reach import reaches
from netdiag.model import Brief
from netdiag.network import Asker


async def ways_of(net: Asker, brief: Brief) -> Ways:
    """Follow the way to every address and ask the controls, at the same time."""
    known, controls = await asyncio.gather(reaches(net, brief), both(net, brief))
    return Ways(brief=brief, known=known, outside=controls)
