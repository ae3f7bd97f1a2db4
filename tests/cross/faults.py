"""What can be wrong with a zone: each fault by its name, as a change of a healthy internet."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import dns.name
import dns.rdatatype
import dns.zone

from tests.cross.internet import OPERATOR, ZONE, Internet, Server, Spoil
from tests.cross.relay import CONDUCTS

Stage = Callable[[Internet, random.Random], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`signed`: only of a signed zone."""

    stage: Stage
    signed: bool = False


def faults() -> dict[str, Fault]:
    """All of them by name, in a fixed order."""
    table = {f"one-{name}": Fault(_conduct(name, all_of_them=False)) for name in CONDUCTS}
    for name in ("edns-dropped", "edns-formerr", "aaaa-dropped", "alias-at-apex", "recursor"):
        table[f"all-{name}"] = Fault(_conduct(name, all_of_them=True))
    for how in SHUT:
        table[f"one-{how}"] = Fault(_shut(how, all_of_them=False))
    for how in ("silent", "tcp-rejected"):
        table[f"all-{how}"] = Fault(_shut(how, all_of_them=True))
    for field, values in SOA.items():
        for value in values:
            table[f"soa-{field}={value}"] = Fault(_soa(field, value, all_of_them=True))
    for field, value in (("serial", 2026010100), ("rname", f"other.{ZONE}"), ("refresh", 9999)):
        table[f"one-soa-{field}"] = Fault(_soa(field, value, all_of_them=False))
    table |= {name: Fault(stage) for name, stage in DATA.items()}
    table |= {name: Fault(stage) for name, stage in DELEGATION.items()}
    return table | {name: Fault(stage, signed=True) for name, stage in SIGNING.items()}


SHUT = ("silent", "udp-silent", "tcp-silent", "tcp-rejected", "rejected", "silent-4", "silent-6")
SOA: dict[str, tuple[object, ...]] = {
    "refresh": (600,),
    "retry": (300, 20000),
    "expire": (86400, 10000),
    "minimum": (0, 200, 200000),
    "mname": (f"nobody.{ZONE}", f"alias.{ZONE}", f"www.{ZONE}", ".", f"ns--x_.{ZONE}"),
    "rname": (f"host@master.{ZONE}", f"-a.{ZONE}", "x.nowhere.example."),
}


def _picked(internet: Internet, chance: random.Random) -> Server:
    return chance.choice(internet.servers)


def _conduct(name: str, *, all_of_them: bool) -> Stage:
    def stage(internet: Internet, chance: random.Random) -> None:
        one = _picked(internet, chance)
        for server in internet.servers if all_of_them else [one]:
            if name not in server.conduct:
                server.conduct.append(name)

    return stage


def _shut(how: str, *, all_of_them: bool) -> Stage:
    def stage(internet: Internet, chance: random.Random) -> None:
        one = _picked(internet, chance)
        for server in internet.servers if all_of_them else [one]:
            server.shut.append(how)

    return stage


def _soa(field: str, value: object, *, all_of_them: bool) -> Stage:
    def stage(internet: Internet, chance: random.Random) -> None:
        one = _picked(internet, chance)
        for server in internet.servers if all_of_them else [one]:
            setattr(server.soa, field, value)
        if value == f"alias.{ZONE}":
            internet.add("alias", "CNAME", f"www.{ZONE}")

    return stage


def _replaced(kind: str, *data: str) -> Stage:
    """The zone's own records of a type are these at every server."""

    def stage(internet: Internet, _: random.Random) -> None:
        internet.remove("@", kind)
        internet.add("@", kind, *data)

    return stage


def _mx_alias(internet: Internet, _: random.Random) -> None:
    internet.add("mx", "CNAME", f"mail.{ZONE}")
    _replaced("MX", f"10 mx.{ZONE}")(internet, _)


def _other_mx(internet: Internet, chance: random.Random) -> None:
    server = _picked(internet, chance)
    server.zone.remove("@", "MX")
    server.zone.add("@", "MX", f"10 www.{ZONE}")


def _without_mx(internet: Internet, chance: random.Random) -> None:
    _picked(internet, chance).zone.remove("@", "MX")


def _other_ns(internet: Internet, chance: random.Random) -> None:
    server = _picked(internet, chance)
    server.zone.remove("@", "NS", internet.servers[-1].name)
    server.zone.add("@", "NS", f"www.{ZONE}")


def _wildcard(internet: Internet, _: random.Random) -> None:
    internet.add("*", "A", "22.40.0.11")


DATA: dict[str, Stage] = {
    "mx-alias": _mx_alias,
    "mx-missing": _replaced("MX"),
    "mx-null": _replaced("MX", "0 ."),
    "mx-null-and-other": _replaced("MX", "0 .", f"10 mail.{ZONE}"),
    "mx-unresolvable": _replaced("MX", f"10 nowhere.{ZONE}"),
    "mx-characters": _replaced("MX", f"10 ma_il.{ZONE}"),
    "mx-other-at-one": _other_mx,
    "mx-missing-at-one": _without_mx,
    "spf-missing": _replaced("TXT"),
    "spf-twice": _replaced("TXT", '"v=spf1 mx -all"', '"v=spf1 -all"'),
    "spf-malformed": _replaced("TXT", '"v=spf1 ip4:999.1.1.1 foo -all"'),
    "ns-other-at-one": _other_ns,
    "wildcard": _wildcard,
}


def _listed_more(internet: Internet, _: random.Random) -> None:
    internet.delegated = [*internet.delegated, "a.operator.net."]


def _served_more(internet: Internet, _: random.Random) -> None:
    internet.add("@", "NS", "b.operator.net.")


def _unresolvable(internet: Internet, _: random.Random) -> None:
    internet.delegated = [*internet.delegated, "nowhere.operator.net."]
    internet.add("@", "NS", "nowhere.operator.net.")


def _ns_alias(internet: Internet, _: random.Random) -> None:
    internet.delegated = [*internet.delegated, "alias.operator.net."]
    internet.add("@", "NS", "alias.operator.net.")
    internet.operator.add("alias.operator.net.", "CNAME", "a.operator.net.")


def _ns_named(name: str) -> Stage:
    """One more server by that name, with an address of its own that answers as the first does."""

    def stage(internet: Internet, _: random.Random) -> None:
        first = internet.servers[0]
        internet.delegated = [*internet.delegated, name]
        internet.add("@", "NS", name)
        for address in first.addresses:
            internet.add(name, "AAAA" if ":" in address else "A", address)
        internet.glue[name] = list(first.addresses)

    return stage


def _glue_differs(internet: Internet, _: random.Random) -> None:
    for name in list(internet.glue)[:1]:
        internet.glue[name] = ["22.50.0.99", *internet.glue[name][1:]]


def _glue_missing(internet: Internet, _: random.Random) -> None:
    for name in list(internet.glue)[:1]:
        del internet.glue[name]


def _glue_partly(internet: Internet, _: random.Random) -> None:
    for name in list(internet.glue)[:1]:
        internet.glue[name] = internet.glue[name][:1]


def _one_server(internet: Internet, _: random.Random) -> None:
    internet.delegated = internet.delegated[:1]
    for server in internet.servers[1:]:
        internet.remove("@", "NS", server.name)


def _address_denied(internet: Internet, _: random.Random) -> None:
    """The zone does not have the addresses that the glue tells."""
    for name in list(internet.glue)[:1]:
        internet.remove(name)


def _private(internet: Internet, _: random.Random) -> None:
    name = f"ns9.{ZONE}"
    internet.delegated = [*internet.delegated, name]
    internet.add("@", "NS", name)
    internet.add(name, "A", "10.1.2.3")
    internet.glue[name] = ["10.1.2.3"]


def _many_servers(internet: Internet, _: random.Random) -> None:
    for number in range(12):
        name = f"a-rather-long-name-of-a-server-{number}.{'x' * 40}.{ZONE}"
        _ns_named(name)(internet, _)


def _reverse_missing(internet: Internet, _: random.Random) -> None:
    internet.reverse.clear()


def _reverse_differs(internet: Internet, _: random.Random) -> None:
    for server in internet.servers:
        for address in server.addresses:
            internet.reverse[address] = f"other.{OPERATOR}"


DELEGATION: dict[str, Stage] = {
    "listed-by-parent-only": _listed_more,
    "listed-by-zone-only": _served_more,
    "ns-unresolvable": _unresolvable,
    "ns-alias": _ns_alias,
    "ns-same-address": _ns_named(f"same.{ZONE}"),
    "ns-characters": _ns_named(f"ns_x.{ZONE}"),
    "ns-double-dash": _ns_named(f"ab--cd.{ZONE}"),
    "glue-differs": _glue_differs,
    "glue-missing": _glue_missing,
    "glue-partly": _glue_partly,
    "glue-denied": _address_denied,
    "one-server": _one_server,
    "private-address": _private,
    "many-servers": _many_servers,
    "reverse-missing": _reverse_missing,
    "reverse-differs": _reverse_differs,
}


def _keys(*algorithms: tuple[str, ...]) -> Stage:
    """A key-signing and a zone-signing key of each algorithm."""

    def stage(internet: Internet, _: random.Random) -> None:
        assert internet.signing
        internet.signing.keys = [
            ("-a", *algorithm, *kind) for algorithm in algorithms for kind in ((), ("-f", "KSK"))
        ]

    return stage


def _more_key(*arguments: str) -> Stage:
    def stage(internet: Internet, _: random.Random) -> None:
        assert internet.signing
        internet.signing.keys = [*internet.signing.keys, ("-a", "ECDSAP256SHA256", *arguments)]

    return stage


def _options(*options: str) -> Stage:
    def stage(internet: Internet, _: random.Random) -> None:
        assert internet.signing
        internet.signing.options += options

    return stage


def _valid(begins: float, ends: float) -> Stage:
    def stage(internet: Internet, _: random.Random) -> None:
        assert internet.signing
        internet.signing.begins, internet.signing.ends = begins, ends

    return stage


def _spoilt(spoil: Spoil, *, all_of_them: bool) -> Stage:
    def stage(internet: Internet, chance: random.Random) -> None:
        one = _picked(internet, chance)
        for server in internet.servers if all_of_them else [one]:
            server.spoils.append(spoil)

    return stage


def _without(kind: str, covers: str = "", owner: str = ZONE) -> Spoil:
    """Takes one set of records away, the signatures over `covers` where that is given."""
    rtype = dns.rdatatype.from_text(kind)
    covered = dns.rdatatype.from_text(covers or "NONE")

    def spoil(text: str) -> str:
        zone = dns.zone.from_text(text, origin=ZONE, relativize=False)
        for name in list(zone) if owner == "*" else [dns.name.from_text(owner)]:
            zone.delete_rdataset(name, rtype, covered)
        return zone.to_text(relativize=False, want_origin=False)

    return spoil


def _without_denial(text: str) -> str:
    for kind in ("NSEC", "NSEC3", "NSEC3PARAM"):
        text = _without("RRSIG", kind, "*")(_without(kind, owner="*")(text))
    return text


def _tampered(text: str) -> str:
    """An address changed after it was signed."""
    return text.replace("22.40.0.10", "22.40.0.11").replace("2026010101", "2026010102")


def _unsigned(internet: Internet, chance: random.Random) -> None:
    _picked(internet, chance).signed = False


def _unsigned_everywhere(internet: Internet, _: random.Random) -> None:
    for server in internet.servers:
        server.signed = False


def _ds(change: Callable[[list[str]], list[str]]) -> Stage:
    def stage(internet: Internet, _: random.Random) -> None:
        before = internet.ds
        internet.ds = lambda fitting: change(before(fitting))

    return stage


def _broken_digest(fitting: list[str]) -> list[str]:
    return [one[:-8] + "deadbeef" for one in fitting]


def _sha1(fitting: list[str]) -> list[str]:
    """A digest of a type that must not be used any more beside the real one."""
    tag, algorithm = fitting[0].split()[:2] if fitting else ("1", "13")
    return [*fitting, f"{tag} {algorithm} 1 {'ab' * 20}"]


def _records(kind: str, *data: str) -> Stage:
    def stage(internet: Internet, _: random.Random) -> None:
        internet.add("@", kind, *data)

    return stage


SIGNING: dict[str, Stage] = {
    "rsa": _keys(("RSASHA256", "-b", "2048")),
    "rsa-short": _keys(("RSASHA256", "-b", "1024")),
    "rsa-sha1": _keys(("NSEC3RSASHA1", "-b", "2048")),
    "rsa-sha512": _keys(("RSASHA512", "-b", "2048")),
    "ed25519": _keys(("ED25519",)),
    "ecdsa-384": _keys(("ECDSAP384SHA384",)),
    "two-algorithms": _keys(("ECDSAP256SHA256",), ("ED25519",)),
    "key-revoked": _more_key("-f", "KSK", "-R", "now-1h", "-A", "now-2d", "-P", "now-3d"),
    "key-standby": _more_key("-A", "now+90d", "-P", "now-1h"),
    "nsec3": _options("-3", "-", "-H", "0"),
    "nsec3-salt": _options("-3", "abcd", "-H", "10"),
    "nsec3-iterations": _options("-3", "-", "-H", "150"),
    "nsec3-opt-out": _options("-3", "-", "-H", "0", "-A"),
    "expired": _valid(-40, -1),
    "not-yet": _valid(2, 30),
    "ends-soon": _valid(-20, 0.3),
    "ends-late": _valid(-1, 400),
    "no-soa-signature": _spoilt(_without("RRSIG", "SOA"), all_of_them=True),
    "no-key-signature": _spoilt(_without("RRSIG", "DNSKEY"), all_of_them=True),
    "no-mx-signature": _spoilt(_without("RRSIG", "MX"), all_of_them=True),
    "no-soa-signature-at-one": _spoilt(_without("RRSIG", "SOA"), all_of_them=False),
    "no-keys-at-one": _spoilt(_without("DNSKEY"), all_of_them=False),
    "no-denial": _spoilt(_without_denial, all_of_them=True),
    "no-denial-at-one": _spoilt(_without_denial, all_of_them=False),
    "no-nsec3param": _spoilt(_without("NSEC3PARAM"), all_of_them=True),
    "tampered": _spoilt(_tampered, all_of_them=True),
    "tampered-at-one": _spoilt(_tampered, all_of_them=False),
    "unsigned-at-one": _unsigned,
    "unsigned-with-ds": _unsigned_everywhere,
    "ds-missing": _ds(lambda _: []),
    "ds-broken": _ds(_broken_digest),
    "ds-sha1": _ds(_sha1),
    "ds-of-no-key": _ds(lambda fitting: [*fitting, f"4711 13 2 {'ab' * 32}"]),
    "ds-of-no-key-only": _ds(lambda _: [f"4711 13 2 {'ab' * 32}"]),
    "ds-unknown-digest": _ds(lambda fitting: [*fitting, f"4711 13 200 {'ab' * 32}"]),
    "ds-unknown-algorithm": _ds(lambda fitting: [*fitting, f"4711 200 2 {'ab' * 32}"]),
    "cds-delete": _records("CDS", "0 0 0 00"),
    "cds-of-no-key": _records("CDS", f"4711 13 2 {'ab' * 32}"),
    "wildcard-signed": _wildcard,
}
