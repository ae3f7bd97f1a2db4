"""Every check netdiag knows, and how their findings explain one another.

The only module that knows more than one check. Checks do not know each other.
"""

from __future__ import annotations

from typing import Any

from netdiag.conclude import Catalogue
from netdiag.model import Check, Explanation

CHECKS: tuple[Check[Any], ...] = ()

EXPLANATIONS: tuple[Explanation[Any, Any], ...] = ()

CATALOGUE = Catalogue(checks=CHECKS, explanations=EXPLANATIONS)
