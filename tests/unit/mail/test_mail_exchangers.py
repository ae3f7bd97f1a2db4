from __future__ import annotations

from collections.abc import Mapping

import pytest

from checks.dns import mail_exchangers
from checks.dns.mail_exchangers import MxAddressNotPublic, MxUnresolvable
from netdiag.model import Severity
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.mail.post import ADDRESSES, DOMAIN, LISTED, MX, SILENT, Post, codes, found, mx_reply
from tests.unit.mail.post import addresses as looked_up

ALIAS = "post.customer.example."
VIA_ALIAS = {(DOMAIN, "MX"): (f"10 {ALIAS}",), (ALIAS, "CNAME"): (MX,)}
MX_ONLY = {(DOMAIN, "MX"): (f"10 {MX}",)}
NULL = Post(records={(DOMAIN, "MX"): ("0 .",)})
NOTHING = Post(records={(DOMAIN, "TXT"): ("x",)})

POSTS: dict[tuple[str, str], Post] = {
    ("present", "has addresses"): Post(),
    ("present", "does not exist"): Post(records=MX_ONLY),
    ("present", "exists without addresses"): Post(records=MX_ONLY, empty=(MX,)),
    ("present", "is an alias with addresses"): Post(records={**VIA_ALIAS, **ADDRESSES}),
    ("present", "has an address not public"): Post(records={**MX_ONLY, (MX, "A"): ("10.0.0.25",)}),
    ("present", "is an alias without addresses"): Post(records=VIA_ALIAS),
    ("present", "its servers do not answer"): Post(records=MX_ONLY, silent=(MX,)),
    ("only `0 .`", "none, on purpose"): NULL,
    ("none, and an address", "the name itself"): Post(records={(DOMAIN, "A"): ("22.40.1.10",)}),
    ("none, no address", "none"): NOTHING,
    ("not to be had", "not known"): Post(silent=(DOMAIN,)),
    ("no such name", "none"): Post(records={}),
}
ASKED = ", asked for mail"


@pytest.mark.parametrize(("listed", "host", "judgement"), rows(mail_exchangers))
def test_the_documented_table_is_what_the_check_decides(
    listed: str, host: str, judgement: str
) -> None:
    post = POSTS[listed.removesuffix(ASKED), host]
    target = f"{DOMAIN[:-1]}:25" if listed.endswith(ASKED) else DOMAIN

    findings, _ = found(mail_exchangers.CHECK, post, target)

    assert codes(findings) == [judgement]


def test_one_host_that_resolves_makes_the_other_a_warning() -> None:
    listed = {(DOMAIN, "MX"): ("10 gone.customer.example.", f"20 {MX}"), **ADDRESSES}

    findings, _ = found(mail_exchangers.CHECK, Post(records=listed))

    assert codes(findings) == ["mail-exchanger-resolves", "mx-unresolvable"]
    (bad,) = [f for f in findings if isinstance(f, MxUnresolvable)]
    assert (bad.host, bad.severity) == ("gone.customer.example", Severity.WARNING)


def test_a_private_mail_host_is_critical_only_where_mail_has_no_other_way() -> None:
    hosts = {(DOMAIN, "MX"): ("10 in.customer.example.", f"20 {MX}")}
    private = {("in.customer.example.", "A"): ("10.0.0.25",)}
    both = {**hosts, **private, **ADDRESSES}
    mixed = {**MX_ONLY, (MX, "A"): ("10.0.0.25", "22.2.2.2")}

    def severity(records: Mapping[tuple[str, str], tuple[str, ...]]) -> Severity:
        findings, _ = found(mail_exchangers.CHECK, Post(records=dict(records)))
        (bad,) = [f for f in findings if isinstance(f, MxAddressNotPublic)]
        assert bad.addresses == ("10.0.0.25",)
        return bad.severity

    alone = {**MX_ONLY, (MX, "A"): ("10.0.0.25",)}
    assert severity(alone) is Severity.CRITICAL
    assert severity(both) is severity(mixed) is Severity.WARNING


def test_a_host_of_the_other_family_resolves_too() -> None:
    (finding,) = found(mail_exchangers.CHECK, Post(), families=(4,))[0]
    only_v6 = {key: data for key, data in LISTED.items() if key != (MX, "A")}
    (other,) = found(mail_exchangers.CHECK, Post(records=only_v6), families=(4,))[0]

    assert finding.code == other.code == "mail-exchanger-resolves"


def test_where_the_own_servers_are_silent_a_resolver_of_this_machine_counts() -> None:
    post = Post(
        silent=(DOMAIN, MX), recursive=mx_reply(f"10 {MX}"), looked_up=looked_up("22.1.1.1")
    )

    assert codes(found(mail_exchangers.CHECK, post)[0]) == ["mail-exchanger-resolves"]


def test_a_resolver_that_knows_no_record_leaves_it_to_the_address() -> None:
    post = Post(silent=(DOMAIN,), recursive=mx_reply(), looked_up=looked_up("22.1.1.1"))

    assert codes(found(mail_exchangers.CHECK, post)[0]) == ["mail-goes-to-the-name"]


def test_what_nobody_answers_matters_where_mail_was_asked_for() -> None:
    post = Post(silent=(DOMAIN,), recursive=DnsReply(rcode="SERVFAIL"), looked_up=SILENT)

    (asked,) = found(mail_exchangers.CHECK, post, f"smtp://{DOMAIN}")[0]
    (not_asked,) = found(mail_exchangers.CHECK, post)[0]

    assert (asked.severity, not_asked.severity) == (Severity.WARNING, Severity.NOTICE)


@pytest.mark.parametrize("data", ["", "x", "10", "10 mail", "mail.customer.example.", "-1 a."])
def test_records_that_say_nothing_are_no_mail_hosts(data: str) -> None:
    post = Post(records={(DOMAIN, "MX"): (data,), (DOMAIN, "A"): ("22.40.1.10",)})

    assert codes(found(mail_exchangers.CHECK, post)[0]) == ["mail-goes-to-the-name"]


def test_a_null_record_among_others_is_a_host_that_does_not_exist() -> None:
    post = Post(records={**LISTED, (DOMAIN, "MX"): ("0 .", f"10 {MX}")})

    findings = found(mail_exchangers.CHECK, post)[0]

    assert codes(findings) == ["mail-exchanger-resolves", "mx-unresolvable"]


def test_an_address_has_no_mail_exchangers() -> None:
    (finding,), world = found(mail_exchangers.CHECK, Post(), "22.40.1.25")

    assert finding.code == "not-checked"
    assert world.sent == []
