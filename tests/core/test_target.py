import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.target import BadTargetError, Target, parse


@pytest.mark.parametrize(
    ("text", "host", "ports", "path"),
    [
        ("www.example.org", "www.example.org", (443, 80), "/"),
        ("WWW.Example.ORG.", "www.example.org", (443, 80), "/"),
        ("www.example.org:8443", "www.example.org", (8443,), "/"),
        ("https://www.example.org", "www.example.org", (443,), "/"),
        ("http://www.example.org:8080/a?b=c", "www.example.org", (8080,), "/a?b=c"),
        ("www.example.org/shop", "www.example.org", (443, 80), "/shop"),
        ("192.0.2.7", "192.0.2.7", (443, 80), "/"),
        ("192.0.2.7:25", "192.0.2.7", (25,), "/"),
        ("2001:DB8::0:1", "2001:db8::1", (443, 80), "/"),
        ("[2001:db8::1]", "2001:db8::1", (443, 80), "/"),
        ("[2001:db8::1]:25", "2001:db8::1", (25,), "/"),
        ("https://[2001:db8::1]:8443/x", "2001:db8::1", (8443,), "/x"),
        ("smtp://mail.example.org", "mail.example.org", (25,), "/"),
        ("_dmarc.example.org", "_dmarc.example.org", (443, 80), "/"),
        ("localhost", "127.0.0.1", (443, 80), "/"),
        ("http://Shop.Localhost.:8080/a", "127.0.0.1", (8080,), "/a"),
    ],
)
def test_what_a_person_types_is_understood(
    text: str, host: str, ports: tuple[int, ...], path: str
) -> None:
    target = parse(text)

    assert (host, ports, path) == (target.host, target.ports, target.path)


def test_an_international_name_is_shown_in_both_forms() -> None:
    target = parse("Bücher.example")

    assert target.host == "xn--bcher-kva.example"
    assert target.display == "bücher.example (xn--bcher-kva.example)"
    assert parse("xn--bcher-kva.example").display == target.display


def test_an_address_has_no_name_to_look_up() -> None:
    assert parse("192.0.2.7").name is None
    assert parse("www.example.org").name == "www.example.org."


def test_the_port_option_wins_over_the_target() -> None:
    assert parse("www.example.org:80", port=8080).ports == (8080,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "exa mple.org",
        "x..y",
        "-a.example",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
        "www.example.org:",
        "www.example.org:0",
        "www.example.org:65536",
        "www.example.org:http",
        "1.2.3",
        "1.2.3.4.5",
        "999.1.1.1",
        "foo://www.example.org",
        "https://user:secret@www.example.org/",
        "https://www.example.org/\x1b[2J",
        "[::1",
        "http://[::1",
        "www.exa\u202emple.org",
        "2001:db8::1::2",
    ],
)
def test_what_is_not_a_target_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(BadTargetError) as refused:
        parse(text)

    assert "\n" not in str(refused.value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(BadTargetError) as refused:
        parse("https://user:secret@www.example.org/")

    assert "secret" not in str(refused.value)


@given(st.text(max_size=300))
def test_any_text_is_a_target_or_is_refused(text: str) -> None:
    target = accepted(text)

    if target is not None:
        assert target.host.isascii()
        assert target.host == target.host.lower()
        assert len(target.host) <= 253
        assert parse(target.host).host == target.host


def accepted(text: str) -> Target | None:
    try:
        return parse(text)
    except BadTargetError:
        return None
