"""A routing registry that is made up: what it says of prefixes, in the form of RIPEstat's API."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from netdiag.model import Finding
from netdiag.outcomes import Failed, FailureKind, Outcome, SystemAddresses
from netdiag.requests import Request, RoutingQuery, SystemLookup
from netdiag.wire import routing_registry
from tests.unit.connectivity.internet import ANCHORS, V4, Internet, Site, found

URL = "https://registry.example/"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FRESH, OLD = "2026-05-04T08:00:00", "2026-05-02T08:00:00"
WHOLE, PART = "22.40.0.0/16", "22.40.1.0/24"
PEERS = 320
Roas = Sequence[tuple[str, int, int]]


@dataclass
class Registry:
    """`routes` are prefixes with the AS that announces each and how many of `peers` see it."""

    routes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    roas: Roas = ()
    validity: str = "unknown"
    peers: int | None = PEERS
    time: str = FRESH
    knows_others: bool = True
    silent: bool = False
    asked: list[RoutingQuery] = field(default_factory=list)

    def answer(self, query: RoutingQuery) -> Outcome:
        self.asked.append(query)
        if self.silent:
            return Failed(kind=FailureKind.TIMEOUT)
        data = {
            "network-info": self._origin,
            "routing-status": self._status,
            "rpki-validation": self._validity,
        }[query.call](query.about)
        tree = {"data_call_name": query.call, "status": "ok", "time": self.time, "data": data}
        return routing_registry.decode(json.dumps(tree).encode(), query.call, query.about)

    def _origin(self, about: str) -> dict[str, Any]:
        if about in ANCHORS.values() and self.knows_others:
            size = 32 if ":" in about else 8
            prefix = ipaddress.ip_network(f"{about}/{size}", strict=False)
            return {"asns": ["64999"], "prefix": str(prefix)}
        around = self._around(about)
        if not around:
            return {"asns": [], "prefix": ""}
        return {"asns": [str(self.routes[around[0]][0])], "prefix": around[0]}

    def _status(self, about: str) -> dict[str, Any]:
        family = ipaddress.ip_network(about).version
        seeing = self.routes.get(about, (0, 0))[1]
        told = {} if self.peers is None else {"total_ris_peers": self.peers}
        around = [one for one in self._around(about) if one != about]
        return {
            "resource": about,
            "visibility": {f"v{family}": told | {"ris_peers_seeing": seeing}},
            "less_specifics": [{"prefix": p, "origin": self.routes[p][0]} for p in around],
            "last_seen": {"prefix": WHOLE, "origin": "64540", "time": "2026-05-03T16:00:00"},
            "query_time": self.time,
        }

    def _validity(self, about: str) -> dict[str, Any]:
        roas = [{"prefix": p, "origin": str(a), "max_length": n} for p, a, n in self.roas]
        return {"prefix": about, "status": self.validity, "validating_roas": roas}

    def _around(self, about: str) -> list[str]:
        inner = ipaddress.ip_network(about)
        nets = [ipaddress.ip_network(one) for one in self.routes]
        held = [n for n in nets if n.version == inner.version and inner.network_address in n]
        return [str(n) for n in sorted(held, key=lambda n: -n.prefixlen)]


def world(registry: Registry, site: Site) -> Internet:
    """The target at one address, and the registry at its own."""

    class WithRegistry(Internet):
        def answer(self, request: Request) -> Any:
            if isinstance(request, RoutingQuery):
                return registry.answer(request)
            if isinstance(request, SystemLookup) and request.name == "registry.example":
                return SystemAddresses(addresses=("22.90.0.1",))
            return super().answer(request)

    return WithRegistry({V4: site})


def judged(check: Any, registry: Registry, site: Site | None = None, **more: Any) -> list[Finding]:
    """The findings of a check about a target that does not answer, unless `site` does."""
    settings: dict[str, Any] = {"routing_registry": URL, "started": NOW} | more
    return found(check, world(registry, site or Site()), **settings)[0]
