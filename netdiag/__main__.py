"""`python -m netdiag` and the `netdiag` command."""

import sys


def main() -> None:
    """Answer `--version` before anything is imported, everything else by the command line."""
    if sys.argv[1:] == ["--version"]:
        from netdiag import __version__

        print(f"netdiag {__version__}")
        return
    from netdiag.cli.guarding import Process
    from netdiag.cli.main import run
    from netdiag.guards.engage import engage

    sys.exit(run(sys.argv[1:], Process(engage)))


if __name__ == "__main__":
    main()
