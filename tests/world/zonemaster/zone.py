"""Zonemaster's module Zone: the SOA record, the mail hosts and the sender policy of a zone."""

from __future__ import annotations

from netdiag.outcomes import DnsReply
from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    SILENT,
    TWO4,
    TWO6,
    Tree,
    altered,
)
from tests.world.zonemaster.scenario import brief, cases, scenario

CASES = cases(
    zone01="""Z01_MNAME_HAS_LOCALHOST_ADDR Z01_MNAME_IS_DOT Z01_MNAME_IS_LOCALHOST
        Z01_MNAME_MISSING_SOA_RECORD Z01_MNAME_NOT_AUTHORITATIVE Z01_MNAME_NOT_IN_NS_LIST
        Z01_MNAME_NOT_MASTER Z01_MNAME_NOT_RESOLVE Z01_MNAME_NO_RESPONSE
        Z01_MNAME_UNEXPECTED_RCODE""",
    zone02="REFRESH_MINIMUM_VALUE_LOWER REFRESH_MINIMUM_VALUE_OK",
    zone03="REFRESH_HIGHER_THAN_RETRY REFRESH_LOWER_THAN_RETRY",
    zone04="RETRY_MINIMUM_VALUE_LOWER RETRY_MINIMUM_VALUE_OK",
    zone05="EXPIRE_LOWER_THAN_REFRESH EXPIRE_MINIMUM_VALUE_LOWER EXPIRE_MINIMUM_VALUE_OK",
    zone06="""SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER
        SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK""",
    zone07="MNAME_HAS_NO_ADDRESS MNAME_IS_CNAME MNAME_IS_NOT_CNAME",
    zone08="MX_RECORD_IS_CNAME MX_RECORD_IS_NOT_CNAME",
    zone09="""Z09_INCONSISTENT_MX Z09_INCONSISTENT_MX_DATA Z09_MISSING_MAIL_TARGET Z09_MX_DATA
        Z09_MX_FOUND Z09_NON_AUTH_MX_RESPONSE Z09_NO_MX_FOUND Z09_NO_RESPONSE_MX_QUERY
        Z09_NULL_MX_NON_ZERO_PREF Z09_NULL_MX_WITH_OTHER_MX Z09_ROOT_EMAIL_DOMAIN
        Z09_TLD_EMAIL_DOMAIN Z09_UNEXPECTED_RCODE_MX""",
    zone10="MULTIPLE_SOA ONE_SOA",
    zone11="""Z11_DIFFERENT_SPF_POLICIES_FOUND Z11_INCONSISTENT_SPF_POLICIES
        Z11_NON_NULL_SPF_NON_MAIL_DOMAIN Z11_NO_SPF_FOUND Z11_NO_SPF_NON_MAIL_DOMAIN
        Z11_NULL_SPF_NON_MAIL_DOMAIN Z11_SPF_MULTIPLE_RECORDS Z11_SPF_SYNTAX_ERROR
        Z11_SPF_SYNTAX_OK Z11_UNABLE_TO_CHECK_FOR_SPF""",
)

SERVERS, SECOND = (ONE4, ONE6, TWO4, TWO6), (TWO4, TWO6)
TOP = brief("xa.")
SERVFAIL = DnsReply(rcode="SERVFAIL")


def timed(times: str) -> Tree:
    """The healthy tree with these times in the SOA record: refresh, retry, expire, minimum."""
    return HEALTHY.put(APEX, f"{APEX} SOA {NS1} hostmaster.{APEX} 7 {times}")


def primary(name: str, tree: Tree = HEALTHY) -> Tree:
    """The tree whose SOA record names this primary server."""
    return tree.put(APEX, f"{APEX} SOA {name} hostmaster.{APEX} 7 28800 3600 1209600 300")


def hidden(says: DnsReply | None = None, serial: int = 7) -> Tree:
    """The tree with a primary server that is no name server, and what it says of the zone."""
    tree = primary("hidden.xb.").add("xb.", "hidden.xb. A 22.75.0.53")
    if says:
        return tree.departs(says, "22.75.0.53")
    return tree.served(
        APEX,
        ("22.75.0.53",),
        f"{APEX} SOA hidden.xb. hostmaster.{APEX} {serial} 28800 3600 1209600 300",
    )


def mail(*records: str, at: tuple[str, ...] = ()) -> Tree:
    """The tree with these MX records, at all servers or at some."""
    return HEALTHY.put(APEX, *(f"{APEX} MX {record}" for record in records), at=at)


def policy(*texts: str, at: tuple[str, ...] = ()) -> Tree:
    """The tree with these TXT records, at all servers or at some."""
    return HEALTHY.put(APEX, *(f'{APEX} TXT "{text}"' for text in texts), at=at)


NOT_LISTED = "Z01_MNAME_NOT_IN_NS_LIST"
NOWHERE = "MNAME_HAS_NO_ADDRESS MNAME_IS_NOT_CNAME"

SCENARIOS = (
    scenario(
        "all is well",
        zone01="",
        zone07="MNAME_IS_NOT_CNAME",
        zone08="MX_RECORD_IS_NOT_CNAME",
        zone09="Z09_MX_DATA",
        zone10="ONE_SOA",
        zone11="Z11_SPF_SYNTAX_OK",
    ),
    scenario(
        "a hidden primary server serves the zone",
        hidden(),
        zone01=NOT_LISTED,
        zone07="MNAME_IS_NOT_CNAME",
    ),
    scenario(
        "the primary server has an older zone",
        hidden(serial=6),
        zone01=f"{NOT_LISTED} Z01_MNAME_NOT_MASTER",
    ),
    scenario(
        "a name server that is the primary has an older zone",
        HEALTHY.put(APEX, f"{APEX} SOA {NS1} h.{APEX} 6 28800 3600 1209600 300", at=(ONE4, ONE6)),
        zone01="Z01_MNAME_NOT_MASTER",
    ),
    scenario(
        "the primary server is silent",
        primary("hidden.xb.").add("xb.", "hidden.xb. A 22.75.0.53"),
        zone01=f"{NOT_LISTED} Z01_MNAME_NO_RESPONSE",
        zone07="MNAME_IS_NOT_CNAME",
    ),
    scenario(
        "the primary server refuses",
        hidden(DnsReply(rcode="REFUSED")),
        zone01=f"{NOT_LISTED} Z01_MNAME_UNEXPECTED_RCODE",
    ),
    scenario(
        "the primary server has no SOA record",
        hidden(DnsReply(authoritative=True)),
        zone01=f"{NOT_LISTED} Z01_MNAME_MISSING_SOA_RECORD",
    ),
    scenario(
        "the primary server answers without authority",
        hidden().departs(altered(authoritative=False), "22.75.0.53"),
        zone01=f"{NOT_LISTED} Z01_MNAME_NOT_AUTHORITATIVE",
    ),
    scenario(
        "the primary server has no address",
        primary("gone.xb."),
        zone01=f"{NOT_LISTED} Z01_MNAME_NOT_RESOLVE",
        zone07=NOWHERE,
    ),
    scenario(
        "the primary server is the asking machine",
        primary("me.xb.").add("xb.", "me.xb. A 127.0.0.1"),
        zone01=f"{NOT_LISTED} Z01_MNAME_HAS_LOCALHOST_ADDR",
        zone07="MNAME_IS_NOT_CNAME",
    ),
    scenario(
        "the primary server is called localhost",
        primary("localhost."),
        zone01="Z01_MNAME_IS_LOCALHOST",
        zone07=NOWHERE,
    ),
    scenario(
        "the primary server is left empty",
        primary("."),
        zone01="Z01_MNAME_IS_DOT",
        zone07=NOWHERE,
    ),
    scenario(
        "the primary server is an alias",
        primary("alias.xb.").add("xb.", "alias.xb. CNAME ns1.xb."),
        zone07="MNAME_IS_CNAME",
    ),
    scenario(
        "all times are the usual ones",
        zone02="REFRESH_MINIMUM_VALUE_OK",
        zone03="REFRESH_HIGHER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_OK",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
    ),
    scenario(
        "refresh and retry are short",
        timed("14399 3599 604800 86400"),
        zone02="REFRESH_MINIMUM_VALUE_LOWER",
        zone03="REFRESH_HIGHER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_LOWER",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
    ),
    scenario(
        "retry is as long as refresh, denials are kept for long",
        timed("14400 14400 604800 86401"),
        zone02="REFRESH_MINIMUM_VALUE_OK",
        zone03="REFRESH_LOWER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_OK",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER",
    ),
    scenario(
        "expire is short, denials are kept briefly",
        timed("28800 3600 604799 299"),
        zone05="EXPIRE_MINIMUM_VALUE_LOWER",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER",
    ),
    scenario(
        "expire is shorter than a long refresh",
        timed("700000 3600 604800 300"),
        zone05="EXPIRE_LOWER_THAN_REFRESH",
    ),
    scenario(
        "expire is shorter than refresh, and short",
        timed("28800 3600 28799 300"),
        zone05="EXPIRE_LOWER_THAN_REFRESH EXPIRE_MINIMUM_VALUE_LOWER",
    ),
    scenario(
        "a mail host is an alias",
        HEALTHY.without(APEX, f"mail.{APEX}").add(APEX, f"mail.{APEX} CNAME www.{APEX}"),
        zone08="MX_RECORD_IS_CNAME",
    ),
    scenario(
        "one of two mail hosts is an alias, the other does not exist",
        mail(f"10 alias.{APEX}", f"20 gone.{APEX}").add(APEX, f"alias.{APEX} CNAME www.{APEX}"),
        zone08="MX_RECORD_IS_CNAME MX_RECORD_IS_NOT_CNAME",
    ),
    scenario(
        "one server has no mail host",
        HEALTHY.without(APEX, APEX, "MX", at=SECOND),
        zone09="Z09_INCONSISTENT_MX Z09_MX_DATA Z09_MX_FOUND Z09_NO_MX_FOUND",
    ),
    scenario(
        "one server has another mail host",
        mail(f"10 other.{APEX}", at=SECOND),
        zone09="Z09_INCONSISTENT_MX_DATA Z09_MX_DATA",
    ),
    scenario(
        "there is no mail host",
        HEALTHY.without(APEX, APEX, "MX"),
        zone08="",
        zone09="Z09_MISSING_MAIL_TARGET",
    ),
    scenario("no mail is wanted", mail("0 ."), zone09=""),
    scenario("a null MX has a preference", mail("5 ."), zone09="Z09_NULL_MX_NON_ZERO_PREF"),
    scenario(
        "a null MX beside another",
        mail("0 .", f"10 mail.{APEX}"),
        zone09="Z09_NULL_MX_WITH_OTHER_MX",
    ),
    scenario(
        "a null MX with a preference beside another",
        mail("5 .", f"10 mail.{APEX}"),
        zone09="Z09_NULL_MX_NON_ZERO_PREF Z09_NULL_MX_WITH_OTHER_MX",
    ),
    scenario(
        "one server fails the question for mail hosts",
        HEALTHY.departs(SERVFAIL, *SECOND, rtype="MX"),
        zone09="Z09_MX_DATA Z09_UNEXPECTED_RCODE_MX",
    ),
    scenario(
        "one server leaves the question for mail hosts",
        HEALTHY.departs(SILENT, *SECOND, rtype="MX"),
        zone09="Z09_MX_DATA Z09_NO_RESPONSE_MX_QUERY",
    ),
    scenario(
        "one server answers for mail hosts without authority",
        HEALTHY.departs(altered(authoritative=False), *SECOND, rtype="MX"),
        zone09="Z09_MX_DATA Z09_NON_AUTH_MX_RESPONSE",
    ),
    scenario(
        "one server does not serve the zone",
        HEALTHY.departs(DnsReply(rcode="REFUSED"), *SECOND),
        zone09="Z09_MX_DATA",
        zone10="",
        zone11="Z11_SPF_SYNTAX_OK",
    ),
    scenario(
        "a top-level domain without mail and policy",
        about=TOP,
        zone09="",
        zone11="Z11_NO_SPF_NON_MAIL_DOMAIN",
    ),
    scenario(
        "a top-level domain takes mail and may send it",
        HEALTHY.add("xa.", "xa. MX 10 ns1.xa.", 'xa. TXT "v=spf1 mx -all"'),
        TOP,
        zone09="Z09_TLD_EMAIL_DOMAIN",
        zone11="Z11_NON_NULL_SPF_NON_MAIL_DOMAIN",
    ),
    scenario(
        "a top-level domain that sends no mail",
        HEALTHY.add("xa.", "xa. MX 0 .", 'xa. TXT "v=spf1 -all"'),
        TOP,
        zone09="",
        zone11="Z11_NULL_SPF_NON_MAIL_DOMAIN",
    ),
    scenario(
        "one server gives two SOA records",
        HEALTHY.add(APEX, f"{APEX} SOA {NS2} h.{APEX} 7 28800 3600 1209600 300", at=SECOND),
        zone10="MULTIPLE_SOA",
    ),
    scenario(
        "a policy that nobody wrote", HEALTHY.without(APEX, APEX, "TXT"), zone11="Z11_NO_SPF_FOUND"
    ),
    scenario("a broken policy", policy("v=spf1 ip4x:1 -all"), zone11="Z11_SPF_SYNTAX_ERROR"),
    scenario(
        "two policies", policy("v=spf1 -all", "v=spf1 mx -all"), zone11="Z11_SPF_MULTIPLE_RECORDS"
    ),
    scenario(
        "another text beside the policy",
        policy("v=spf1 -all", "v=spf10 x", "something"),
        zone11="Z11_SPF_SYNTAX_OK",
    ),
    scenario(
        "one server has another policy",
        policy("v=spf1 -all", at=SECOND),
        zone11="Z11_DIFFERENT_SPF_POLICIES_FOUND Z11_INCONSISTENT_SPF_POLICIES",
    ),
    scenario(
        "one server has a broken policy besides",
        policy("v=spf1 -all", "v=spf1 ip4x:1", at=SECOND),
        zone11="Z11_DIFFERENT_SPF_POLICIES_FOUND Z11_INCONSISTENT_SPF_POLICIES",
    ),
    scenario(
        "no server answers for texts",
        HEALTHY.departs(SERVFAIL, *SERVERS, rtype="TXT"),
        zone11="Z11_UNABLE_TO_CHECK_FOR_SPF",
    ),
    scenario(
        "one server does not answer for texts",
        HEALTHY.departs(SILENT, *SECOND, rtype="TXT"),
        zone11="Z11_SPF_SYNTAX_OK",
    ),
)
