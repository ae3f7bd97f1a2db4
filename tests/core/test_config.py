from pathlib import Path

import pytest

from netdiag import config
from netdiag.model import Endpoint, Owner, PortalProbe
from netdiag.tomlfile import BadFileError


def test_the_defaults_name_public_resolvers_and_reach_them_as_anchors() -> None:
    settings = config.default()

    assert settings.anchors == tuple(Endpoint(a, 53) for a in settings.resolvers)
    assert not settings.allow_private
    assert settings.allow == ()
    assert settings.routing_registry == ""


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        """
        vantage = "desk in Utrecht"
        allow_private = true
        allow = ["169.254.0.0/16", "198.18.0.0/15"]
        resolvers = ["9.9.9.9"]
        anchors = ["[2620:fe::fe]:53"]
        mail_anchors = ["192.0.2.25:25"]
        portal_probe = "http://probe.example/204"
        root_hints = "named.root"
        trust_anchor = "root.key"
        boundary = "boundary.toml"
        routing_registry = "https://routing.example"
        [[networks]]
        name = "our edge"
        owner = "hosting-network"
        prefixes = ["203.0.113.0/24", "2001:db8::/32"]
        """
    )

    settings = config.load(path)

    assert settings.allow_private
    assert settings.allow == ("169.254.0.0/16", "198.18.0.0/15")
    assert settings.vantage == "desk in Utrecht"
    assert settings.anchors == (Endpoint("2620:fe::fe", 53),)
    assert settings.portal_probe == PortalProbe("http://probe.example/204", 204)
    assert settings.root_hints == tmp_path / "named.root"
    assert settings.trust_anchor == tmp_path / "root.key"
    assert settings.routing_registry == "https://routing.example"
    (network,) = settings.networks
    assert network.owner is Owner.HOSTING_NETWORK
    assert network.holds("203.0.113.9")
    assert network.holds("2001:db8::1")
    assert not network.holds("198.51.100.1")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('resolvers = ["9.9.9"]', 1),
        ('portal_probe = "https://probe.example/"', 1),
        ('portal_probe = "probe.example"', 1),
        ('vantage = "x"\nanchors = ["9.9.9.9"]', 2),
        ('\n[[networks]]\nname = "x"\nowner = "host"\nprefixes = ["203.0.113.1/24"]', 5),
        ('\n[[networks]]\nname = "x"\nowner = "nobody"\nprefixes = []', 4),
        ("color = true", 1),
        ('routing_registry = "routing.example"', 1),
    ],
)
def test_a_bad_file_is_refused_with_file_and_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)

    with pytest.raises(BadFileError) as refused:
        config.load(path)

    assert str(refused.value).startswith(f"{path}:{line}: ")
