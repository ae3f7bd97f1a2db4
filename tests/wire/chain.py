"""A chain of machines in network namespaces: here, two routers, a server; both families.

    here 10.77.1.1 -- 10.77.1.2 r1 10.77.2.1 -- 10.77.2.2 r2 10.77.3.1 -- 10.77.3.2 server

`python -m tests.wire.chain` (inside, see `run`) sends every request of `CASES` at once and pickles
what came of each to its output. Router r2 rejects by destination port, as `REJECTS` says.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import pickle
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from netdiag.network import Sent
from netdiag.requests import (
    DataProbe,
    Echo,
    HopProbe,
    ReadNeighbours,
    ReadRoutes,
    Request,
    SelectSource,
    SizeProbe,
    TcpArrivalTtl,
    TcpConnect,
    TlsHandshake,
)
from netdiag.wire import sockets
from netdiag.wire.live import LiveTransport
from tests.lab import linux, needs

ROUTERS = ("r1", "r2", "server")
SERVER = {4: "10.77.3.2", 6: "fd77:3::2"}
DEAD = {4: "10.77.3.9", 6: "fd77:3::9"}
DEAD_NEIGHBOUR = {4: "10.77.1.9", 6: "fd77:1::9"}
OWN = {4: "10.77.1.1", 6: "fd77:1::1"}
R1 = {4: "10.77.1.2", 6: "fd77:1::2"}
R2 = {4: "10.77.2.2", 6: "fd77:2::2"}
NOWHERE = {4: "203.0.113.1", 6: "2001:db8:1::1"}
LOOPED = {4: "198.51.100.1", 6: "2001:db8:2::1"}
OPEN, CLOSED, MUTE = 80, 81, 84
"""The server accepts and closes, refuses, accepts and says nothing."""

REJECTS = {
    1001: ("icmp type admin-prohibited", "icmpv6 type admin-prohibited"),
    1002: ("icmp type net-prohibited", "icmpv6 type policy-fail"),
    1003: ("icmp type host-prohibited", "icmpv6 type reject-route"),
    1004: ("icmp type port-unreachable", "icmpv6 type port-unreachable"),
    1005: ("icmp type net-unreachable", "icmpv6 type no-route"),
    1006: ("icmp type host-unreachable", "icmpv6 type addr-unreachable"),
    1007: ("tcp reset", "tcp reset"),
}
DROPPED = 1010
MARKED, CLAMPED = 33440, 82
"""Ports whose packets router r1 rewrites: the DSCP of the one, the MSS option of the other."""
TOLD = 33498
"""A UDP port of the server that answers with ICMP errors which carry extensions."""
SHORT_QUOTES = 33499
"""A UDP port of the server that answers with ICMP errors which quote eight octets of UDP only."""

SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv4/icmp_errors_use_inbound_ifaddr": "1",
}


def _cases(family: int) -> dict[str, Request]:
    to = SERVER[family]
    found: dict[str, Request] = {
        "open": TcpConnect(address=to, port=OPEN),
        "closed": TcpConnect(address=to, port=CLOSED),
        "dropped": TcpConnect(address=to, port=DROPPED),
        "dead": TcpConnect(address=DEAD[family], port=80),
        "dead-neighbour": TcpConnect(address=DEAD_NEIGHBOUR[family], port=80),
        "nowhere": TcpConnect(address=NOWHERE[family], port=80),
        "looped": TcpConnect(address=LOOPED[family], port=80),
        "echo": Echo(address=to),
        "echo-dead": Echo(address=NOWHERE[family]),
        "arrival-open": TcpArrivalTtl(address=to, port=OPEN),
        "arrival-closed": TcpArrivalTtl(address=to, port=CLOSED),
        "arrival-middle": TcpArrivalTtl(address=to, port=1007),
        "arrival-prohibited": TcpArrivalTtl(address=to, port=1001),
        "source": SelectSource(address=to),
        "routes": ReadRoutes(family=family),
    }
    for port in REJECTS:
        found[f"rejected-{port}"] = TcpConnect(address=to, port=port)
    for ttl in range(1, 7):
        found[f"udp-{ttl}"] = HopProbe(address=to, ttl=ttl)
        found[f"tcp-{ttl}"] = HopProbe(address=to, ttl=ttl, protocol="tcp", port=OPEN)
        found[f"closed-{ttl}"] = HopProbe(address=to, ttl=ttl, protocol="tcp", port=CLOSED)
        found[f"loop-{ttl}"] = HopProbe(address=LOOPED[family], ttl=ttl)
        found[f"icmp-{ttl}"] = HopProbe(address=to, ttl=ttl, protocol="icmp")
        found[f"raw-udp-{ttl}"] = HopProbe(address=to, ttl=ttl, raw=True)
        found[f"raw-closed-{ttl}"] = HopProbe(
            address=to, ttl=ttl, protocol="tcp", port=CLOSED, raw=True
        )
        found[f"marked-{ttl}"] = HopProbe(address=to, ttl=ttl, port=MARKED, raw=True)
        found[f"clamped-{ttl}"] = HopProbe(
            address=to, ttl=ttl, protocol="tcp", port=CLAMPED, raw=True
        )
        found[f"words-{ttl}"] = DataProbe(
            address=to, port=MUTE, ttl=ttl, host="www.example", tls=bool(ttl % 2)
        )
        found[f"size-{ttl}"] = SizeProbe(address=to, size=1400, ttl=ttl)
    found["size-small"] = SizeProbe(address=to, size=64)
    found["size-beyond-the-link"] = SizeProbe(address=to, size=1501)
    found["stalled"] = TlsHandshake(address=to, port=MUTE, server_name="www.example")
    found["stalled-small"] = TlsHandshake(
        address=to, port=MUTE, server_name="www.example", segment=1200
    )
    for ttl in (1, 2, 3):
        found[f"raw-tcp-{ttl}"] = HopProbe(address=to, ttl=ttl, protocol="tcp", port=OPEN, raw=True)
    found["told"] = HopProbe(address=to, ttl=7, port=TOLD)
    return found


CASES = {
    **{f"{name}/{family}": case for family in (4, 6) for name, case in _cases(family).items()},
    "unreachable": TcpConnect(address="192.0.2.1", port=80),
    "prohibited": TcpConnect(address="192.0.2.2", port=80),
    "blackhole": TcpConnect(address="192.0.2.3", port=80),
    "no-route": TcpConnect(address="100.64.0.1", port=80),
    "late-neighbours": ReadNeighbours(),
    **{
        f"short-quote-{ttl}": HopProbe(address=SERVER[4], ttl=ttl, port=SHORT_QUOTES)
        for ttl in (5, 6)
    },
}


UNPRIVILEGED = {
    f"{name}/{family}": case
    for family in (4, 6)
    for name, case in _cases(family).items()
    if name
    in {
        "echo",
        "arrival-open",
        "rejected-1001",
        "udp-1",
        "udp-2",
        "udp-3",
        "tcp-2",
        "icmp-1",
        "raw-udp-1",
        "raw-tcp-1",
        "told",
    }
}
"""Sent again by a process without any capability, as `user/NAME`."""


def run(*, timeout: float = 60.0) -> Mapping[str, Sent]:
    """Build the chain outside of everything, send all cases and hand back what came of them."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        [
            needs.find("setpriv") or "setpriv",
            "--pdeathsig",
            "KILL",
            needs.find("unshare") or "unshare",
            *user,
            "--mount",
            "--pid",
            "--net",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            "-m",
            "tests.wire.chain",
        ],
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "PATH": needs.SEARCH},
        capture_output=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: Mapping[str, Sent] = pickle.loads(done.stdout)
    return found


def _build() -> None:
    linux.mount("tmpfs", Path("/run"), "tmpfs")
    linux.NAMESPACES.mkdir(parents=True)
    for name in ROUTERS:
        linux.add_namespace(name)
        with linux.within(name):
            linux.set_sysctls(SYSCTLS)
            linux.lift_icmp_limit()
            _ip(None, ["link set lo up"])
    _ip(None, ["link set lo up"])
    chain = (None, *ROUTERS)
    for number, (left, right) in enumerate(itertools.pairwise(chain), start=1):
        own = f"netns {left}" if left else ""
        _ip(None, [f"link add up{number} {own} type veth peer name down{number} netns {right}"])
        for end, device, host in ((left, f"up{number}", 1), (right, f"down{number}", 2)):
            _ip(
                end,
                [
                    f"addr add 10.77.{number}.{host}/24 dev {device}",
                    f"addr add fd77:{number}::{host}/64 dev {device} nodad",
                    f"link set {device} up",
                ],
            )
    _route()


def _route() -> None:
    for prefix, family in (("10.77.{}.{}", 4), ("fd77:{}::{}", 6)):
        everything = "default" if family == 4 else "2000::/3"
        inside = "10.77.0.0/16" if family == 4 else "fd77::/16"
        for target in (inside, everything):
            if (target, family) != (everything, 4):
                _ip(None, [f"route add {target} via {prefix.format(1, 2)}"])
            _ip("r1", [f"route add {target} via {prefix.format(2, 2)}"])
        near = prefix.format(1, 0) + ("/24" if family == 4 else "/64")
        looped = "198.51.100.0/24" if family == 4 else "2001:db8:2::/48"
        _ip("r2", [f"route add {near} via {prefix.format(2, 1)}"])
        _ip("r2", [f"route add {looped} via {prefix.format(2, 1)}"])
        _ip("server", [f"route add {inside} via {prefix.format(3, 1)}"])
    _ip(None, [f"route add {net} via 10.77.1.2" for net in ("203.0.113.0/24", "198.51.100.0/24")])
    for kind, address in (("unreachable", 1), ("prohibit", 2), ("blackhole", 3)):
        _ip(None, [f"route add {kind} 192.0.2.{address}/32"])


def _ip(name: str | None, lines: list[str]) -> None:
    own = ["-n", name] if name else []
    text = "\n".join(lines).encode()
    subprocess.run(["ip", *own, "-batch", "-"], input=text, check=True)


def _reject() -> None:
    rules = [f"tcp dport {DROPPED} drop"]
    for port, (v4, v6) in REJECTS.items():
        rules.append(f"meta nfproto ipv4 tcp dport {port} reject with {v4}")
        rules.append(f"meta nfproto ipv6 tcp dport {port} reject with {v6}")
    chain = "type filter hook forward priority 0;\n" + "\n".join(rules)
    with linux.within("r2"):
        text = f"table inet filter {{ chain c1 {{ {chain}\n }}\n}}"
        subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


def _rewrite() -> None:
    rules = f"""
        meta nfproto ipv4 udp dport {MARKED} ip dscp set cs1
        meta nfproto ipv6 udp dport {MARKED} ip6 dscp set cs1
        tcp dport {CLAMPED} tcp option maxseg size set 1200
    """
    with linux.within("r1"):
        text = (
            f"table inet m {{ chain c1 {{ type filter hook forward priority -150;\n{rules}\n}}\n}}"
        )
        subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


def _listen(port: int) -> list[socket.socket]:
    with linux.within("server"):
        return [
            socket.create_server((SERVER[4], port)),
            socket.create_server((SERVER[6], port), family=socket.AF_INET6),
        ]


def _answer_udp() -> list[socket.socket]:
    """Have the server answer `SHORT_QUOTES` as old routers do (RFC 792: 64 bits of the data), and
    `TOLD` as routers with MPLS do (RFC 4884)."""
    with linux.within("server"):
        return [
            *_answer(SERVER[4], SHORT_QUOTES, _short),
            *_answer(SERVER[4], TOLD, _telling),
            *_answer(SERVER[6], TOLD, _telling),
        ]


def _answer(address: str, port: int, error: Callable[[bytes], bytes]) -> list[socket.socket]:
    """Answer what comes to `port` with the ICMP error that `error` makes of a quoted packet."""
    heard = sockets.make(address, socket.SOCK_DGRAM)
    heard.bind((address, port))
    protocol = socket.IPPROTO_ICMP if "." in address else socket.IPPROTO_ICMPV6
    errors = sockets.make(address, socket.SOCK_RAW, protocol)

    def answer() -> None:
        data, peer = heard.recvfrom(2048)
        errors.sendto(error(_packet(peer[0], peer[1], address, port, data)), (peer[0], 0))

    asyncio.get_running_loop().add_reader(heard, answer)
    return [heard, errors]


def _packet(source: str, source_port: int, to: str, port: int, data: bytes) -> bytes:
    """The datagram as a router would quote it."""
    udp = struct.pack("!4H", source_port, port, 8 + len(data), 0) + data
    if "." in to:
        ends = socket.inet_aton(source) + socket.inet_aton(to)
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 1, 17, 0) + ends + udp
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, to)
    return struct.pack("!IHBB", 6 << 28, len(udp), 17, 1) + ends + udp


def _short(packet: bytes) -> bytes:
    return _checked(struct.pack("!BBHI", 11, 0, 0, 0) + packet[:28])


def _telling(packet: bytes) -> bytes:
    """Time exceeded with a label stack of two and the incoming interface."""
    stack = struct.pack("!II", 299776 << 12 | 1, 16 << 12 | 5 << 9 | 1 << 8 | 1)
    name = b"\x0cxe-0/0/1.0\0"
    interface = struct.pack("!I", 517) + name + struct.pack("!I", 9192)
    objects = struct.pack("!HBB", 4 + len(stack), 1, 1) + stack
    objects += struct.pack("!HBB", 4 + len(interface), 2, 0x0B) + interface
    told = _checked(struct.pack("!BBH", 0x20, 0, 0) + objects)
    quoted = packet[:128].ljust(128, b"\0")
    if packet[0] >> 4 == 4:
        return _checked(struct.pack("!BBHBBH", 11, 0, 0, 0, 32, 0) + quoted + told)
    return struct.pack("!BBHBBH", 3, 0, 0, 16, 0, 0) + quoted + told


def _checked(message: bytes) -> bytes:
    """`message` with its Internet checksum in place (RFC 1071)."""
    return message[:2] + (~_sum(message) & 0xFFFF).to_bytes(2) + message[4:]


def _sum(data: bytes) -> int:
    """The one's complement sum of RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return total + (total >> 16)


async def _send_all() -> Mapping[str, Sent]:
    quoting = _answer_udp()
    servers = [
        await asyncio.start_server(lambda _, writer: writer.close(), sock=sock)
        for sock in _listen(OPEN)
    ]
    mute = _listen(MUTE)
    # Neighbours that are not known yet would cost the first probes of a burst.
    await _send({str(v): TcpConnect(address=SERVER[v], port=OPEN) for v in (4, 6)})
    found = await _send(CASES)
    _let_ping("0 0")
    found |= await _send({f"datagram-echo/{v}": Echo(address=SERVER[v]) for v in (4, 6)})
    found |= await _send(
        {f"datagram-{name}": case for name, case in CASES.items() if "icmp" in name}
    )
    _let_ping("1 0")
    _drop_capabilities()
    found |= await _send({f"user/{name}": case for name, case in UNPRIVILEGED.items()})
    for server in servers:
        server.close()
    for sock in mute:
        sock.close()
    for sock in quoting:
        sock.close()
    return found


async def _send(cases: Mapping[str, Request]) -> dict[str, Sent]:
    transport = LiveTransport(time.monotonic)

    async def one(name: str, case: Request) -> tuple[str, Sent]:
        if name == "late-neighbours":
            await asyncio.sleep(3.5)
        return name, await transport.send(case)

    found = await asyncio.gather(*(one(name, case) for name, case in cases.items()))
    await transport.close()
    return dict(found)


def _let_ping(groups: str) -> None:
    """Let members of these groups have ICMP sockets; `1 0` are none."""
    Path("/proc/sys/net/ipv4/ping_group_range").write_text(groups)


def _drop_capabilities() -> None:
    """Go on as an ordinary user's process does (capset(2), version 3)."""
    header = struct.pack("=Ii", 0x20080522, 0)
    result = ctypes.CDLL(None, use_errno=True).capset(header, bytes(24))
    assert result == 0, os.strerror(ctypes.get_errno())


if __name__ == "__main__":
    _build()
    _reject()
    _rewrite()
    sys.stdout.buffer.write(pickle.dumps(asyncio.run(_send_all())))
