"""The syntax of host names (RFC 952, RFC 1123, section 2.1), read from presentation format."""

from __future__ import annotations

import enum
import re

_LABEL = re.compile(r"(?:\\.|[^.\\])+")
_ESCAPE = re.compile(r"\\(?:\d{3}|.)")
_LEGAL = re.compile(r"[-A-Za-z0-9]+")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")


class Flaw(enum.Enum):
    """What is wrong with a name, in words that follow its mention."""

    CHARACTERS = "has other characters than letters, digits and hyphens"
    INITIAL_HYPHEN = "has a label that begins with a hyphen"
    TERMINAL_HYPHEN = "has a label that ends with a hyphen"
    DOUBLE_HYPHEN = "has two hyphens where only an internationalised name has them"
    NUMERIC_TOP = "has a last label of digits alone, so that it reads like an address"


def labels(name: str) -> tuple[str, ...]:
    """The labels of a name in presentation format, escapes kept; none for the root."""
    return tuple(_LABEL.findall(name))


def octets(label: str) -> int:
    """The length of a label on the wire, where an escape stands for one octet."""
    return len(_ESCAPE.sub("x", label))


def flaws(name: str) -> frozenset[Flaw]:
    """What is wrong with a host name; nothing for the root."""
    parts = labels(name)
    found = {
        Flaw.CHARACTERS: not all(_LEGAL.fullmatch(part) for part in parts),
        Flaw.INITIAL_HYPHEN: any(part.startswith("-") for part in parts),
        Flaw.TERMINAL_HYPHEN: any(part.endswith("-") for part in parts),
        Flaw.DOUBLE_HYPHEN: any(_misplaced(part) for part in parts),
        Flaw.NUMERIC_TOP: bool(parts) and parts[-1].isascii() and parts[-1].isdecimal(),
    }
    return frozenset(flaw for flaw, holds in found.items() if holds)


def _misplaced(label: str) -> bool:
    """Hyphens in the third and fourth place are kept for `xn--` (RFC 5891, section 4.2.3.1)."""
    return label[2:4] == "--" and not label.lower().startswith("xn")


def contact_has_at_sign(rname: str) -> bool:
    """Whether an SOA contact is written with an at sign, where a dot belongs (RFC 1912, 2.2)."""
    return "@" in rname


def contact_is_mailbox(rname: str) -> bool:
    """Whether an SOA contact reads as a mail address with atoms as its local part (RFC 5321)."""
    parts = labels(rname)
    local, domain = "".join(parts[:1]).replace("\\.", "."), parts[1:]
    return (
        all(_ATOM.fullmatch(atom) for atom in local.split("."))
        and len(domain) > 1
        and all(_LEGAL.fullmatch(part) for part in domain)
    )


def mail_domain(rname: str) -> str:
    """The domain of an SOA contact, absolute: all but its first label."""
    return ".".join(labels(rname)[1:]).lower() + "."
