"""netdiag, zonemaster-cli and dnsviz examine the same zones, made at random: who finds what?

    python -m tests.cross run [--seed N] [--count N] [--lanes N] [--out FOLDER]
    python -m tests.cross table FOLDER...

Each configuration is an internet of its own in namespaces without a way out: a signed root, a
registry, and a zone with some servers and some faults. What the three say is compared name by name,
and what `verdicts.toml` does not explain is listed with the configuration that shows it.
"""
