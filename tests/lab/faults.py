"""Faults as edits of the healthy plan. Each function returns the edit that its name says."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from tests.lab import signing, topology
from tests.lab.certificates import Wanted
from tests.lab.plan import TRUST_ANCHOR, Plan, Site
from tests.lab.scenario import Fault
from tests.lab.topology import ROOT_SERVERS, address
from tests.lab.zones import TLD_SERVERS, Zone

CUSTOMER = "customer.example."
OPERATORS = ("op1", "op2")
ADDRESSES_AND_PORTS = 0x37
"""Bits of fib_multipath_hash_fields: both addresses, the protocol, both ports."""

RELAY_PORT = 3129

WEB = "tcp dport { 80, 443 }"


# DNS


def _zones(plan: Plan, name: str, servers: Iterable[str]) -> Iterable[Zone]:
    return [plan.zones[server][name] for server in servers]


def records(
    owner: str,
    kind: str,
    *data: str,
    zone: str = CUSTOMER,
    at: Iterable[str] = OPERATORS,
) -> Fault:
    """`owner` of `zone` has exactly `data` as its records of this type, at these servers."""

    def edit(plan: Plan) -> None:
        for one in _zones(plan, zone, at):
            one.remove(owner, kind)
            one.add(owner, kind, *data)

    return edit


def without(
    owner: str, kind: str = "", *, zone: str = CUSTOMER, at: Iterable[str] = OPERATORS
) -> Fault:
    """`owner` has no records of this type, or none at all."""

    def edit(plan: Plan) -> None:
        for one in _zones(plan, zone, at):
            one.remove(owner, kind)

    return edit


def alias(owner: str, target: str) -> Fault:
    """`owner` is nothing but a CNAME."""

    def edit(plan: Plan) -> None:
        for one in _zones(plan, CUSTOMER, OPERATORS):
            one.remove(owner)
            one.add(owner, "CNAME", target)

    return edit


def at_parent(kind: str, owner: str, *data: str) -> Fault:
    """What the registry's zone says about `owner`."""
    return records(owner, kind, *data, zone="example.", at=("tld",))


def ds_besides(*data: str) -> Fault:
    """DS records of the customer's zone besides those that are there."""

    def edit(plan: Plan) -> None:
        plan.zones["tld"]["example."].add("customer", "DS", *data)

    return edit


def name_servers(*names: str) -> Fault:
    """Parent and zone agree on these servers."""

    def edit(plan: Plan) -> None:
        records("@", "NS", *names)(plan)
        at_parent("NS", "customer", *names)(plan)

    return edit


SUBDOMAIN_SERVERS = ("mail", "other")
"""Machines at two places that become name servers of a subdomain."""


def subdomain(label: str, *names: str, at: tuple[str, ...] = SUBDOMAIN_SERVERS) -> Fault:
    """The customer's zone delegates `label` to name servers on the machines `at`, which list
    `names` where given."""

    def edit(plan: Plan) -> None:
        child = f"{label}.{CUSTOMER}"
        own = {f"ns{n}.{child}": address(node) for n, node in enumerate(at, 1)}
        for zone in _zones(plan, CUSTOMER, OPERATORS):
            zone.delegate(label, *own)
            for name, pair in own.items():
                zone.add_address(name, pair)
        for server in at:
            zone = Zone(child, next(iter(own)))
            zone.add("@", "NS", *(names or own))
            for name, pair in own.items():
                zone.add_address(name, pair)
            zone.add_address("www", address("host"))
            plan.zones.setdefault(server, {})[child] = zone

    return edit


def unserved(server: str) -> Fault:
    """`server` does not know the customer's zone."""

    def edit(plan: Plan) -> None:
        del plan.zones[server][CUSTOMER]

    return edit


def serial(server: str, number: int) -> Fault:
    def edit(plan: Plan) -> None:
        plan.zones[server][CUSTOMER].serial = number

    return edit


def signed(
    *options: str,
    begins: float = -5,
    ends: float = 30,
    spoil: Callable[[str], str] = str,
    at: tuple[str, ...] = OPERATORS,
) -> Fault:
    """The customer's zone is signed by BIND's tools and its registry has the DS records.

    The signatures are valid from and to these days from now; `options` are dnssec-signzone's;
    `spoil` is done to the signed text on the servers `at`.
    """

    def edit(plan: Plan) -> None:
        zones = {server: plan.zones[server][CUSTOMER] for server in OPERATORS}
        text, ds = signing.sign(zones["op1"], begins, ends, *options)
        for server, zone in zones.items():
            zone.signed = spoil(text) if server in at else text
        plan.zones["tld"]["example."].add("customer", "DS", *ds)

    return edit


Times = tuple[int, int]
SIGNED_WELL: Times = (-5, 30)
CHAIN = (("op1", CUSTOMER), ("tld", "example."), ("root", "."))
"""Zones from below, each the child of the next, with a server that has it."""


def signed_from_root(
    times: Mapping[str, Times] | None = None,
    spoil: Mapping[str, Callable[[str], str]] | None = None,
    *,
    at: tuple[str, ...] = OPERATORS,
    without_ds: str = "",
    unlike: str = "",
) -> Fault:
    """The root, the registry's and the customer's zone are signed, and the root's DS records are
    the trust anchor of a file and of the resolver.

    `times` are days from now, `spoil` is done to the signed text of a zone, the customer's on the
    servers `at` alone; the zone `without_ds`
    is signed in vain, that of `unlike` has another key's DS records.
    """

    def edit(plan: Plan) -> None:
        below: tuple[str, list[str]] | None = None
        for server, name in CHAIN:
            zone = plan.zones[server][name]
            if below:
                zone.add(below[0], "DS", *below[1])
            text, ds = signing.sign(zone, *(times or {}).get(name, SIGNED_WELL))
            spoilt = (spoil or {}).get(name, str)(text)
            for node in OPERATORS if name == CUSTOMER else (server,):
                own = name != CUSTOMER or node in at
                plan.zones[node][name].signed = spoilt if own else text
            ds = [f"4711 13 2 {'ab' * 32}"] if name == unlike else ds
            below = (name, [] if name == without_ds else ds)
        plan.trust_anchor = "".join(f". IN DS {data}\n" for data in below[1]) if below else ""

    return edit


def validating(node: str) -> Fault:
    """The resolver on `node` validates from the lab's own trust anchor."""

    def edit(plan: Plan) -> None:
        anchor = f'trust-anchor-file: "{TRUST_ANCHOR}"'
        plan.resolver_options[node] += ['module-config: "validator iterator"', anchor]

    return edit


def registry_says(status: int, answer: str = "") -> Fault:
    """IANA's list of registration data servers, and one that answers for the customer's domain."""
    services = '{"services": [[["example"], ["https://rdap.nic.example/"]]]}'

    def edit(plan: Plan) -> None:
        where = address("public")
        plan.zones["root"]["."].delegate("org.", *TLD_SERVERS)
        org = Zone("org.", next(iter(TLD_SERVERS)))
        org.add("@", "NS", *TLD_SERVERS)
        org.add_address("data.iana", where)
        plan.zones["tld"]["org."] = org
        plan.zones["tld"]["example."].add_address("rdap.nic", where)
        plan.certificates["registry"] = Wanted(names=("data.iana.org", "rdap.nic.example"))
        page = (
            f"default_type application/rdap+json; "
            f"if ($uri = /rdap/dns.json) {{ return 200 '{services}'; }} "
            f"if ($uri = /domain/customer.example) {{ return {status} '{answer}'; }} "
            "return 404;"
        )
        plan.sites["public"] = Site(http="", https=page, certificate="registry")

    return edit


def routing_registry_says(*, announced: bool, roa: int | None = None) -> Fault:
    """The desk's configuration names a routing registry. It knows the hosting network's prefixes
    as announced by AS 64540, or not at all, and a ROA of them for the AS `roa`."""
    name, now = "routing.nic.example", f"{datetime.now(UTC):%Y-%m-%dT%H:00:00}"
    pages: dict[str, object] = {}

    def answer(call: str, query: str, **data: object) -> None:
        uri = f"/data/{call}/data.json?resource={query}&sourceapp=netdiag"
        pages[uri] = {"data_call_name": call, "status": "ok", "time": now, "data": data}

    unrelated = {"9.9.9.9": "9.9.9.0/24", ROOT_SERVERS["a"][1]: "2001:503:ba3e::/48"}
    for control, around in unrelated.items():
        answer("network-info", control, asns=["64999"], prefix=around)
    for host, prefix in zip(address("host").both, topology.NETWORKS["our network"][1], strict=True):
        asns = ["64540"] if announced else []
        answer("network-info", host, asns=asns, prefix=prefix if announced else "")
        about = prefix if announced else str(ipaddress.ip_network(host))
        seeing = {"ris_peers_seeing": 300 if announced else 0, "total_ris_peers": 300}
        visibility = {"v4": seeing, "v6": seeing}
        answer("routing-status", about, resource=about, visibility=visibility, query_time=now)
        longest = 48 if ":" in prefix else 24
        roas = [{"prefix": prefix, "origin": roa, "max_length": longest}] if roa else []
        state = "valid" if roa == 64540 else "invalid_asn" if roa else "unknown"
        about = f"64540&prefix={prefix}"
        answer("rpki-validation", about, prefix=prefix, status=state, validating_roas=roas)

    def edit(plan: Plan) -> None:
        plan.settings.append(f'routing_registry = "https://{name}"')
        plan.zones["tld"]["example."].add_address(name.removesuffix(".example"), address("public"))
        plan.certificates["routing"] = Wanted(names=(name,))
        says = [
            f"if ($request_uri = \"{uri}\") {{ return 200 '{json.dumps(page)}'; }}"
            for uri, page in pages.items()
        ]
        page = " ".join(["default_type application/json;", *says, "return 404;"])
        plan.sites["public"] = Site(http="", https=page, certificate="routing")

    return edit


def odd(server: str, quirk: str) -> Fault:
    """`server` behaves as `tests.lab.odd_dns` says."""

    def edit(plan: Plan) -> None:
        plan.odd[server] = quirk

    return edit


def recursing(server: str) -> Fault:
    """This name server, a BIND, also resolves for everybody who asks."""

    def edit(plan: Plan) -> None:
        plan.recursing.add(server)

    return edit


def giving(*servers: str) -> Fault:
    """These name servers give their whole zones to everybody who asks."""

    def edit(plan: Plan) -> None:
        plan.giving.update(servers)

    return edit


# Machines and packet filters


def rule(node: str, hook: str, *rules: str) -> Fault:
    """nft rules on `node`; `hook` is input, forward or output."""

    def edit(plan: Plan) -> None:
        getattr(plan.filters[node], hook).extend(rules)

    return edit


def table(node: str, text: str) -> Fault:
    """A whole nft table on `node`, such as one that translates addresses."""

    def edit(plan: Plan) -> None:
        plan.filters[node].tables.append(text)

    return edit


def silent(node: str) -> Fault:
    """`node` answers nothing but its neighbours' questions for its link address."""
    keep = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
    return rule(node, "input", keep, "drop")


def no_icmp_errors(node: str) -> Fault:
    """`node` forwards and never reports what it cannot forward."""
    v4 = "icmp type { time-exceeded, destination-unreachable } drop"
    return rule(node, "output", v4, "icmpv6 type { time-exceeded, destination-unreachable } drop")


TOO_BIG = ("icmp type destination-unreachable icmp code frag-needed", "icmpv6 type packet-too-big")


def narrow(first: str, second: str, octets: int) -> Fault:
    """The link between two routers takes packets of `octets` at most."""

    def edit(plan: Plan) -> None:
        for node, other in ((first, second), (second, first)):
            commands(node, f"link set to-{other} mtu {octets}")(plan)

    return edit


def never_says_too_big(node: str) -> Fault:
    """`node` drops what it should report as too big, and says nothing."""
    return rule(node, "output", *(f"{what} drop" for what in TOO_BIG))


def deaf_to_neighbours(node: str, device: str) -> Fault:
    """`node` answers neither ARP nor neighbour discovery on `device`."""

    def edit(plan: Plan) -> None:
        commands(node, f"link set {device} arp off")(plan)
        rule(node, "input", f"iifname {device} icmpv6 type nd-neighbor-solicit drop")(plan)

    return edit


def sysctl(node: str, **values: str) -> Fault:
    """Kernel settings; in the keys two underscores stand for a slash."""

    def edit(plan: Plan) -> None:
        for key, value in values.items():
            plan.sysctls[node]["net/" + key.replace("__", "/")] = value

    return edit


def commands(node: str, *lines: str) -> Fault:
    """Lines for `ip -batch` on `node`, after all else."""

    def edit(plan: Plan) -> None:
        plan.commands[node].extend(lines)

    return edit


def off(*nodes: str) -> Fault:
    def edit(plan: Plan) -> None:
        plan.off.update(nodes)

    return edit


def stopped(*nodes: str) -> Fault:
    """The server program of these machines does not run."""

    def edit(plan: Plan) -> None:
        plan.stopped.update(nodes)

    return edit


def without_address(node: str, *families: int) -> Fault:
    """The machine with one link has lost its address of these families."""
    pair = address(node)
    lines = {4: f"address del {pair.v4}/24 dev eth0", 6: f"address del {pair.v6}/64 dev eth0"}
    return commands(node, *(lines[family] for family in families))


# Routes


def hosting_route(node: str, how: str = "", *, towards: str = "", families: str = "46") -> Fault:
    """`node` sends the customer's subnet nowhere (`how`: a type of route) or to a neighbour."""
    prefixes = topology.between("fw", "host").prefixes
    return commands(node, *_routes(node, prefixes.v4, prefixes.v6, how, towards, families))


def host_route(node: str, how: str = "", *, towards: str = "") -> Fault:
    """`node` sends the customer's host alone nowhere, or to a neighbour."""
    pair = address("host")
    return commands(node, *_routes(node, pair.v4, pair.v6, how, towards, "46"))


def spread(node: str, *neighbours: str) -> Fault:
    """`node` spreads what is for the customer's subnet over neighbours, by addresses and ports."""
    prefixes = topology.between("fw", "host").prefixes
    hops = [topology.towards(node, neighbour) for neighbour in neighbours]
    lines = [
        f"route replace {prefixes.v4} " + " ".join(f"nexthop via {hop.v4}" for hop in hops),
        f"route replace {prefixes.v6} " + " ".join(f"nexthop via {hop.v6}" for hop in hops),
    ]

    def edit(plan: Plan) -> None:
        # By the fields named: else the kernel takes the hash that a packet brings along through
        # a veth, which its sender changes with each retransmission.
        for family in ("ipv4", "ipv6"):
            name = f"{family}__fib_multipath_hash"
            sysctl(node, **{f"{name}_policy": "3", f"{name}_fields": str(ADDRESSES_AND_PORTS)})(
                plan
            )
        commands(node, *lines)(plan)

    return edit


def wandering(node: str, first: str, second: str, packets: int) -> Fault:
    """`node` sends IPv4 probes over UDP by the neighbour `first`, after so many of them by
    `second`, and so on in turn."""
    lines = []
    for number, neighbour in enumerate((first, second), 1):
        via = topology.towards(node, neighbour).v4
        lines.append(f"rule add fwmark {number} table {100 + number}")
        lines.append(f"route add default via {via} table {100 + number}")
    turns = f"{{ 0-{packets - 1} : 1, {packets}-{2 * packets - 1} : 2 }}"
    mark = f"udp dport 33434 meta mark set numgen inc mod {2 * packets} map {turns}"
    chain = f"chain m {{\ntype filter hook prerouting priority -150;\n{mark}\n}}"

    def edit(plan: Plan) -> None:
        table(node, f"table ip wander {{\n{chain}\n}}")(plan)
        commands(node, *lines)(plan)

    return edit


def desk_route(node: str, *, towards: str) -> Fault:
    """`node` sends answers to the desk to a neighbour."""
    prefixes = topology.between("desk", "dgw").prefixes
    return commands(node, *_routes(node, prefixes.v4, prefixes.v6, "", towards, "46"))


def _routes(node: str, v4: str, v6: str, how: str, towards: str, families: str) -> list[str]:
    via4, via6 = topology.towards(node, towards).both if towards else ("", "")
    lines = {
        "4": f"route replace {how} {v4}" + (f" via {via4}" if via4 else ""),
        "6": f"route replace {how} {v6}" + (f" via {via6}" if via6 else ""),
    }
    return [lines[family] for family in families]


# Services


def site(node: str = "host", **changes: object) -> Fault:
    """Changes to the web site on `node`: fields of `Site`."""

    def edit(plan: Plan) -> None:
        plan.sites[node] = dataclasses.replace(plan.sites[node], **changes)  # type: ignore[arg-type]

    return edit


def page(answer: str) -> Fault:
    """Both ports of the site do this, in nginx's words."""
    return site(http=answer, https=answer)


def mute(node: str, *ports: int, backlog: int = 512) -> Fault:
    """`node` accepts so many connections and one more on each of these ports, and says nothing."""

    def edit(plan: Plan) -> None:
        plan.stopped.add(node)
        plan.mute[node] = ports
        plan.backlog = backlog

    return edit


def relayed(node: str, *ports: int) -> Fault:
    """`node` answers connections to these ports in anybody's name and relays them."""

    def edit(plan: Plan) -> None:
        plan.programs[node] = (sys.executable, "-m", "tests.lab.relay", str(RELAY_PORT))
        numbers = ", ".join(map(str, ports))
        rule = f"tcp dport {{ {numbers} }} redirect to :{RELAY_PORT}"
        lines = ("chain in {", "type nat hook prerouting priority -100;", rule, "}")
        table(node, "\n".join(("table inet relay {", *lines, "}")))(plan)

    return edit


def odd_site(node: str, quirk: str) -> Fault:
    """The web server on `node` behaves as `tests.lab.odd_http` says."""

    def edit(plan: Plan) -> None:
        plan.stopped.add(node)
        plan.odd_sites[node] = quirk

    return edit


def certificate(**changes: object) -> Fault:
    """Changes to the site's certificate: fields of `Wanted`."""

    def edit(plan: Plan) -> None:
        old = plan.certificates["customer"]
        plan.certificates["customer"] = dataclasses.replace(old, **changes)  # type: ignore[arg-type]

    return edit


def without_encryption(*nodes: str) -> Fault:
    """These mail servers offer no STARTTLS."""

    def edit(plan: Plan) -> None:
        plan.unencrypted.update(nodes)

    return edit


# The vantage's own machine


def resolver(node: str, *lines: str) -> Fault:
    """Lines of the unbound.conf of the resolver on `node`."""

    def edit(plan: Plan) -> None:
        plan.resolver_options[node].extend(lines)

    return edit


def encrypts(node: str, *names: str, listens: bool = True, trusted: bool = True) -> Fault:
    """The resolver on `node` designates itself over TLS, with a certificate for `names`."""

    def edit(plan: Plan) -> None:
        plan.certificates["resolver"] = Wanted(names=names, trusted=trusted)
        own = address(node)
        folder = "/run/lab/certificates"
        binding = f'1 {names[0]}. alpn="dot" ipv4hint={own.v4} ipv6hint={own.v6}'
        plan.resolver_options[node] += [
            'local-zone: "resolver.arpa." static',
            f"local-data: '_dns.resolver.arpa. 60 IN SVCB {binding}'",
        ]
        if listens:
            plan.resolver_options[node] += [
                f'tls-service-key: "{folder}/resolver.key"',
                f'tls-service-pem: "{folder}/resolver.pem"',
                *(f"interface: {one}@853" for one in own.both),
            ]

    return edit


def asks_resolvers(vantage: str, *addresses: str) -> Fault:
    """The vantage's resolv.conf names these."""

    def edit(plan: Plan) -> None:
        plan.files[vantage].resolvers = addresses

    return edit


def hosts_file(vantage: str, *lines: str) -> Fault:
    def edit(plan: Plan) -> None:
        plan.files[vantage].hosts.extend(lines)

    return edit


def delay(milliseconds: float, families: str = "46") -> Fault:
    """The vantages' uplinks take this long one way, for packets of these families."""

    def edit(plan: Plan) -> None:
        plan.delay_ms = milliseconds
        plan.delayed = families

    return edit
