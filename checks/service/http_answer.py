"""The web service answers with a page, or what it answers instead.

## What it does
Asks every asked web port that connects for the target's page, as a browser would, and follows
redirects: within the target at the same address, elsewhere as any program on this machine would.
A certificate that browsers refuse does not stop it.

## Why is this bad?
A site can be reached and still show its visitors an error, send them in circles, or make them wait.
Whose it is to fix depends on who answers: the web server, a proxy, or the application behind it.

## How it decides
Each asked port of each address is one visit; what its last step gave decides.

| the last answer                      | control                       | judgement             |
|--------------------------------------|-------------------------------|-----------------------|
| 200, whole                           | not needed                    | http-ok               |
| 404 or 410                           | a service answers             | page-not-found        |
| 200, fewer octets than promised      | its own Content-Length        | answer-truncated      |
| 200, the first after 3 s or more     | connected within 1 s          | slow-first-byte       |
| 200, the first after 3 s or more     | connecting took as long       | http-ok               |
| 500                                  | a whole HTTP answer           | application-error     |
| 503 with an application's marks      | its marks                     | application-error     |
| 501, 505 to 510 without such marks   | a whole HTTP answer           | service-unavailable   |
| 503                                  | a whole HTTP answer           | service-unavailable   |
| 502 or 504                           | a proxy's own words           | proxy-error           |
| 520 to 530                           | a proxy's own words           | proxy-error           |
| 401, 403, 429 or 451                 | a whole HTTP answer           | access-denied         |
| any with a bot challenge             | its header                    | access-denied         |
| a redirect to a URL seen before      | nothing asks for a cookie     | redirect-loop         |
| the eleventh redirect                | nothing asks for a cookie     | redirect-loop         |
| a redirect to a URL seen before      | a cookie is asked for         | page-not-seen         |
| a redirect to a name that is unknown | the lookup's own answer       | redirect-broken       |
| a redirect to what is no URL         | not needed                    | redirect-broken       |
| a redirect to nowhere                | not needed                    | redirect-broken       |
| a redirect to another service's port | not needed                    | redirect-broken       |
| a redirect to a closed port          | the reset                     | redirect-broken       |
| a redirect to where TLS fails        | none: that port was not asked | redirect-broken       |
| a redirect to where TLS fails        | that port was asked too       | page-not-seen         |
| a redirect to a lookup that failed   | not needed                    | page-not-seen         |
| a redirect to another protocol       | not needed                    | page-not-seen         |
| a redirect to where nothing is heard | not needed                    | page-not-seen         |
| a redirect to a private address      | the address itself        | redirect-to-private-address |
| another status                       | not needed                    | page-not-seen         |
| no HTTP, or closed before an answer  | the port accepts connections  | http-answer-malformed |
| silence, TLS failure, ICMP error     | other checks ask those        | page-not-seen         |

A fault is a warning where another visit was well, else critical; a 401, which may be meant, is a
notice. A wait counts as the server's where connecting took less than a second and the first octet
another 3 s: a slow network slows both, and delayed acknowledgements add 40 ms at most.

## What to do
A service's configuration (proxy, redirects, access) is for whoever runs it; an error of the
application is for its developer.

## References
- RFC 9110, section 15 (status codes), section 10.2.2 (Location)
- RFC 9112, section 8 (incomplete messages)
- RFC 6585, section 4 (429)
- RFC 6890 (special-purpose addresses)
- Fetch standard, section 2.9 (ports that browsers do not ask)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypedDict

from checks.facts.folding import Foldable, listed
from checks.facts.pages import BadPage, OfPages, ServiceUnavailable, folded_pages
from checks.facts.speech import first_line
from checks.facts.web import Step, Stop, Visit, Visits, visits
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Endpoint,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import Failed, FailureKind, HttpReply, IcmpError, Reset
from netdiag.special import described, special

SLOW = 3.0
"""Seconds from the end of the handshakes to the first octet."""

FAST = 1.0
"""Seconds for TCP and TLS below which the network is not what makes a visitor wait."""

LANGUAGES = ("php/", "express", "next.js", "phusion passenger")
"""Beginnings of X-Powered-By that an application's own runtime writes, in lower case."""

TRACES = (
    "Traceback (most recent call last)",
    "Stack trace:",
    "Fatal error:",
    "Uncaught ",
    "SQLSTATE[",
    "critical error on this website",
    "Error establishing a database connection",
    "\tat java.",
    " at org.springframework",
)
"""What frameworks and languages print when an application fails."""

TLS_FAILED = frozenset({FailureKind.TLS_ALERT, FailureKind.TLS_VERSION, FailureKind.NOT_TLS})
NOT_HTTP = frozenset(
    {
        FailureKind.MALFORMED,
        FailureKind.MISMATCHED,
        FailureKind.TOO_LARGE,
        FailureKind.CLOSED_EARLY,
        FailureKind.RESET,
    }
)


@finding_kind
class HttpOk(OfPages):
    """`finals` are the URLs that answered, `waits` seconds until their first octet."""

    code: ClassVar[str] = "http-ok"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    pooled: ClassVar[frozenset[str]] = OfPages.pooled | {"finals", "waits"}
    status: int
    finals: tuple[str, ...]
    waits: tuple[float, ...]

    @property
    def message(self) -> str:
        led = tuple(url for url in self.finals if url not in self.urls)
        via = f" (after a redirect to {listed(led)})" if led else ""
        return (
            f"asked for {self.subject}, the web service answers {self.status}{via}, its first "
            f"octet after {max(self.waits, default=0.0):.2f} s at most"
        )


@finding_kind
class PageNotFound(OfPages):
    code: ClassVar[str] = "page-not-found"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    status: int

    @property
    def message(self) -> str:
        return (
            f"the web service answers, and has no page for {self.subject} (status {self.status}); "
            "whether there should be one, its owner knows"
        )


@finding_kind
class SlowFirstByte(BadPage):
    code: ClassVar[str] = "slow-first-byte"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    pooled: ClassVar[frozenset[str]] = OfPages.pooled | {"waits"}
    waits: tuple[float, ...]

    @property
    def message(self) -> str:
        return (
            f"asked for {self.subject}, the web service takes {max(self.waits, default=0.0):.1f} s "
            "to begin its answer, while connecting is fast, so the wait is the server's and not "
            "the network's"
        )

    @property
    def for_agent(self) -> str:
        return (
            "The way is fast. Have whoever runs the service look for slow queries, exhausted "
            "workers or a machine that is overloaded."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site answers slowly: the server needs several seconds to prepare the page. "
            "Please have its program or database looked at."
        )


@finding_kind
class ApplicationError(BadPage):
    """`marks` is by what the application was recognised, empty where by the status alone."""

    code: ClassVar[str] = "application-error"
    area: ClassVar[Area] = Area.APPLICATION
    usual_owner: ClassVar[Owner] = Owner.APPLICATION
    status: int
    marks: str

    @property
    def message(self) -> str:
        how = f" with {self.marks}" if self.marks else ""
        return (
            f"the application behind {self.subject} fails: it answers {self.status}{how}; the "
            "connection and the web server in front work, for the answer came whole"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Refer to the application's developer, with the time of this run for the log. A broken "
            "rule in the web server's own configuration also gives 500; its error log tells."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server works, and the program behind your site reports an error of its own. "
            "Whoever develops or maintains that program can find the reason in its log."
        )


@finding_kind
class ProxyError(BadPage):
    """`server` is the name that the proxy gives itself."""

    code: ClassVar[str] = "proxy-error"
    status: int
    server: str

    @property
    def message(self) -> str:
        server = f" ({self.server})" if self.server else ""
        return (
            f"the proxy{server} in front of {self.subject} answers {self.status}: it gets no good "
            "answer from the service behind it, so that one is at fault and not the way to here"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have whoever runs the service look whether the program behind the proxy runs and "
            "listens where the proxy expects it (502), or takes too long to answer (504)."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your web server is running, but the program behind it does not answer. Please have "
            "that program started again, or ask whoever looks after it."
        )


@finding_kind
class AccessDenied(BadPage):
    """`challenge` where the answer is a test for robots."""

    code: ClassVar[str] = "access-denied"
    status: int
    challenge: bool

    @property
    def severity(self) -> Severity:
        if self.status == 401 or self.challenge:
            return Severity.NOTICE
        return Severity.WARNING if self.status == 429 else super().severity

    @property
    def message(self) -> str:
        why = {401: "it wants a password", 429: "it has had too many requests from here"}
        said = "it tests for robots" if self.challenge else why.get(self.status, "it refuses")
        return (
            f"the web service of {self.subject} answers and denies access: {said} "
            f"(status {self.status}), so nothing on the way to it is blocked"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Ask whether that is meant. If not: permissions, an access rule, a missing index page "
            "or an application firewall of the service; compare with a browser elsewhere."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server answers but does not let visitors see this page. If that is not what you "
            "want, please look at its access rules and file permissions."
        )


@finding_kind
class AnswerTruncated(BadPage):
    """`sizes` are pairs of octets received and promised."""

    code: ClassVar[str] = "answer-truncated"
    pooled: ClassVar[frozenset[str]] = OfPages.pooled | {"sizes"}
    sizes: tuple[tuple[int, int | None], ...]

    @property
    def message(self) -> str:
        parts = listed(
            f"{got} of {said} octets" if said is not None else f"{got} octets without an end"
            for got, said in self.sizes
        )
        return (
            f"the answer for {self.subject} breaks off: {parts} came, although connecting and the "
            "beginning of the answer went well"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the service's log looked at for a crash or a full disk while it answers. If "
            "only long answers break off, look at the path for large packets too."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site begins to answer and then breaks off, so visitors see half a page or none. "
            "Please have the web server and its disk space looked at."
        )


@finding_kind
class RedirectLoop(BadPage):
    """`repeats` where a URL came again; else there was no end after many redirects."""

    code: ClassVar[str] = "redirect-loop"
    repeats: bool

    @property
    def message(self) -> str:
        if self.repeats:
            return (
                f"the redirects of {self.subject} go in circles: a URL comes again that was "
                "already asked, and no answer sets a cookie that could end it"
            )
        return f"the redirects of {self.subject} do not end, each leads to another URL"

    @property
    def for_agent(self) -> str:
        return (
            "Compare the redirect rules of the web server, the application and a proxy in front: "
            "often one forces HTTPS and the other does not see that it is there already."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site sends visitors from one address to another and back without an end. Please "
            "look at its redirect settings, above all those for HTTPS and for www."
        )


@finding_kind
class RedirectBroken(BadPage):
    """`to` is where the redirect leads, `why` that cannot work, in words."""

    code: ClassVar[str] = "redirect-broken"
    to: str
    why: str

    @property
    def message(self) -> str:
        where = f" to {self.to}" if self.to else ""
        return f"the redirect of {self.subject}{where} cannot work: {self.why}"

    @property
    def for_agent(self) -> str:
        return (
            "Have the redirect corrected in the web server's or the application's settings, or "
            "what it leads to set up."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site sends visitors to an address that does not work. Please correct the "
            "redirect, or set up the address that it leads to."
        )


@finding_kind
class RedirectToPrivateAddress(BadPage):
    """`to` is where the redirect leads, `address` where that is; `named` where the redirect gives a
    name, which may have another address elsewhere."""

    code: ClassVar[str] = "redirect-to-private-address"
    to: str
    address: str
    named: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.named else super().severity

    @property
    def message(self) -> str:
        via = "which this machine finds at" if self.named else "which is at"
        return (
            f"the redirect of {self.subject} leads to {self.to}, {via} "
            f"{described(self.address)}: visitors elsewhere do not get there, and it was not "
            "followed"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the redirect corrected to the service's public name or address. Where an inside "
            "view is meant, check from inside."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site sends visitors to an address that exists inside a private network only. "
            "Please correct the redirect to the site's public name."
        )


@finding_kind
class HttpAnswerMalformed(BadPage):
    """`what` came instead of an HTTP answer, in words."""

    code: ClassVar[str] = "http-answer-malformed"
    what: str

    @property
    def message(self) -> str:
        return (
            f"asked for {self.subject}, the service gives no HTTP answer: the port accepts "
            f"connections, then it {self.what}; that a device on the way does this is not "
            "ruled out"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have whoever runs the service look whether a web server listens on this port and "
            "whether its log knows the request; if it does not, look for a filter on the way."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Something answers at your site's address, but not as a web server does. Please have "
            "the service on it looked at."
        )


@finding_kind
class PageNotSeen(OfPages):
    """`answered` where a web service answered something; `hidden` where another visit was well."""

    code: ClassVar[str] = "page-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    why: str
    answered: bool
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.answered or self.hidden else Severity.WARNING

    @property
    def message(self) -> str:
        return f"what visitors of {self.subject} get to see cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Visits:
    """Visit every asked web port."""
    return await visits(net, brief)


def judge(facts: Visits) -> Iterable[Finding]:
    """One verdict on every visit."""
    asked = {
        Endpoint(reach.address, port.number)
        for reach in facts.known.reaches
        for port in reach.asked
    }
    found = [judge_visit(visit, asked, hidden=False) for visit in facts.all]
    if any(isinstance(finding, (HttpOk, SlowFirstByte)) for finding in found):
        found = [judge_visit(visit, asked, hidden=True) for visit in facts.all]
    yield from folded_pages(found, (visit.endpoint for visit in facts.all))
    if not facts.all:
        yield Skipped(subject="web pages", missing=facts.missing)


def judge_visit(visit: Visit, asked: Iterable[Endpoint], *, hidden: bool) -> Foldable:
    """The verdict on one visit; `asked` are the endpoints that other checks judge."""
    verdict = _Verdict(visit=visit, asked=frozenset(asked), hidden=hidden)
    if visit.stop is not Stop.ANSWER:
        return verdict.of_redirect()
    match visit.last.seen.outcome:
        case HttpReply() as reply:
            return verdict.of_reply(reply)
        case Failed() | Reset() | IcmpError() as failure:
            return verdict.of_failure(failure)
        case _:
            return verdict.not_seen("the answer is of no known kind")


class _Where(TypedDict):
    """The fields that every finding about a page has."""

    endpoints: tuple[Endpoint, ...]
    urls: tuple[str, ...]
    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """Words for one visit."""

    visit: Visit
    asked: frozenset[Endpoint]
    hidden: bool

    @property
    def redirected(self) -> bool:
        return len(self.visit.steps) > 1

    def of_redirect(self) -> Foldable:
        """A visit that ended at a redirect which was not followed."""
        visit = self.visit
        match visit.stop:
            case Stop.LOOP | Stop.ENDLESS if visit.sets_cookies:
                why = "it redirects in circles and sets a cookie, which a browser would send back"
                return self.not_seen(why)
            case Stop.LOOP | Stop.ENDLESS:
                return self._loop()
            case Stop.NO_LOCATION:
                return self._broken("", "it does not say where to")
            case Stop.BAD_LOCATION:
                return self._broken(visit.towards, "that is no URL")
            case Stop.UNSAFE_PORT:
                return self._broken(visit.towards, "no browser asks a port of another service")
            case Stop.NAME_UNKNOWN:
                return self._broken(visit.towards, "that host does not exist")
            case Stop.LEFT_THE_WEB:
                return self.not_seen(f"it redirects to {visit.towards}, which is no web page")
            case _:
                return self.not_seen(f"it redirects to {visit.towards}, whose lookup failed")

    def of_reply(self, reply: HttpReply) -> Foldable:
        """An answer that is no redirect."""
        where = self._where()
        status, marks = reply.status, _marks(reply)
        hidden = self.hidden
        challenge = reply.header("cf-mitigated") == "challenge"
        if challenge or status in {401, 403, 429, 451}:
            return AccessDenied(**where, hidden=hidden, status=status, challenge=challenge)
        if status == 500 or (marks and 500 < status < 600 and status not in {502, 504}):
            return ApplicationError(**where, hidden=hidden, status=status, marks=marks)
        if status in {502, 504} or 520 <= status <= 530:
            server = (reply.header("server") or "")[:60]
            return ProxyError(**where, hidden=hidden, status=status, server=server)
        if 500 < status < 511:
            said = f"it answers {status}"
            return ServiceUnavailable(**where, hidden=hidden, said=said)
        if status in {404, 410}:
            return PageNotFound(**where, status=status)
        if 200 <= status < 300:
            return self._page(reply)
        return self.not_seen(f"it answers {status} to a plain request for the page")

    def _page(self, reply: HttpReply) -> Foldable:
        where = self._where()
        if not reply.complete:
            sizes = ((reply.received, reply.promised),)
            return AnswerTruncated(**where, hidden=self.hidden, sizes=sizes)
        ready = reply.connected if reply.tls_done is None else reply.tls_done
        wait = round(reply.first_byte - ready, 3)
        if wait >= SLOW and ready < FAST:
            return SlowFirstByte(**where, hidden=self.hidden, waits=(wait,))
        visit = self.visit
        return HttpOk(
            endpoints=(visit.endpoint,),
            urls=(str(visit.start),),
            evidence=visit.evidence,
            status=reply.status,
            finals=(str(visit.last.url),),
            waits=(reply.first_byte,),
        )

    def of_failure(self, failure: Failed | Reset | IcmpError) -> Foldable:
        """A last step that got no HTTP answer."""
        last = self.visit.last
        match failure:
            case Failed(kind=kind) if kind.ours:
                if kind is FailureKind.POLICY and self.redirected and special(last.address):
                    return self._inward(last)
                return self.not_seen(f"not asked to the end ({kind.value})")
            case Reset() | Failed(kind=FailureKind.REFUSED) if self.redirected:
                return self._broken(str(last.url), f"{last.address} refuses connections there")
            case Failed(kind=kind) if (
                kind in TLS_FAILED and self.redirected and self._unasked(last)
            ):
                return self._broken(str(last.url), "no TLS handshake comes about there")
            case Failed(kind=kind, detail=detail) if kind in NOT_HTTP:
                return self._malformed(kind, detail)
            case Failed(kind=kind):
                return self.not_seen(f"{self._there()}{_ended(kind)}")
            case Reset():
                return self.not_seen("a second connection was reset")
            case IcmpError(kind=said):
                return self.not_seen(f"{self._there()}a router reports {said.value}")

    def not_seen(self, why: str) -> PageNotSeen:
        """Nothing to tell about the page; the endpoints are those where something failed too."""
        visit = self.visit
        return PageNotSeen(
            endpoints=tuple(dict.fromkeys((visit.endpoint, visit.last.endpoint))),
            urls=(str(visit.start),),
            evidence=visit.evidence,
            why=why,
            answered=isinstance(visit.steps[0].seen.outcome, HttpReply),
            hidden=self.hidden,
        )

    def _loop(self) -> RedirectLoop:
        urls = tuple(str(step.url) for step in self.visit.steps)
        return RedirectLoop(
            endpoints=(self.visit.endpoint,),
            urls=urls if self.visit.stop is Stop.LOOP else urls[:1],
            evidence=self.visit.evidence,
            hidden=self.hidden,
            repeats=self.visit.stop is Stop.LOOP,
        )

    def _broken(self, to: str, why: str) -> RedirectBroken:
        sender = [s for s in self.visit.steps if isinstance(s.seen.outcome, HttpReply)][-1]
        return RedirectBroken(
            endpoints=(self.visit.endpoint,),
            urls=(str(sender.url),),
            evidence=self.visit.evidence,
            hidden=self.hidden,
            to=to,
            why=why,
        )

    def _inward(self, last: Step) -> RedirectToPrivateAddress:
        sender = self.visit.steps[-2]
        return RedirectToPrivateAddress(
            endpoints=(self.visit.endpoint,),
            urls=(str(sender.url),),
            evidence=self.visit.evidence,
            hidden=self.hidden,
            to=str(last.url),
            address=last.address,
            named=last.url.host != last.address,
        )

    def _malformed(self, kind: FailureKind, detail: str) -> HttpAnswerMalformed:
        said = {
            FailureKind.CLOSED_EARLY: "closes the connection before an answer",
            FailureKind.RESET: "resets the connection after the request",
        }.get(kind, f"sends something else ({first_line(detail) or kind.value})")
        return HttpAnswerMalformed(**self._where(), hidden=self.hidden, what=said)

    def _there(self) -> str:
        return f"it redirects to {self.visit.last.url}, and " if self.redirected else ""

    def _unasked(self, step: Step) -> bool:
        return step.endpoint not in self.asked

    def _where(self) -> _Where:
        visit = self.visit
        return {
            "endpoints": (visit.endpoint,),
            "urls": (str(visit.last.url),),
            "evidence": visit.evidence,
        }


def _ended(kind: FailureKind) -> str:
    """How a request without an answer ended, in words."""
    if kind in TLS_FAILED:
        return "no TLS handshake comes about"
    if kind is FailureKind.TIMEOUT:
        return "nothing is answered in time"
    return f"the request ends with {kind.value}"


def _marks(reply: HttpReply) -> str:
    """By what the answer is the application's own, in words; empty where it may be anybody's."""
    powered = reply.header("x-powered-by") or ""
    if powered.lower().startswith(LANGUAGES):
        return f"X-Powered-By: {powered[:40]}"
    trace = next((mark for mark in TRACES if mark in reply.body_start), "")
    return f"“{trace.strip()}” in the page" if trace else ""


CHECK = Check(
    id="http-answer",
    title="What visitors of the site are answered",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        HttpOk,
        PageNotFound,
        SlowFirstByte,
        ApplicationError,
        ProxyError,
        ServiceUnavailable,
        AccessDenied,
        AnswerTruncated,
        RedirectLoop,
        RedirectBroken,
        RedirectToPrivateAddress,
        HttpAnswerMalformed,
        PageNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
