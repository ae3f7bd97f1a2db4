"""What the registry says of a domain's registration, over RDAP.

The registry's server is the configuration's, else the one in IANA's list (RFC 9224). It is asked
where a domain is not delegated, which alone needs it, and in a full examination.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, urlsplit

from checks.facts.addresses import in_order
from checks.facts.iterate import Descent, descend, is_registry, version
from checks.facts.machine import own_namespace
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Failed, RdapReply, SystemAddresses
from netdiag.requests import RdapQuery, SystemLookup

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
        seen, cited, why = await _get_one(net, brief, url, about)
        evidence += cited
        if seen is None:
            return None, evidence, why
        if not 300 <= seen.status < 400 or not seen.location.startswith(("http:", "https:")):
            return seen, evidence, ""
        url = seen.location
    return None, evidence, "its registry's server redirects without end"


async def _get_one(
    net: Asker, brief: Brief, url: str, about: str
) -> tuple[RdapReply | None, tuple[ObservationId, ...], str]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None, (), f"{url} is no URL"
    if parts.scheme not in {"http", "https"} or not host:
        return None, (), f"{url} is no URL"
    looked = await net.ask(SystemLookup(name=host))
    found = looked.outcome.addresses if isinstance(looked.outcome, SystemAddresses) else ()
    tls = parts.scheme == "https"
    queries = [
        RdapQuery(
            address=address,
            host=host,
            path=parts.path or "/",
            about=about,
            port=port or (443 if tls else 80),
            tls=tls,
        )
        for address in _one_of_each_family(in_order(found, brief))
    ]
    if not queries:
        return None, (looked.id,), f"{host} could not be looked up"
    seen = await asyncio.gather(*(net.ask(query) for query in queries))
    good = next((one for one in seen if isinstance(one.outcome, RdapReply)), None)
    cited = (looked.id, *(one.id for one in seen))
    if good is None or not isinstance(good.outcome, RdapReply):
        return None, cited, f"{host} gives no answer ({_failure(seen[0])})"
    return good.outcome, cited, ""


def _one_of_each_family(addresses: tuple[str, ...]) -> tuple[str, ...]:
    firsts = {version(address): address for address in reversed(addresses)}
    return tuple(firsts[family] for family in sorted(firsts))


def _failure(seen: Observation) -> str:
    match seen.outcome:
        case Failed(kind=kind):
            return kind.value
        case other:
            return other.type


async def target_registration(net: Asker, brief: Brief) -> Registration | None:
    """The registration of the target's domain, in force whatever is planned."""
    if brief.target.name is None or (own_namespace(brief) and not brief.rdap):
        return None
    way = await descend(net, replace(brief, proposed=None), brief.target.name)
    return await registration_of(net, brief, way)
