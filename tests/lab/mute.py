"""A server that never says a word: `python -m tests.lab.mute BACKLOG PORT...`.

That is what a service whose program hangs looks like: the kernel still completes the handshakes of
BACKLOG connections and one more, and drops the SYNs of later ones (listen(2)).
"""

from __future__ import annotations

import signal
import socket
import sys


def listen(port: int, backlog: int) -> list[socket.socket]:
    families = (socket.AF_INET, socket.AF_INET6)
    return [socket.create_server(("", port), family=one, backlog=backlog) for one in families]


if __name__ == "__main__":
    kept = [listen(int(port), int(sys.argv[1])) for port in sys.argv[2:]]
    print("ready", flush=True)
    signal.pause()
