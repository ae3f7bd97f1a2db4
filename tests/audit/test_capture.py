"""Captures: each form is read, what is broken or hostile is refused in one sentence."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.audit import account, packets, speech
from netdiag.audit.capture import BadCaptureError, Frame, frames
from netdiag.cli.main import run
from netdiag.record import dumps
from tests.audit import craft

PACKET = craft.udp(craft.question())


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(order: str = "<") -> bytes:
    section = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    nanoseconds = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    interface = block(1, struct.pack(order + "HHI", 101, 0, 0) + nanoseconds, order)
    stamp = int(craft.WHEN.timestamp()) * 10**9
    head = struct.pack(order + "5I", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(PACKET), len(PACKET))
    unknown = block(0x0BAD, b"whatever", order)
    return section + interface + unknown + block(6, head + PACKET, order)


@pytest.mark.parametrize("data", [craft.pcap(PACKET), pcapng("<"), pcapng(">")])
def test_pcap_and_pcapng_of_any_byte_order_are_read(data: bytes) -> None:
    (frame,) = frames(data)

    assert frame == Frame(
        number=1, time=craft.WHEN.timestamp(), link=101, length=len(PACKET), data=PACKET
    )


COOKED = struct.pack("!HHH8sH", 4, 1, 6, bytes(8), 0x0800)
COOKED2 = struct.pack("!HHIHBB8s", 0x0800, 0, 1, 1, 4, 6, bytes(8))
LINKS = [
    (1, bytes(12) + b"\x08\0"),
    (1, bytes(12) + b"\x81\0\0\x07\x08\0"),
    (0, b"\x02\0\0\0"),
    (108, b"\0\0\0\x02"),
    (113, COOKED),
    (276, COOKED2),
    (101, b""),
    (228, b""),
]


@pytest.mark.parametrize(("link", "head"), LINKS)
def test_every_link_type_shows_the_packet(link: int, head: bytes) -> None:
    data = head + PACKET
    packet = packets.decode(Frame(number=1, time=0.0, link=link, length=len(data), data=data))

    assert (packet.kind, packet.destination, packet.dport) == ("udp", craft.THERE, 53)
    assert packet.outgoing is (True if link in {113, 276} else None)


def test_extension_headers_are_passed() -> None:
    body = struct.pack("!HHHH", 1, 53, 8, 0)
    options = bytes([60, 0]) + bytes(6) + bytes([17, 0]) + bytes(6) + body
    data = craft.ip(options, 0, to=craft.THERE6)
    packet = packets.decode(Frame(number=1, time=0.0, link=101, length=len(data), data=data))

    assert (packet.kind, packet.dport) == ("udp", 53)


def test_a_frame_captured_in_part_is_not_vouched_for() -> None:
    frame = Frame(number=1, time=0.0, link=101, length=len(PACKET), data=PACKET[:-1])

    assert packets.decode(frame).why == "captured in part only"


SECTION = pcapng()[:28]
BROKEN = {
    "no capture": (b"GIF89a", "neither pcap nor pcapng"),
    "empty": (b"", "neither"),
    "header": (craft.pcap()[:10], "within its header"),
    "version": (craft.pcap()[:4] + b"\x03" + craft.pcap()[5:], "version 3"),
    "frame header": (craft.pcap(PACKET)[:30], "within frame 1"),
    "frame": (craft.pcap(PACKET)[:-1], "within frame 1"),
    "huge frame": (craft.pcap() + struct.pack("<4I", 0, 0, 2**19, 2**19) + bytes(2**19), "more"),
    "more held than sent": (craft.pcap() + struct.pack("<4I", 0, 0, 4, 2) + bytes(4), "holds more"),
    "block": (pcapng()[:-1], "impossible length"),
    "endless block": (SECTION + struct.pack("<3I", 6, 0, 0), "impossible length"),
    "two lengths": (pcapng()[:-4] + bytes(4), "differ"),
    "byte order": (pcapng()[:8] + bytes(4) + pcapng()[12:], "byte order"),
    "no interface": (SECTION + block(6, struct.pack("<5I", 0, 0, 0, 0, 0)), "no interface"),
    "obsolete": (SECTION + block(2, bytes(24)), "obsolete"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(name: str) -> None:
    data, why = BROKEN[name]

    with pytest.raises(BadCaptureError, match=why):
        list(frames(data))


@given(st.binary(max_size=300), st.sampled_from([0, 1, 101, 108, 113, 276, 999]))
def test_no_frame_crashes_the_audit(data: bytes, link: int) -> None:
    frame = Frame(number=1, time=0.0, link=link, length=len(data), data=data)

    account.account(craft.record_of(), [packets.decode(frame)], [craft.HERE])


@given(st.binary(max_size=200), st.sampled_from([17, 6, 1, 58, 0, 44, 2]))
def test_no_packet_crashes_the_audit(body: bytes, protocol: int) -> None:
    to = craft.THERE6 if protocol in {58, 0, 44} else craft.THERE
    found = craft.audited(craft.record_of(), craft.ip(body, protocol, to=to))

    assert found.packets == 1


@given(st.binary(max_size=400))
def test_no_file_crashes_the_reader(data: bytes) -> None:
    for start in (b"", craft.pcap(), SECTION):
        with suppress(BadCaptureError):
            list(frames(start + data))


@given(st.sampled_from([b"", b"\x16\x03", b"EHLO ", b"GET / "]), st.binary(max_size=300))
def test_no_words_crash_the_readers(start: bytes, data: bytes) -> None:
    with suppress(speech.RefusedError):
        speech.stream(start + data, dns=True)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    from tests.audit.test_account import ASKED

    (tmp_path / "case.json").write_bytes(dumps(craft.record_of(ASKED)))
    (tmp_path / "good.pcap").write_bytes(craft.pcap(PACKET))
    (tmp_path / "bad.pcap").write_bytes(craft.pcap(PACKET, PACKET))
    (tmp_path / "none.pcap").write_bytes(craft.pcap())
    (tmp_path / "broken.pcap").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("pcap", "status", "said"),
    [
        ("good.pcap", 0, "READ-ONLY"),
        ("bad.pcap", 2, "NOT PROVEN: 1 packets unexplained"),
        ("none.pcap", 3, "proves nothing"),
        ("broken.pcap", 3, "neither pcap nor pcapng"),
        ("absent.pcap", 3, "cannot be read"),
    ],
)
def test_the_command_says_it_and_exits_so(
    case: Path, capsys: pytest.CaptureFixture[str], pcap: str, status: int, said: str
) -> None:
    assert run(["audit", str(case / "case.json"), str(case / pcap)]) == status

    told = capsys.readouterr()
    assert said in told.out + told.err


def test_json_holds_every_line(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    run(["audit", str(case / "case.json"), str(case / "good.pcap"), "--format", "json"])

    tree = json.loads(capsys.readouterr().out)
    assert tree["read_only"] is True
    assert [line["observation"] for line in tree["lines"]] == [2]
