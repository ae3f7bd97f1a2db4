"""The internet of one configuration: root, registry, an operator, and the zone to be examined."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.topology import Pair
from tests.lab.zones import Zone

ZONE = "zone.example."
OPERATOR = "operator.net."
MAIL = Pair("22.70.0.25", "2e00:70::25")
HOST = Pair("22.40.0.10", "2e00:40::10")
ROOT_SERVERS = {"a.root-servers.net.": Pair("198.41.0.4", "2001:503:ba3e::2:30")}
REGISTRY_SERVERS = {
    "a.nic.example.": Pair("22.60.0.53", "2e00:60::53"),
    "b.nic.example.": Pair("22.61.0.53", "2e00:61::53"),
}
OPERATOR_SERVERS = {
    "a.operator.net.": Pair("22.62.0.53", "2e00:62::53"),
    "b.operator.net.": Pair("22.63.0.53", "2e00:63::53"),
}

USUAL_KEYS = (("-a", "ECDSAP256SHA256"), ("-a", "ECDSAP256SHA256", "-f", "KSK"))
"""A zone-signing and a key-signing key, as arguments of dnssec-keygen."""

Spoil = Callable[[str], str]
"""What is done to the text of a signed zone."""


@dataclass(slots=True)
class Soa:
    """The fields of a SOA record."""

    mname: str
    rname: str = f"hostmaster.{ZONE}"
    serial: int = 2026010101
    refresh: int = 14400
    retry: int = 3600
    expire: int = 1209600
    minimum: int = 3600

    @property
    def text(self) -> str:
        timers = f"{self.refresh} {self.retry} {self.expire} {self.minimum}"
        return f"{self.mname} {self.rname} {self.serial} {timers}"


@dataclass(slots=True)
class Server:
    """A server of the zone, and the zone as it has it.

    `conduct` names what a relay before it does to questions and answers, `shut` what a packet
    filter drops or rejects.
    """

    name: str
    addresses: list[str]
    soa: Soa
    zone: Zone
    conduct: list[str] = field(default_factory=list)
    shut: list[str] = field(default_factory=list)
    spoils: list[Spoil] = field(default_factory=list)
    signed: bool = True

    @property
    def text(self) -> str:
        """The zone file before it is signed."""
        lines = [f"$ORIGIN {self.zone.name}", f"@ 3600 IN SOA {self.soa.text}"]
        return "\n".join([*lines, *(record.text for record in self.zone.records), ""])


@dataclass(slots=True)
class Signing:
    """How the zone is signed: arguments of dnssec-keygen for each key, of dnssec-signzone, and
    the time from and until when, in days from now."""

    keys: list[tuple[str, ...]]
    options: list[str] = field(default_factory=list)
    begins: float = -1
    ends: float = 30


@dataclass(slots=True)
class Internet:
    """All of it; `ds` makes the registry's DS records of those that fit."""

    servers: list[Server]
    delegated: list[str] = field(default_factory=list)
    glue: dict[str, list[str]] = field(default_factory=dict)
    operator: Zone = field(default_factory=lambda: _zone(OPERATOR, OPERATOR_SERVERS))
    reverse: dict[str, str] = field(default_factory=dict)
    signing: Signing | None = None
    ds: Callable[[list[str]], list[str]] = list

    def add(self, owner: str, kind: str, *data: str) -> None:
        """Records at every server."""
        for server in self.servers:
            server.zone.add(owner, kind, *data)

    def remove(self, owner: str, kind: str = "", data: str = "") -> None:
        for server in self.servers:
            server.zone.remove(owner, kind, data)

    def root(self) -> list[Zone]:
        """What the root server has besides the root."""
        return [_zone("root-servers.net.", ROOT_SERVERS), self._reverse()]

    def root_zone(self, ds: list[str]) -> Zone:
        zone = _zone(".", ROOT_SERVERS)
        for child in ("example.", "net."):
            zone.delegate(child, *REGISTRY_SERVERS)
        for name, pair in REGISTRY_SERVERS.items():
            zone.add_address(name, pair)
        zone.delegate("arpa.", *ROOT_SERVERS)
        zone.add("example.", "DS", *ds)
        return zone

    def example_zone(self, ds: list[str]) -> Zone:
        zone = _zone("example.", REGISTRY_SERVERS)
        zone.delegate(ZONE, *self.delegated)
        for name, addresses in self.glue.items():
            for address in addresses:
                zone.add(name, "AAAA" if ":" in address else "A", address)
        zone.add(ZONE, "DS", *self.ds(ds))
        return zone

    def net_zone(self) -> Zone:
        zone = Zone("net.", "a.nic.example.")
        zone.add("@", "NS", *REGISTRY_SERVERS)
        zone.delegate(OPERATOR, *OPERATOR_SERVERS)
        for name, pair in OPERATOR_SERVERS.items():
            zone.add_address(name, pair)
        zone.delegate("root-servers", *ROOT_SERVERS)
        for name, pair in ROOT_SERVERS.items():
            zone.add_address(name, pair)
        return zone

    def _reverse(self) -> Zone:
        zone = _zone("arpa.", ROOT_SERVERS, glue=False)
        for address, name in self.reverse.items():
            zone.add(ipaddress.ip_address(address).reverse_pointer + ".", "PTR", name)
        return zone


def healthy(count: int, families: str, style: str) -> Internet:
    """An internet without a fault: `count` servers, with IPv4, IPv6 or both, whose names are `in`
    the zone, `out` of it at the operator, or both by turns (`mixed`)."""
    servers = [_server(number, families, style) for number in range(1, count + 1)]
    internet = Internet(servers)
    names = [server.name for server in servers]
    for server in servers:
        server.soa.mname = names[0]
        server.zone.add("@", "NS", *names)
        server.zone.add_address("@", HOST)
        server.zone.add_address("www", HOST)
        server.zone.add_address("mail", MAIL)
        server.zone.add("@", "MX", f"10 mail.{ZONE}")
        server.zone.add("@", "TXT", '"v=spf1 mx -all"')
        server.zone.add("_dmarc", "TXT", '"v=DMARC1; p=reject"')
    for server in servers:
        home = internet.operator if server.name.endswith(OPERATOR) else None
        for address in server.addresses:
            kind = "AAAA" if ":" in address else "A"
            if home is None:
                internet.add(server.name, kind, address)
            else:
                home.add(server.name, kind, address)
            internet.reverse[address] = server.name
        if home is None:
            internet.glue[server.name] = list(server.addresses)
    for address in MAIL.both:
        internet.reverse[address] = f"mail.{ZONE}"
    internet.delegated = names
    return internet


def _server(number: int, families: str, style: str) -> Server:
    outside = style == "out" or (style == "mixed" and number % 2 == 0)
    name = f"ns{number}.{OPERATOR if outside else ZONE}"
    pair = {"4": f"22.{50 + number}.0.53", "6": f"2e00:{50 + number}::53"}
    addresses = [pair[family] for family in families]
    return Server(name, addresses, Soa(name), Zone(ZONE, name))


def _zone(name: str, servers: dict[str, Pair], *, glue: bool = True) -> Zone:
    zone = Zone(name, next(iter(servers)))
    zone.add("@", "NS", *servers)
    for server, pair in servers.items():
        if glue:
            zone.add_address(server, pair)
    return zone
