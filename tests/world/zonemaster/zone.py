"""Zonemaster's module Zone: the SOA record, the mail hosts and the sender policy of a zone."""

from __future__ import annotations

from tests.world.tree import APEX, HEALTHY, NS1, Tree
from tests.world.zonemaster.scenario import cases, scenario

CASES = cases(
    zone02="REFRESH_MINIMUM_VALUE_LOWER REFRESH_MINIMUM_VALUE_OK",
    zone03="REFRESH_HIGHER_THAN_RETRY REFRESH_LOWER_THAN_RETRY",
    zone04="RETRY_MINIMUM_VALUE_LOWER RETRY_MINIMUM_VALUE_OK",
    zone05="EXPIRE_LOWER_THAN_REFRESH EXPIRE_MINIMUM_VALUE_LOWER EXPIRE_MINIMUM_VALUE_OK",
    zone06="""SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER
        SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK""",
)


def timed(times: str) -> Tree:
    """The healthy tree with these times in the SOA record: refresh, retry, expire, minimum."""
    return HEALTHY.put(APEX, f"{APEX} SOA {NS1} hostmaster.{APEX} 7 {times}")


SCENARIOS = (
    scenario(
        "all times are the usual ones",
        zone02="REFRESH_MINIMUM_VALUE_OK",
        zone03="REFRESH_HIGHER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_OK",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
    ),
    scenario(
        "refresh and retry are short",
        timed("14399 3599 604800 86400"),
        zone02="REFRESH_MINIMUM_VALUE_LOWER",
        zone03="REFRESH_HIGHER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_LOWER",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
    ),
    scenario(
        "retry is as long as refresh, denials are kept for long",
        timed("14400 14400 604800 86401"),
        zone02="REFRESH_MINIMUM_VALUE_OK",
        zone03="REFRESH_LOWER_THAN_RETRY",
        zone04="RETRY_MINIMUM_VALUE_OK",
        zone05="EXPIRE_MINIMUM_VALUE_OK",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER",
    ),
    scenario(
        "expire is short, denials are kept briefly",
        timed("28800 3600 604799 299"),
        zone05="EXPIRE_MINIMUM_VALUE_LOWER",
        zone06="SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER",
    ),
    scenario(
        "expire is shorter than a long refresh",
        timed("700000 3600 604800 300"),
        zone05="EXPIRE_LOWER_THAN_REFRESH",
    ),
    scenario(
        "expire is shorter than refresh, and short",
        timed("28800 3600 28799 300"),
        zone05="EXPIRE_LOWER_THAN_REFRESH EXPIRE_MINIMUM_VALUE_LOWER",
    ),
)
