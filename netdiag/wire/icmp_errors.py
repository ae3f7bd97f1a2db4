"""ICMP errors as messages, where a system hands them to programs whole.

macOS gives them to the datagram ICMP sockets of all users, Linux keeps them in the error queue.
What they say is the same, and so is the form in which it is handed on.
"""

from __future__ import annotations

import ipaddress

from netdiag.wire.errqueue import ORIGIN_ICMP, ORIGIN_ICMP6, QueuedError

_HEADER = 8
_TYPES = {4: frozenset({3, 11, 12}), 6: frozenset({1, 2, 3, 4})}
_ECHO = {4: 1, 6: 58}
_IPV6_HEADER = 40


def read(
    message: bytes, family: int, sender: str, ttl: int | None, target: str
) -> QueuedError | None:
    """The error in `message`, without its IP header, about an echo request to `target`; its payload
    begins with the header of that request. None for all else."""
    if len(message) < _HEADER or message[0] not in _TYPES[family]:
        return None
    payload = _echo_to(message[_HEADER:], family, target)
    if payload is None:
        return None
    return QueuedError(
        number=0,
        origin=ORIGIN_ICMP if family == 4 else ORIGIN_ICMP6,
        icmp_type=message[0],
        icmp_code=message[1],
        sender=sender,
        info=int.from_bytes(message[6:8] if family == 4 else message[4:8]),
        payload=payload,
        return_ttl=ttl,
        age=0.0,
        extension_offset=0,
    )


def _echo_to(quoted: bytes, family: int, target: str) -> bytes | None:
    """What follows the quoted IP header, where that is of an ICMP packet to `target`."""
    wanted = ipaddress.ip_address(target.partition("%")[0]).packed
    if family == 6:
        fits = len(quoted) >= _IPV6_HEADER and quoted[0] >> 4 == 6
        if not fits or quoted[6] != _ECHO[6] or quoted[24:40] != wanted:
            return None
        return quoted[_IPV6_HEADER:]
    size = 4 * (quoted[0] & 0xF) if quoted else 0
    if not 20 <= size <= len(quoted) or quoted[0] >> 4 != 4:
        return None
    if quoted[9] != _ECHO[4] or quoted[16:20] != wanted:
        return None
    return quoted[size:]
