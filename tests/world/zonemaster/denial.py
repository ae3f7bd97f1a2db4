"""Zonemaster's cases on NSEC and NSEC3 (DNSSEC03 and DNSSEC10), over zones that are really signed.

`says` has what the specification prescribes for the level of engine 8.1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from checks.facts.iterate import below
from netdiag.outcomes import DnsReply, Outcome, ResourceRecord
from netdiag.requests import DnsQuery, Request
from tests.unit.dns.denials import Data, Denier, Server
from tests.unit.dns.signers import NOW, Days, record, signer
from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    PARENT,
    PARENT4,
    PARENT4B,
    PARENT6,
    PARENT6B,
    SILENT,
    TWO4,
    TWO6,
    Tree,
)
from tests.world.zonemaster.scenario import Scenario, brief, cases

CASES = cases(
    dnssec03="""DS03_ERR_MULT_NSEC3 DS03_ILLEGAL_HASH_ALGO DS03_ILLEGAL_ITERATION_VALUE
        DS03_ILLEGAL_SALT_LENGTH DS03_INCONSISTENT_HASH_ALGO DS03_INCONSISTENT_ITERATION
        DS03_INCONSISTENT_NSEC3_FLAGS DS03_INCONSISTENT_SALT_LENGTH DS03_LEGAL_EMPTY_SALT
        DS03_LEGAL_HASH_ALGO DS03_LEGAL_ITERATION_VALUE DS03_NO_DNSSEC_SUPPORT DS03_NO_NSEC3
        DS03_NSEC3_OPT_OUT_DISABLED DS03_NSEC3_OPT_OUT_ENABLED_NON_TLD
        DS03_NSEC3_OPT_OUT_ENABLED_TLD DS03_SERVER_NO_DNSSEC_SUPPORT DS03_SERVER_NO_NSEC3
        DS03_UNASSIGNED_FLAG_USED""",
    dnssec10="""DS10_ALGO_NOT_SUPPORTED_BY_ZM DS10_ERR_MULT_NSEC DS10_ERR_MULT_NSEC3
        DS10_ERR_MULT_NSEC3PARAM DS10_EXPECTED_NSEC_NSEC3_MISSING DS10_HAS_NSEC DS10_HAS_NSEC3
        DS10_INCONSISTENT_NSEC DS10_INCONSISTENT_NSEC3 DS10_INCONSISTENT_NSEC_NSEC3
        DS10_MIXED_NSEC_NSEC3 DS10_NSEC3PARAM_GIVES_ERR_ANSWER DS10_NSEC3PARAM_MISMATCHES_APEX
        DS10_NSEC3PARAM_QUERY_RESPONSE_ERR DS10_NSEC3_ERR_TYPE_LIST DS10_NSEC3_MISMATCHES_APEX
        DS10_NSEC3_MISSING_SIGNATURE DS10_NSEC3_NODATA_MISSING_SOA DS10_NSEC3_NODATA_WRONG_SOA
        DS10_NSEC3_NO_VERIFIED_SIGNATURE DS10_NSEC3_RRSIG_EXPIRED DS10_NSEC3_RRSIG_NOT_YET_VALID
        DS10_NSEC3_RRSIG_NO_DNSKEY DS10_NSEC3_RRSIG_VERIFY_ERROR DS10_NSEC_ERR_TYPE_LIST
        DS10_NSEC_GIVES_ERR_ANSWER DS10_NSEC_MISMATCHES_APEX DS10_NSEC_MISSING_SIGNATURE
        DS10_NSEC_NODATA_MISSING_SOA DS10_NSEC_NODATA_WRONG_SOA DS10_NSEC_NO_VERIFIED_SIGNATURE
        DS10_NSEC_QUERY_RESPONSE_ERR DS10_NSEC_RRSIG_EXPIRED DS10_NSEC_RRSIG_NOT_YET_VALID
        DS10_NSEC_RRSIG_NO_DNSKEY DS10_NSEC_RRSIG_VERIFY_ERROR DS10_SERVER_NO_DNSSEC
        DS10_ZONE_NO_DNSSEC""",
)

Edit = Callable[[DnsQuery, DnsReply], Outcome]
SERVERS, ONE, TWO = (ONE4, ONE6, TWO4, TWO6), (ONE4, ONE6), (TWO4, TWO6)
OF_PARENT = (PARENT4, PARENT4B, PARENT6, PARENT6B)
SIGNER, STRANGER, REGISTRY = signer(APEX), signer(APEX), signer(PARENT)
SOA = f"{NS1} hostmaster.{APEX} 7 28800 3600 1209600 300"
DATA: Data = {
    APEX: {"SOA": SOA, "NS": NS1, "DNSKEY": SIGNER.key.to_text(), "MX": f"10 {NS1}"},
    NS1: {"A": ONE4, "AAAA": ONE6},
    NS2: {"A": TWO4, "AAAA": TWO6},
}
OF_REGISTRY: Data = {
    PARENT: {"SOA": SOA, "NS": f"ns1.{PARENT}", "DNSKEY": REGISTRY.key.to_text()},
    f"ns1.{PARENT}": {"A": PARENT4, "AAAA": PARENT6},
    f"ns2.{PARENT}": {"A": PARENT4B, "AAAA": PARENT6B},
}


def as_it_is(_: DnsQuery, reply: DnsReply) -> DnsReply:
    return reply


@dataclass(frozen=True, kw_only=True)
class SignedTree(Tree):
    """`signed` are servers whose zone is signed, by address, with what they change of a reply."""

    apex: str = APEX
    signed: Mapping[str, tuple[Server, Edit]] = field(default_factory=dict)

    def answer(self, request: Request) -> Outcome:
        match request:
            case DnsQuery(server=address, name=name) if address in self.signed and below(
                name, self.apex
            ):
                server, edit = self.signed[address]
                reply = replace(server.reply(name, request.rtype), edns=True)
                return edit(request, replace(reply, transport=request.transport))
            case _:
                return super().answer(request)


@cache
def nsec(days: Days = (-5, 5)) -> Server:
    return Server(Denier(APEX, DATA), SIGNER, days)


@cache
def nsec3(salt: bytes = b"", iterations: int = 0, opt_out: bool = False) -> Server:
    return Server(Denier(APEX, DATA, True, opt_out, salt, iterations), SIGNER)


def tree(server: Server, edit: Edit = as_it_is, at: Iterable[str] = SERVERS) -> SignedTree:
    """The tree with the zone signed at all servers, changed at some."""
    here = tuple(at)
    signed = {one: (server, edit if one in here else as_it_is) for one in SERVERS}
    return SignedTree(zones=HEALTHY.zones, signed=signed)


def apart(one: Server, two: Server) -> SignedTree:
    """The tree with the zone of one signer at one server, and of another at the other."""
    signed = {address: (one if address in ONE else two, as_it_is) for address in SERVERS}
    return SignedTree(zones=HEALTHY.zones, signed=signed)


def at_apex(rtype: str, change: Callable[[DnsReply], Outcome]) -> Edit:
    """What is answered for one type of the zone's name is changed."""

    def edit(query: DnsQuery, reply: DnsReply) -> Outcome:
        return change(reply) if (query.name, query.rtype) == (APEX, rtype) else reply

    return edit


def says(outcome: Outcome) -> Callable[[DnsReply], Outcome]:
    return lambda _: outcome


def without(*rtypes: str) -> Callable[[DnsReply], DnsReply]:
    """Without the records of these types in the authority section, signatures left."""
    return lambda reply: replace(
        reply, authority=tuple(r for r in reply.authority if r.rtype not in rtypes)
    )


def both(change: Callable[[ResourceRecord], Iterable[ResourceRecord]]) -> Edit:
    """Each record of each reply is replaced."""

    def edit(_: DnsQuery, reply: DnsReply) -> DnsReply:
        answer = tuple(new for one in reply.answer for new in change(one))
        return replace(
            reply,
            answer=answer,
            authority=tuple(new for one in reply.authority for new in change(one)),
        )

    return edit


def signature_of(kind: str, one: ResourceRecord) -> bool:
    return one.rtype == "RRSIG" and one.data.startswith(f"{kind} ")


def unsigned(kind: str) -> Edit:
    return both(lambda one: () if signature_of(kind, one) else (one,))


def resigned(kind: str, change: Callable[[ResourceRecord], ResourceRecord]) -> Edit:
    """The records of denial are changed, and signed so."""

    def new(one: ResourceRecord) -> Iterable[ResourceRecord]:
        if one.rtype == kind:
            other = change(one)
            return nsec().rrset(other.name, other.rtype, other.data)
        return () if signature_of(kind, one) else (one,)

    return both(new)


def with_signatures(
    kind: str, days: Days = (-5, 5), own: bool = True, beside: bool = False, algorithm: int = 13
) -> Edit:
    """The records of denial have another signature, or one more."""

    def new(one: ResourceRecord) -> Iterable[ResourceRecord]:
        if signature_of(kind, one):
            return (one,) if beside else ()
        if one.rtype != kind:
            return (one,)
        made = (SIGNER if own else STRANGER).signature(one.name, kind, one.data, days=days)
        words = made.data.split()
        return one, replace(made, data=" ".join((words[0], str(algorithm), *words[2:])))

    return both(new)


def altered(kind: str) -> Edit:
    """The records of denial list a type more than was signed."""
    return both(
        lambda one: (replace(one, data=one.data + " TXT"),) if one.rtype == kind else (one,)
    )


def data(old: str, new: str) -> Callable[[ResourceRecord], ResourceRecord]:
    return lambda one: replace(one, data=one.data.replace(old, new, 1))


def owned_by_none(one: ResourceRecord) -> ResourceRecord:
    if one.rtype == "NSEC":
        return replace(one, name=f"other.{APEX}")
    return replace(one, name=f"{'0' * 32}.{APEX}")


def more(kind: str, place: str) -> Callable[[DnsReply], DnsReply]:
    """One more record of the kind, of another name, in this section."""

    def change(reply: DnsReply) -> DnsReply:
        section: tuple[ResourceRecord, ...] = getattr(reply, place)
        own = next(one for one in section if one.rtype == kind)
        salted = replace(own, data="1 0 0 aa")
        other = salted if kind == "NSEC3PARAM" else owned_by_none(own)
        added = nsec().rrset(other.name, other.rtype, other.data)
        return replace(reply, **{place: (*section, *added)})  # type: ignore[arg-type]

    return change


def answered(rtype: str, *records: ResourceRecord) -> Edit:
    return at_apex(rtype, lambda reply: replace(reply, answer=records, authority=()))


def of_other(one: ResourceRecord) -> Iterable[ResourceRecord]:
    """The SOA record is of a zone beside."""
    if signature_of("SOA", one):
        return ()
    return (replace(one, name="xb."),) if one.rtype == "SOA" else (one,)


def wrong_soa(_: DnsQuery, reply: DnsReply) -> DnsReply:
    return replace(reply, authority=tuple(new for one in reply.authority for new in of_other(one)))


def keyless(query: DnsQuery, reply: DnsReply) -> DnsReply:
    """The same zone without anything of DNSSEC."""
    kept = tuple(r for r in reply.answer if r.rtype not in {"RRSIG", "DNSKEY", "NSEC"})
    soa = tuple(r for r in reply.authority if r.rtype == "SOA")
    return replace(reply, answer=kept, authority=soa)


def staged(
    title: str,
    world: Tree,
    dnssec03: str | None = None,
    dnssec10: str | None = None,
    of: str = APEX,
) -> Scenario:
    told = {"dnssec03": dnssec03, "dnssec10": dnssec10}
    expected = cases(**{case: words for case, words in told.items() if words is not None})
    return Scenario(title=title, tree=world, says=expected, brief=brief(of, started=NOW))


LEGAL = "DS03_LEGAL_HASH_ALGO DS03_LEGAL_ITERATION_VALUE DS03_LEGAL_EMPTY_SALT"
USUAL = f"{LEGAL} DS03_NSEC3_OPT_OUT_DISABLED"
REFUSED = DnsReply(rcode="REFUSED")
TEXT = record(APEX, "TXT", '"none"')
PARAM_BELOW = record(f"www.{APEX}", "NSEC3PARAM", "1 0 0 -")


def of_kind(kind: str) -> tuple[Scenario, ...]:
    """What can be wrong with either kind alike."""
    server, has = (nsec(), "DS10_HAS_NSEC") if kind == "NSEC" else (nsec3(), "DS10_HAS_NSEC3")
    denial = "NSEC3PARAM" if kind == "NSEC" else "NSEC"
    tag, none = f"{has} DS10_{kind}", f"DS10_{kind}_NO_VERIFIED_SIGNATURE"
    lacking = data(" SOA", "")
    signed = {
        "have ended": (with_signatures(kind, (-9, -2)), "RRSIG_EXPIRED"),
        "have not begun": (with_signatures(kind, (2, 9)), "RRSIG_NOT_YET_VALID"),
        "are by a key of another": (with_signatures(kind, own=False), "RRSIG_NO_DNSKEY"),
        "do not verify": (altered(kind), "RRSIG_VERIFY_ERROR"),
    }
    return (
        staged(
            f"{kind} without signatures",
            tree(server, unsigned(kind)),
            dnssec10=f"{tag}_MISSING_SIGNATURE",
        ),
        staged(
            f"{kind} of another name",
            tree(server, resigned(kind, owned_by_none)),
            dnssec10=f"{tag}_MISMATCHES_APEX",
        ),
        staged(
            f"{kind} that does not list the SOA record, at one server",
            tree(server, resigned(kind, lacking), ONE),
            dnssec10=f"{tag}_ERR_TYPE_LIST",
        ),
        staged(
            f"{kind} in a denial without the SOA record",
            tree(server, at_apex(denial, without("SOA"))),
            dnssec10=f"{tag}_NODATA_MISSING_SOA",
        ),
        staged(
            f"{kind} in a denial with the SOA record of another zone",
            tree(server, wrong_soa),
            dnssec10=f"{tag}_NODATA_WRONG_SOA",
        ),
        *(
            staged(
                f"{kind} whose signatures {title}",
                tree(server, edit),
                dnssec10=f"{tag}_{what} {none}",
            )
            for title, (edit, what) in signed.items()
        ),
        staged(
            f"{kind} with a good signature and one by a key of another",
            tree(server, with_signatures(kind, own=False, beside=True)),
            dnssec10=f"{tag}_RRSIG_NO_DNSKEY",
        ),
        staged(
            f"{kind} signed by an algorithm that nobody has",
            tree(server, with_signatures(kind, algorithm=200)),
            dnssec10=f"{has} DS10_ALGO_NOT_SUPPORTED_BY_ZM",
        ),
    )


SCENARIOS = (
    staged("denied by NSEC", tree(nsec()), "DS03_NO_NSEC3", "DS10_HAS_NSEC"),
    staged("denied by NSEC3", tree(nsec3()), USUAL, "DS10_HAS_NSEC3"),
    staged("not signed", HEALTHY, "DS03_NO_DNSSEC_SUPPORT", "DS10_ZONE_NO_DNSSEC"),
    staged(
        "not signed at one server",
        tree(nsec(), keyless, TWO),
        "DS03_SERVER_NO_DNSSEC_SUPPORT DS03_NO_NSEC3",
        "DS10_SERVER_NO_DNSSEC DS10_HAS_NSEC",
    ),
    staged(
        "keys and no records of denial",
        tree(nsec(), lambda q, r: keyless(q, r) if q.rtype != "DNSKEY" else r),
        "DS03_NO_NSEC3",
        "DS10_EXPECTED_NSEC_NSEC3_MISSING",
    ),
    staged(
        "NSEC at one server, NSEC3 at the other",
        apart(nsec(), nsec3()),
        f"{USUAL} DS03_SERVER_NO_NSEC3",
        "DS10_INCONSISTENT_NSEC_NSEC3",
    ),
    staged(
        "NSEC and NSEC3 at once",
        tree(nsec(), at_apex("NSEC3PARAM", says(nsec3().reply(APEX, "NSEC3PARAM")))),
        "DS03_NO_NSEC3",
        "DS10_MIXED_NSEC_NSEC3",
    ),
    staged(
        "NSEC that is asked for, and not in a denial",
        tree(nsec(), at_apex("NSEC3PARAM", without("NSEC"))),
        dnssec10="DS10_HAS_NSEC DS10_INCONSISTENT_NSEC",
    ),
    staged(
        "NSEC3 that is told of, and not in a denial",
        tree(nsec3(), at_apex("NSEC", without("NSEC3"))),
        "DS03_NO_NSEC3",
        "DS10_HAS_NSEC3 DS10_INCONSISTENT_NSEC3",
    ),
    staged(
        "NSEC3 in a denial, and not told of",
        tree(nsec3(), at_apex("NSEC3PARAM", says(nsec3().reply(APEX, "TXT")))),
        USUAL,
        "DS10_HAS_NSEC3 DS10_INCONSISTENT_NSEC3",
    ),
    staged(
        "several NSEC records",
        tree(nsec(), at_apex("NSEC", more("NSEC", "answer"))),
        "DS03_NO_NSEC3",
        "DS10_HAS_NSEC DS10_ERR_MULT_NSEC",
    ),
    staged(
        "several NSEC3 records",
        tree(nsec3(), at_apex("NSEC", more("NSEC3", "authority"))),
        "DS03_ERR_MULT_NSEC3",
        "DS10_HAS_NSEC3 DS10_ERR_MULT_NSEC3",
    ),
    staged(
        "several NSEC3PARAM records",
        tree(nsec3(), at_apex("NSEC3PARAM", more("NSEC3PARAM", "answer"))),
        dnssec10="DS10_HAS_NSEC3 DS10_ERR_MULT_NSEC3PARAM",
    ),
    staged(
        "an NSEC3PARAM record of another name",
        tree(nsec3(), answered("NSEC3PARAM", PARAM_BELOW)),
        dnssec10="DS10_HAS_NSEC3 DS10_NSEC3PARAM_MISMATCHES_APEX",
    ),
    staged(
        "another record for the NSEC3PARAM record",
        tree(nsec(), answered("NSEC3PARAM", TEXT)),
        dnssec10="DS10_HAS_NSEC DS10_INCONSISTENT_NSEC DS10_NSEC3PARAM_GIVES_ERR_ANSWER",
    ),
    staged(
        "another record for the NSEC record",
        tree(nsec3(), answered("NSEC", TEXT)),
        "DS03_NO_NSEC3",
        "DS10_HAS_NSEC3 DS10_INCONSISTENT_NSEC3 DS10_NSEC_GIVES_ERR_ANSWER",
    ),
    staged(
        "no answer for the NSEC record at one server",
        tree(nsec(), at_apex("NSEC", says(SILENT)), ONE),
        "DS03_NO_NSEC3",
        "DS10_HAS_NSEC DS10_NSEC_QUERY_RESPONSE_ERR",
    ),
    staged(
        "an error for the NSEC3PARAM record",
        tree(nsec(), at_apex("NSEC3PARAM", says(REFUSED)), ONE),
        dnssec10="DS10_HAS_NSEC DS10_NSEC3PARAM_QUERY_RESPONSE_ERR",
    ),
    *of_kind("NSEC"),
    *of_kind("NSEC3"),
    staged(
        "a hash algorithm that nobody has",
        tree(nsec3(), resigned("NSEC3", data("1 ", "2 "))),
        "DS03_ILLEGAL_HASH_ALGO DS03_LEGAL_ITERATION_VALUE DS03_LEGAL_EMPTY_SALT "
        "DS03_NSEC3_OPT_OUT_DISABLED",
        "DS10_HAS_NSEC3",
    ),
    staged(
        "another hash algorithm at one server",
        tree(nsec3(), resigned("NSEC3", data("1 ", "2 ")), ONE),
        f"{USUAL} DS03_ILLEGAL_HASH_ALGO DS03_INCONSISTENT_HASH_ALGO",
    ),
    staged(
        "a flag that is not assigned",
        tree(nsec3(), resigned("NSEC3", data("1 0 ", "1 4 "))),
        f"{USUAL} DS03_UNASSIGNED_FLAG_USED",
    ),
    staged(
        "opt-out, at one server",
        tree(nsec3(), resigned("NSEC3", data("1 0 ", "1 1 ")), ONE),
        f"{USUAL} DS03_NSEC3_OPT_OUT_ENABLED_NON_TLD DS03_INCONSISTENT_NSEC3_FLAGS",
    ),
    staged(
        "opt-out",
        tree(nsec3(opt_out=True)),
        f"{LEGAL} DS03_NSEC3_OPT_OUT_ENABLED_NON_TLD",
        "DS10_HAS_NSEC3",
    ),
    staged(
        "opt-out of a registry",
        SignedTree(
            zones=HEALTHY.zones,
            apex=PARENT,
            signed={
                address: (
                    Server(Denier(PARENT, OF_REGISTRY, True, True, b"", 0), REGISTRY),
                    as_it_is,
                )
                for address in OF_PARENT
            },
        ),
        f"{LEGAL} DS03_NSEC3_OPT_OUT_ENABLED_TLD",
        "DS10_HAS_NSEC3",
        of=PARENT,
    ),
    staged(
        "iterations and salt",
        tree(nsec3(b"\xab", 5)),
        "DS03_LEGAL_HASH_ALGO DS03_ILLEGAL_ITERATION_VALUE DS03_ILLEGAL_SALT_LENGTH "
        "DS03_NSEC3_OPT_OUT_DISABLED",
        "DS10_HAS_NSEC3",
    ),
    staged(
        "iterations at one server",
        apart(nsec3(), nsec3(iterations=5)),
        f"{USUAL} DS03_ILLEGAL_ITERATION_VALUE DS03_INCONSISTENT_ITERATION",
        "DS10_HAS_NSEC3",
    ),
    staged(
        "salt at one server",
        apart(nsec3(), nsec3(salt=b"\xab")),
        f"{USUAL} DS03_ILLEGAL_SALT_LENGTH DS03_INCONSISTENT_SALT_LENGTH",
        "DS10_HAS_NSEC3",
    ),
)
