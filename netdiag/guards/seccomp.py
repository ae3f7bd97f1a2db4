"""Which system calls this process may make (seccomp(2)), as a table and as the kernel's filter.

A call that a library may try on the way to something harmless is *refused* with an error that the
library copes with. A call that only an attacker's code would make *ends* the process at once.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from netdiag.guards import kernel
from netdiag.guards.guard import Allowances, Guard

Action = Literal["refused", "ends"]
Numbers = tuple[int | None, int | None]
"""Of a system call on x86_64 and on aarch64; None where it does not exist."""


class Rule(NamedTuple):
    """System calls that are never made, and why they are treated so."""

    what: str
    calls: Mapping[str, Numbers]
    action: Action
    why: str


# The numbers are those of asm/unistd_64.h (x86) and asm-generic/unistd.h (aarch64).
RULES: tuple[Rule, ...] = (
    Rule(
        what="Starting programs",
        calls={
            "execve": (59, 221),
            "execveat": (322, 281),
            "fork": (57, None),
            "vfork": (58, None),
        },
        action="refused",
        why="Python's library asks helpers such as uname or ldconfig, and does without them.",
    ),
    Rule(
        what="Looking into other processes",
        calls={
            "ptrace": (101, 117),
            "process_vm_readv": (310, 270),
            "process_vm_writev": (311, 271),
            "process_madvise": (440, 440),
            "kcmp": (312, 272),
            "pidfd_getfd": (438, 438),
        },
        action="ends",
        why="They are for debuggers and for attackers.",
    ),
    Rule(
        what="Signals to other processes",
        calls={
            "tkill": (200, 130),
            "rt_sigqueueinfo": (129, 138),
            "rt_tgsigqueueinfo": (297, 240),
            "pidfd_open": (434, 434),
            "pidfd_send_signal": (424, 424),
        },
        action="refused",
        why="asyncio tries pidfd_open to learn what it may use.",
    ),
    Rule(
        what="Mounting, and changing the root",
        calls={
            "mount": (165, 40),
            "umount2": (166, 39),
            "pivot_root": (155, 41),
            "chroot": (161, 51),
            "move_mount": (429, 429),
            "open_tree": (428, 428),
            "fsopen": (430, 430),
            "fsconfig": (431, 431),
            "fsmount": (432, 432),
            "fspick": (433, 433),
            "mount_setattr": (442, 442),
        },
        action="ends",
        why="No library mounts anything.",
    ),
    Rule(
        what="Moving to other namespaces",
        calls={"unshare": (272, 97), "setns": (308, 268)},
        action="ends",
        why="In a new namespace a process has every privilege; nothing here goes to one.",
    ),
    Rule(
        what="Changing the kernel",
        calls={
            "init_module": (175, 105),
            "finit_module": (313, 273),
            "delete_module": (176, 106),
            "kexec_load": (246, 104),
            "kexec_file_load": (320, 294),
            "bpf": (321, 280),
            "_sysctl": (156, None),
        },
        action="ends",
        why="No library loads code into the kernel.",
    ),
    Rule(
        what="Changing the machine",
        calls={
            "reboot": (169, 142),
            "swapon": (167, 224),
            "swapoff": (168, 225),
            "sethostname": (170, 161),
            "setdomainname": (171, 162),
            "acct": (163, 89),
            "quotactl": (179, 60),
            "quotactl_fd": (443, 443),
            "vhangup": (153, 58),
            "iopl": (172, None),
            "ioperm": (173, None),
            "modify_ldt": (154, None),
            "nfsservctl": (180, 42),
        },
        action="ends",
        why="Only system tools do this.",
    ),
    Rule(
        what="Setting the clock",
        calls={"settimeofday": (164, 170), "clock_settime": (227, 112)},
        action="ends",
        why="Only time services set it.",
    ),
    Rule(
        what="Adjusting the clock",
        calls={"clock_adjtime": (305, 266), "adjtimex": (159, 171)},
        action="refused",
        why="The same calls read it, and a filter cannot tell which is meant.",
    ),
    Rule(
        what="Keys of the kernel",
        calls={"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
        action="refused",
        why="Libraries of Kerberos and cryptography may look for one.",
    ),
    Rule(
        what="Ways around a filter of system calls",
        calls={
            "io_uring_setup": (425, 425),
            "io_uring_enter": (426, 426),
            "io_uring_register": (427, 427),
            "userfaultfd": (323, 282),
            "perf_event_open": (298, 241),
        },
        action="refused",
        why="Event loops and profilers try them and have other ways.",
    ),
    Rule(
        what="Files by handle, and watching the whole machine",
        calls={
            "open_by_handle_at": (304, 265),
            "fanotify_init": (300, 262),
            "lookup_dcookie": (212, 18),
            "syslog": (103, 116),
        },
        action="ends",
        why="A handle passes by the limits on paths; the others are for administrators.",
    ),
    Rule(
        what="Owner, mode, times, attributes and length of files, by name",
        calls={
            "truncate": (76, 45),
            "chmod": (90, None),
            "fchmod": (91, 52),
            "fchmodat": (268, 53),
            "fchmodat2": (452, 452),
            "chown": (92, None),
            "fchown": (93, 55),
            "lchown": (94, None),
            "fchownat": (260, 54),
            "utime": (132, None),
            "utimes": (235, None),
            "futimesat": (261, None),
            "utimensat": (280, 88),
            "setxattr": (188, 5),
            "lsetxattr": (189, 6),
            "fsetxattr": (190, 7),
            "setxattrat": (463, 463),
            "removexattr": (197, 14),
            "lremovexattr": (198, 15),
            "fremovexattr": (199, 16),
            "removexattrat": (466, 466),
            "file_setattr": (469, 469),
            "mknod": (133, None),
            "mknodat": (259, 33),
        },
        action="refused",
        why="Landlock does not see these, or not on every kernel; Python's library sets modes and "
        "times of its caches.",
    ),
    Rule(
        what="Other processes' priority and memory",
        calls={
            "setpriority": (141, 140),
            "ioprio_set": (251, 30),
            "sched_setscheduler": (144, 119),
            "sched_setattr": (314, 274),
            "sched_setparam": (142, 118),
            "migrate_pages": (256, 238),
            "move_pages": (279, 239),
        },
        action="refused",
        why="Libraries set the priority of their own threads where they may.",
    ),
    Rule(
        what="Memory and queues shared with other processes",
        calls={
            "shmget": (29, 194),
            "shmat": (30, 196),
            "shmctl": (31, 195),
            "semget": (64, 190),
            "semop": (65, 193),
            "semctl": (66, 191),
            "msgget": (68, 186),
            "msgsnd": (69, 189),
            "msgctl": (71, 187),
            "mq_open": (240, 180),
            "mq_unlink": (241, 181),
        },
        action="refused",
        why="They reach services of this machine; libraries look whether they are there.",
    ),
    Rule(
        what="Becoming another user",
        calls={
            "setuid": (105, 146),
            "setgid": (106, 144),
            "setreuid": (113, 145),
            "setregid": (114, 143),
            "setresuid": (117, 147),
            "setresgid": (119, 149),
            "setgroups": (116, 159),
            "setfsuid": (122, 151),
            "setfsgid": (123, 152),
            "capset": (126, 91),
            "personality": (135, 92),
        },
        action="refused",
        why="Libraries that drop privileges try it.",
    ),
    Rule(
        what="Serving",
        calls={"listen": (50, 201), "accept": (43, 202), "accept4": (288, 242)},
        action="refused",
        why="netdiag asks and never serves.",
    ),
)

_WRITING_FILES: Mapping[str, Numbers] = {
    "openat2": (437, 437),
    "creat": (85, None),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
}
_PUTTING_IN_PLACE: Mapping[str, Numbers] = {
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "unlink": (87, None),
    "unlinkat": (263, 35),
}
_OPENING: Mapping[str, tuple[Numbers, int]] = {
    # the call, and which of its arguments has the flags
    "open": ((2, None), 1),
    "openat": ((257, 56), 2),
}
_ALTERING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_STREAM, _DGRAM, _RAW = 1, 2, 3
_IPPROTO_TCP = 6
_SOL_IP, _SOL_IPV6, _SOL_PACKET, _SOL_NETLINK = 0, 41, 263, 270
_JOINING = {_SOL_IP: (35, 39, 42, 46), _SOL_IPV6: (20, 27, 42, 46)}
"""Options that join a group, which tells the routers (linux/in.h, linux/in6.h)."""

_MSG_FASTOPEN = 0x20000000
_CLONE_THREAD = 0x10000
_CLONE_NEW = 0x7E020080
"""All flags of clone(2) that make namespaces."""

# asm-generic/ioctls.h and linux/sockios.h: settings of the terminal that netdiag itself is on,
# modes of a descriptor, and reading what interfaces are there.
_CONTROLS = (
    *(0x5401, 0x5402, 0x5403, 0x5404, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451),
    *(0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D),
    *(0x8906, 0x8907, 0x8910, 0x8912, 0x8913, 0x8915, 0x8919, 0x891B, 0x8921, 0x8927, 0x8933),
)

# linux/seccomp.h, linux/audit.h, linux/bpf_common.h
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_NUMBER, _ARCH = 0, 4


def _step(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, true, false, value)


def _load(offset: int) -> bytes:
    return _step(0x20, offset)


def _argument(index: int) -> bytes:
    """The lower half of an argument: every one that is looked at here is an int to the kernel."""
    return _load(16 + 8 * index)


def _return(value: int) -> bytes:
    return _step(0x06, value)


_REFUSE = _return(_ERRNO | errno.EPERM)
_PERMIT = _return(_ALLOW)


def _if(value: int, then: bytes) -> bytes:
    """`then` where the loaded word is `value`, else what follows."""
    return _step(0x15, value, 0, len(then) // 8) + then


def _if_any(bits: int, then: bytes) -> bytes:
    """`then` where the loaded word has any of `bits`."""
    return _step(0x45, bits, 0, len(then) // 8) + then


def _only_low_bits(mask: int) -> bytes:
    return _step(0x54, mask)


def _sockets(*, raw: bool, local: bool) -> bytes:
    """socket(2): IP, and netlink for what the kernel tells of its tables.

    MPTCP, SCTP and their like are further protocols of a stream socket and are refused.
    """
    stream = _argument(2) + _if(0, _PERMIT) + _if(_IPPROTO_TCP, _PERMIT) + _REFUSE
    internet = _argument(1) + _only_low_bits(0xF) + _if(_STREAM, stream) + _if(_DGRAM, _PERMIT)
    internet += (_if(_RAW, _PERMIT) if raw else b"") + _REFUSE
    route = _argument(2) + _if(0, _PERMIT) + _REFUSE
    checked = _argument(0) + _if(_AF_INET, internet) + _if(_AF_INET6, internet)
    checked += _if(_AF_NETLINK, route)
    return checked + (_if(_AF_UNIX, _PERMIT) if local else b"") + _REFUSE


def _options() -> bytes:
    checked = _argument(1) + _if(_SOL_PACKET, _REFUSE) + _if(_SOL_NETLINK, _REFUSE)
    for level, options in _JOINING.items():
        joins = b"".join(_if(option, _REFUSE) for option in options)
        checked += _if(level, _argument(2) + joins + _PERMIT)
    return checked + _PERMIT


def _controls() -> bytes:
    return _argument(1) + b"".join(_if(one, _PERMIT) for one in _CONTROLS) + _REFUSE


def _own(process: int) -> bytes:
    return _argument(0) + _if(process, _PERMIT) + _REFUSE


def _threads() -> bytes:
    allowed = _if_any(_CLONE_NEW, _REFUSE) + _if_any(_CLONE_THREAD, _PERMIT)
    return _argument(0) + allowed + _REFUSE


def _without(flag: int, index: int) -> bytes:
    return _argument(index) + _if_any(flag, _REFUSE) + _PERMIT


def _looked_at(allowances: Allowances, *, local: bool) -> Iterator[tuple[Numbers, bytes]]:
    """The calls whose arguments decide."""
    network = allowances.network
    yield (41, 198), _sockets(raw=True, local=local) if network else _REFUSE
    yield (54, 208), _options()
    yield (16, 29), _controls()
    yield (56, 220), _threads()
    # The flags of clone3 are out of sight; libc falls back to clone.
    yield (435, 435), _return(_ERRNO | errno.ENOSYS)
    own = _own(os.getpid())
    yield (62, 129), own
    yield (234, 131), own
    yield (302, 261), _argument(0) + _if(0, _PERMIT) + _if(os.getpid(), _PERMIT) + _REFUSE
    # sendto, sendmsg, sendmmsg: TCP fast open connects without connect(2).
    for numbers, flags in (((44, 206), 3), ((46, 211), 2), ((307, 269), 3)):
        yield numbers, _without(_MSG_FASTOPEN, flags)


def _files(*, places: bool) -> Iterator[tuple[Numbers, bytes]]:
    """What takes Landlock's place: no file is opened to be altered, nor made nor moved."""
    for numbers, flags in _OPENING.values():
        yield numbers, _without(_ALTERING, flags)
    for numbers in _WRITING_FILES.values():
        # openat2 hides its flags; as for the others, the refusal is what callers cope with.
        yield numbers, _REFUSE
    if not places:
        for numbers in _PUTTING_IN_PLACE.values():
            yield numbers, _REFUSE


def program(machine: str, allowances: Allowances, *, local: bool, landlock: bool) -> bytes:
    """The filter for an architecture.

    `local` lets sockets of local services be opened; without `landlock` files are guarded here.
    """
    index = kernel.MACHINES.index(machine)
    rules: list[tuple[Numbers, bytes]] = [
        (numbers, _return(_KILL_PROCESS) if rule.action == "ends" else _REFUSE)
        for rule in RULES
        for numbers in rule.calls.values()
    ]
    rules += _looked_at(allowances, local=local)
    if not landlock:
        rules += _files(places=bool(allowances.places))
    start = _load(_ARCH) + _step(0x15, _ARCHITECTURE[machine], 1, 0) + _return(_KILL_PROCESS)
    start += _load(_NUMBER)
    if machine == "x86_64":
        start += _step(0x35, _X32, 0, 1) + _return(_KILL_PROCESS)
    checks = [
        _if(number, action) for numbers, action in rules if (number := numbers[index]) is not None
    ]
    return start + b"".join(checks) + _PERMIT


def restrict(
    allowances: Allowances,
    *,
    local: bool,
    landlock: bool,
    install: Callable[[bytes], None] = kernel.filter_calls,
) -> Guard:
    """Install the filter. Raises OSError."""
    machine = kernel.machine()
    if machine not in kernel.MACHINES:
        why = f"The system calls of {machine} are not known here."
        return Guard(name="seccomp", state="unavailable", why=why)
    install(program(machine, allowances, local=local, landlock=landlock))
    why = "It cannot start programs, serve, or change the machine, the clock or other processes"
    if not allowances.network:
        why += ", nor open a socket"
    elif local:
        why += "; sockets of local services stay open to it, since this system looks names up there"
    return Guard(name="seccomp", state="active", why=f"{why}.")
