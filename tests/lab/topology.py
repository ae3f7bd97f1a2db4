"""What the lab's internet consists of: machines, links, prefixes and names.

    desk -- dgw -- dr ----------- ta1 -- ta2 -.
                  dres             |           edge -- fw -+- host
    home -- hgw -- isp -- isp2 -- tb1 -- tb2 -'            +- host2
                  ires                                     `- mail

dr and isp2 also have a link to the other transit, which is used when it is told to. Root servers,
public resolvers and the first DNS operator are behind ta1; the registry, the second operator
and an unrelated mail host are behind tb1.

Prefixes are global ones that nobody announces; root servers and public resolvers have their real
addresses. A link is numbered by the network farther from its customers, so a router answers with
an address of the network that runs it.
"""

from __future__ import annotations

from dataclasses import dataclass

ROOT_SERVERS = {
    "a": ("198.41.0.4", "2001:503:ba3e::2:30"),
    "b": ("170.247.170.2", "2801:1b8:10::b"),
    "c": ("192.33.4.12", "2001:500:2::c"),
    "d": ("199.7.91.13", "2001:500:2d::d"),
    "e": ("192.203.230.10", "2001:500:a8::e"),
    "f": ("192.5.5.241", "2001:500:2f::f"),
    "g": ("192.112.36.4", "2001:500:12::d0d"),
    "h": ("198.97.190.53", "2001:500:1::53"),
    "i": ("192.36.148.17", "2001:7fe::53"),
    "j": ("192.58.128.30", "2001:503:c27::2:30"),
    "k": ("193.0.14.129", "2001:7fd::1"),
    "l": ("199.7.83.42", "2001:500:9f::42"),
    "m": ("202.12.27.33", "2001:dc3::35"),
}
"""The addresses of `[a-m].root-servers.net` (the root hints file, 2023-11-27 and later)."""

PUBLIC_RESOLVERS = (
    "9.9.9.9",
    "1.1.1.1",
    "8.8.8.8",
    "2620:fe::fe",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """An IPv4 and an IPv6 address of one interface."""

    v4: str
    v6: str

    @property
    def both(self) -> tuple[str, str]:
        return self.v4, self.v6


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: the machine and the last part of its addresses."""

    node: str
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """Machines that share a subnet, the first one being the router where there are more than two.

    `v4` and `v6` end where the ends' numbers go. `cost` is the routing metric.
    """

    v4: str
    v6: str
    ends: tuple[End, ...]
    length4: int = 30
    cost: int = 1

    def address(self, node: str) -> Pair:
        number = next(end.number for end in self.ends if end.node == node)
        return Pair(f"{self.v4}{number}", f"{self.v6}{number}")

    @property
    def prefixes(self) -> Pair:
        return Pair(f"{self.v4}0/{self.length4}", f"{self.v6}/64")


def _link(v4: str, v6: str, first: str, second: str, cost: int = 1) -> Link:
    return Link(v4, v6, (End(first, 1), End(second, 2)), cost=cost)


def _lan(v4: str, v6: str, router: str, **members: int) -> Link:
    ends = (End(router, 1), *(End(node, number) for node, number in members.items()))
    return Link(v4, v6, ends, length4=24)


LINKS = (
    _lan("22.10.0.", "2e00:10::", "dgw", desk=10),
    _lan("192.168.1.", "2e00:20:100::", "hgw", home=10),
    _lan("22.11.0.", "2e00:11::", "dr", dres=53),
    _lan("22.20.0.", "2e00:20::", "isp", ires=53),
    _lan("22.40.1.", "2e00:40:1::", "fw", host=10, host2=11, mail=25),
    _lan("22.50.0.", "2e00:50::", "ta1", op1=53),
    _lan("22.51.0.", "2e00:51::", "tb1", op2=53),
    _lan("22.60.0.", "2e00:60::", "tb1", tld=53),
    _lan("22.70.0.", "2e00:70::", "tb1", other=25),
    _lan("22.80.0.", "2e00:80::", "ta1", public=10),
    _lan("22.81.0.", "2e00:81::", "ta1", root=10),
    _link("22.11.1.", "2e00:11:1::", "dr", "dgw"),
    _link("22.20.1.", "2e00:20:1::", "isp", "hgw"),
    _link("22.20.2.", "2e00:20:2::", "isp", "isp2"),
    _link("22.30.1.", "2e00:30:1::", "ta1", "dr"),
    _link("22.30.2.", "2e00:30:2::", "ta1", "ta2"),
    _link("22.30.3.", "2e00:30:3::", "ta1", "tb1"),
    _link("22.30.4.", "2e00:30:4::", "ta1", "isp2", cost=3),
    _link("22.31.1.", "2e00:31:1::", "tb1", "dr", cost=3),
    _link("22.31.2.", "2e00:31:2::", "tb1", "tb2"),
    _link("22.31.3.", "2e00:31:3::", "tb1", "isp2"),
    _link("22.40.252.", "2e00:40:fc::", "edge", "ta2"),
    _link("22.40.253.", "2e00:40:fd::", "edge", "tb2"),
    _link("22.40.254.", "2e00:40:fe::", "edge", "fw"),
)

LOOPBACKS: dict[str, tuple[str, ...]] = {
    "root": tuple(address for pair in ROOT_SERVERS.values() for address in pair),
    "public": PUBLIC_RESOLVERS,
    "op1": ("22.54.0.53", "2e00:54::53", "22.50.0.54", "2e00:50::54"),
    "op2": ("22.52.0.53", "2e00:52::53"),
    "tld": (
        "22.61.0.53",
        "2e00:61::53",
        "22.60.1.53",
        "2e00:60:1::53",
        "22.61.1.53",
        "2e00:61:1::53",
    ),
}
"""Addresses beyond those of the links, each announced as a prefix of its own."""

ROUTERS = ("dgw", "hgw", "dr", "isp", "isp2", "ta1", "ta2", "tb1", "tb2", "edge", "fw")
CUSTOMER_SIDE = ("desk", "home", "dres", "ires")
HOSTING_SIDE = ("host", "host2", "mail")
ELSEWHERE = ("op1", "op2", "tld", "other", "public", "root")
STUBS = CUSTOMER_SIDE + HOSTING_SIDE + ELSEWHERE
NODES = ROUTERS + STUBS

DEFAULT_ONLY = {"dgw": "dr", "hgw": "isp", "fw": "edge", "isp": "isp2"}
"""Routers of customers, which know the way out as one default route."""

UPLINKS = (("dr", "dgw"), ("isp", "hgw"))
"""Where a delay sits: everything is far from the vantages, and nothing far from each other."""


def address(node: str) -> Pair:
    """The address of a machine that has one link."""
    return next(link for link in LINKS if any(e.node == node for e in link.ends)).address(node)


def between(first: str, second: str) -> Link:
    """The link that two machines share."""
    return next(link for link in LINKS if {first, second} <= {e.node for e in link.ends})


def towards(node: str, neighbour: str) -> Pair:
    """The address of `neighbour` on the link that it shares with `node`."""
    return between(node, neighbour).address(neighbour)


NETWORKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "our network": ("hosting-network", ("22.40.0.0/16", "2e00:40::/32")),
    "Transit A": ("transit", ("22.30.0.0/16", "2e00:30::/32")),
    "Transit B": ("transit", ("22.31.0.0/16", "2e00:31::/32")),
    "Home ISP": ("access-isp", ("22.20.0.0/16", "2e00:20::/32")),
    "Office ISP": ("access-isp", ("22.11.0.0/16", "2e00:11::/32")),
}
"""Networks that the desk knows: name to owner and prefixes."""
