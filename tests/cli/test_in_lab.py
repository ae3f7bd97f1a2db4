"""The commands as their users run them, inside the lab."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lab

NETDIAG = (sys.executable, "-m", "netdiag")
TARGET = "www.customer.example"


def in_lab(
    *command: str,
    scenario: str = "healthy",
    vantage: str = "desk",
    user: bool = True,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """A command at a vantage of the lab, as an ordinary user unless said otherwise."""
    lab = [sys.executable, "-m", "tests.lab", "run", "--scenario", scenario, "--vantage", vantage]
    lab += ["--user"] if user else []
    return subprocess.run(
        [*lab, "--", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        input=stdin,
        cwd=Path(__file__).parent.parent.parent,
    )


def record_in(path: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(path.read_text())
    return tree


def test_a_healthy_target_gets_a_short_positive_report() -> None:
    done = in_lab(*NETDIAG, "check", TARGET)

    assert done.returncode == 0, done.stderr
    assert "is fine" in done.stdout
    assert len(done.stdout.splitlines()) <= 40
    assert "\x1b" not in done.stdout


def test_a_record_judged_again_is_the_same_to_the_octet(tmp_path: Path) -> None:
    first, again = tmp_path / "a record.json", tmp_path / "again.json"
    done = in_lab(*NETDIAG, "check", TARGET, "--output", str(first), scenario="lame-delegation")
    judged = subprocess.run(
        [*NETDIAG, "judge", str(first), "--format", "json", "--output", str(again)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)},
        cwd=Path(__file__).parent.parent.parent,
    )

    assert done.returncode == 1, done.stderr
    assert judged.returncode == 1, judged.stderr
    assert again.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("form", ["terminal", "markdown", "html", "nagios", "prometheus"])
def test_a_record_renders_in_every_form(tmp_path: Path, form: str) -> None:
    path = tmp_path / "record.json"
    in_lab(*NETDIAG, "check", TARGET, "--output", str(path), scenario="lame-delegation")

    done = subprocess.run(
        [*NETDIAG, "report", str(path), "--format", form],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )

    assert done.returncode == 1, done.stderr
    assert "lame-delegation" in done.stdout


def test_without_any_route_the_report_says_so() -> None:
    done = in_lab(*NETDIAG, "check", TARGET, "--format", "json", scenario="no-default-route")

    record = json.loads(done.stdout)
    assert done.returncode == 2
    assert {cause["code"] for cause in record["causes"]} == {"no-default-route"}


INTERRUPTED = """
import signal, subprocess, sys
with subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE, text=True) as run:
    for line in run.stderr:
        sys.stderr.write(line)
        if " TCP " in line:
            run.send_signal(signal.SIGINT)
            break
    sys.stderr.write(run.stderr.read())
sys.exit(run.returncode)
"""
"""Runs a command and interrupts it at its first word of TCP."""


def test_an_interrupt_leaves_a_report_and_a_partial_record(tmp_path: Path) -> None:
    path = tmp_path / "partial.json"
    done = in_lab(
        sys.executable, "-c", INTERRUPTED,
        *NETDIAG, "check", TARGET, "--verbose", "--output", str(path),
        scenario="black-hole",
    )  # fmt: skip

    record = record_in(path)
    assert record["ended"] == "interrupted", done.stderr
    assert record["transcript"]
    assert done.returncode == {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}[record["status"]]
    assert "Traceback" not in done.stderr


def test_the_deadline_ends_the_run_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    done = in_lab(
        *NETDIAG, "check", TARGET, "--timeout", "1", "--output", str(path), scenario="black-hole"
    )

    record = record_in(path)
    assert record["ended"] == "deadline"
    assert done.returncode == 3
    assert not record["causes"]
    assert "time" in record["summary"]


def test_selfcheck_asks_once_and_leaves_one_file(tmp_path: Path) -> None:
    path = tmp_path / "for support.json"
    command = (*NETDIAG, "selfcheck", TARGET, "--output", str(path))

    declined = in_lab(*command, vantage="home", stdin="n\n")
    assert not path.exists()
    done = in_lab(*command, vantage="home", stdin="y\n", scenario="certificate-expired")

    assert declined.returncode == 3
    assert "Nothing is" in done.stdout
    assert str(path) in done.stdout
    assert done.returncode == 2, done.stderr
    assert [c["code"] for c in record_in(path)["causes"]] == ["certificate-expired"]


def test_selfcheck_without_a_target_looks_at_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    command = (*NETDIAG, "selfcheck", "--yes", "--output", str(path))

    fine = in_lab(*command, vantage="home")
    down = in_lab(*command, vantage="home", scenario="uplink-down")

    assert fine.returncode == 0, fine.stdout
    assert down.returncode == 2
    assert [c["code"] for c in record_in(path)["causes"]] == ["uplink-down"]


def test_probe_is_a_monitoring_plugin(tmp_path: Path) -> None:
    metrics = tmp_path / "www.prom"
    done = in_lab(
        *NETDIAG, "probe", TARGET, "--textfile", str(metrics), scenario="application-error"
    )

    assert done.returncode == 2, done.stderr
    line = r"NETDIAG CRITICAL - [^|\n]*application-error[^|\n]* \| time=[0-9.]+s;[^\n]*\n"
    assert re.fullmatch(line, done.stdout)
    assert 'code="application-error"' in metrics.read_text()


def test_verbose_shows_each_request_and_the_log_file_keeps_it(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    done = in_lab(*NETDIAG, "check", TARGET, "-v", "--log-file", str(log), "--only", "dns")

    assert done.returncode == 0, done.stderr
    assert "A www.customer.example." in done.stderr
    assert "A www.customer.example." in log.read_text()


def test_doctor_says_what_an_ordinary_user_cannot_see() -> None:
    root = in_lab(*NETDIAG, "doctor", user=False)
    user = in_lab(*NETDIAG, "doctor")

    assert root.returncode == user.returncode == 0, user.stderr
    assert re.search(r"^\+ raw sockets: +yes", root.stdout, re.MULTILINE)
    assert re.search(r"^- raw sockets: +no", user.stdout, re.MULTILINE)
    assert re.search(r"^\+ IPv6: +yes", user.stdout, re.MULTILINE)


def test_an_international_name_is_shown_in_both_forms() -> None:
    done = in_lab(*NETDIAG, "check", "bücher.example", "--only", "dns")

    assert "bücher.example (xn--bcher-kva.example)" in done.stdout


def test_only_one_family_is_asked_when_one_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    done = in_lab(*NETDIAG, "check", TARGET, "-6", "--output", str(path))

    requests = [o["request"] for o in record_in(path)["transcript"]]
    sent_to = {r.get("server") or r.get("address") for r in requests} - {None}
    assert done.returncode == 0, done.stdout
    assert sent_to
    assert all(":" in address for address in sent_to)


def test_dns_asks_name_servers_and_resolvers_only(tmp_path: Path) -> None:
    """Of this machine's resolvers also whether they can be asked over TLS."""
    kept = tmp_path / "record.json"
    done = in_lab(*NETDIAG, "dns", "customer.example", "--output", str(kept))

    assert done.returncode == 0, done.stderr
    record = record_in(kept)
    requests = [one["request"] for one in record["transcript"]]
    assert set(record["sent"]["by_type"]) == {"dns-query", "tls-handshake"}
    assert {r["port"] for r in requests if r["type"] == "tls-handshake"} == {853}
    assert {f["area"] for f in record["findings"]} <= {"dns", "local"}


def test_dns_finds_the_fault_of_a_zone() -> None:
    done = in_lab(*NETDIAG, "dns", "customer.example", scenario="lame-delegation")

    assert done.returncode == 1, done.stderr
    assert "lame-delegation" in done.stdout


def test_dns_wants_a_domain_name_alone() -> None:
    for text in ("192.0.2.1", "https://example.org/", "example.org:53"):
        done = in_lab(*NETDIAG, "dns", text)
        assert done.returncode == 3
        assert "is not a domain name alone" in done.stderr


PLANNED = ("--ns", "ns1.dns-two.net", "--ns", "ns2.dns-two.net")


def test_a_planned_delegation_is_judged_at_its_own_servers(tmp_path: Path) -> None:
    kept = tmp_path / "record.json"
    done = in_lab(*NETDIAG, "dns", "customer.example", *PLANNED, "--output", str(kept))

    record = record_in(kept)
    told = {finding["code"]: finding for finding in record["findings"]}
    assert done.returncode == 1, done.stderr
    assert "only the planned delegation names" in told["delegation-mismatch"]["message"]
    assert "www.customer.example A" in told["move-keeps-records"]["message"]
    judged = subprocess.run(
        [*NETDIAG, "judge", str(kept), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.stdout == kept.read_text()


def signatures(*options: str, scenario: str) -> str:
    """What is told of the signatures of the planned delegation."""
    command = (*NETDIAG, "dns", "customer.example", *PLANNED, "--only", "zone-signatures")
    return " ".join(in_lab(*command, *options, scenario=scenario).stdout.split())


def test_a_planned_delegation_is_judged_by_the_ds_records_that_stay() -> None:
    assert "DNS: signatures hold" in signatures(scenario="signed-zone")
    told = signatures(scenario="ds-without-matching-key")
    assert "while the parent's DS has validators ask for it" in told


def test_a_planned_ds_record_is_compared_with_the_keys_of_the_planned_servers() -> None:
    told = signatures("--ds", f"4711,13,2,{'ab' * 32}", scenario="signed-zone")

    assert "no key fits the DS records" in told
    assert "while the planned DS has validators ask for it" in told


def test_what_a_move_changes_is_told() -> None:
    done = in_lab(*NETDIAG, "dns", "customer.example", *PLANNED, scenario="answers-differ")

    assert "A of www.customer.example changes with the move" in done.stdout
    assert "from 22.40.1.10 to 22.40.1.11" in " ".join(done.stdout.split())


def test_a_domain_that_is_not_delegated_yet_is_judged_where_it_will_be() -> None:
    done = in_lab(*NETDIAG, "dns", "customer.example", *PLANNED, scenario="not-delegated")

    assert "not-delegated" not in done.stdout
    assert "server serves" in " ".join(done.stdout.split())


def test_dns_draws_the_delegation_and_shows_types_asked_for() -> None:
    done = in_lab(*NETDIAG, "dns", "customer.example", "--type", "mx", "-v")

    said = " ".join(done.stdout.split())
    assert "told by" in said
    assert "ns2.customer.example 22.51.0.53 2026010101" in said
    done = in_lab(*NETDIAG, "dns", "customer.example", "--type", "mx", "--audience", "expert")
    assert "give 10 mail.customer.example. as MX of customer.example" in " ".join(
        done.stdout.split()
    )


def test_a_whole_zone_is_asked_for_only_where_its_owner_asks(tmp_path: Path) -> None:
    kept = tmp_path / "record.json"

    def transfers(*options: str) -> tuple[set[str], list[str], str]:
        done = in_lab(
            *NETDIAG, "dns", "customer.example", *options, "--output", str(kept),
            "--audience", "expert", scenario="zone-transfer-open",
        )  # fmt: skip
        record = record_in(kept)
        asked = [o for o in record["transcript"] if o["request"].get("rtype") == "AXFR"]
        told = {f["code"] for f in record["findings"] if f["check"] == "zone-transfer"}
        return told, [o["request"]["server"] for o in asked], " ".join(done.stdout.split())

    told, asked, said = transfers()
    assert (told, asked) == ({"not-checked"}, [])
    assert "--i-own-this-zone says that you are" in said
    told, asked, said = transfers("--i-own-this-zone")
    assert told == {"zone-transfer-open", "zone-transfer-refused"}
    assert sorted(asked) == ["22.50.0.53", "22.51.0.53", "2e00:50::53", "2e00:51::53"]
    assert "dig @22.50.0.53 customer.example. AXFR" in said


@pytest.mark.parametrize(
    ("config", "followed"),
    [("", False), ("allow_private = true\n", True), ('allow = ["10.20.0.0/16"]\n', True)],
)
def test_the_configuration_may_let_a_redirect_lead_inside(
    tmp_path: Path, config: str, followed: bool
) -> None:
    kept, file = tmp_path / "record.json", tmp_path / "config.toml"
    file.write_text(config)
    in_lab(
        *NETDIAG, "check", TARGET, "--only", "http-answer", "--config", str(file),
        "--output", str(kept), scenario="redirect-to-private-address",
    )  # fmt: skip

    record = record_in(kept)
    (seen,) = [o for o in record["transcript"] if o["request"].get("address") == "10.20.30.40"]
    assert bool(seen["attempts"]) is followed
    codes = {f["code"] for f in record["findings"]}
    assert ("redirect-to-private-address" in codes) is not followed


def test_one_server_may_be_looked_at_alone(tmp_path: Path) -> None:
    kept = tmp_path / "record.json"
    options = ("--at", "22.51.0.53", "--output", str(kept))
    done = in_lab(*NETDIAG, "dns", "customer.example", *options, scenario="lame-delegation")

    asked = {
        o["request"]["server"]
        for o in record_in(kept)["transcript"]
        if o["request"]["type"] == "dns-query" and o["request"]["rtype"] == "SOA"
    }
    assert done.returncode == 2, done.stderr
    assert "22.50.0.53" not in asked


@pytest.mark.parametrize("rtype", ["ANY", "AXFR", "OPT", "nonsense"])
def test_types_that_are_none_are_refused(rtype: str) -> None:
    done = in_lab(*NETDIAG, "dns", "customer.example", "--type", rtype)

    assert done.returncode == 3
    assert "is no record type" in done.stderr


@pytest.mark.parametrize("selector", ["", "a b", "..", "s1.", "x" * 64, "s1;rm"])
def test_selectors_that_are_none_are_refused(selector: str) -> None:
    done = in_lab(*NETDIAG, "check", "customer.example", "--dkim-selector", selector)

    assert done.returncode == 3
    assert "is no selector" in done.stderr


def test_a_selector_is_looked_at_in_a_usual_run_too() -> None:
    done = in_lab(
        *NETDIAG, "check", "www.customer.example", "--dkim-selector", "S1", "--format", "json"
    )
    record = json.loads(done.stdout)

    assert "dkim-key-missing" in {one["code"] for one in record["findings"]}
    assert record["settings"]["dkim_selectors"] == ["s1"]
