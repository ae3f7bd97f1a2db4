"""Every check netdiag knows, sorted by area and id."""

from __future__ import annotations

from checks.connectivity import families, host_state, port_state
from checks.explanations import EXPLANATIONS
from checks.local import detour, gateway_silent, hosts_file, link, no_default_route, uplink_down
from checks.routing import black_hole, routing_loop, unreachable_route
from netdiag.conclude import Catalogue

CATALOGUE = Catalogue(
    checks=(
        families.CHECK,
        host_state.CHECK,
        port_state.CHECK,
        black_hole.CHECK,
        routing_loop.CHECK,
        unreachable_route.CHECK,
        detour.CHECK,
        gateway_silent.CHECK,
        hosts_file.CHECK,
        link.CHECK,
        no_default_route.CHECK,
        uplink_down.CHECK,
    ),
    explanations=EXPLANATIONS,
)
