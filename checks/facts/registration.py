"""What the registry says of a domain's registration, over RDAP.

The registry's server is the configuration's, else the one in IANA's list (RFC 9224). It is asked
where a domain is not delegated, which alone needs it, and in a full examination.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from checks.facts.data_service import Place, Told, ask_service
from checks.facts.iterate import Descent, descend, is_registry
from checks.facts.machine import own_namespace
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import RdapReply
from netdiag.requests import RdapQuery

IANA = "https://data.iana.org/rdap/dns.json"
MOST_REDIRECTS = 3

State = Literal["registered", "unknown-to-registry", "not-seen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`domain` is absolute. `why` says what hindered where the state is *not-seen*."""

    domain: str
    state: State
    delegated: bool
    evidence: tuple[ObservationId, ...]
    reply: RdapReply | None = None
    why: str = ""


async def registration_of(net: Asker, brief: Brief, way: Descent) -> Registration | None:
    """The registration of the domain on the way; None where nobody needs to know it."""
    domain = registered(way)
    delegated = bool(way.cuts) and way.zone == domain
    if domain is None or (delegated and brief.depth != "thorough"):
        return None
    urls, evidence, why = await _servers(net, brief, domain)
    for url in urls:
        target = f"{url.rstrip('/')}/domain/{quote(domain.rstrip('.'))}"
        seen, cited, why = await _get(net, brief, target, domain)
        evidence += cited
        if seen is not None and seen.status in {200, 404}:
            state: State = "registered" if seen.status == 200 else "unknown-to-registry"
            return Registration(
                domain=domain, state=state, delegated=delegated, evidence=evidence, reply=seen
            )
        why = why or f"its registry's server answers {seen.status if seen else 'nothing'}"
    return Registration(
        domain=domain, state="not-seen", delegated=delegated, evidence=evidence, why=why
    )


def registered(way: Descent) -> str | None:
    """The domain that was, or would be, delegated by the last registry on the way."""
    zones = [".", *(cut.zone for cut in way.cuts)]
    registry = next(zone for zone in reversed(zones) if is_registry(zone))
    labels = way.name.rstrip(".").split(".")
    depth = len(registry.rstrip(".").split(".")) if registry != "." else 0
    if registry == "." or len(labels) <= depth:
        return None
    return ".".join(labels[-depth - 1 :]) + "."


async def _servers(
    net: Asker, brief: Brief, domain: str
) -> tuple[tuple[str, ...], tuple[ObservationId, ...], str]:
    """The base URLs to ask, what to cite for them, and why there are none."""
    known = [url for zone, url in brief.rdap if f".{domain}".endswith(f".{zone}.")]
    if known:
        return tuple(known[:1]), (), ""
    seen, evidence, why = await _get(net, brief, IANA, domain)
    if seen is None or not seen.servers:
        return (), evidence, why or "its registry has no such server in IANA's list"
    secure = sorted(seen.servers, key=lambda url: not url.startswith("https:"))
    return tuple(secure[:1]), evidence, ""


async def _get(
    net: Asker, brief: Brief, url: str, about: str
) -> tuple[RdapReply | None, tuple[ObservationId, ...], str]:
    """The reply at `url`, through redirects, what to cite, and why there is none."""
    evidence: tuple[ObservationId, ...] = ()
    for _ in range(MOST_REDIRECTS + 1):
        told = await _get_one(net, brief, url, about)
        evidence += told.evidence
        seen = told.reply
        if seen is None:
            return None, evidence, told.why
        if not 300 <= seen.status < 400 or not seen.location.startswith(("http:", "https:")):
            return seen, evidence, ""
        url = seen.location
    return None, evidence, "its registry's server redirects without end"


async def _get_one(net: Asker, brief: Brief, url: str, about: str) -> Told[RdapReply]:
    def query(place: Place) -> RdapQuery:
        return RdapQuery(
            address=place.address,
            host=place.host,
            path=place.path,
            about=about,
            port=place.port,
            tls=place.tls,
        )

    return await ask_service(net, brief, url, query, RdapReply)


async def target_registration(net: Asker, brief: Brief) -> Registration | None:
    """The registration of the target's domain, in force whatever is planned."""
    if brief.target.name is None or (own_namespace(brief) and not brief.rdap):
        return None
    way = await descend(net, replace(brief, proposed=None), brief.target.name)
    return await registration_of(net, brief, way)
