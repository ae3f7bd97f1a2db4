"""A server that accepts connections and never says a word: `python -m tests.lab.mute PORT...`.

That is what a service whose program hangs looks like: the kernel still completes the handshakes.
"""

from __future__ import annotations

import signal
import socket
import sys


def listen(port: int) -> list[socket.socket]:
    families = (socket.AF_INET, socket.AF_INET6)
    return [socket.create_server(("", port), family=one, backlog=512) for one in families]


if __name__ == "__main__":
    kept = [listen(int(port)) for port in sys.argv[1:]]
    print("ready", flush=True)
    signal.pause()
