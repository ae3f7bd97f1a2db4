"""What one run of the lab is built from. A fault is an edit of the healthy plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab import topology, zones
from tests.lab.certificates import DELIVERY_NAMES, Wanted
from tests.lab.topology import address
from tests.lab.zones import Served

PAGE = 'default_type text/html; return 200 "<!doctype html><title>Shop</title><p>Welcome.\\n";'

SOFTWARE = {
    "op1": "nsd",
    "op2": "named",
    "root": "nsd",
    "tld": "nsd",
    "mail": "nsd",
    "other": "nsd",
}
RESOLVERS = ("public", "dres", "ires")


@dataclass(slots=True)
class Site:
    """An nginx: what `location /` does per port (empty: nothing listens), in nginx's words."""

    http: str = PAGE
    https: str = PAGE
    certificate: str = "customer"
    tls: str = ""
    encrypted: bool = True
    families: tuple[int, ...] = (4, 6)
    extra: str = ""


@dataclass(slots=True)
class Filter:
    """The nft rules of one machine by hook, and whole tables beside them."""

    input: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        chains = {"input": self.input, "forward": self.forward, "output": self.output}
        return "\n".join([_table(chains), *self.tables])


def _table(chains: Mapping[str, list[str]]) -> str:
    lines = []
    for hook, rules in chains.items():
        if rules:
            lines += [f"chain c_{hook} {{", f"type filter hook {hook} priority 0;", *rules, "}"]
    return "\n".join(["table inet lab {", *lines, "}"]) if lines else ""


@dataclass(slots=True)
class Files:
    """The name service of one vantage: its resolv.conf and hosts file beyond localhost."""

    resolvers: tuple[str, ...]
    hosts: list[str] = field(default_factory=list)


HOME_NAT = """
table ip nat {
chain outside { type nat hook postrouting priority 100; oifname "to-isp" masquerade; }
chain inside { type nat hook prerouting priority -100;
ip daddr 192.168.1.1 meta l4proto { tcp, udp } th dport 53 dnat to RESOLVER; }
}
table ip6 lab_home {
chain c1 { type filter hook forward priority 0;
ct state established,related accept; iifname "to-isp" meta l4proto != ipv6-icmp drop; }
}
"""
"""A home router: one public address for all, DNS forwarded, nothing let in unasked over IPv6."""


def _filters() -> defaultdict[str, Filter]:
    filters: defaultdict[str, Filter] = defaultdict(Filter)
    filters["hgw"].tables.append(HOME_NAT.replace("RESOLVER", address("ires").v4))
    return filters


def _files() -> dict[str, Files]:
    return {
        "desk": Files((address("dres").v4,)),
        "home": Files(("192.168.1.1",)),
        "isp": Files((address("ires").v4,)),
        "ires": Files((address("ires").v4,)),
    }


TRUST_ANCHOR = "/run/lab/trust-anchor"
"""The file of a signed root's DS records."""


@dataclass(slots=True)
class Plan:
    """The healthy internet, to be edited before it is built.

    `off` are machines whose network card is off, `commands` lines for `ip -batch` that run last,
    `unencrypted` mail servers without STARTTLS,
    `giving` name servers that give whole zones to everybody, `recursing` those that resolve for
    everybody,
    `resolver_options` lines of a resolver's unbound.conf, `odd` name servers replaced by one with
    that quirk, `odd_sites` web servers likewise, `mute` ports that accept connections and say
    nothing, of which they let `backlog` wait, `programs` what else runs on a machine and says
    `ready` once it does, `settings` lines of the desk's configuration, `trust_anchor` the DS
    records in that file, where the root is not signed those of no key.
    """

    zones: Served = field(default_factory=zones.healthy)
    sites: dict[str, Site] = field(default_factory=lambda: {"host": Site(), "host2": Site()})
    certificates: dict[str, Wanted] = field(
        default_factory=lambda: {"customer": Wanted(), "delivery": Wanted(names=DELIVERY_NAMES)}
    )
    mail: dict[str, tuple[int, ...]] = field(
        default_factory=lambda: {"mail": (25, 587), "other": (25, 587)}
    )
    unencrypted: set[str] = field(default_factory=set)
    filters: defaultdict[str, Filter] = field(default_factory=_filters)
    commands: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sysctls: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    files: dict[str, Files] = field(default_factory=_files)
    resolver_options: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    giving: set[str] = field(default_factory=set)
    recursing: set[str] = field(default_factory=set)
    odd: dict[str, str] = field(default_factory=dict)
    mute: dict[str, tuple[int, ...]] = field(default_factory=dict)
    backlog: int = 512
    odd_sites: dict[str, str] = field(default_factory=dict)
    programs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)
    settings: list[str] = field(default_factory=list)
    trust_anchor: str = f". IN DS 4711 13 2 {'ab' * 32}\n"
    delay_ms: float = 0.0
    delayed: str = "46"

    def resolver_addresses(self, node: str) -> tuple[str, ...]:
        """Where the resolver on `node` listens."""
        return topology.PUBLIC_RESOLVERS if node == "public" else address(node).both
