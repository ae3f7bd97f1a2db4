"""A transparent proxy: `python -m tests.lab.relay PORT`.

It takes the connections that the packet filter redirects to it and relays them to where they were
for, as connections of its own.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading

ORIGINAL_DST = 80
"""SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of Linux."""


def meant(client: socket.socket) -> tuple[str, int]:
    """Where a redirected connection was for."""
    if client.family == socket.AF_INET6:
        data = client.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, data[8:24]), struct.unpack_from("!H", data, 2)[0]
    data = client.getsockopt(socket.IPPROTO_IP, ORIGINAL_DST, 16)
    return socket.inet_ntop(socket.AF_INET, data[4:8]), struct.unpack_from("!H", data, 2)[0]


def copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(client: socket.socket) -> None:
    try:
        server = socket.create_connection(meant(client), timeout=5)
    except OSError:
        client.close()
        return
    threading.Thread(target=copy, args=(server, client), daemon=True).start()
    copy(client, server)


def serve(listening: socket.socket) -> None:
    while True:
        client, _ = listening.accept()
        threading.Thread(target=relay, args=(client,), daemon=True).start()


if __name__ == "__main__":
    families = (socket.AF_INET, socket.AF_INET6)
    sockets = [socket.create_server(("", int(sys.argv[1])), family=one) for one in families]
    threads = [threading.Thread(target=serve, args=(one,)) for one in sockets]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()
