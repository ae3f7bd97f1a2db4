"""Faults of the domain: delegation, name servers, records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.lab import signing
from tests.lab.faults import (
    CUSTOMER,
    alias,
    at_parent,
    ds_besides,
    giving,
    name_servers,
    odd,
    records,
    recursing,
    registry_says,
    rule,
    serial,
    signed,
    signed_from_root,
    silent,
    stopped,
    subdomain,
    unserved,
    validating,
    without,
)
from tests.lab.plan import TRUST_ANCHOR
from tests.lab.scenario import Cause, Scenario
from tests.lab.topology import LOOPBACKS, address

OPERATOR = "dns-operator"
NS1, NS2 = "ns1.customer.example.", "ns2.customer.example."
HOST, HOST2 = address("host"), address("host2")
SECOND_SITE, NEIGHBOUR = LOOPBACKS["op2"][0], LOOPBACKS["op1"][2]
SIGNALLING = ("--only", "key-signalling", "--thorough")
PRACTICE = ("--only", "signing-practice", "--thorough")
DS_RECORDS = ("--only", "ds-records", "--thorough")
ANCHORED = ("--trust-anchor", TRUST_ANCHOR)
OWN_ZONE = ("--only", "zone-transfer", "--i-own-this-zone")
EDNS_OVER_UDP = "udp dport 53 @th,144,16 != 0 drop"
"""Queries with something in the additional section (bytes 18 and 19 of the UDP payload's frame)."""


def _cause(code: str, owner: str = OPERATOR, support: str = "fix") -> tuple[Cause, ...]:
    return (Cause(code=code, owner=owner, support=support),)


GONE = tuple(without(owner, zone="example.", at=("tld",)) for owner in ("customer", NS1, NS2))
"""The registry's zone without the customer's domain."""


def _registration(state: str, end: str) -> str:
    """A domain as a registry's data service describes it (RFC 9083)."""
    card = ["vcard", [["fn", {}, "text", "Example Registrar"]]]
    return json.dumps(
        {
            "objectClassName": "domain",
            "ldhName": "customer.example",
            "status": [state],
            "events": [{"eventAction": "expiration", "eventDate": end}],
            "entities": [{"roles": ["registrar"], "vcardArray": card}],
            "secureDNS": {"delegationSigned": False},
        }
    )


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


NAMES = (
    Scenario(
        name="name-does-not-exist",
        truth="The zone is fine and has no such name.",
        faults=(without("www"),),
        causes=_cause("name-does-not-exist"),
        status=2,
    ),
    Scenario(
        name="no-address-records",
        truth="The name has a TXT and an MX record and no address.",
        faults=(
            without("www"),
            records("www", "TXT", '"parked"'),
            records("www", "MX", "10 mail.customer.example."),
        ),
        causes=_cause("no-address-records"),
        status=2,
    ),
    Scenario(
        name="cname-loop",
        truth="Two aliases lead to each other.",
        faults=(alias("www", "shop.customer.example."), alias("shop", "www.customer.example.")),
        causes=_cause("cname-loop"),
        status=2,
    ),
    Scenario(
        name="cname-dangling",
        truth="The name is an alias of one that does not exist.",
        faults=(alias("www", "gone.delivery.net."),),
        causes=_cause("cname-dangling"),
        status=2,
    ),
    Scenario(
        name="cname-at-apex",
        truth="The domain itself is an alias, which hides its mail.",
        target="customer.example",
        faults=(
            without("@", "A"),
            without("@", "AAAA"),
            records("@", "CNAME", "edge.delivery.net."),
            odd("op1", "apex-cname"),
            odd("op2", "apex-cname"),
        ),
        causes=_cause("cname-at-apex"),
        status=1,
    ),
    Scenario(
        name="private-address-published",
        truth="The name leads to an address of a private network.",
        faults=(records("www", "A", "10.20.30.40"), without("www", "AAAA")),
        causes=_cause("private-address-published"),
        status=2,
    ),
    Scenario(
        name="private-address-behind-alias",
        truth="The name is an alias of another operator's name, which has a private address.",
        faults=(
            alias("www", "intra.delivery.net."),
            records("intra", "A", "10.20.30.40", zone="delivery.net.", at=("op2",)),
        ),
        causes=_cause("private-address-published"),
        status=2,
    ),
    Scenario(
        name="signed-zone",
        truth="The zone is signed, and everything fits.",
        faults=(signed(),),
    ),
    Scenario(
        name="signed-zone-with-nsec3",
        truth="The zone is signed, and denies with hashed names.",
        faults=(signed("-3", "-", "-H", "0"),),
    ),
    Scenario(
        name="denial-proof-broken",
        truth="The records that prove a denial got lost on one server.",
        faults=(signed(spoil=signing.without_denial("customer.example."), at=("op1",)),),
        causes=_cause("denial-proof-broken"),
        status=1,
    ),
    Scenario(
        name="ds-without-matching-key",
        truth="The registry still has the DS record of a key that the zone gave up.",
        faults=(signed(), at_parent("DS", "customer", f"4711 13 2 {'ab' * 32}")),
        causes=_cause("ds-without-matching-key", "registrar"),
        status=2,
    ),
    Scenario(
        name="signature-expired",
        truth="Nobody has signed the zone for weeks.",
        faults=(signed(begins=-40, ends=-2),),
        causes=_cause("signature-expired"),
        status=2,
    ),
    Scenario(
        name="signature-not-yet-valid",
        truth="The signer's clock is days ahead.",
        faults=(signed(begins=3, ends=40),),
        causes=_cause("signature-not-yet-valid"),
        status=2,
    ),
    Scenario(
        name="signature-invalid",
        truth="An address was changed in the signed zone by hand.",
        faults=(signed(spoil=lambda text: text.replace(HOST.v4, HOST2.v4)),),
        causes=_cause("signature-invalid"),
        status=2,
    ),
    Scenario(
        name="removal-of-ds-asked-for",
        truth="The zone asks its registry to take the DS records out.",
        faults=(records("@", "CDS", "0 0 0 00"), signed()),
        arguments=SIGNALLING,
        causes=_cause("cds-asks-for-removal"),
        status=1,
    ),
    Scenario(
        name="ds-of-no-key-asked-for",
        truth="The zone asks its registry for the DS record of a key that it does not have.",
        faults=(records("@", "CDS", f"4711 13 2 {'ab' * 32}"), signed()),
        arguments=SIGNALLING,
        causes=(*_cause("cds-of-no-key"), *_cause("ds-change-asked", "registrar")),
        status=1,
    ),
    Scenario(
        name="denials-hashed-in-vain",
        truth="The zone's denials are hashed five times more than needed, and with a salt.",
        faults=(signed("-3", "ab", "-H", "5"),),
        arguments=PRACTICE,
        causes=(*_cause("nsec3-iterations"), *_cause("nsec3-salted")),
    ),
    Scenario(
        name="ds-of-a-key-kept-back",
        truth="The registry has the DS record of a key besides, which the zone does not show.",
        faults=(signed(), ds_besides(f"4711 13 2 {'ab' * 32}")),
        arguments=DS_RECORDS,
        causes=_cause("ds-of-no-key", "registrar"),
    ),
    Scenario(
        name="signed-and-not-told",
        truth="The zone is signed, and nobody told its registry.",
        faults=(signed_from_root(without_ds=CUSTOMER),),
        arguments=DS_RECORDS,
        causes=_cause("zone-signed-without-ds", "registrar"),
        status=3,
    ),
    Scenario(
        name="signing-stops",
        truth="The zone's signatures end this night: nobody has renewed them.",
        faults=(signed(begins=-30, ends=0.4),),
        arguments=PRACTICE,
        causes=_cause("signature-ends-soon"),
        status=1,
    ),
    Scenario(
        name="signed-from-the-root",
        truth="Root, registry and zone are signed, and the resolver validates them.",
        faults=(signed_from_root(), validating("dres")),
        arguments=ANCHORED,
    ),
    Scenario(
        name="one-server-lost-a-signature",
        truth="One server lost the address's signature: validators get it from another.",
        faults=(
            signed_from_root(
                spoil={CUSTOMER: signing.without_signatures("www.customer.example.", "A")},
                at=("op1",),
            ),
            validating("dres"),
        ),
        arguments=ANCHORED,
        causes=_cause("signature-missing"),
        status=1,
    ),
    Scenario(
        name="signed-in-vain",
        truth="The zone is signed, its registry has no DS record: it is insecure and works.",
        faults=(signed_from_root(without_ds=CUSTOMER), validating("dres")),
        arguments=ANCHORED,
    ),
    Scenario(
        name="registry-signatures-expired",
        truth="The registry's signatures have run out, the customer's zone is sound.",
        faults=(signed_from_root({"example.": (-40, -2)}), validating("dres")),
        arguments=ANCHORED,
        causes=_cause("trust-broken", "dns-operator"),
        status=2,
    ),
    Scenario(
        name="registry-without-its-key",
        truth="The root's DS record is of a key that the registry does not have.",
        faults=(signed_from_root(unlike="example."), validating("dres")),
        arguments=ANCHORED,
        causes=_cause("trust-broken"),
        status=2,
    ),
    Scenario(
        name="validator-sees-expired-signatures",
        truth="The zone's signatures have run out, and the resolver, which validates, refuses it.",
        faults=(signed_from_root({CUSTOMER: (-40, -2)}), validating("dres")),
        arguments=ANCHORED,
        causes=_cause("signature-expired"),
        status=2,
    ),
    Scenario(
        name="signature-missing",
        truth="The signatures of the addresses were left out.",
        faults=(signed(spoil=signing.without_signatures("www.customer.example.", "A")),),
        causes=_cause("signature-missing"),
        status=2,
    ),
    Scenario(
        name="caa-forbids-issuer",
        truth="The zone lets nobody issue certificates, though the site has one.",
        faults=(records("@", "CAA", '0 issue ";"'),),
        causes=_cause("caa-forbids-issuer"),
    ),
    Scenario(
        name="answers-differ",
        truth="One of two servers gives another address, though its serial is the same.",
        faults=(records("www", "A", HOST2.v4, at=("op2",)),),
        causes=_cause("answers-differ"),
        status=1,
    ),
)

DELEGATION = (
    Scenario(
        name="not-delegated",
        truth="The registry does not know the domain.",
        faults=GONE,
        causes=_cause("not-delegated", "registrar"),
        status=2,
    ),
    Scenario(
        name="domain-expired",
        truth="The registration has run out, and the registry took the delegation back.",
        faults=(
            *GONE,
            registry_says(200, _registration("redemption period", "2026-01-02T00:00:00Z")),
        ),
        causes=_cause("domain-expired", "registrar"),
        status=2,
    ),
    Scenario(
        name="domain-on-hold",
        truth="The registrar has put the domain on hold.",
        faults=(
            *GONE,
            registry_says(200, _registration("client hold", "2099-01-02T00:00:00Z")),
        ),
        causes=_cause("domain-on-hold", "registrar"),
        status=2,
    ),
    Scenario(
        name="domain-not-registered",
        truth="Nobody has registered the domain.",
        faults=(*GONE, registry_says(404)),
        causes=_cause("domain-not-registered", "registrar"),
        status=2,
    ),
    Scenario(
        name="registered-and-not-delegated",
        truth="The domain is registered, and its registry has no delegation of it.",
        faults=(
            *GONE,
            registry_says(200, _registration("active", "2099-01-02T00:00:00Z")),
        ),
        causes=_cause("not-delegated", "registrar"),
        status=2,
    ),
    Scenario(
        name="domain-expires-soon",
        truth="A full examination sees that the registration ends within days.",
        arguments=("--only", "registration", "--thorough"),
        faults=(registry_says(200, _registration("active", _in_days(9))),),
        causes=_cause("domain-expires-soon", "registrar"),
        status=1,
    ),
    Scenario(
        name="name-server-unresolvable",
        truth="A third name server has a name without an address.",
        faults=(name_servers(NS1, NS2, "ns9.dns-one.net."),),
        causes=_cause("name-server-unresolvable"),
        status=1,
    ),
    Scenario(
        name="missing-glue",
        truth="The registry has no address of the second name server, whose name is in the zone.",
        faults=(without(NS2, zone="example.", at=("tld",)),),
        causes=_cause("missing-glue", "registrar"),
        status=1,
    ),
    Scenario(
        name="glue-mismatch",
        truth="The registry has a former address of the second name server.",
        faults=(records(NS2, "A", SECOND_SITE),),
        causes=_cause("glue-mismatch", "registrar"),
        status=1,
    ),
    Scenario(
        name="delegation-mismatch",
        truth="The zone names three servers, the registry two of them.",
        faults=(
            records("@", "NS", NS1, NS2, "ns3.customer.example."),
            records("ns3", "A", SECOND_SITE),
            records("ns3", "AAAA", LOOPBACKS["op2"][1]),
        ),
        causes=_cause("delegation-mismatch", "registrar"),
        status=1,
    ),
    Scenario(
        name="name-server-lists-differ",
        truth="One of two servers lists itself alone, the other both, as the registry does.",
        faults=(records("@", "NS", NS2, at=("op2",)),),
        causes=_cause("name-server-lists-differ"),
        status=0,
    ),
    Scenario(
        name="delegation-mismatch-below-the-customer",
        truth="The customer's own zone delegates a subdomain, which names one server more.",
        target="www.dev.customer.example",
        arguments=("--only", "dns"),
        faults=(subdomain("dev", "ns1.dev.customer.example.", "ns2.dev.customer.example.", NS1),),
        causes=_cause("delegation-mismatch"),
        status=1,
    ),
    Scenario(
        name="single-name-server",
        truth="The domain has one name server.",
        faults=(name_servers(NS1), without(NS2), without(NS2, zone="example.", at=("tld",))),
        causes=_cause("single-name-server"),
        status=1,
    ),
    Scenario(
        name="name-servers-share-network",
        truth="Both name servers are in one subnet.",
        faults=(
            records(NS2, "A", NEIGHBOUR),
            records(NS2, "AAAA", LOOPBACKS["op1"][3]),
            at_parent("A", NS2, NEIGHBOUR),
            at_parent("AAAA", NS2, LOOPBACKS["op1"][3]),
        ),
        causes=_cause("name-servers-share-network"),
        status=1,
    ),
)

SERVERS = (
    Scenario(
        name="lame-delegation",
        truth="One of two name servers refuses the zone.",
        faults=(unserved("op2"),),
        causes=_cause("lame-delegation"),
        status=1,
    ),
    Scenario(
        name="lame-servfail",
        truth="One of two name servers has the zone and cannot load it.",
        faults=(records("broken", "A", "not-an-address", at=("op1",)),),
        causes=_cause("lame-delegation"),
        status=1,
    ),
    Scenario(
        name="lame-upward-referral",
        truth="One of two name servers refers to the root.",
        faults=(odd("op2", "upward-referral"),),
        causes=_cause("lame-delegation"),
        status=1,
    ),
    Scenario(
        name="lame-not-authoritative",
        truth="One of two name servers answers without authority.",
        faults=(odd("op2", "not-authoritative"),),
        causes=_cause("lame-delegation"),
        status=1,
    ),
    Scenario(
        name="all-servers-lame",
        truth="Both name servers refuse the zone.",
        faults=(unserved("op1"), unserved("op2")),
        causes=_cause("lame-delegation"),
        status=2,
    ),
    Scenario(
        name="name-server-silent",
        truth="One of two name servers answers nothing.",
        faults=(silent("op2"),),
        causes=_cause("name-server-silent"),
        status=1,
    ),
    Scenario(
        name="no-name-server-answers",
        truth="Neither name server answers anything.",
        faults=(silent("op1"), silent("op2")),
        causes=_cause("no-name-server-answers"),
        status=2,
    ),
    Scenario(
        name="name-servers-stopped",
        truth="Both machines are up, and no name server runs on them.",
        faults=(stopped("op1", "op2"),),
        causes=_cause("no-name-server-answers"),
        status=2,
    ),
    Scenario(
        name="serial-mismatch",
        truth="One of two servers still has the zone's former version.",
        faults=(serial("op2", 2025120101),),
        causes=_cause("serial-mismatch"),
        status=1,
    ),
    Scenario(
        name="dns-tcp-refused",
        truth="One of two servers refuses TCP.",
        faults=(rule("op2", "input", "tcp dport 53 reject with tcp reset"),),
        causes=_cause("dns-tcp-refused"),
        status=1,
    ),
    Scenario(
        name="edns-not-supported",
        truth="A firewall in front of one of two servers drops queries with EDNS.",
        faults=(rule("op2", "input", EDNS_OVER_UDP),),
        causes=_cause("edns-not-supported"),
        status=1,
    ),
    Scenario(
        name="answers-from-elsewhere",
        truth="One of two servers has a second address, and sends its answers over UDP from there.",
        faults=(odd("op2", "other-source"),),
        causes=_cause("answers-from-elsewhere"),
        status=1,
    ),
    Scenario(
        name="edns-formerr",
        truth="One of two servers calls queries with EDNS malformed.",
        faults=(odd("op2", "formerr"),),
        causes=_cause("edns-not-supported"),
        status=1,
    ),
)

MAIL = (
    Scenario(
        name="mx-unresolvable",
        truth="The mail exchanger's name does not exist.",
        target="customer.example",
        faults=(records("@", "MX", "10 gone.customer.example."),),
        causes=_cause("mx-unresolvable"),
        status=2,
    ),
    Scenario(
        name="mx-is-cname",
        truth="The mail exchanger's name is an alias.",
        target="customer.example",
        faults=(
            records("@", "MX", "10 post.customer.example."),
            alias("post", "mail.customer.example."),
        ),
        causes=_cause("mx-is-cname"),
        status=1,
    ),
)

MAIL_PORTS = (
    Scenario(
        name="no-mail-exchanger",
        truth="The domain says that it takes no mail, and mail was asked for.",
        target="smtp://customer.example",
        faults=(without("@", "MX"), records("@", "MX", "0 .")),
        causes=_cause("no-mail-exchanger"),
        status=2,
    ),
    Scenario(
        name="mail-host-unreachable",
        truth="The mail host's own firewall drops mail, and other mail hosts take it.",
        target="customer.example",
        faults=(rule("mail", "input", "tcp dport 25 drop"),),
        causes=_cause("mail-host-unreachable", "host"),
        status=1,
    ),
)

REVERSE_ZONE = "40.22.in-addr.arpa."
REVERSE_NAME = "10.1.40.22.in-addr.arpa."

REVERSE = (
    Scenario(
        name="reverse-missing",
        truth="The address has no name.",
        target=HOST.v4,
        faults=(without(REVERSE_NAME, zone=REVERSE_ZONE),),
        causes=_cause("reverse-missing", "hosting-network"),
    ),
    Scenario(
        name="reverse-mismatch",
        truth="The address has a name that leads elsewhere.",
        target=HOST.v4,
        faults=(records(REVERSE_NAME, "PTR", "mail.customer.example.", zone=REVERSE_ZONE),),
        causes=_cause("reverse-mismatch", "hosting-network"),
    ),
)

MAIL_HOST = "10 mail.customer.example."

IN_FULL = (
    Scenario(
        name="mail-records-differ",
        truth="One of two servers names another mail host.",
        arguments=("--only", "mail-records", "--thorough"),
        faults=(records("customer.example.", "MX", "10 www.customer.example.", at=("op2",)),),
        causes=_cause("mail-records-differ"),
        status=1,
    ),
    Scenario(
        name="null-mx-misused",
        truth="The domain names a mail host and says that it takes no mail.",
        arguments=("--only", "mail-records", "--thorough"),
        faults=(records("customer.example.", "MX", "0 .", MAIL_HOST),),
        causes=_cause("null-mx-misused"),
        status=1,
    ),
    Scenario(
        name="mail-host-malformed",
        truth="The domain names a mail host with an underscore in its name.",
        arguments=("--only", "host-name-syntax", "--thorough"),
        faults=(records("customer.example.", "MX", "10 ma_il.customer.example."),),
        causes=_cause("host-name-malformed"),
        status=1,
    ),
    Scenario(
        name="aaaa-question-dropped",
        truth="One of two servers never answers questions for IPv6 addresses.",
        arguments=("--only", "server-conduct", "--thorough"),
        faults=(odd("op2", "no-aaaa"),),
        causes=_cause("type-not-handled"),
        status=1,
    ),
    Scenario(
        name="edns-of-old",
        truth="One of two servers drops EDNS version 1, sends back what it does not know of EDNS, "
        "and changes the spelling of questions.",
        arguments=("--only", "edns-conduct,name-case", "--thorough"),
        faults=(odd("op2", "old-edns"),),
        causes=(
            *_cause("query-shape-dropped"),
            *_cause("edns-option-mishandled"),
            *_cause("edns-flag-mishandled"),
            *_cause("name-case-changed"),
        ),
        status=1,
    ),
    Scenario(
        name="large-answers-dropped",
        truth="A firewall before one of two servers drops its UDP packets over 700 octets.",
        arguments=("--only", "large-answers", "--thorough"),
        faults=(
            records("customer.example.", "TXT", *(f'"{letter * 200}"' for letter in "abcd")),
            rule("op2", "output", "udp sport 53 meta length > 700 drop"),
        ),
        causes=_cause("large-answers-dropped"),
        status=1,
    ),
    Scenario(
        name="upward-referral",
        truth="One of two servers refers every question to the root.",
        arguments=("--only", "server-conduct", "--thorough"),
        faults=(odd("op2", "upward-referral"),),
        causes=_cause("upward-referral"),
    ),
    Scenario(
        name="open-recursion",
        truth="One of two servers resolves every name for everybody.",
        arguments=("--only", "server-conduct", "--thorough"),
        faults=(recursing("op2"),),
        causes=_cause("open-recursion"),
        status=1,
    ),
    Scenario(
        name="zone-transfer-open",
        truth="One of two servers gives the whole zone to everybody.",
        arguments=OWN_ZONE,
        faults=(giving("op1"),),
        causes=_cause("zone-transfer-open"),
        status=1,
    ),
    Scenario(
        name="zone-transfer-open-everywhere",
        truth="Both servers, of two makes, give the whole zone to everybody.",
        arguments=OWN_ZONE,
        faults=(giving("op1", "op2"),),
        causes=_cause("zone-transfer-open"),
        status=1,
    ),
    Scenario(
        name="zone-transfer-open-large",
        truth="One of two servers gives a zone of a megabyte to everybody.",
        arguments=OWN_ZONE,
        faults=(
            giving("op2"),
            *(records(f"n{number}", "TXT", f'"{"y" * 200}"') for number in range(4000)),
        ),
        causes=_cause("zone-transfer-open"),
        status=1,
    ),
    Scenario(
        name="zone-transfer-refused",
        truth="Both servers refuse to give the whole zone to strangers.",
        arguments=OWN_ZONE,
    ),
    Scenario(
        name="zone-transfer-without-tcp",
        truth="Both servers give the zone away, and nothing passes to them over TCP.",
        arguments=OWN_ZONE,
        faults=(
            giving("op1", "op2"),
            rule("op1", "input", "tcp dport 53 drop"),
            rule("op2", "input", "tcp dport 53 drop"),
        ),
        status=3,
    ),
    Scenario(
        name="server-count-fine",
        truth="Two servers, each with addresses of its own in both families.",
        arguments=("--only", "server-count", "--thorough"),
    ),
)

SCENARIOS = NAMES + DELEGATION + SERVERS + MAIL + MAIL_PORTS + REVERSE + IN_FULL
