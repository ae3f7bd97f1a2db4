from pathlib import Path

import pytest

from netdiag import config
from netdiag.networks import Announced, Table
from netdiag.tomlfile import BadFileError

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
