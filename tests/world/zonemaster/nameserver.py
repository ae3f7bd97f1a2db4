"""Zonemaster's module Nameserver: how the servers of a zone answer what they are asked."""

from __future__ import annotations

from dataclasses import replace

from netdiag.outcomes import DnsReply
from netdiag.requests import UNKNOWN_OPTION, DnsQuery
from tests.world.tree import (
    APEX,
    CHILD,
    HEALTHY,
    NS1,
    ONE4,
    PARENT,
    SILENT,
    TWO4,
    Fit,
    Says,
    Tree,
    records,
)
from tests.world.zonemaster.scenario import Scenario, brief, cases, scenario

CASES = cases(
    nameserver01="IS_A_RECURSOR NO_RECURSOR",
    nameserver02="""BREAKS_ON_EDNS EDNS_RESPONSE_WITHOUT_EDNS EDNS_VERSION_ERROR NO_EDNS_SUPPORT
        NS_ERROR EDNS0_SUPPORT""",
    nameserver03="AXFR_AVAILABLE AXFR_FAILURE",
    nameserver04="DIFFERENT_SOURCE_IP SAME_SOURCE_IP",
    nameserver05="""AAAA_BAD_RDATA AAAA_QUERY_DROPPED AAAA_UNEXPECTED_RCODE A_UNEXPECTED_RCODE
        AAAA_WELL_PROCESSED""",
    nameserver06="CAN_NOT_BE_RESOLVED NO_RESOLUTION CAN_BE_RESOLVED",
    nameserver07="UPWARD_REFERRAL NO_UPWARD_REFERRAL UPWARD_REFERRAL_IRRELEVANT",
    nameserver08="QNAME_CASE_INSENSITIVE QNAME_CASE_SENSITIVE",
    nameserver09="""CASE_QUERIES_RESULTS_DIFFER CASE_QUERIES_RESULTS_OK CASE_QUERY_DIFFERENT_ANSWER
        CASE_QUERY_DIFFERENT_RC CASE_QUERY_NO_ANSWER""",
    nameserver10="N10_NO_RESPONSE_EDNS1_QUERY N10_UNEXPECTED_RCODE N10_EDNS_RESPONSE_ERROR",
    nameserver11="""N11_NO_EDNS N11_NO_RESPONSE N11_RETURNS_UNKNOWN_OPTION_CODE
        N11_UNEXPECTED_ANSWER_SECTION N11_UNEXPECTED_RCODE N11_UNSET_AA""",
    nameserver12="NO_EDNS_SUPPORT NS_ERROR Z_FLAGS_NOTCLEAR",
    nameserver13="NO_EDNS_SUPPORT NS_ERROR MISSING_OPT_IN_TRUNCATED",
    nameserver15="""N15_ERROR_ON_VERSION_QUERY N15_NO_VERSION_REVEALED N15_SOFTWARE_VERSION
        N15_WRONG_CLASS""",
)
SOA_ALONE = DnsReply(
    authoritative=True, edns=True, answer=tuple(r for r in records(CHILD) if r.rtype == "SOA")
)
FORMERR, SERVFAIL, NOTIMP = (DnsReply(rcode=rcode) for rcode in ("FORMERR", "SERVFAIL", "NOTIMP"))


def of_version(query: DnsQuery) -> bool:
    return query.edns_version == 1 and not query.edns_options


def with_option(query: DnsQuery) -> bool:
    return query.edns_version == 0 and UNKNOWN_OPTION in query.edns_options


def with_flag(query: DnsQuery) -> bool:
    return query.edns_version == 0 and query.edns_flags != 0


def with_do(query: DnsQuery) -> bool:
    return query.rtype == "SOA" and query.dnssec


def for_version(query: DnsQuery) -> bool:
    return query.rclass == "CH"


def in_capitals(query: DnsQuery) -> bool:
    return query.case == "upper"


def spelled(query: DnsQuery) -> bool:
    return query.case != "lower"


def without_edns(reply: DnsReply) -> DnsReply:
    return replace(reply, edns=False)


def other_soa(reply: DnsReply) -> DnsReply:
    data = f"{NS1} other.{APEX} 7 28800 3600 1209600 300"
    return replace(reply, answer=records(f"{APEX} SOA {data}"))


def told(*texts: str, foreign: bool = False) -> DnsReply:
    lines = (f'version.bind. TXT "{text}"' for text in texts)
    return DnsReply(answer=records(*lines), edns=True, foreign_class=foreign)


def garbled(reply: DnsReply) -> DnsReply:
    return replace(reply, answer=records(f"{APEX} AAAA \\# 4 01020304"))


def delegated(*names: str) -> Tree:
    """The parent and the zone name these servers."""
    listed = tuple(f"{APEX} NS {name}" for name in names)
    return HEALTHY.put(PARENT, *listed).put(APEX, *listed)


def one(title: str, says: Says, when: Fit, **tags: str) -> Scenario:
    """One of four servers says something else to the questions that fit."""
    return scenario(title, HEALTHY.departs(says, TWO4, when=when), None, **tags)


def of_type(rtype: str) -> Fit:
    return lambda query: query.rtype == rtype and query.name == APEX


def with_edns(query: DnsQuery) -> bool:
    return query.udp_payload is not None and query.transport == "udp"


SCENARIOS = (
    scenario(
        "every server does as it should",
        nameserver01="NO_RECURSOR",
        nameserver02="EDNS0_SUPPORT",
        nameserver04="SAME_SOURCE_IP",
        nameserver05="AAAA_WELL_PROCESSED",
        nameserver06="CAN_BE_RESOLVED",
        nameserver07="NO_UPWARD_REFERRAL",
        nameserver08="QNAME_CASE_SENSITIVE",
        nameserver09="CASE_QUERIES_RESULTS_OK",
        nameserver10="",
        nameserver11="",
        nameserver12="",
        nameserver13="",
        nameserver15="N15_NO_VERSION_REVEALED",
    ),
    one(
        "a server recurses for strangers",
        DnsReply(rcode="NXDOMAIN", recursion_available=True),
        lambda query: query.recursion_desired,
        nameserver01="IS_A_RECURSOR",
    ),
    one("a server drops EDNS", SILENT, with_edns, nameserver02="BREAKS_ON_EDNS"),
    one(
        "a server is older than EDNS",
        FORMERR,
        with_edns,
        nameserver02="NO_EDNS_SUPPORT",
    ),
    one("a server does not implement EDNS", NOTIMP, with_edns, nameserver02="NS_ERROR"),
    one(
        "a server ignores EDNS",
        without_edns,
        lambda query: with_edns(query) and query.edns_version == 0,
        nameserver02="EDNS_RESPONSE_WITHOUT_EDNS",
        nameserver10="",
    ),
    scenario(
        "a server ignores EDNS whatever its version",
        HEALTHY.departs(without_edns, TWO4).departs(
            replace(SOA_ALONE, edns=False), TWO4, rtype="SOA", when=of_version
        ),
        nameserver02="EDNS_RESPONSE_WITHOUT_EDNS",
        nameserver10="N10_EDNS_RESPONSE_ERROR",
    ),
    one(
        "a server answers in another version of EDNS",
        lambda reply: replace(reply, edns_version=1),
        lambda query: with_edns(query) and not (query.edns_flags or query.dnssec),
        nameserver02="EDNS_VERSION_ERROR",
    ),
    scenario(
        "a server gives the whole zone away",
        HEALTHY.departs(
            DnsReply(authoritative=True, answer=records(CHILD)[:2]), TWO4, rtype="AXFR"
        ),
        brief(own_zone=True),
        nameserver03="AXFR_AVAILABLE AXFR_FAILURE",
    ),
    scenario(
        "no server gives the whole zone away",
        HEALTHY.departs(DnsReply(rcode="REFUSED"), rtype="AXFR"),
        brief(own_zone=True),
        nameserver03="AXFR_FAILURE",
    ),
    scenario(
        "the name of a server has no address",
        delegated(NS1, "ns9.xb."),
        nameserver06="CAN_NOT_BE_RESOLVED",
    ),
    scenario(
        "the name of no server has an address",
        delegated("ns8.xb.", "ns9.xb."),
        nameserver06="NO_RESOLUTION",
    ),
    scenario(
        "a server answers from elsewhere",
        HEALTHY.departs(SILENT, TWO4, transport="udp").departs(
            lambda reply: replace(reply, source=ONE4), TWO4, when=lambda query: query.any_source
        ),
        nameserver04="DIFFERENT_SOURCE_IP",
    ),
    one("a server drops AAAA", SILENT, of_type("AAAA"), nameserver05="AAAA_QUERY_DROPPED"),
    one("a server fails on AAAA", SERVFAIL, of_type("AAAA"), nameserver05="AAAA_UNEXPECTED_RCODE"),
    one("a server garbles AAAA", garbled, of_type("AAAA"), nameserver05="AAAA_BAD_RDATA"),
    one("a server fails on A", SERVFAIL, of_type("A"), nameserver05="A_UNEXPECTED_RCODE"),
    one(
        "a server drops a type that nobody asks Zonemaster about",
        SILENT,
        of_type("HTTPS"),
        nameserver05="AAAA_WELL_PROCESSED",
    ),
    one(
        "a server refers to the root",
        DnsReply(authority=records(". NS a.root.")),
        lambda query: query.name == ".",
        nameserver07="UPWARD_REFERRAL",
    ),
    one(
        "a server changes the spelling",
        lambda reply: replace(reply, case_kept=False),
        spelled,
        nameserver08="QNAME_CASE_INSENSITIVE QNAME_CASE_SENSITIVE",
        nameserver09="CASE_QUERIES_RESULTS_OK",
    ),
    one(
        "a server knows no capitals",
        DnsReply(rcode="NXDOMAIN", authoritative=True, edns=True),
        in_capitals,
        nameserver08="QNAME_CASE_SENSITIVE",
        nameserver09="CASE_QUERIES_RESULTS_DIFFER CASE_QUERY_DIFFERENT_RC",
    ),
    one(
        "a server has other data for capitals",
        other_soa,
        in_capitals,
        nameserver08="QNAME_CASE_SENSITIVE",
        nameserver09="CASE_QUERIES_RESULTS_DIFFER CASE_QUERY_DIFFERENT_ANSWER",
    ),
    one(
        "a server drops capitals",
        SILENT,
        in_capitals,
        nameserver08="QNAME_CASE_SENSITIVE",
        nameserver09="CASE_QUERIES_RESULTS_DIFFER CASE_QUERY_NO_ANSWER",
    ),
    one(
        "a server drops EDNS version 1",
        SILENT,
        of_version,
        nameserver10="N10_NO_RESPONSE_EDNS1_QUERY",
    ),
    one(
        "a server fails on EDNS version 1",
        SERVFAIL,
        of_version,
        nameserver10="N10_UNEXPECTED_RCODE",
    ),
    one(
        "a server answers EDNS version 1",
        SOA_ALONE,
        of_version,
        nameserver10="N10_EDNS_RESPONSE_ERROR",
    ),
    one(
        "a server refuses EDNS version 1 in version 1",
        lambda reply: replace(reply, edns_version=1),
        of_version,
        nameserver10="N10_EDNS_RESPONSE_ERROR",
    ),
    one(
        "a server refuses EDNS version 1 and answers",
        replace(SOA_ALONE, rcode="BADVERS"),
        of_version,
        nameserver10="N10_EDNS_RESPONSE_ERROR",
    ),
    one("a server drops options", SILENT, with_option, nameserver11="N11_NO_RESPONSE"),
    one("a server fails on options", SERVFAIL, with_option, nameserver11="N11_UNEXPECTED_RCODE"),
    one("options switch EDNS off", without_edns, with_option, nameserver11="N11_NO_EDNS"),
    one(
        "options cost the record",
        lambda reply: replace(reply, answer=()),
        with_option,
        nameserver11="N11_UNEXPECTED_ANSWER_SECTION",
    ),
    one(
        "options cost the authority",
        lambda reply: replace(reply, authoritative=False),
        with_option,
        nameserver11="N11_UNSET_AA",
    ),
    one(
        "a server sends options back",
        lambda reply: replace(reply, edns_options=(UNKNOWN_OPTION,)),
        with_option,
        nameserver11="N11_RETURNS_UNKNOWN_OPTION_CODE",
    ),
    one(
        "a server sends flags back",
        lambda reply: replace(reply, edns_flags=0x40),
        with_flag,
        nameserver12="Z_FLAGS_NOTCLEAR",
    ),
    one("a server refuses flags", FORMERR, with_flag, nameserver12="NO_EDNS_SUPPORT"),
    one("a server fails on flags", SERVFAIL, with_flag, nameserver12="NS_ERROR"),
    one("a server drops flags", SILENT, with_flag, nameserver12=""),
    one(
        "a server truncates and drops EDNS",
        lambda reply: replace(reply, truncated=True, edns=False, answer=()),
        with_do,
        nameserver13="MISSING_OPT_IN_TRUNCATED",
    ),
    one(
        "a server truncates",
        lambda reply: replace(reply, truncated=True, answer=()),
        with_do,
        nameserver13="",
    ),
    one("a server refuses DO", FORMERR, with_do, nameserver13="NO_EDNS_SUPPORT"),
    one("a server fails on DO", SERVFAIL, with_do, nameserver13="NS_ERROR"),
    one(
        "a server tells its software",
        told("one 1.0"),
        for_version,
        nameserver15="N15_SOFTWARE_VERSION N15_NO_VERSION_REVEALED",
    ),
    one(
        "a server tells it in class IN",
        told("one 1.0", foreign=True),
        for_version,
        nameserver15="N15_WRONG_CLASS N15_NO_VERSION_REVEALED",
    ),
    one(
        "a server fails when asked for its software",
        SERVFAIL,
        for_version,
        nameserver15="N15_ERROR_ON_VERSION_QUERY N15_NO_VERSION_REVEALED",
    ),
    one(
        "a server does not say anything of its software",
        SILENT,
        for_version,
        nameserver15="N15_ERROR_ON_VERSION_QUERY N15_NO_VERSION_REVEALED",
    ),
)
