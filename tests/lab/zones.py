"""DNS zones as lists of records, and the healthy ones of the lab."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.lab import topology
from tests.lab.topology import Pair, address

SERIAL = 2026010101


@dataclass(frozen=True, slots=True)
class Record:
    """`owner` is the name relative to the zone, `@` the zone's own."""

    owner: str
    type: str
    data: str
    ttl: int = 3600

    @property
    def text(self) -> str:
        return f"{self.owner} {self.ttl} IN {self.type} {self.data}"


@dataclass(slots=True)
class Zone:
    """A zone as one server has it: `name` is absolute, with the final dot. Once `signed`, it is
    that text, whatever its records."""

    name: str
    primary: str
    serial: int = SERIAL
    records: list[Record] = field(default_factory=list)
    signed: str = ""

    @property
    def text(self) -> str:
        if self.signed:
            return self.signed
        timers = "7200 3600 1209600 300"
        contact = f"hostmaster.{self.name.lstrip('.')}"
        soa = f"@ 3600 IN SOA {self.primary} {contact} {self.serial} {timers}"
        return "\n".join([f"$ORIGIN {self.name}", soa, *(r.text for r in self.records), ""])

    def remove(self, owner: str, kind: str = "", data: str = "") -> None:
        """Take out the records of `owner`, of one type or with one content where given."""
        self.records = [
            r
            for r in self.records
            if r.owner != owner or kind not in ("", r.type) or data not in ("", r.data)
        ]

    def add(self, owner: str, kind: str, *data: str) -> None:
        self.records += [Record(owner, kind, one) for one in data]

    def add_address(self, owner: str, pair: Pair) -> None:
        self.add(owner, "A", pair.v4)
        self.add(owner, "AAAA", pair.v6)

    def delegate(self, child: str, *servers: str) -> None:
        self.add(child, "NS", *servers)


ROOT = {f"{name}.root-servers.net.": Pair(*a) for name, a in topology.ROOT_SERVERS.items()}
TLD_SERVERS = {
    "a.nic.example.": address("tld"),
    "b.nic.example.": Pair("22.61.0.53", "2e00:61::53"),
}
REVERSE_SERVERS = {
    "a.in-addr-servers.arpa.": Pair("22.60.1.53", "2e00:60:1::53"),
    "b.in-addr-servers.arpa.": Pair("22.61.1.53", "2e00:61:1::53"),
}
OPERATOR_ONE = {
    "ns1.dns-one.net.": address("op1"),
    "ns2.dns-one.net.": Pair("22.54.0.53", "2e00:54::53"),
}
OPERATOR_TWO = {
    "ns1.dns-two.net.": address("op2"),
    "ns2.dns-two.net.": Pair("22.52.0.53", "2e00:52::53"),
}
BOTH = ("ns1.dns-one.net.", "ns1.dns-two.net.")
"""The servers of zones that have one at each operator."""

CUSTOMER_SERVERS = {
    "ns1.customer.example.": address("op1"),
    "ns2.customer.example.": address("op2"),
}

Served = dict[str, dict[str, Zone]]
"""Per server the zones that it has."""


def healthy() -> Served:
    """Every zone of the lab, at each server that has it, as a copy of its own."""
    return {
        "root": _by_name([_root(), _root_servers(), _arpa()]),
        "tld": _by_name([_example(), _net(), _com(), _in_addr(), _ip6()]),
        "op1": _by_name([_customer(), _mail(), *_reverse(), _operator("one", OPERATOR_ONE)]),
        "op2": _by_name([_customer(), _mail(), *_reverse(), *_second_operators()]),
    }


def _by_name(zones: Iterable[Zone]) -> dict[str, Zone]:
    return {zone.name: zone for zone in zones}


def _second_operators() -> list[Zone]:
    return [_operator("two", OPERATOR_TWO), _delivery()]


def _zone(name: str, servers: Iterable[str]) -> Zone:
    names = list(servers)
    zone = Zone(name, names[0])
    zone.add("@", "NS", *names)
    return zone


def _glue(zone: Zone, servers: dict[str, Pair]) -> None:
    for name, pair in servers.items():
        zone.add_address(name, pair)


def _root() -> Zone:
    zone = _zone(".", ROOT)
    for child in ("example.", "net.", "com."):
        zone.delegate(child, *TLD_SERVERS)
    zone.delegate("arpa.", *ROOT)
    _glue(zone, ROOT | TLD_SERVERS)
    return zone


def _root_servers() -> Zone:
    zone = _zone("root-servers.net.", ROOT)
    _glue(zone, ROOT)
    return zone


def _arpa() -> Zone:
    zone = _zone("arpa.", ROOT)
    zone.delegate("in-addr", *REVERSE_SERVERS)
    zone.delegate("ip6", *REVERSE_SERVERS)
    _glue(zone, REVERSE_SERVERS)
    return zone


def _example() -> Zone:
    zone = _zone("example.", TLD_SERVERS)
    _glue(zone, TLD_SERVERS)
    zone.delegate("customer", *CUSTOMER_SERVERS)
    _glue(zone, CUSTOMER_SERVERS)
    zone.delegate("mailhost", *BOTH)
    return zone


def _net() -> Zone:
    zone = _zone("net.", TLD_SERVERS)
    zone.delegate("dns-one", *OPERATOR_ONE)
    for child in ("dns-two", "delivery"):
        zone.delegate(child, *OPERATOR_TWO)
    zone.delegate("root-servers", *ROOT)
    _glue(zone, OPERATOR_ONE | OPERATOR_TWO | ROOT)
    return zone


def _com() -> Zone:
    return _zone("com.", TLD_SERVERS)


def _in_addr() -> Zone:
    zone = _zone("in-addr.arpa.", REVERSE_SERVERS)
    for child in ("40.22", "70.22"):
        zone.delegate(child, *BOTH)
    return zone


def _ip6() -> Zone:
    zone = _zone("ip6.arpa.", REVERSE_SERVERS)
    for network in ("2e00:40::/32", "2e00:70::/32"):
        zone.delegate(_reverse6(network), *BOTH)
    return zone


def _reverse6(network: str) -> str:
    """The reverse name of an IPv6 network on a nibble boundary, relative to ip6.arpa."""
    net = ipaddress.IPv6Network(network)
    nibbles = net.network_address.exploded.replace(":", "")[: net.prefixlen // 4]
    return ".".join(reversed(nibbles))


def _customer() -> Zone:
    zone = _zone("customer.example.", CUSTOMER_SERVERS)
    _glue(zone, CUSTOMER_SERVERS)
    for owner in ("@", "www"):
        zone.add_address(owner, address("host"))
    zone.add_address("mail", address("mail"))
    zone.add("@", "MX", "10 mail.customer.example.")
    zone.add("@", "TXT", '"v=spf1 mx -all"')
    return zone


def _operator(number: str, servers: dict[str, Pair]) -> Zone:
    zone = _zone(f"dns-{number}.net.", servers)
    _glue(zone, servers)
    return zone


def _delivery() -> Zone:
    zone = _zone("delivery.net.", OPERATOR_TWO)
    zone.add_address("edge", address("host"))
    zone.add("shop", "CNAME", "edge.delivery.net.")
    return zone


def _mail() -> Zone:
    zone = _zone("mailhost.example.", BOTH)
    zone.add_address("mx", address("other"))
    zone.add("@", "MX", "10 mx.mailhost.example.")
    return zone


REVERSE_NAMES = {
    "host": "www.customer.example.",
    "host2": "www.customer.example.",
    "mail": "mail.customer.example.",
    "other": "mx.mailhost.example.",
}


def _reverse() -> list[Zone]:
    zones = [
        _zone(name, BOTH)
        for name in (
            "40.22.in-addr.arpa.",
            "70.22.in-addr.arpa.",
            f"{_reverse6('2e00:40::/32')}.ip6.arpa.",
            f"{_reverse6('2e00:70::/32')}.ip6.arpa.",
        )
    ]
    for node, name in REVERSE_NAMES.items():
        for text in address(node).both:
            pointer = ipaddress.ip_address(text).reverse_pointer + "."
            zone = next(zone for zone in zones if pointer.endswith("." + zone.name))
            zone.add(pointer, "PTR", name)
    return zones
