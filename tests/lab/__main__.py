"""`python -m tests.lab list`, `python -m tests.lab run [OPTIONS] [-- COMMAND...]`."""

from __future__ import annotations

import sys

from tests.lab import needs, outside
from tests.lab.outside import Wish
from tests.lab.scenarios import SCENARIOS, by_name

USAGE = """A small internet of its own, with real servers and one fault at a time.

  list                                 the scenarios and what is true in each
  run [OPTIONS] [-- COMMAND...]        run a command in it, a shell where none is given
    --scenario NAME                    what is broken (default: healthy, nothing)
    --vantage desk|home|isp|...       the machine to run it on (default: desk)
    --user                             without any privilege
    --delay MS                         one-way delay of the vantages' uplinks
    --capture FILE                     capture the vantage's packets, and fail if it is changed

Example: run --scenario certificate-expired -- netdiag check www.customer.example
"""


def main(arguments: list[str]) -> int:
    """Exit status of the command, 64 for a wrong use, 69 where a package is missing."""
    match arguments:
        case ["list"]:
            width = max(len(scenario.name) for scenario in SCENARIOS)
            for scenario in SCENARIOS:
                print(f"{scenario.name:{width}}  {scenario.truth}")
            return 0
        case ["run", *rest]:
            return run(Wish.parse(rest))
        case ["--help" | "-h"]:
            print(USAGE, end="")
            return 0
    print(USAGE, end="", file=sys.stderr)
    return 64


def run(wish: Wish) -> int:
    try:
        by_name(wish.scenario)
    except KeyError:
        print(f"lab: no scenario {wish.scenario!r}: see list", file=sys.stderr)
        return 64
    if packages := needs.missing():
        print(f"lab: missing packages: apt-get install {' '.join(packages)}", file=sys.stderr)
        return 69
    outside.become(wish)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
