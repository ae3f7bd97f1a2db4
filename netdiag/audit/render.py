"""The account as text for people and as JSON for programs."""

from __future__ import annotations

import msgspec

from netdiag.audit.account import Account, Line
from netdiag.text import clean

_MARKS = {
    "explained": "ok",
    "system": "os",
    "not-visible": "--",
    "held": "--",
    "unexplained": "!!",
    "missing": "??",
}


def text(account: Account) -> str:
    """One line per group of packets, and the verdict at the end."""
    lines = [
        f"{account.frames} frames, of which {account.packets} left the vantage "
        f"({', '.join(account.vantage) or 'no address known'}).",
        "ok: explained by the observation in brackets; os: the operating system's own;",
        "--: did not leave this machine; !!: explained by nothing; ??: claimed, but not captured.",
        "",
        *(_line(line) for line in account.lines),
        "",
        "Why this changes nothing:",
        *_reasons(account),
        "",
        verdict(account),
    ]
    return "\n".join(lines) + "\n"


def faults(account: Account) -> str:
    """The lines of what is not explained or not there."""
    return "\n".join(_line(line) for line in account.faults)


def verdict(account: Account) -> str:
    """The whole in one sentence."""
    if account.read_only:
        return "READ-ONLY: every packet is explained by the record, and nothing claimed is missing."
    missing = sum(line.verdict == "missing" for line in account.faults)
    unexplained = sum(line.packets for line in account.faults)
    return f"NOT PROVEN: {unexplained} packets unexplained, {missing} claims without packets."


def _line(line: Line) -> str:
    by = f" [{line.observation}]" if line.observation is not None else ""
    why = f" - {line.why}" if line.verdict != "explained" else ""
    told = f"{line.what}, {line.packets} packets, {line.octets} octets{by}{why}"
    return clean(f"{_MARKS[line.verdict]} {line.at:10.3f} s  {line.to or '?'}  {told}", 1000)


def _reasons(account: Account) -> list[str]:
    reasons: dict[str, list[int]] = {}
    for line in account.lines:
        if line.verdict == "explained" and line.observation is not None:
            reasons.setdefault(line.why, []).append(line.observation)
    return [f"  {len(set(numbers))} observations: {why}" for why, numbers in reasons.items()]


def json(account: Account) -> str:
    tree = {"read_only": account.read_only, **msgspec.to_builtins(account)}
    return msgspec.json.format(msgspec.json.encode(tree), indent=1).decode() + "\n"
