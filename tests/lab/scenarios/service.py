"""Faults of the web server and of the application behind it."""

from __future__ import annotations

from tests.lab.faults import certificate, odd_site, page, site
from tests.lab.scenario import Cause, Scenario


def _guided(code: str) -> tuple[Cause, ...]:
    return (Cause(code=code, owner="service", support="guide"),)


TLS = (
    Scenario(
        name="certificate-expired",
        truth="The certificate ran out two days ago.",
        faults=(certificate(valid_until=-2),),
        causes=_guided("certificate-expired"),
        status=2,
    ),
    Scenario(
        name="certificate-not-yet-valid",
        truth="The certificate is valid from next week on.",
        faults=(certificate(valid_from=7),),
        causes=_guided("certificate-not-yet-valid"),
        status=2,
    ),
    Scenario(
        name="certificate-name-mismatch",
        truth="The certificate is for another name.",
        faults=(certificate(names=("shop.delivery.net",)),),
        causes=_guided("certificate-name-mismatch"),
        status=2,
    ),
    Scenario(
        name="certificate-untrusted",
        truth="The certificate comes from an authority that nobody knows.",
        faults=(certificate(trusted=False),),
        causes=_guided("certificate-untrusted"),
        status=2,
    ),
    Scenario(
        name="certificate-self-signed",
        truth="The server signed its certificate itself.",
        faults=(certificate(self_signed=True),),
        causes=_guided("certificate-untrusted"),
        status=2,
    ),
    Scenario(
        name="certificate-chain-incomplete",
        truth="The server does not send the intermediate certificate.",
        faults=(certificate(with_intermediate=False),),
        causes=_guided("certificate-chain-incomplete"),
        status=2,
    ),
    Scenario(
        name="certificate-expires-soon",
        truth="The certificate runs out in five days.",
        faults=(certificate(valid_until=5),),
        causes=_guided("certificate-expires-soon"),
        status=1,
    ),
    Scenario(
        name="tls-version-mismatch",
        truth="The server speaks TLS 1.0 and 1.1 only.",
        faults=(site(tls="ssl_protocols TLSv1 TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"),),
        causes=_guided("tls-version-mismatch"),
        status=2,
    ),
    Scenario(
        name="tls-handshake-failed",
        truth="The server rejects every handshake.",
        faults=(site(tls="ssl_reject_handshake on;"),),
        causes=_guided("tls-handshake-failed"),
        status=2,
    ),
    Scenario(
        name="plain-http-on-443",
        truth="The server speaks plain HTTP where HTTPS is expected.",
        faults=(site(encrypted=False),),
        causes=_guided("tls-handshake-failed"),
        status=2,
    ),
)

HTTP = (
    Scenario(
        name="proxy-error",
        truth="The proxy's application does not listen.",
        faults=(page("proxy_pass http://127.0.0.1:9;"),),
        causes=_guided("proxy-error"),
        status=2,
    ),
    Scenario(
        name="service-unavailable",
        truth="The server says that it is unavailable.",
        faults=(page("return 503;"),),
        causes=_guided("service-unavailable"),
        status=2,
    ),
    Scenario(
        name="redirect-loop",
        truth="HTTP sends to HTTPS and HTTPS back to HTTP.",
        faults=(
            site(
                http="return 301 https://$host$request_uri;",
                https="return 301 http://$host$request_uri;",
            ),
        ),
        causes=_guided("redirect-loop"),
        status=2,
    ),
    Scenario(
        name="redirect-broken",
        truth="The site sends its visitors to a name that does not exist.",
        faults=(page("return 301 https://gone.customer.example/;"),),
        causes=_guided("redirect-broken"),
        status=2,
    ),
    Scenario(
        name="access-denied",
        truth="The server denies access to the page.",
        faults=(page("return 403;"),),
        causes=_guided("access-denied"),
        status=2,
    ),
    Scenario(
        name="answer-truncated",
        truth="The server promises more of the page than it sends.",
        faults=(odd_site("host", "truncated"),),
        causes=_guided("answer-truncated"),
        status=2,
    ),
    Scenario(
        name="slow-first-byte",
        truth="The server takes four seconds to think before it answers.",
        faults=(odd_site("host", "slow"),),
        causes=_guided("slow-first-byte"),
        status=1,
    ),
    Scenario(
        name="http-answer-malformed",
        truth="The server answers a browser's request with something that is not HTTP.",
        faults=(odd_site("host", "not-http"),),
        causes=_guided("http-answer-malformed"),
        status=2,
    ),
    Scenario(
        name="application-error",
        truth="The application fails.",
        faults=(page("return 500;"),),
        causes=(Cause(code="application-error", owner="application", support="refer"),),
        status=2,
    ),
)

SCENARIOS = TLS + HTTP
