"""What the configuration names gets into the plan of a run, and the checks that ask it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from netdiag.cli.live import Plan
from netdiag.cli.options import OF_ROUTING_REGISTRY, Asked, plan_for
from netdiag.networks import Announced

REGISTRY = 'routing_registry = "https://routing.example"\n'


def planned(tmp_path: Path, settings: str, only: str = "") -> Plan:
    path = tmp_path / "config.toml"
    path.write_text(settings)
    return plan_for(Asked(target="www.example.org", config=path, only=only))


def checks(plan: Plan) -> set[str]:
    return {check.id for check in plan.catalogue.checks}


@pytest.mark.parametrize(
    ("settings", "only", "there"),
    [
        ("", "", False),
        ("", "routing", False),
        ("", "announcement,rpki-invalid", True),
        (REGISTRY, "", True),
        (REGISTRY, "routing", True),
    ],
)
def test_the_registrys_checks_run_where_one_is_configured_or_they_are_named(
    tmp_path: Path, settings: str, only: str, there: bool
) -> None:
    plan = planned(tmp_path, settings, only)

    assert (set(OF_ROUTING_REGISTRY) <= checks(plan)) is there
    assert plan.brief.routing_registry == ("https://routing.example" if settings else "")


def test_a_file_of_networks_is_read_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "networks.csv").write_text("192.0.2.0/24,64496,Example\n")

    plan = planned(tmp_path, 'asn = "networks.csv"\n')

    assert plan.brief.network_source == "table"
    assert plan.networks is not None
    assert plan.networks.find("192.0.2.1") == Announced("192.0.2.0/24", 64496, "Example")
    with pytest.raises(click.ClickException, match=r"none\.mmdb: cannot be read"):
        planned(tmp_path, 'asn = "none.mmdb"\n')


def test_the_dns_service_needs_no_file(tmp_path: Path) -> None:
    plan = planned(tmp_path, 'asn = "dns"\n')

    assert (plan.brief.network_source, plan.networks) == ("dns", None)
    assert planned(tmp_path, "").brief.network_source == "none"
