"""Round trips are told by the kernel's stamps, however late this process came to read them."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from netdiag.wire import errqueue


def stamped(seconds_ago: float) -> errqueue.Said:
    """What `recvmsg` gives with a datagram that the kernel received so long ago."""
    at = time.time() - seconds_ago
    stamp = struct.pack("@qq", int(at), int(at % 1 * 1e9))
    return {(socket.SOL_SOCKET, errqueue.SO_TIMESTAMPNS): stamp}


@pytest.mark.parametrize(
    ("waited", "seconds_ago", "expected"),
    [
        (0.5, 0.4, 0.1),
        (30.0, 29.9, 0.1),  # the process was busy with something else
        (0.5, -7.0, 0.5),  # the clock was set back meanwhile
        (0.5, 3600.0, 0.5),  # the clock was set forward
    ],
)
def test_a_stamp_counts_where_it_can_be_true(
    waited: float, seconds_ago: float, expected: float
) -> None:
    told = errqueue.round_trip(waited, errqueue.age(stamped(seconds_ago)))

    assert told == pytest.approx(expected, abs=0.05)


def test_without_a_stamp_the_whole_wait_counts() -> None:
    assert errqueue.round_trip(0.5, errqueue.age({})) == 0.5
