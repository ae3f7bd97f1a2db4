"""What programs on this machine are told to use as a proxy is there, or none is prescribed.

## What it does
Reads the proxies that the environment prescribes. Where one is prescribed for the target's pages,
it tries whether the proxy accepts connections, and sends nothing through it.

## Why is this bad?
Browsers and programs that heed such a setting never try the direct way. When the proxy is gone, as
after a machine has left the office, nothing works for them, although the network is fine; and where
a network lets only its proxy out, what fails directly is no fault of the target.

## How it decides
| prescribed for the target | the proxy          | directly                    | judgement         |
|---------------------------|--------------------|-----------------------------|-------------------|
| none                      | not asked          | works                       | no-proxy          |
| one, the target exempted  | not asked          | works                       | no-proxy          |
| one                       | accepts            | works                       | proxy-configured  |
| one                       | refuses            | works                       | proxy-in-the-way  |
| one                       | silent             | works                       | proxy-in-the-way  |
| one                       | its name is unknown | works                      | proxy-in-the-way  |
| one                       | refuses            | nothing at all answers      | proxy-configured  |
| one                       | accepts            | nothing at all answers      | proxy-in-the-way  |
| one                       | accepts            | the target alone is silent  | proxy-configured  |
| one                       | not asked to the end | works                     | proxy-configured  |
| one                       | is without a port  | works                       | proxy-configured  |
| not observable            | not asked          | works                       | proxy-not-seen    |

netdiag itself connects directly and uses no proxy, so what the target looks like through it is not
visible here; neither are settings that a browser keeps to itself, nor automatic ones (PAC, WPAD).

## What to do
Where the proxy is gone, take it out of the settings (http_proxy, https_proxy, all_proxy). Where
it is the only way out, try what fails in a browser.

## References
- RFC 9110, section 3.7 (intermediaries)
- curl(1), ENVIRONMENT (how programs are told of a proxy)
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.addresses import in_order
from checks.facts.folding import listed
from checks.facts.outside import Outside, both
from checks.facts.reach import Reaches, connects
from checks.facts.speech import speech_of
from netdiag.destinations import proxy_endpoint
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, finding_kind
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Connected, Failed, FailureKind, Proxies, Reset, SystemAddresses
from netdiag.requests import ReadProxies, SystemLookup, TcpConnect

SUBJECT = "this machine"


@finding_kind
class NoProxy(Finding):
    code: ClassVar[str] = "no-proxy"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "no proxy is prescribed on this machine for what was asked"


@finding_kind
class ProxyConfigured(Finding):
    code: ClassVar[str] = "proxy-configured"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    proxies: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"programs on this machine are told to use {listed(self.proxies)}; this report is of "
            "the direct way, so a browser may see something else"
        )


@finding_kind
class ProxyInTheWay(Finding):
    """`dead` is how a proxy fails that does not accept connections; empty where the proxy does and
    nothing else gets out."""

    code: ClassVar[str] = "proxy-in-the-way"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    proxies: tuple[str, ...]
    dead: str

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.dead else Severity.WARNING

    @property
    def message(self) -> str:
        told = f"programs on this machine are told to use the proxy {listed(self.proxies)}"
        if self.dead:
            return (
                f"{told}, which {self.dead}, so none that heeds it gets anywhere, while the direct "
                "way works"
            )
        return (
            f"{told}, which accepts connections, and nothing else on the Internet answers this "
            "machine directly: this network lets only the proxy out, so what the target looks like "
            "through it cannot be seen from here"
        )

    @property
    def for_agent(self) -> str:
        if self.dead:
            return (
                "Have the proxy taken out of this machine's settings (env | grep -i _proxy; the "
                "system's network settings), or the proxy repaired where it is meant."
            )
        return (
            "Judge the target from another network. Here only programs that use the proxy see it: "
            "have the same page tried in a browser."
        )

    @property
    def for_customer(self) -> str:
        if self.dead:
            return (
                "Your computer is told to go through a proxy that does not answer. Please switch "
                "the proxy off in its network settings, or ask whoever set it up."
            )
        return (
            "Your network lets programs out through a proxy only. What works in your browser may "
            "fail elsewhere; please ask whoever runs your network if something needs to get out."
        )


@finding_kind
class ProxyNotSeen(Finding):
    code: ClassVar[str] = "proxy-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "whether a proxy is prescribed cannot be seen on this system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A proxy, the look for its name where it has one, and the connections to it."""

    url: str
    lookup: Observation | None = None
    seen: tuple[Observation, ...] = ()

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return (*((self.lookup.id,) if self.lookup else ()), *(one.id for one in self.seen))

    @property
    def accepts(self) -> bool:
        return any(isinstance(one.outcome, Connected) for one in self.seen)

    @property
    def dead(self) -> str:
        """How it fails, in words; empty where it does not, or that is not known."""
        looked = self.lookup.outcome if self.lookup else None
        if isinstance(looked, Failed) and looked.kind is FailureKind.NAME_UNKNOWN:
            return "has a name that is unknown here"
        known = [one for one in self.seen if not _ours(one)]
        if not known or self.accepts or len(known) < len(self.seen):
            return ""
        if any(isinstance(one.outcome, Reset) for one in known):
            return "refuses connections"
        silent = all(isinstance(one.outcome, Failed) for one in known)
        return "does not answer" if silent else "cannot be reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`prescribed` are the proxies for what is asked of the target."""

    proxies: Observation
    prescribed: tuple[Tried, ...] = ()
    known: Reaches | None = None
    outside: tuple[Outside, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The settings, and where one concerns the target, the proxy and the direct way."""
    proxies = await net.ask(ReadProxies())
    urls = prescribed(proxies, brief)
    if not urls:
        return Facts(proxies=proxies)
    known, controls, tried = await asyncio.gather(
        connects(net, brief),
        both(net, brief),
        asyncio.gather(*(_try(net, brief, url) for url in urls)),
    )
    return Facts(proxies=proxies, prescribed=tuple(tried), known=known, outside=controls)


def prescribed(seen: Observation, brief: Brief) -> tuple[str, ...]:
    """The proxies that a program would use for the target's web pages."""
    settings = dict(seen.outcome.proxies) if isinstance(seen.outcome, Proxies) else {}
    if _exempted(brief.target.host, settings.get("no", "")):
        return ()
    if brief.purpose == "machine":
        return tuple(dict.fromkeys(url for kind, url in settings.items() if kind != "no"))
    spoken = {speech_of(brief, port) for port in brief.target.ports}
    schemes = [s for s, speech in (("http", "http"), ("https", "tls")) if speech in spoken]
    urls = (settings.get(scheme) or settings.get("all") for scheme in schemes)
    return tuple(dict.fromkeys(url for url in urls if url))


def _exempted(host: str, exempt: str) -> bool:
    """Whether `no_proxy` lists the host, a domain above it, or everything; as curl(1) reads it."""
    entries = (entry.strip().lower().strip(".") for entry in exempt.split(","))
    return any(e == "*" or (e and f".{host}".endswith(f".{e}")) for e in entries)


async def _try(net: Asker, brief: Brief, url: str) -> Tried:
    endpoint = proxy_endpoint(url)
    if endpoint is None:
        return Tried(url=url)
    host, port = endpoint
    lookup = None if _is_address(host) else await net.ask(SystemLookup(name=host))
    addresses: tuple[str, ...] = (host,)
    if lookup:
        found = lookup.outcome
        given = found.addresses if isinstance(found, SystemAddresses) else ()
        addresses = in_order(given, brief)[:2]
    asked = (net.ask(TcpConnect(address=address, port=port)) for address in addresses)
    return Tried(url=url, lookup=lookup, seen=tuple(await asyncio.gather(*asked)))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the proxies for the target."""
    seen = facts.proxies
    if not isinstance(seen.outcome, Proxies):
        yield ProxyNotSeen(subject=SUBJECT, evidence=(seen.id,))
    elif not facts.prescribed:
        yield NoProxy(subject=SUBJECT, evidence=(seen.id,))
    else:
        yield judge_proxies(facts)


def judge_proxies(facts: Facts) -> Finding:
    """The verdict where a proxy is prescribed."""
    tried = tuple(number for one in facts.prescribed for number in one.evidence)
    direct = [one for one in facts.outside if one.answer]
    works = bool(facts.known and facts.known.works) or bool(direct)
    evidence = (facts.proxies.id, *tried, *(n for one in facts.outside for n in one.evidence))
    dead = [one for one in facts.prescribed if one.dead]
    if dead and works:
        urls = tuple(one.url for one in dead)
        return ProxyInTheWay(subject=SUBJECT, evidence=evidence, proxies=urls, dead=dead[0].dead)
    urls = tuple(one.url for one in facts.prescribed)
    closed = [one.silent for one in facts.outside if one.usable]
    if not works and closed and all(closed) and all(one.accepts for one in facts.prescribed):
        return ProxyInTheWay(subject=SUBJECT, evidence=evidence, proxies=urls, dead="")
    return ProxyConfigured(subject=SUBJECT, evidence=evidence, proxies=urls)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _ours(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind.ours


CHECK = Check(
    id="proxy",
    title="A proxy stands between programs and the target",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoProxy, ProxyConfigured, ProxyInTheWay, ProxyNotSeen),
    doc=__doc__ or "",
)
