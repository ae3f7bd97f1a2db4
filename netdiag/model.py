"""The vocabulary of judging: findings, checks, explanations, and the brief of a run."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar, Generic, Literal, TypeVar, dataclass_transform

from netdiag.lazy import dataclass, when_used
from netdiag.network import Asker, ObservationId
from netdiag.special import Kind, kinds_of
from netdiag.target import Target


class Outcome(enum.Enum):
    """How a judgement ended; the five never stand for one another."""

    OK = "ok"
    PROBLEM = "problem"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    CRASHED = "crashed"


class Severity(enum.Enum):
    """Effect on the customer: unusable, impaired or at risk, worth knowing."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


class Area(enum.Enum):
    DNS = "dns"
    CONNECTIVITY = "connectivity"
    ROUTING = "routing"
    LOCAL = "local"
    SERVICE = "service"
    APPLICATION = "application"


class Owner(enum.Enum):
    """Who can fix it."""

    CUSTOMER_DEVICE = "customer-device"
    CUSTOMER_NETWORK = "customer-network"
    ACCESS_ISP = "access-isp"
    TRANSIT = "transit"
    HOSTING_NETWORK = "hosting-network"
    HOST = "host"
    DNS_OPERATOR = "dns-operator"
    REGISTRAR = "registrar"
    SERVICE = "service"
    APPLICATION = "application"
    NETDIAG = "netdiag"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNetwork:
    """Prefixes whose owner the configuration tells, with the name to show for them."""

    name: str
    owner: Owner
    prefixes: tuple[str, ...]

    def holds(self, address: str) -> bool:
        ip = ipaddress.ip_address(address.partition("%")[0])
        networks = (ipaddress.ip_network(p) for p in self.prefixes)
        return any(ip in network for network in networks if network.version == ip.version)


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class PortalProbe:
    """A plain HTTP URL that answers `status` wherever nobody answers in its place."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class RootServer:
    """One address of one root server."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """A key that is trusted without being vouched for: validation starts from it (RFC 4033).

    `rtype` is DS or DNSKEY, `data` the record's in presentation format; it is in force from `since`
    until `until`, where given.
    """

    zone: str
    rtype: str
    data: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedServer:
    """A name server of a delegation that is planned; without addresses its name is looked up."""

    name: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A delegation to judge although the parent does not have it, or has another.

    `ds` are DS records in presentation format: key tag, algorithm, digest type, digest.
    """

    zone: str
    servers: tuple[ProposedServer, ...]
    ds: tuple[str, ...] = ()


Depth = Literal["fast", "usual", "thorough"]
Purpose = Literal["host", "zone", "machine"]
NetworkSource = Literal["none", "table", "dns"]
"""Where the networks of addresses are learnt: nowhere, from a file, from Team Cymru's service."""


OWN_NAMESPACE = frozenset({Kind.PRIVATE, Kind.LOOPBACK})
"""Where names of one's own lead, tests on one machine included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What to diagnose and with which settings: all that judging may know besides observations.

    `started` is the wall clock (UTC) at the run's start, against which validity periods are
    judged. `anchors` and `mail_anchors` are controls: endpoints unrelated to the target that are
    expected to answer. `resolver` replaces the machine's own resolvers when given. `depth` says how
    far to look: once (fast), closer where something fails, or everywhere (thorough); `purpose`
    whether a host is to be reached, a zone is examined or this machine is in question.
    `portal_probe` is asked where a captive portal may be in the way. With `proposed`, its zone is
    looked for at those servers; with `at`, that one server is asked. `rdap` are pairs of a zone and
    the URL of its registry's data service, `rtypes` record types to show besides, `dkim_selectors`
    those whose keys are looked at. With `own_zone` the user vouches for being its owner. Without
    `trust_anchors` no chain of trust is followed.
    """

    target: Target
    started: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    families: tuple[int, ...] = (4, 6)
    resolver: str | None = None
    root_servers: tuple[RootServer, ...] = ()
    public_resolvers: tuple[str, ...] = ()
    anchors: tuple[Endpoint, ...] = ()
    mail_anchors: tuple[Endpoint, ...] = ()
    portal_probe: PortalProbe | None = None
    networks: tuple[OwnNetwork, ...] = ()
    depth: Depth = "usual"
    purpose: Purpose = "host"
    proposed: Proposed | None = None
    rdap: tuple[tuple[str, str], ...] = ()
    routing_registry: str = ""
    network_source: NetworkSource = "none"
    rtypes: tuple[str, ...] = ()
    dkim_selectors: tuple[str, ...] = ()
    at: str | None = None
    own_zone: bool = False
    trust_anchors: tuple[TrustAnchor, ...] = ()

    @property
    def inside(self) -> frozenset[Kind]:
        """The kinds of network that the user points into, by address: what is meant to be there.

        Below roots on this machine or in a private network, both kinds of address are.
        """
        named = [self.target.address or "", self.at or ""]
        if self.proposed:
            named += [a for server in self.proposed.servers for a in server.addresses]
        found = kinds_of(address for address in named if address)
        roots = kinds_of(server.address for server in self.root_servers)
        return found | roots | (OWN_NAMESPACE if roots & OWN_NAMESPACE else frozenset())

    def network_of(self, address: str) -> OwnNetwork | None:
        """The configured network that holds `address`."""
        return next((n for n in self.networks if n.holds(address)), None)


K = TypeVar("K", bound="Finding")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def finding_kind(cls: type[K]) -> type[K]:
    """Make `cls` a frozen dataclass with keyword arguments, once it is needed.

    A run uses few of the hundreds of kinds, and making one takes a millisecond: all of them at
    start would be half of the time until the first question.
    """
    return when_used(cls, {"frozen": True, "kw_only": True})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One judgement on one subject, with the observations it rests on.

    A finding kind is a subclass: its class variables say what kind of thing it is, its fields are
    its arguments, its properties word it. `severity` and `owner` are the usual ones unless a kind
    overrides the property because its fields decide. Advice is empty on findings that ask for no
    action.

    `known_as` lists what other tools call the same, as `zonemaster:TAG` or `dnsviz:CODE`, for every
    form the kind can take; `equivalents` those that hold for one finding, which its fields may
    narrow and never widen.
    """

    code: ClassVar[str]
    outcome: ClassVar[Outcome]
    area: ClassVar[Area]
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.NETDIAG
    known_as: ClassVar[tuple[str, ...]] = ()

    subject: str
    evidence: tuple[ObservationId, ...]

    @property
    def message(self) -> str:
        """One sentence: what is true, of which subject, and which lookalike was ruled out."""
        raise NotImplementedError

    @property
    def severity(self) -> Severity:
        return self.usual_severity

    @property
    def owner(self) -> Owner:
        return self.usual_owner

    @property
    def equivalents(self) -> tuple[str, ...]:
        """What other tools call this finding."""
        return self.known_as

    @property
    def for_agent(self) -> str:
        """What the support agent does next."""
        return ""

    @property
    def for_customer(self) -> str:
        """What the customer can do, in plain words."""
        return ""


@finding_kind
class Skipped(Finding):
    """A check that had nothing to look at. `missing` completes "not checked: …"."""

    code: ClassVar[str] = "not-checked"
    outcome: ClassVar[Outcome] = Outcome.SKIPPED
    area: ClassVar[Area] = Area.LOCAL
    evidence: tuple[ObservationId, ...] = ()
    missing: str

    @property
    def message(self) -> str:
        return f"not checked: {self.missing}"


@finding_kind
class Crashed(Finding):
    """netdiag itself failed in one check: our bug, shown as ours."""

    code: ClassVar[str] = "netdiag-crashed"
    outcome: ClassVar[Outcome] = Outcome.CRASHED
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    evidence: tuple[ObservationId, ...] = ()
    error: str

    @property
    def message(self) -> str:
        return f"netdiag failed in {self.subject}: {self.error}"

    @property
    def for_agent(self) -> str:
        return (
            "This is netdiag's own fault: report it with the record file; the other findings stand."
        )


F = TypeVar("F")


@dataclass(frozen=True)
class Check(Generic[F]):
    """One question: `gather` looks (the only part that may ask), `judge` decides (pure).

    `finds` lists every finding kind that `judge` may yield; `doc` is the module's docstring, from
    which the documentation and the references are taken. A `thorough` check belongs to a full
    examination and runs only where that, or the check itself, is asked for.
    """

    id: str
    title: str
    area: Area
    since: str
    gather: Callable[[Asker, Brief], Awaitable[F]]
    judge: Callable[[F], Iterable[Finding]]
    finds: tuple[type[Finding], ...]
    doc: str
    thorough: bool = False

    @property
    def references(self) -> tuple[str, ...]:
        """The lines of the docstring's References section."""
        _, _, section = self.doc.partition("## References\n")
        items = (line.strip().removeprefix("- ") for line in section.splitlines())
        return tuple(item for item in items if item)


C = TypeVar("C", bound=Finding)
S = TypeVar("S", bound=Finding)


@dataclass(frozen=True)
class Explanation(Generic[C, S]):
    """`cause` accounts for `symptom` whenever `when` holds; its docstring is the reason shown."""

    cause: type[C]
    symptom: type[S]
    when: Callable[[C, S], bool]
