"""What a trace says of the path. Loss is judged at the target alone: routers limit how many errors
they send (RFC 1812, section 4.3.2.8), which says nothing of what they forward.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal, TypeAlias

from netdiag.lazy import dataclass
from netdiag.outcomes import IcmpError, Unreachable
from netdiag.tracer.trace import Trace

ENOUGH = 10
"""Probes to the target before its loss is judged: one lost of fewer may be chance."""

_CONFIDENT = 3.29
"""The normal quantile of a 99.9 % interval."""

Status: TypeAlias = Literal["ok", "warning", "critical", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One sentence on the path. `hop` is the one that it names: the last before what vanishes."""

    code: str
    status: Status
    text: str
    hop: int | None = None


def judge(trace: Trace) -> Verdict:
    """The verdict on what was seen so far."""
    address = trace.aim.address
    if not any(hop.sent for hop in trace.hops.values()):
        return _nothing_sent(trace)
    if trace.reached:
        return _reached(trace, trace.reached)
    if ring := loop(trace):
        among = " and ".join(dict.fromkeys(trace.sender(ttl) or "" for ttl in ring))
        text = f"Packets to {address} go round in a loop between {among}."
        return Verdict(code="loop", status="critical", text=text, hop=ring[0])
    if trace.refusal and isinstance(trace.refusal.outcome, IcmpError):
        refusal = trace.refusal
        text = f"Hop {refusal.ttl}, {refusal.sender}, refuses packets to {address}: "
        text += f"{trace.refusal.outcome.kind.value}."
        return Verdict(code="refused", status="critical", text=text, hop=refusal.ttl)
    return _unanswered(trace)


def loop(trace: Trace) -> tuple[int, ...]:
    """The hops that packets go round, as first seen: addresses that come back at a distance of two
    hops or more, and go on doing so until the answers end."""
    first: dict[str, int] = {}
    repeated: list[int] = []
    heard = [ttl for ttl in trace.heard if ttl <= trace.end]
    for ttl in heard:
        sender = trace.sender(ttl)
        if sender is not None and ttl - first.setdefault(sender, ttl) >= 2:
            repeated.append(ttl)
    if len(repeated) < 2 or heard[-1] not in repeated:
        return ()
    senders = {trace.sender(ttl) for ttl in repeated}
    return tuple(ttl for sender, ttl in first.items() if sender in senders)


def limited(trace: Trace, ttl: int) -> bool:
    """Whether hop `ttl` answers less often than some hop behind it: it limits its answers, or gives
    none, and loses no packets by that."""
    hop = trace.hops[ttl]
    behind = [other for far, other in trace.hops.items() if far > ttl and far <= trace.end]
    return hop.loss > 0 and any(other.loss < hop.loss for other in behind if other.sent)


def _nothing_sent(trace: Trace) -> Verdict:
    if trace.failure is None:
        return Verdict(code="waiting", status="unknown", text="Nothing has been seen yet.")
    why = trace.failure.detail or trace.failure.kind.value
    return Verdict(code="not-sent", status="unknown", text=f"No probe could be sent: {why}.")


def _reached(trace: Trace, end: int) -> Verdict:
    target, address = trace.hops[end], trace.aim.address
    if not target.lost:
        text = f"{address} answers at hop {end}, {target.received} of {target.sent} probes."
        return Verdict(code="reached", status="ok", text=text)
    share = f"{target.lost} of {target.sent} probes"
    if target.sent < ENOUGH:
        text = f"{address} answers at hop {end}. {share} had no answer: too few to speak of loss."
        return Verdict(code="reached", status="ok", text=text)
    if trace.aim.protocol == "udp" and _spared(trace, end):
        text = (
            f"{address} answers at hop {end}. {share} had no answer, as of a host that limits its "
            "ICMP errors: ask over ICMP or TCP to tell that from loss."
        )
        return Verdict(code="inconclusive", status="unknown", text=text)
    clean = _clean_to(trace, end)
    where = (
        f"behind hop {clean}, {trace.sender(clean)}"
        if clean
        else "and the hops before do not tell where"
    )
    text = f"{share} to {address} are lost on the way there or back, {where}."
    worst: Status = "critical" if target.loss >= 0.2 else "warning"
    return Verdict(code="loss", status=worst, text=text, hop=clean)


def _spared(trace: Trace, end: int) -> bool:
    """Whether no hop before the target lost as many: the host itself may limit its errors."""
    before = [hop for ttl, hop in trace.hops.items() if ttl < end and hop.received]
    return any(hop.loss == 0 for hop in before[-1:])


def _clean_to(trace: Trace, end: int) -> int | None:
    """The last hop before the loss: the interval of every hop up to it lies below that of every one
    behind it. None where chance, or limits of the routers, may have made the difference."""
    heard = [ttl for ttl in trace.heard if ttl <= end and not limited(trace, ttl)]
    for place in range(1, len(heard)):
        before, after = heard[:place], heard[place:]
        highest = max(_interval(trace, ttl)[1] for ttl in before)
        lowest = min(_interval(trace, ttl)[0] for ttl in after)
        if highest < lowest:
            return before[-1]
    return None


def _interval(trace: Trace, ttl: int) -> tuple[float, float]:
    """The Wilson score interval of a hop's loss (Wilson, JASA 1927)."""
    hop, z = trace.hops[ttl], _CONFIDENT
    n, p = hop.sent, hop.loss
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def _unanswered(trace: Trace) -> Verdict:
    address, last = trace.aim.address, trace.end
    if not last:
        text = f"No hop on the way to {address} answers, nor does {address} itself."
        return Verdict(code="silent", status="unknown", text=text)
    other = {"udp": "TCP or ICMP", "tcp": "ICMP or UDP", "icmp": "TCP or UDP"}
    text = (
        f"Answers end at hop {last}, {trace.sender(last)}. {address} does not answer "
        f"{trace.aim.protocol.upper()} probes: packets vanish behind that hop, or a firewall drops "
        f"these alone. {other[trace.aim.protocol]} probes and netdiag check tell which."
    )
    return Verdict(code="unanswered", status="unknown", text=text, hop=last)


REFUSALS = {
    Unreachable.NET: "N",
    Unreachable.HOST: "H",
    Unreachable.ADMIN_PROHIBITED: "A",
    Unreachable.PROTOCOL: "P",
    Unreachable.PORT: "p",
}
"""The letters that RIPE Atlas and traceroute(8) give to refusals."""
