import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.model import RootServer
from netdiag.roots import ROOT_SERVERS, BadHintsError, parse_hints

NAMED_ROOT = """\
;       This file holds the information on root name servers
.                        3600000      NS    A.ROOT-SERVERS.NET.
A.ROOT-SERVERS.NET.      3600000      A     198.41.0.4
A.ROOT-SERVERS.NET.      3600000      AAAA  2001:503:ba3e::2:30
;
. IN NS b.root-servers.net
b.root-servers.net 518400 IN A 170.247.170.2 ; second
unrelated.example. A 192.0.2.1
"""


def test_thirteen_letters_in_both_families_are_built_in() -> None:
    assert len({server.name for server in ROOT_SERVERS}) == 13
    versions = [ipaddress.ip_address(server.address).version for server in ROOT_SERVERS]
    assert versions.count(4) == versions.count(6) == 13


def test_a_hints_file_is_read_as_named_reads_it() -> None:
    assert parse_hints(NAMED_ROOT) == (
        RootServer("a.root-servers.net.", "198.41.0.4"),
        RootServer("a.root-servers.net.", "2001:503:ba3e::2:30"),
        RootServer("b.root-servers.net.", "170.247.170.2"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no NS record"),
        (". NS a.\n", "no NS record"),
        (". NS a.\na. A 1.2.3\n", "line 2"),
        (". NS a.\n\na. AAAA 1.2.3.4\n", "line 3"),
        (". NS\n", "line 1"),
    ],
)
def test_a_file_without_usable_servers_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadHintsError, match=words):
        parse_hints(text)


@given(st.text(alphabet=". NSAin0123:;ab\n\t", max_size=80))
def test_any_text_is_hints_or_is_refused(text: str) -> None:
    try:
        servers = parse_hints(text)
    except BadHintsError:
        servers = (RootServer("refused.", "192.0.2.1"),)

    assert servers
