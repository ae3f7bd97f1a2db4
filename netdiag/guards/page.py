"""The page of the documentation that lists what the guards refuse: docs/guards.md."""

from __future__ import annotations

from netdiag.guards.seccomp import RULES, Rule

_PAGE = """# What keeps netdiag from doing anything but looking

[What netdiag can send](read-only.md) is a closed list, so the program has no way to change anything.
The guards are for the case that the program is not what runs: a fault in it, in a library, or in
Python itself that a hostile answer makes use of. Every command engages them by itself, after it has
read its own configuration and before it reads anything that others wrote: an answer, a record, a
capture. They hold for the process until its end, and there is no option to leave them out.

`netdiag doctor` tells which of them this machine and user get, and why not the others. A record's
`guards` and the last line of a report tell which held the run.

| guard | what it holds | where |
|---|---|---|
| `no-new-privileges` | no set-user-ID program or file capability gives the process a privilege | Linux |
| `capabilities` | of a superuser's privileges only CAP_NET_RAW is kept, and what reaching the Python installation and the output takes; an ordinary user has none | Linux |
| `landlock` | no file can be altered, made, moved or removed but the output that was asked for; read can be what Python, OpenSSL and the system's resolver need, and nothing else; no TCP port can be bound (kernel 6.7), no signal sent to another process (6.12) | Linux 5.13 |
| `seccomp` | the system calls below are refused or end the process; only IP and routing sockets can be opened, and by commands that use no network none at all | Linux, x86-64 and ARM64 |
| `audit-hook` | Python code starts no program, writes no file but the output, binds no port | every system |

Where Landlock is missing, the filter of system calls refuses to open any file for writing. On macOS
and Windows the hook is all there is. It stops Python code; it could not stop machine code that a
fault in a library lets in, and Python tells it nothing of some system calls (such as listen, which
only the kernel's guards refuse). The record says so in that case.

What no guard limits is where packets go: that is the [policy's](read-only.md) task, in the program.
A process that holds CAP_NET_RAW could send any packet. As an ordinary user it cannot.

## System calls

Calls that a library may try on the way to something harmless are *refused*. Calls that only an
attacker's code would make *end* the process at once.

| | calls | | why |
|---|---|---|---|
{rules}

Besides, by their arguments: `clone` makes threads only; `kill` and `tgkill` reach this process only;
`socket` opens TCP, UDP, ICMP and raw IP, and netlink for the routing tables; `ioctl` reads interfaces
and sets the terminal that netdiag is on; `setsockopt` joins no group; `sendto` and its kin do not
open connections. Programs of another architecture's calls are ended.
"""  # noqa: E501 (rows of tables)


def page() -> str:
    """The whole page, as Markdown."""
    return _PAGE.format(rules="\n".join(map(_row, RULES)))


def _row(rule: Rule) -> str:
    names = ", ".join(f"`{name}`" for name in rule.calls)
    return f"| {rule.what} | {names} | {rule.action} | {rule.why} |"
