from pathlib import Path

import pytest

from netdiag import config
from netdiag.networks import Announced, Database, Table, load, name_told, origin_told
from netdiag.tomlfile import BadFileError
from tests.core import mmdb

LINES = """# prefix,asn,name
192.0.2.0/24,AS64496,Example
192.0.2.128/25,64497,"More, specific"
2001:db8::/32\t64498\tSix
0.0.0.0/0,64499,
"""


def test_the_longest_prefix_decides() -> None:
    table = Table.read(LINES.splitlines(), "table")

    assert table.find("192.0.2.1") == Announced("192.0.2.0/24", 64496, "Example")
    assert table.find("192.0.2.200") == Announced("192.0.2.128/25", 64497, "More, specific")
    assert table.find("2001:db8:1::1%eth0") == Announced("2001:db8::/32", 64498, "Six")
    assert table.find("203.0.113.1") == Announced("0.0.0.0/0", 64499, "")
    assert table.find("2001:db9::1") is None


@pytest.mark.parametrize(
    "line", ["192.0.2.0/24", "x,1,n", "192.0.2.1/24,1,n", "192.0.2.0/24,-1,n", "::/0,4294967296,n"]
)
def test_a_bad_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(BadFileError, match=r"^table:2: .* is not prefix,asn,name"):
        Table.read(["# comment", line], "table")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be read"):
        Table.load(tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_bytes(b"\xff\xff")
    with pytest.raises(BadFileError, match="not UTF-8"):
        Table.load(tmp_path / "bad.csv")


def test_the_configuration_names_the_source(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('asn = "table.csv"')
    assert config.load(path).asn_table == tmp_path / "table.csv"
    path.write_text('asn = "dns"')
    settings = config.load(path)
    assert (settings.asn_table, settings.asn_dns) == (None, True)
    assert (config.default().asn_table, config.default().asn_dns) == (None, False)


RECORDS: dict[str, mmdb.Value] = {
    "192.0.2.0/24": {
        "autonomous_system_number": 64496,
        "autonomous_system_organization": "Exam\x1b[2Jple",
    },
    "198.51.100.0/25": {"asn": "AS64497", "as_name": "Other form"},
    "203.0.113.0/24": {"autonomous_system_number": "x", "name": ["no", "text"]},
    "2001:db8::/32": {"autonomous_system_number": 64498},
}


def test_a_maxmind_file_tells_networks_of_both_families() -> None:
    table = Database.read(mmdb.database(RECORDS), "file")

    assert table.find("192.0.2.9") == Announced("192.0.2.0/24", 64496, "Exam\\x1b[2Jple")
    assert table.find("198.51.100.9") == Announced("198.51.100.0/25", 64497, "Other form")
    assert table.find("2001:db8::1%eth0") == Announced("2001:db8::/32", 64498, "")
    for unknown in ("203.0.113.9", "198.51.100.200", "10.0.0.1", "2001:db9::1"):
        assert table.find(unknown) is None


def test_the_suffix_tells_the_form(tmp_path: Path) -> None:
    (tmp_path / "n.mmdb").write_bytes(mmdb.database(RECORDS))
    (tmp_path / "n.csv").write_text(LINES)

    assert isinstance(load(tmp_path / "n.mmdb"), Database)
    assert isinstance(load(tmp_path / "n.csv"), Table)
    with pytest.raises(BadFileError, match=r"n\.csv: not a sound MaxMind-format file"):
        Database.load(tmp_path / "n.csv")
    with pytest.raises(BadFileError, match="cannot be read"):
        load(tmp_path / "none.mmdb")


@pytest.mark.parametrize(
    "metadata",
    [
        {"node_count": 1 << 24},
        {"record_size": 12},
        {"unknown_field": 1},
        {"node_count": "many"},
    ],
)
def test_a_file_that_contradicts_itself_is_refused_or_knows_nothing(
    metadata: dict[str, mmdb.Value],
) -> None:
    try:
        table = Database.read(mmdb.database(RECORDS, **metadata), "file")
    except BadFileError:
        return
    assert all(table.find(address) is None for address in ("192.0.2.9", "2001:db8::1"))


def test_a_record_that_unfolds_without_end_is_none() -> None:
    """Each map has twice the one before it, by pointers: two to the power of forty values."""
    sound = mmdb.database({"192.0.2.0/24": 64496})
    split = sound.index(mmdb.MARK)
    start = split - len(mmdb.packed(64496))
    levels, size = 40, 2 * 5 + 2
    bomb = b"".join(
        b"\x02\x04" + 2 * (b"\x38" + (n * size + size).to_bytes(4, "big")) for n in range(levels)
    )
    data = sound[:start] + bomb + mmdb.packed(1) + sound[split:]

    assert Database.read(data, "file").find("192.0.2.9") is None


def test_the_answers_of_the_dns_service_are_read_with_care() -> None:
    told = ['"64496 64497 x | 192.0.2.0/24 | NL"', '"64498 | 192.0.0.0/16 | NL"', '"7 | nonsense"']

    assert origin_told(told) == ("192.0.2.0/24", (64496, 64497))
    assert origin_told(['"NA | | "', "", '"|||||"']) == ("", ())
    assert name_told(['"64496 | NL | ripencc | 2001 | EXAMPLE \x1b[2J"']) == "EXAMPLE \\x1b[2J"
    assert name_told([]) == ""
