"""Zonemaster's module Syntax: how the names in a zone's own records are spelt."""

from __future__ import annotations

from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    PARENT,
    TWO4,
    TWO6,
    Tree,
)
from tests.world.zonemaster.scenario import Scenario, brief, cases, scenario

HOST_FLAWS = {
    "NON_ALLOWED_CHARS": "a_b",
    "DISCOURAGED_DOUBLE_DASH": "ab--c",
    "NUMERIC_TLD": "192.0.2.1",
}


def host_tags(prefix: str) -> str:
    return " ".join(f"{prefix}_{tag}" for tag in (*HOST_FLAWS, "SYNTAX_OK"))


CASES = cases(
    syntax01="NON_ALLOWED_CHARS ONLY_ALLOWED_CHARS",
    syntax02="INITIAL_HYPHEN NO_ENDING_HYPHENS TERMINAL_HYPHEN",
    syntax03="DISCOURAGED_DOUBLE_DASH NO_DOUBLE_DASH",
    syntax04=host_tags("NAMESERVER"),
    syntax05="RNAME_MISUSED_AT_SIGN RNAME_NO_AT_SIGN",
    syntax06="""RNAME_MAIL_DOMAIN_INVALID RNAME_MAIL_DOMAIN_LOCALHOST RNAME_MAIL_ILLEGAL_CNAME
        RNAME_RFC822_INVALID RNAME_RFC822_VALID""",
    syntax07=host_tags("MNAME"),
    syntax08=host_tags("MX"),
)


def named(apex: str, **says: str) -> Scenario:
    """A zone of this name below the healthy parent."""
    tree = HEALTHY.add(PARENT, f"{apex} NS {NS1}\n{apex} NS {NS2}").served(
        apex,
        (ONE4, ONE6, TWO4, TWO6),
        f"{apex} SOA {NS1} hostmaster.{APEX} 7 28800 3600 1209600 300",
        f"{apex} NS {NS1}\n{apex} NS {NS2}",
    )
    return scenario(f"the zone is called {apex}", tree, brief(apex), **says)


def soa(mname: str = NS1, rname: str = f"hostmaster.{APEX}") -> Tree:
    return HEALTHY.put(APEX, f"{APEX} SOA {mname} {rname} 7 28800 3600 1209600 300")


def absolute(label: str) -> str:
    """A host of the zone, or a name of digits, which is in none."""
    return f"{label}." if label[0].isdecimal() else f"{label}.{APEX}"


def flawed(tag: str, label: str) -> tuple[Scenario, ...]:
    """One of two servers, the primary, and the only mail host with a flaw."""
    name = absolute(label)
    servers = HEALTHY
    for zone in (PARENT, APEX):
        servers = servers.put(zone, f"{APEX} NS {NS1}\n{APEX} NS {name}")
    return (
        scenario(f"a server is {name}", servers, syntax04=f"NAMESERVER_{tag} NAMESERVER_SYNTAX_OK"),
        scenario(f"the primary server is {name}", soa(mname=name), syntax07=f"MNAME_{tag}"),
        scenario(
            f"the mail host is {name}",
            HEALTHY.put(APEX, f"{APEX} MX 10 {name}"),
            syntax08=f"MX_{tag}",
        ),
    )


SCENARIOS = (
    scenario(
        "all names are well spelt",
        syntax01="ONLY_ALLOWED_CHARS",
        syntax02="NO_ENDING_HYPHENS",
        syntax03="NO_DOUBLE_DASH",
        syntax04="NAMESERVER_SYNTAX_OK",
        syntax05="RNAME_NO_AT_SIGN",
        syntax06="RNAME_RFC822_VALID",
        syntax07="MNAME_SYNTAX_OK",
        syntax08="MX_SYNTAX_OK",
    ),
    named(
        "a_b.xa.",
        syntax01="NON_ALLOWED_CHARS",
        syntax02="NO_ENDING_HYPHENS",
        syntax03="NO_DOUBLE_DASH",
    ),
    named("-ab.xa.", syntax01="ONLY_ALLOWED_CHARS", syntax02="INITIAL_HYPHEN"),
    named("ab-.xa.", syntax02="TERMINAL_HYPHEN", syntax03="NO_DOUBLE_DASH"),
    named("-ab-.xa.", syntax02="INITIAL_HYPHEN TERMINAL_HYPHEN"),
    named("xn--bcher-kva.xa.", syntax01="ONLY_ALLOWED_CHARS", syntax03="NO_DOUBLE_DASH"),
    named("ab--c.xa.", syntax02="NO_ENDING_HYPHENS", syntax03="DISCOURAGED_DOUBLE_DASH"),
    *(one for flaw in HOST_FLAWS.items() for one in flawed(*flaw)),
    scenario(
        "one of two mail hosts is ill spelt",
        HEALTHY.put(APEX, f"{APEX} MX 10 a_b.{APEX}\n{APEX} MX 20 mail.{APEX}"),
        syntax08="MX_NON_ALLOWED_CHARS MX_SYNTAX_OK",
    ),
    scenario("there is no mail host", HEALTHY.without(APEX, APEX, "MX"), syntax08=""),
    scenario("a null MX", HEALTHY.put(APEX, f"{APEX} MX 0 ."), syntax08="MX_SYNTAX_OK"),
    scenario(
        "the contact is written with an at sign",
        soa(rname=f"hostmaster@{APEX}"),
        syntax05="RNAME_MISUSED_AT_SIGN",
        syntax06="RNAME_RFC822_INVALID",
    ),
    scenario(
        "the contact is no mail address",
        soa(rname="nobody."),
        syntax05="RNAME_NO_AT_SIGN",
        syntax06="RNAME_RFC822_INVALID",
    ),
    scenario(
        "the contact's domain does not exist",
        soa(rname="hostmaster.gone.xb."),
        syntax06="RNAME_MAIL_DOMAIN_INVALID",
    ),
    scenario(
        "the contact's mail host has no address",
        soa(rname="hostmaster.mx.xb.").add("xb.", "mx.xb. MX 10 ns7.xb."),
        syntax06="RNAME_MAIL_DOMAIN_INVALID",
    ),
    scenario(
        "the contact's domain wants no mail",
        soa(rname="hostmaster.mx.xb.").add("xb.", "mx.xb. MX 0 ."),
        syntax06="RNAME_MAIL_DOMAIN_INVALID",
    ),
    scenario(
        "the contact's domain takes its own mail",
        soa(rname="hostmaster.host.xb.").add("xb.", "host.xb. A 22.40.1.26"),
        syntax06="RNAME_RFC822_VALID",
    ),
    scenario(
        "the contact's mail host is the sender itself",
        soa(rname="hostmaster.mx.xb.").add("xb.", "mx.xb. MX 10 me.xb.", "me.xb. A 127.0.0.1"),
        syntax06="RNAME_MAIL_DOMAIN_INVALID RNAME_MAIL_DOMAIN_LOCALHOST",
    ),
    scenario(
        "the contact's mail host is the sender itself over one family",
        soa(rname="hostmaster.mx.xb.").add(
            "xb.", "mx.xb. MX 10 me.xb.", "me.xb. A 22.40.1.26", "me.xb. AAAA ::1"
        ),
        syntax06="RNAME_MAIL_DOMAIN_LOCALHOST RNAME_RFC822_VALID",
    ),
    scenario(
        "the contact's mail host is an alias",
        soa(rname="hostmaster.mx.xb.").add(
            "xb.", "mx.xb. MX 10 alias.xb.", "alias.xb. CNAME host.xb.", "host.xb. A 22.40.1.26"
        ),
        syntax06="RNAME_MAIL_DOMAIN_INVALID RNAME_MAIL_ILLEGAL_CNAME",
    ),
    scenario(
        "one of two mail hosts of the contact is gone",
        soa(rname="hostmaster.mx.xb.").add(
            "xb.", "mx.xb. MX 10 host.xb.\nmx.xb. MX 20 gone.xb.", "host.xb. A 22.40.1.26"
        ),
        syntax06="RNAME_MAIL_DOMAIN_INVALID RNAME_RFC822_VALID",
    ),
)
