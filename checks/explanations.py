"""Which finding accounts for which other: symptoms fold under causes, and none is dropped.

An explanation must be counterfactually true: without the cause, the symptom would not be there. So
each predicate asks for what ties the two together: the same address, the same family, the same
zone, a machine that has no way out at all. Its docstring is the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from checks.connectivity.data_lost import DataLostAfterHandshake
from checks.connectivity.families import (
    AaaaWithoutService,
    FamilyUndetermined,
    Ipv4Unreachable,
    Ipv6Unreachable,
)
from checks.connectivity.host_state import HostDown, HostSilent
from checks.connectivity.mail_port import (
    MailHostNotJudged,
    MailHostUnreachable,
    SmtpPortBlocked,
)
from checks.connectivity.new_connections import (
    BackendIntermittent,
    BacklogFull,
    ConnectionsNotTold,
    EcmpMemberDead,
    RateBlocked,
)
from checks.connectivity.port_state import (
    PortClosed,
    PortFiltered,
    PortNotReached,
    RejectedByFirewall,
    ResetByMiddlebox,
)
from checks.connectivity.segment_size import SegmentSizeNotSeen
from checks.connectivity.service_silent import ServiceSilent, SpeechNotHeard
from checks.dns.apex_records import ApexRecordNotGiven
from checks.dns.chain_of_trust import TrustBroken
from checks.dns.consistency import AnswersDiffer, SerialMismatch
from checks.dns.denial import DenialProofBroken
from checks.dns.every_signature import NsSignatureBroken
from checks.dns.mail_exchangers import (
    MailExchangerNotSeen,
    MailExchangersNotSeen,
    MxAddressNotPublic,
    NoMailExchanger,
)
from checks.dns.mail_records import MailRecordNotGiven, MailRecordsDiffer
from checks.dns.name_existence import (
    CnameDangling,
    CnameLoop,
    NameDoesNotExist,
    NameNotDetermined,
    NotDelegated,
)
from checks.dns.name_server_sets import NameServerSetNotSeen, SingleNameServer
from checks.dns.name_servers import (
    LameDelegation,
    NameServerSilent,
    NoNameServerAnswers,
    ServerNotJudged,
)
from checks.dns.nsec3_parameters import Nsec3FlagUnknown, Nsec3HashUnknown
from checks.dns.published_addresses import PrivateAddressPublished
from checks.dns.registration import (
    DomainExpired,
    DomainNotRegistered,
    DomainOnHold,
    RegistrationNotSeen,
)
from checks.dns.resolvers import ResolverFailing, ResolverNotJudged, ResolverSilent
from checks.dns.reverse import ReverseNotDetermined
from checks.dns.server_addresses import ServerAddressNotPublic
from checks.dns.server_conduct import OpenRecursion, UpwardReferral
from checks.dns.server_count import TooFewNameServers
from checks.dns.server_names import (
    GlueMismatch,
    NameServerUnresolvable,
    ServerNameNotDetermined,
)
from checks.dns.soa_agreement import SoaFieldsDiffer
from checks.dns.transports import TransportNotSeen
from checks.dns.zone_keys import KeysNotAnswered, SignedAtSomeServers
from checks.dns.zone_signatures import (
    DsWithoutMatchingKey,
    SignatureExpired,
    SignatureInvalid,
    SignatureMissing,
    SignatureNotYetValid,
    Unsound,
)
from checks.facts.folding import OfAddresses, OfEndpoints
from checks.local.gateway_silent import GatewayNotSeen, GatewaySilent
from checks.local.interception import DnsIntercepted
from checks.local.link import LinkDown, NoAddress
from checks.local.local_firewall import LocalFirewall, SendingNotTold
from checks.local.no_default_route import NoDefaultRoute, RoutesNotSeen
from checks.local.uplink_down import Ipv6HalfBroken, UplinkDown, UplinkNotSeen
from checks.routing.announcement import PrefixNotAnnounced
from checks.routing.black_hole import BlackHole, VanishingNotSeen
from checks.routing.latency import LatencyNotSeen, LatencyStep
from checks.routing.packet_loss import LossNotTold, PacketLoss
from checks.routing.packet_sizes import PacketSizesNotSeen, PmtuBlackHole
from checks.routing.path_changes import PathChangesNotTold, PathUnstable
from checks.routing.routing_loop import LoopNotSeen, RoutingLoop
from checks.routing.unreachable_route import RouteNotSeen, UnreachableRoute
from checks.routing.way_back import WayBackNotSeen
from checks.service.banner import GreetingNotHeard
from checks.service.caa import CaaNotJudged
from checks.service.certificate import CertificateNotSeen
from checks.service.dane import TlsaNotJudged
from checks.service.http_answer import AnswerTruncated, HttpAnswerMalformed, PageNotSeen
from checks.service.long_hello import LongHelloNotJudged
from checks.service.tls import TlsHandshakeFailed, TlsNotSeen, TlsVersionMismatch
from netdiag.model import Explanation, Finding, Severity

Kinds = tuple[type[Finding], ...]
AboutTarget = OfAddresses | OfEndpoints

NO_WAY_OUT: Kinds = (LinkDown, NoAddress, NoDefaultRoute, GatewaySilent, UplinkDown)
"""Causes at this end, nearest first: each accounts for those behind it."""

NO_ROUTE_ON: Kinds = (RoutingLoop, UnreachableRoute, BlackHole)
WAY_BREAKS: Kinds = (*NO_ROUTE_ON, HostDown)
PORT_SHUT: Kinds = (PortClosed, PortFiltered, RejectedByFirewall, ResetByMiddlebox)
NOT_SEEN_OF_TARGET: Kinds = (
    PortNotReached,
    HostSilent,
    FamilyUndetermined,
    LoopNotSeen,
    RouteNotSeen,
    VanishingNotSeen,
    SpeechNotHeard,
)
NOT_SEEN_OF_PATH: Kinds = (LatencyNotSeen, PathChangesNotTold, SegmentSizeNotSeen, WayBackNotSeen)
NOT_SEEN_OF_SERVICE: Kinds = (
    CaaNotJudged,
    CertificateNotSeen,
    GreetingNotHeard,
    PageNotSeen,
    TlsNotSeen,
    TlsaNotJudged,
)
SPEAKS_ODDLY: Kinds = (ServiceSilent, TlsHandshakeFailed, TlsVersionMismatch)
FAMILY_FAILS: Kinds = (AaaaWithoutService, Ipv4Unreachable, Ipv6Unreachable)
UNSTEADY: Kinds = (*SPEAKS_ODDLY, *FAMILY_FAILS, ConnectionsNotTold)
NOT_SEEN_OF_MAIL: Kinds = (MailHostNotJudged, MailExchangerNotSeen, MailExchangersNotSeen)
NOT_SEEN_OF_NAME: Kinds = (
    NameNotDetermined,
    ServerNotJudged,
    ServerNameNotDetermined,
    TransportNotSeen,
    NameServerSetNotSeen,
    ResolverNotJudged,
    ReverseNotDetermined,
)
SIGNATURES: Kinds = (
    SignatureMissing,
    SignatureExpired,
    SignatureNotYetValid,
    SignatureInvalid,
)
UNSOUND: Kinds = (DsWithoutMatchingKey, *SIGNATURES)
NOT_SEEN_NEARBY: Kinds = (GatewayNotSeen, UplinkNotSeen, RoutesNotSeen)


def rules(
    causes: Iterable[type[Finding]],
    symptoms: Iterable[type[Finding]],
    when: Callable[[Any, Any], bool],
) -> Iterator[Explanation[Any, Any]]:
    """`when` for every pair of kinds."""
    symptoms = tuple(symptoms)
    return (
        Explanation(cause, symptom, when)
        for cause in causes
        for symptom in symptoms
        if cause is not symptom
    )


def nothing_leaves(cause: Finding, _: Finding) -> bool:
    """Nothing leaves this machine, so nothing beyond it can answer."""
    return not getattr(cause, "hidden", False)


def family_leads_nowhere(cause: Ipv6HalfBroken, symptom: AboutTarget) -> bool:
    """This machine's IPv6 leads nowhere, so no IPv6 address can be reached from it."""
    return any(":" in address for address in symptom.addresses)


def resolver_over_ipv6(cause: Ipv6HalfBroken, symptom: ResolverSilent) -> bool:
    """This machine's IPv6 leads nowhere, so a resolver with an IPv6 address cannot be asked."""
    return ":" in symptom.subject


def mail_over_ipv6(cause: Ipv6HalfBroken, symptom: OfEndpoints) -> bool:
    """This machine's IPv6 leads nowhere, so a mail host cannot be reached over it."""
    return all(":" in address for address in symptom.addresses)


def cache_knows_the_root(cause: OpenRecursion, symptom: UpwardReferral) -> bool:
    """A server that resolves for others tells of its cache too, the root's servers included."""
    return set(symptom.servers) <= set(cause.servers)


def servers_over_ipv6(cause: Ipv6HalfBroken, symptom: ServerNotJudged) -> bool:
    """This machine's IPv6 leads nowhere, so name servers cannot be asked over it."""
    return all(":" in server for server in symptom.servers)


def gateway_of_family(cause: GatewaySilent, symptom: AboutTarget) -> bool:
    """The gateway of this family does not answer, so no address of the family can be reached."""
    return any((6 if ":" in address else 4) in cause.families for address in symptom.addresses)


def same_address(cause: AboutTarget, symptom: AboutTarget) -> bool:
    """The way to this very address breaks off, so nothing at it can answer."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


def no_route_anywhere(cause: PrefixNotAnnounced, symptom: AboutTarget) -> bool:
    """Nobody is told of a route to this address, so its packets end somewhere on the way."""
    return not cause.works and same_address(cause, symptom)


def zone_is_dead(
    cause: LameDelegation | NoNameServerAnswers | NameServerUnresolvable, symptom: Finding
) -> bool:
    """No server serves the zone, so nobody can tell what is in it."""
    zone = cause.zone if isinstance(cause, NameServerUnresolvable) else cause.subject
    about = symptom.zone if isinstance(symptom, NameNotDetermined) else zone
    return cause.severity is Severity.CRITICAL and about == zone


def name_leads_nowhere(cause: Finding, symptom: NoMailExchanger) -> bool:
    """The name itself is missing, and its mail records with it."""
    return cause.subject == symptom.subject.rstrip(".")


def registration_ended(
    cause: DomainExpired | DomainOnHold | DomainNotRegistered, symptom: NotDelegated
) -> bool:
    """The registry does not delegate a domain whose registration is not in force."""
    return f".{symptom.subject}".endswith(f".{cause.subject}")


def somebody_else_answers(cause: DnsIntercepted, _: Finding) -> bool:
    """Who answers here is not whom the question was for, so nothing is learnt of the servers."""
    return True


def family_is_intercepted(cause: DnsIntercepted, symptom: LameDelegation) -> bool:
    """A resolver answers in these servers' names, and it has no authority."""
    return all((6 if ":" in server else 4) in cause.families for server in symptom.servers)


def other_version(cause: SerialMismatch, symptom: AnswersDiffer) -> bool:
    """The servers have different versions of the zone, and so different answers."""
    return cause.subject == symptom.zone


def change_on_its_way(cause: SerialMismatch, symptom: SoaFieldsDiffer | MailRecordsDiffer) -> bool:
    """The servers have different versions of the zone, so its records may differ."""
    return cause.subject == symptom.subject


def server_lacks_the_zone(
    cause: LameDelegation, symptom: ApexRecordNotGiven | MailRecordNotGiven | KeysNotAnswered
) -> bool:
    """These servers do not serve the zone, so they cannot give its records either."""
    return cause.subject == symptom.subject and set(symptom.servers) <= set(cause.servers)


def server_has_no_keys(cause: SignedAtSomeServers, symptom: DsWithoutMatchingKey) -> bool:
    """These servers serve the zone unsigned, so they have no key that could fit."""
    return cause.subject == symptom.subject and set(symptom.servers) <= set(cause.servers)


def signing_failed(cause: Unsound, symptom: NsSignatureBroken) -> bool:
    """The zone's signing fails as a whole, and its NS records are signed with the rest."""
    return cause.subject == symptom.subject


def only_one_server(cause: SingleNameServer, symptom: TooFewNameServers) -> bool:
    """With one name server alone there cannot be two with an address of a family."""
    return cause.subject == symptom.subject


def glue_leads_astray(cause: GlueMismatch, symptom: NameServerSilent | LameDelegation) -> bool:
    """The parent's wrong address is where this server was looked for."""
    led = {f"{cause.subject} [{address}]" for address in cause.glue}
    return set(symptom.servers) <= led


def server_is_inside(
    cause: ServerAddressNotPublic, symptom: ServerNotJudged | TransportNotSeen
) -> bool:
    """These servers have addresses of a private network, so they are not asked."""
    return cause.subject == symptom.subject and set(symptom.servers) <= set(cause.servers)


def servers_are_inside(cause: ServerAddressNotPublic, symptom: Finding) -> bool:
    """No server of the zone has a public address, so nobody can tell what is in it."""
    about = symptom.zone if isinstance(symptom, NameNotDetermined) else cause.subject
    return cause.alone and about == cause.subject


def mail_host_is_inside(cause: MxAddressNotPublic, symptom: MailHostNotJudged) -> bool:
    """The mail host's address is of a private network, so it is not asked."""
    return set(symptom.addresses) <= set(cause.addresses)


def address_leads_nowhere(cause: PrivateAddressPublished, symptom: AboutTarget) -> bool:
    """The published address is not on the Internet, so it is not asked."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


def ports_of_family(cause: AboutTarget, symptom: AboutTarget) -> bool:
    """The family is not served because its ports at these addresses are not."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


def only_mail_was_asked(cause: SmtpPortBlocked, symptom: OfAddresses) -> bool:
    """Nothing but the blocked mail port was asked at this address."""
    return set(symptom.addresses) <= set(cause.addresses)


def same_endpoint(cause: OfEndpoints, symptom: OfEndpoints) -> bool:
    """This very port does not speak as it should, so what it would say stays unseen."""
    return not set(cause.endpoints).isdisjoint(symptom.endpoints)


def sent_nothing(cause: LocalFirewall, symptom: AboutTarget) -> bool:
    """This machine sends nothing to this address, so nothing is learnt of it."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


def flows_end_on_the_way(cause: EcmpMemberDead, symptom: AboutTarget) -> bool:
    """Some flows to this address end on the way, so whatever they were to bring did not come."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


def lets_in_no_more(cause: RateBlocked, symptom: OfEndpoints) -> bool:
    """This host lets this machine in no more, so its other ports may not either."""
    return same_address(cause, symptom)


def not_every_connection(
    cause: BackendIntermittent | BacklogFull | RateBlocked, symptom: OfEndpoints
) -> bool:
    """This port takes some connections only, so what the others were to tell stays unseen."""
    return not set(cause.endpoints).isdisjoint(symptom.endpoints)


def packets_are_lost(cause: PacketLoss, symptom: AboutTarget) -> bool:
    """Packets to this address are lost at random, so what was to come came late or not at all."""
    return same_address(cause, symptom)


def large_packets_vanish(cause: PmtuBlackHole, symptom: AboutTarget) -> bool:
    """An exchange with this address stalls, and small segments cure it."""
    return cause.stalls and same_address(cause, symptom)


def way_changes(cause: PathUnstable, symptom: LatencyStep) -> bool:
    """The way to this address changes, and what a round trip takes with it."""
    return same_address(cause, symptom)


def zone_breaks_the_chain(cause: Unsound | DenialProofBroken, symptom: TrustBroken) -> bool:
    """This is what is wrong at the link of the chain that breaks."""
    return _seen_by_validators(cause) and cause.subject == symptom.zone


def _seen_by_validators(cause: Unsound | DenialProofBroken) -> bool:
    vouched = not isinstance(cause, DenialProofBroken) or cause.vouched
    return vouched and not cause.hidden and not cause.planned


def signatures_of_denials(cause: Unsound, symptom: DenialProofBroken) -> bool:
    """The zone's signatures are at fault in this way at those servers, and nothing else is wrong
    with its denials."""
    same = cause.subject == symptom.subject and symptom.unsigned == {cause.code}
    return same and set(symptom.servers) <= set(cause.servers)


def denials_of_such_records(
    cause: DenialProofBroken, symptom: Nsec3FlagUnknown | Nsec3HashUnknown
) -> bool:
    """Denials are without proof at those servers, and these are their records."""
    return cause.subject == symptom.subject and set(symptom.servers) <= set(cause.servers)


def validator_refuses_zone(
    cause: Unsound | DenialProofBroken | TrustBroken, symptom: ResolverFailing | ResolverNotJudged
) -> bool:
    """Resolvers that validate fail on names of a zone that they take for forged (RFC 4035, 5.5)."""
    fails = isinstance(symptom, ResolverNotJudged) or symptom.rcode == "SERVFAIL"
    return fails and (isinstance(cause, TrustBroken) or _seen_by_validators(cause))


def service_of_address(
    cause: BackendIntermittent | BacklogFull | RateBlocked, symptom: AboutTarget
) -> bool:
    """The service at this address takes some connections only, so it may seem not to be there."""
    return not set(cause.addresses).isdisjoint(symptom.addresses)


EXPLANATIONS: tuple[Explanation[Any, Any], ...] = (
    *rules((LinkDown,), (NoAddress, NoDefaultRoute, GatewaySilent, UplinkDown), nothing_leaves),
    *rules((NoAddress,), (NoDefaultRoute, GatewaySilent, UplinkDown), nothing_leaves),
    *rules((NoDefaultRoute,), (GatewaySilent, UplinkDown), nothing_leaves),
    *rules((GatewaySilent,), (UplinkDown,), nothing_leaves),
    *rules(NO_WAY_OUT, (*NOT_SEEN_OF_TARGET, *NOT_SEEN_OF_NAME, *NOT_SEEN_NEARBY), nothing_leaves),
    *rules(
        (LameDelegation, NoNameServerAnswers, NameServerUnresolvable),
        (NameNotDetermined, NameServerSetNotSeen, ResolverNotJudged, MailExchangersNotSeen),
        zone_is_dead,
    ),
    *rules(
        (NameDoesNotExist, NotDelegated, CnameLoop, CnameDangling),
        (NoMailExchanger,),
        name_leads_nowhere,
    ),
    *rules((DomainExpired, DomainOnHold, DomainNotRegistered), (NotDelegated,), registration_ended),
    *rules(
        (DnsIntercepted,),
        (*NOT_SEEN_OF_NAME, CaaNotJudged, MailExchangersNotSeen, RegistrationNotSeen),
        somebody_else_answers,
    ),
    *rules((DnsIntercepted,), (LameDelegation,), family_is_intercepted),
    *rules((*UNSOUND, DenialProofBroken), (TrustBroken,), zone_breaks_the_chain),
    *rules(SIGNATURES, (DenialProofBroken,), signatures_of_denials),
    *rules((DenialProofBroken,), (Nsec3FlagUnknown, Nsec3HashUnknown), denials_of_such_records),
    *rules(
        (TrustBroken, *UNSOUND, DenialProofBroken),
        (ResolverFailing, ResolverNotJudged),
        validator_refuses_zone,
    ),
    *rules((SerialMismatch,), (AnswersDiffer,), other_version),
    *rules((SerialMismatch,), (SoaFieldsDiffer, MailRecordsDiffer), change_on_its_way),
    *rules((SingleNameServer,), (TooFewNameServers,), only_one_server),
    *rules(
        (LameDelegation,),
        (ApexRecordNotGiven, MailRecordNotGiven, KeysNotAnswered),
        server_lacks_the_zone,
    ),
    *rules((SignedAtSomeServers,), (DsWithoutMatchingKey,), server_has_no_keys),
    *rules(SIGNATURES, (NsSignatureBroken,), signing_failed),
    *rules((GlueMismatch,), (NameServerSilent, LameDelegation), glue_leads_astray),
    *rules((ServerAddressNotPublic,), (ServerNotJudged, TransportNotSeen), server_is_inside),
    *rules(
        (ServerAddressNotPublic,),
        (NameNotDetermined, NameServerSetNotSeen, ResolverNotJudged, MailExchangersNotSeen),
        servers_are_inside,
    ),
    *rules((MxAddressNotPublic,), (MailHostNotJudged,), mail_host_is_inside),
    *rules((PrivateAddressPublished,), NOT_SEEN_OF_TARGET, address_leads_nowhere),
    *rules((Ipv6HalfBroken,), (*NOT_SEEN_OF_TARGET, Ipv6Unreachable), family_leads_nowhere),
    *rules((OpenRecursion,), (UpwardReferral,), cache_knows_the_root),
    *rules((Ipv6HalfBroken,), (ServerNotJudged,), servers_over_ipv6),
    *rules((Ipv6HalfBroken,), (ResolverSilent,), resolver_over_ipv6),
    *rules((Ipv6HalfBroken,), (MailHostUnreachable, MailHostNotJudged), mail_over_ipv6),
    *rules((GatewaySilent,), NOT_SEEN_OF_TARGET, gateway_of_family),
    *rules(
        WAY_BREAKS,
        (*NOT_SEEN_OF_TARGET, Ipv4Unreachable, Ipv6Unreachable),
        same_address,
    ),
    *rules(
        (PrefixNotAnnounced,),
        (
            *NO_ROUTE_ON,
            *NOT_SEEN_OF_TARGET,
            Ipv4Unreachable,
            Ipv6Unreachable,
            PageNotSeen,
            SendingNotTold,
            MailHostUnreachable,
            MailHostNotJudged,
        ),
        no_route_anywhere,
    ),
    *rules((Ipv4Unreachable, Ipv6Unreachable), NOT_SEEN_OF_TARGET, same_address),
    *rules((AaaaWithoutService,), (PortClosed, *NOT_SEEN_OF_TARGET), ports_of_family),
    *rules(
        (ServiceSilent, TlsVersionMismatch, TlsHandshakeFailed), NOT_SEEN_OF_SERVICE, same_endpoint
    ),
    *rules((DataLostAfterHandshake,), (ServiceSilent, *NOT_SEEN_OF_SERVICE), same_endpoint),
    *rules(
        (PacketLoss,),
        (
            BacklogFull,
            BackendIntermittent,
            ConnectionsNotTold,
            PacketSizesNotSeen,
            *NOT_SEEN_OF_PATH,
            *NOT_SEEN_OF_TARGET,
            *NOT_SEEN_OF_SERVICE,
        ),
        packets_are_lost,
    ),
    *rules(
        (EcmpMemberDead, BacklogFull, BackendIntermittent, RateBlocked),
        (LossNotTold,),
        same_address,
    ),
    *rules((RateBlocked,), (BacklogFull, BackendIntermittent, ConnectionsNotTold), lets_in_no_more),
    *rules((PathUnstable,), (LatencyStep,), way_changes),
    *rules(
        (PmtuBlackHole,),
        (ServiceSilent, AnswerTruncated, *NOT_SEEN_OF_SERVICE),
        large_packets_vanish,
    ),
    *rules((PmtuBlackHole,), (LongHelloNotJudged,), same_address),
    *rules((TlsVersionMismatch, TlsHandshakeFailed), (HttpAnswerMalformed,), same_endpoint),
    *rules((*WAY_BREAKS, *PORT_SHUT), (PageNotSeen,), same_address),
    *rules(
        (SmtpPortBlocked,),
        (MailHostUnreachable, MailHostNotJudged, *PORT_SHUT, PortNotReached),
        same_endpoint,
    ),
    *rules((SmtpPortBlocked,), (HostDown, HostSilent, BlackHole), only_mail_was_asked),
    *rules(WAY_BREAKS, (MailHostUnreachable, MailHostNotJudged), same_address),
    *rules(PORT_SHUT, (FamilyUndetermined, PortNotReached), ports_of_family),
    *rules(
        (LocalFirewall,),
        (*WAY_BREAKS, *PORT_SHUT, *NOT_SEEN_OF_TARGET, *FAMILY_FAILS, ConnectionsNotTold),
        sent_nothing,
    ),
    *rules((*WAY_BREAKS, *PORT_SHUT), (SendingNotTold,), same_address),
    *rules(
        (EcmpMemberDead,),
        (*WAY_BREAKS, *PORT_SHUT, *NOT_SEEN_OF_TARGET, *NOT_SEEN_OF_SERVICE, *UNSTEADY),
        flows_end_on_the_way,
    ),
    *rules(
        (BackendIntermittent, BacklogFull, RateBlocked),
        (*PORT_SHUT, PortNotReached, SpeechNotHeard, *NOT_SEEN_OF_SERVICE, *SPEAKS_ODDLY),
        not_every_connection,
    ),
    *rules((BackendIntermittent, BacklogFull, RateBlocked), FAMILY_FAILS, service_of_address),
)
