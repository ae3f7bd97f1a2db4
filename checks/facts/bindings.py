"""Service bindings: SVCB and HTTPS records (RFC 9460)."""

from __future__ import annotations

import re

from checks.facts.iterate import is_address
from netdiag.lazy import dataclass

_RECORD = re.compile(r"(\d{1,5}) (\S+)((?: \S+)*)")
_HINTS = ("ipv4hint", "ipv6hint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One record. `target` is absolute, or the root for the owner itself; `keys` are its
    parameters with their values as text."""

    priority: int
    target: str
    keys: dict[str, str]

    @property
    def is_alias(self) -> bool:
        return self.priority == 0

    @property
    def hints(self) -> frozenset[str]:
        texts = (one for key in _HINTS for one in self.keys.get(key, "").split(","))
        return frozenset(text for text in texts if is_address(text))

    @property
    def lacking(self) -> tuple[str, ...]:
        """Mandatory keys that are not there."""
        wanted = self.keys.get("mandatory", "").split(",")
        return tuple(key for key in wanted if key and key not in self.keys)


def parsed(data: str) -> Binding | None:
    """A record in presentation format (RFC 9460, section 2.1)."""
    found = _RECORD.fullmatch(data)
    if found is None:
        return None
    pairs = (word.partition("=") for word in found[3].split())
    keys = {key.lower(): value.strip('"') for key, _, value in pairs}
    return Binding(priority=int(found[1]), target=found[2].lower(), keys=keys)
