"""Options that several commands share, and how they become a plan."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import click

from netdiag import boundary as boundaries
from netdiag import config as configs
from netdiag import target, tomlfile
from netdiag.anchors import ROOT_ANCHORS, BadAnchorsError, parse_anchors
from netdiag.boundary import Boundary
from netdiag.cli import proposed, words
from netdiag.cli.live import Plan
from netdiag.conclude import Catalogue
from netdiag.config import Settings
from netdiag.destinations import PRIVATE_NETWORKS
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Depth, RootServer, TrustAnchor
from netdiag.network import Watcher
from netdiag.roots import ROOT_SERVERS, BadHintsError, parse_hints
from netdiag.special import Kind

if TYPE_CHECKING:
    from netdiag.networks import Lookup

FORMS = ("terminal", "markdown", "html", "json", "nagios", "prometheus")
Audience = Literal["customer", "agent", "expert"]
AUDIENCES: tuple[str, ...] = get_args(Audience)

SELECTOR = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
MOST_SELECTOR = 120
MOST_SELECTORS = 20
OF_ROUTING_REGISTRY = ("announcement", "route-origin")
"""The checks that ask the routing registry which the configuration may name."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a run as typed."""

    target: str
    port: int | None = None
    only: str = ""
    family: str = "both"
    resolver: str | None = None
    root_hints: Path | None = None
    trust_anchor: Path | None = None
    timeout: float = 20.0
    config: Path | None = None
    depth: Depth = "usual"
    dns_only: bool = False
    ns: tuple[str, ...] = ()
    ds: tuple[str, ...] = ()
    rtypes: tuple[str, ...] = ()
    dkim_selectors: tuple[str, ...] = ()
    at: str | None = None
    own_zone: bool = False
    dry_run: bool = False


def run_options(command: F) -> F:
    """Options of every command that looks at a host."""
    port = click.option("--port", type=click.IntRange(1, 65535), help="The port in question.")
    thorough = click.option(
        "--thorough",
        "depth",
        flag_value="thorough",
        default="usual",
        help="Examine also what only a full check tells.",
    )
    fast = click.option(
        "--fast",
        "depth",
        flag_value="fast",
        help="Look once, and no closer where something fails; ends sooner, tells less.",
    )
    return port(thorough(fast(look_options(command))))


def dkim_option(command: F) -> F:
    """The selectors whose DKIM keys are looked at."""
    return click.option(
        "--dkim-selector",
        "dkim_selectors",
        multiple=True,
        metavar="SELECTOR",
        help="Look at this DKIM key of the domain (s= in a signed message); may be given often.",
    )(command)


def report_options(command: F) -> F:
    """Options of every command that ends with a report."""
    options = [
        click.option("--format", "form", type=click.Choice(FORMS), help="The report's form."),
        click.option(
            "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it here."
        ),
        click.option(
            "--audience",
            type=click.Choice(AUDIENCES),
            default="agent",
            show_default=True,
            help="For whom the report is worded.",
        ),
        click.option("-v", "--verbose", is_flag=True, help="Show each request and its answer."),
        click.option(
            "--log-file", type=click.Path(path_type=Path), help="Write what -v shows to a file."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def look_options(command: F) -> F:
    """Options of every command that looks at a target."""
    options = [
        click.option(
            "--only",
            default="",
            metavar="WORDS",
            shell_complete=words.several,
            help="Only these areas, checks or codes, separated by commas: dns,routing.",
        ),
        click.option("-4", "family", flag_value="4", help="Only IPv4."),
        click.option("-6", "family", flag_value="6", help="Only IPv6."),
        click.option(
            "--i-own-this-zone",
            "own_zone",
            is_flag=True,
            help="You may ask whether its servers give the whole zone away: try it.",
        ),
        click.option("--resolver", metavar="ADDRESS", help="Use this resolver as the machine's."),
        click.option(
            "--root-hints",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Root servers in named.root format instead of the built-in ones.",
        ),
        click.option(
            "--trust-anchor",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="DS or DNSKEY records to validate from, instead of the root's built-in ones.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(1, 600),
            default=20.0,
            show_default=True,
            help="Seconds for the whole run.",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Configuration file instead of the usual one.",
        ),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Print what would be sent first, and to whom; send nothing.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def plan_for(asked: Asked, watchers: Sequence[Watcher] = ()) -> Plan:
    """What the options ask for. Raises `click.ClickException` with one clear sentence."""
    from checks.catalogue import CATALOGUE

    try:
        settings = load_config(asked.config)
        brief = _brief(asked, settings)
        catalogue = _chosen(CATALOGUE, asked, settings.routing_registry)
        boundary = load_boundary(settings)
        table = _networks(settings)
    except (target.BadTargetError, tomlfile.BadFileError, BadHintsError, BadAnchorsError) as error:
        raise click.ClickException(str(error)) from None
    except KeyError as error:
        raise click.ClickException(
            f"--only {error.args[0]!r} is no area, check or code: see netdiag checks"
        ) from None
    return Plan(
        brief=brief,
        catalogue=catalogue,
        boundary=boundary,
        vantage=settings.vantage,
        timeout=asked.timeout,
        kinds=allowed_kinds(settings, brief.inside),
        prefixes=settings.allow,
        networks=table,
        watchers=watchers,
        dry_run=asked.dry_run,
    )


def _chosen(catalogue: Catalogue, asked: Asked, registry: str) -> Catalogue:
    """The checks asked for. Raises `KeyError` with the word that names none."""
    words = [word for word in (w.strip() for w in asked.only.split(",")) if word]
    whole = catalogue.within(Area.DNS) if asked.dns_only else catalogue
    besides = {"zone-transfer": asked.own_zone, "dkim": bool(asked.dkim_selectors)}
    found = whole.only(
        words,
        thorough=_depth(asked) == "thorough",
        besides=[check for check, on in besides.items() if on],
    )
    wanted = {"asked-types": bool(asked.rtypes), "move": bool(asked.ns)}
    # Asked for by name these say what is missing.
    if set(words) <= {area.value for area in Area}:
        wanted |= dict.fromkeys(OF_ROUTING_REGISTRY, bool(registry))
    if not words:
        wanted["dkim"] = bool(asked.dkim_selectors)
    return found.without(check for check, on in wanted.items() if not on)


def load_config(path: Path | None) -> Settings:
    """The configuration file given, else the user's or the system's, else the defaults."""
    if path is not None:
        return configs.load(path)
    import platformdirs

    folders = (platformdirs.user_config_path, platformdirs.site_config_path)
    for folder in folders:
        usual = folder("netdiag", appauthor=False) / "config.toml"
        if usual.is_file():
            return configs.load(usual)
    return configs.default()


def _networks(settings: Settings) -> Lookup | None:
    if settings.asn_table is None:
        return None
    from netdiag import networks

    return networks.load(settings.asn_table)


def load_boundary(settings: Settings) -> Boundary:
    return boundaries.load(settings.boundary) if settings.boundary else boundaries.default()


def _depth(asked: Asked) -> Depth:
    """A zone is examined in full."""
    return "thorough" if asked.dns_only else asked.depth


def _brief(asked: Asked, settings: Settings) -> Brief:
    hints = asked.root_hints or settings.root_hints
    families = {"4": (4,), "6": (6,)}.get(asked.family, (4, 6))
    wanted = _target(asked)
    return Brief(
        target=wanted,
        started=datetime.now(UTC),
        families=families,
        resolver=_address("--resolver", asked.resolver),
        root_servers=_root_servers(hints),
        public_resolvers=settings.resolvers,
        anchors=settings.anchors,
        mail_anchors=settings.mail_anchors,
        portal_probe=settings.portal_probe,
        networks=settings.networks,
        depth=_depth(asked),
        purpose="zone" if asked.dns_only else "host",
        proposed=proposed.read(wanted.name or ".", asked.ns, asked.ds),
        rdap=settings.rdap,
        routing_registry=settings.routing_registry,
        network_source="table" if settings.asn_table else "dns" if settings.asn_dns else "none",
        rtypes=tuple(dict.fromkeys(_rtype(text) for text in asked.rtypes)),
        dkim_selectors=_selectors(asked.dkim_selectors),
        at=_address("--at", asked.at),
        own_zone=asked.own_zone,
        trust_anchors=_trust_anchors(asked.trust_anchor or settings.trust_anchor, hints),
    )


def _target(asked: Asked) -> target.Target:
    found = target.parse(asked.target, asked.port)
    if asked.dns_only and (found.address or found.scheme or found.port):
        raise target.BadTargetError(
            f"{asked.target!r} is not a domain name alone: give one like example.org"
        )
    return found


def _root_servers(hints: Path | None) -> tuple[RootServer, ...]:
    if hints is None:
        return ROOT_SERVERS
    return parse_hints(tomlfile.read(hints))


def _trust_anchors(file: Path | None, hints: Path | None) -> tuple[TrustAnchor, ...]:
    """Roots of one's own are not vouched for by IANA's keys."""
    if file is not None:
        return parse_anchors(tomlfile.read(file))
    return ROOT_ANCHORS if hints is None else ()


def _address(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise click.ClickException(
            f"{option} {text!r} is not an IP address: give one like 9.9.9.9"
        ) from None


def _rtype(text: str) -> str:
    """A record type by its mnemonic or as TYPEnnn (RFC 3597, section 5)."""
    from netdiag.wire.dns_message import known_rtype

    rtype = known_rtype(text)
    if rtype is None:
        raise click.ClickException(
            f"--type {text!r} is no record type that may be asked for: give one like MX or TYPE65"
        )
    return rtype


def _selectors(texts: Sequence[str]) -> tuple[str, ...]:
    """DKIM selectors: one label or several (RFC 6376, section 3.1)."""
    for text in texts:
        if not SELECTOR.fullmatch(text) or len(text) > MOST_SELECTOR:
            raise click.ClickException(
                f"--dkim-selector {text!r} is no selector: give one like s1 or k2._x"
            )
    chosen = tuple(dict.fromkeys(text.lower() for text in texts))
    if len(chosen) > MOST_SELECTORS:
        raise click.ClickException(f"--dkim-selector may be given {MOST_SELECTORS} times at most")
    return chosen


def allowed_kinds(settings: Settings, inside: frozenset[Kind]) -> frozenset[Kind]:
    """The kinds of network that the user points into, and those that the configuration allows."""
    return inside | (PRIVATE_NETWORKS if settings.allow_private else frozenset())
