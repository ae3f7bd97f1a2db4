"""Every check netdiag knows, sorted by area and id."""

from __future__ import annotations

from checks.connectivity import families, host_state, mail_port, port_state, service_silent
from checks.dns import (
    apex_records,
    asked_types,
    consistency,
    host_name_syntax,
    mail_exchangers,
    mail_policy,
    move,
    name_existence,
    name_server_sets,
    name_servers,
    published_addresses,
    registration,
    resolvers,
    reverse,
    server_addresses,
    server_conduct,
    server_count,
    server_names,
    soa_agreement,
    soa_timers,
    transports,
)
from checks.explanations import EXPLANATIONS
from checks.local import (
    detour,
    gateway_silent,
    hosts_file,
    interception,
    link,
    no_default_route,
    uplink_down,
)
from checks.routing import black_hole, routing_loop, unreachable_route
from checks.service import banner, caa, certificate, http_answer, tls
from netdiag.conclude import Catalogue

CATALOGUE = Catalogue(
    checks=(
        apex_records.CHECK,
        asked_types.CHECK,
        transports.CHECK,
        host_name_syntax.CHECK,
        mail_exchangers.CHECK,
        mail_policy.CHECK,
        move.CHECK,
        name_existence.CHECK,
        name_server_sets.CHECK,
        name_servers.CHECK,
        published_addresses.CHECK,
        registration.CHECK,
        resolvers.CHECK,
        reverse.CHECK,
        server_addresses.CHECK,
        server_conduct.CHECK,
        server_count.CHECK,
        server_names.CHECK,
        soa_agreement.CHECK,
        soa_timers.CHECK,
        consistency.CHECK,
        families.CHECK,
        host_state.CHECK,
        mail_port.CHECK,
        port_state.CHECK,
        service_silent.CHECK,
        black_hole.CHECK,
        routing_loop.CHECK,
        unreachable_route.CHECK,
        detour.CHECK,
        interception.CHECK,
        gateway_silent.CHECK,
        hosts_file.CHECK,
        link.CHECK,
        no_default_route.CHECK,
        uplink_down.CHECK,
        banner.CHECK,
        caa.CHECK,
        certificate.CHECK,
        http_answer.CHECK,
        tls.CHECK,
    ),
    explanations=EXPLANATIONS,
)
