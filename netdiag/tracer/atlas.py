"""Traces in the form of RIPE Atlas traceroute results, written and read.

The fields are those of the documentation "RIPE Atlas data structures", firmware 4610 and later:
times in milliseconds, `late` the round in which the probe was sent, `dup` for a duplicate, `err` a
letter or code for refusals. netdiag adds `flow` and `round` to a reply.
"""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from netdiag.outcomes import Failed, FailureKind, IcmpError, MplsLabel, Unreachable
from netdiag.requests import HopProbe
from netdiag.text import clean
from netdiag.tracer.trace import Aim, Protocol, Reply, Trace
from netdiag.tracer.verdict import REFUSALS

MOST_RESULTS = 256
MOST_REPLIES = 100_000
"""Bounds on what one file may hold."""

_KINDS = {letter: kind for kind, letter in REFUSALS.items()}
_CODES = {9: Unreachable.NET_PROHIBITED, 10: Unreachable.HOST_PROHIBITED}


class BadResultError(ValueError):
    """A file that holds no traceroute result that can be used; the message says why."""


class _Label(msgspec.Struct):
    label: int = 0
    exp: int = 0
    s: int = 1
    ttl: int = 0


class _Object(msgspec.Struct):
    mpls: list[_Label] = []


class _Extension(msgspec.Struct):
    obj: list[_Object] = []


class _Reply(msgspec.Struct):
    sender: str | None = msgspec.field(name="from", default=None)
    rtt: float | None = None
    size: int | None = None
    ttl: int | None = None
    err: str | int | None = None
    icmpext: _Extension | None = None
    late: int | bool | None = None
    dup: bool | None = None
    flow: int = 0
    round: int | None = None


class _Hop(msgspec.Struct):
    hop: int = 0
    result: list[_Reply] = []


class _Result(msgspec.Struct):
    dst_addr: str
    result: list[_Hop]
    type: str = "traceroute"
    proto: str = "UDP"


class _Document(msgspec.Struct):
    traces: list[_Result]


def write(trace: Trace) -> dict[str, Any]:
    """`trace` as one result."""
    hops: dict[int, list[dict[str, Any]]] = {}
    for reply in trace.replies:
        if reply.ttl <= (trace.end or trace.aim.longest):
            hops.setdefault(reply.ttl, []).append(_written(reply))
    return {
        "type": "traceroute",
        "af": ipaddress.ip_address(trace.aim.address.partition("%")[0]).version,
        "dst_addr": trace.aim.address,
        "proto": trace.aim.protocol.upper(),
        "paris_id": trace.aim.flows,
        "result": [{"hop": ttl, "result": hops[ttl]} for ttl in sorted(hops)],
    }


def read(text: bytes) -> tuple[Trace, ...]:
    """The traces in `text`: one result, a list, one per line, or what netdiag trace wrote.

    Raises `BadResultError`.
    """
    results = _results(text)
    if not results:
        raise BadResultError("holds no result")
    if len(results) > MOST_RESULTS:
        raise BadResultError(f"holds more than {MOST_RESULTS} results")
    if sum(len(hop.result) for result in results for hop in result.result) > MOST_REPLIES:
        raise BadResultError(f"holds more than {MOST_REPLIES} replies")
    return tuple(_trace(result) for result in results)


def _results(text: bytes) -> list[_Result]:
    forms = _Result | list[_Result]
    try:
        try:
            tree = msgspec.json.decode(text)
        except msgspec.DecodeError:
            tree = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
        if isinstance(tree, dict) and "traces" in tree:
            return msgspec.convert(tree, _Document).traces
        found = msgspec.convert(tree, forms)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadResultError(f"is no traceroute result ({clean(str(error), 200)})") from None
    return found if isinstance(found, list) else [found]


def _trace(result: _Result) -> Trace:
    protocol = _protocol(result.proto)
    if result.type != "traceroute":
        raise BadResultError(f"holds a {clean(result.type, 40)!r} result, not a traceroute")
    trace = Trace(Aim(address=_address(result.dst_addr), protocol=protocol))
    for hop in result.result:
        if not 1 <= hop.hop <= 255:
            continue
        for place, reply in enumerate(hop.result):
            _feed(trace, hop.hop, place if reply.round is None else reply.round, reply)
            trace.rounds = max(trace.rounds, len(hop.result))
    return trace


def _feed(trace: Trace, ttl: int, number: int, reply: _Reply) -> None:
    aim = trace.aim
    probe = HopProbe(
        address=aim.address, ttl=ttl, protocol=aim.protocol, flow=reply.flow, attempt=number
    )
    if reply.sender is None or reply.rtt is None:
        if not reply.late:
            trace.heard_of(probe, Failed(kind=FailureKind.TIMEOUT))
        return
    sender = _address(reply.sender)
    outcome = IcmpError(
        kind=_kind(reply.err, at_target=sender == aim.address),
        icmp_type=0,
        icmp_code=0,
        sender=sender,
        rtt=min(max(reply.rtt, 0.0), 3_600_000.0) / 1000,
        return_ttl=reply.ttl,
        size=reply.size,
        labels=tuple(
            MplsLabel(
                label=label.label, traffic_class=label.exp, bottom=bool(label.s), ttl=label.ttl
            )
            for extension in (reply.icmpext.obj if reply.icmpext else [])[:16]
            for label in extension.mpls[:16]
        ),
    )
    if reply.late or reply.dup:
        trace.stray(probe, outcome, late=bool(reply.late))
    else:
        trace.heard_of(probe, outcome)


def _kind(err: str | int | None, *, at_target: bool) -> Unreachable:
    if err is None:
        return Unreachable.PORT if at_target else Unreachable.TTL_EXCEEDED
    if isinstance(err, int):
        return _CODES.get(err, Unreachable.OTHER)
    return _KINDS.get(err, Unreachable.OTHER)


def _protocol(text: str) -> Protocol:
    match text.lower():
        case "icmp":
            return "icmp"
        case "tcp":
            return "tcp"
        case _:
            return "udp"


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise BadResultError(f"names {clean(text, 60)!r}, which is no IP address") from None


def _written(reply: Reply) -> dict[str, Any]:
    base: dict[str, Any] = {"flow": reply.flow, "round": reply.round}
    outcome = reply.outcome
    if outcome is None:
        return {"x": "*", **base}
    told: dict[str, Any] = {"from": reply.sender, "rtt": round(outcome.rtt * 1000, 3), **base}
    if reply.late:
        told["late"] = reply.round + 1
    if reply.duplicate:
        told["dup"] = True
    if isinstance(outcome, IcmpError):
        told |= _icmp(outcome, reply)
    return told


def _icmp(outcome: IcmpError, reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if outcome.size is not None:
        told["size"] = outcome.size
    if outcome.return_ttl is not None:
        told["ttl"] = outcome.return_ttl
    if outcome.quote:
        told |= {"itos": outcome.quote.tos, "ittl": outcome.quote.ttl}
    if outcome.mtu is not None:
        told["mtu"] = outcome.mtu
    if reply.refusal:
        told["err"] = REFUSALS.get(reply.refusal, outcome.icmp_code)
    if outcome.labels:
        stack = [
            {"label": e.label, "exp": e.traffic_class, "s": int(e.bottom), "ttl": e.ttl}
            for e in outcome.labels
        ]
        told["icmpext"] = {
            "version": 2,
            "rfc4884": 1,
            "obj": [{"class": 1, "type": 1, "mpls": stack}],
        }
    return told
