"""The log as programs read it: one object a line, whatever is said, and journald's priorities."""
import json
import os
import re

import pytest

import bootwire_testing as testing
from bootwire_testing import BOOTWIRE, TftpError, TftpRead
from schemas import require

CONFIG = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.210; }}
host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9; filename "b\\303\\244"; }}
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def objects(server):
    return [require("log", json.loads(line)) for line in server.log.splitlines()]


def test_every_line_is_an_object_and_a_step_has_its_fields(network, server, machine, tmp_path):
    root = tmp_path / "tftp"
    root.mkdir()
    (root / "boot").write_bytes(bytes(1000))
    running = server("nonsense; verdict-silence 1;\n" + CONFIG.format(root=root), "--log", "json")
    machine().lease()
    network.client_address("10.50.1.9")
    assert len(TftpRead(network.client.socket(), b"boot").rest()) == 1000
    with pytest.raises(TftpError):
        TftpRead(network.client.socket(), b'not "here"\x01\xff').rest()
    running.wait_for_log('"verdict":"')
    running.reload("subnet {\n", '"text":".*has errors')
    running.stop()
    lines = objects(running)
    for line in lines:
        assert TIME.match(line["time"]), line
        assert line["level"] in ("error", "warning", "info", "debug")
    assert lines[0]["level"] == "warning" and (lines[0]["line"], lines[0]["column"]) == (1, 1)
    assert lines[0]["file"] == str(running.config) and "nonsense" in lines[0]["text"]
    ack = next(line for line in lines if line.get("event") == "ack")
    assert {"service": "dhcp", "address": "10.50.1.9", "hardware": "22:22:22:22:00:00", "host": "it",
            "refused": False, "level": "info"}.items() <= ack.items()
    sent = next(line for line in lines if line.get("event") == "file-sent")
    assert (sent["service"], sent["bytes"], sent["total"], sent["subject"]) == ("tftp", 1000, 1000, "boot")
    missing = next(line for line in lines if line.get("event") == "file-missing")
    assert missing["refused"] and missing["level"] == "warning"
    assert missing["text"].endswith(f'{missing["asked"]} -> {missing["got"]}')
    verdict = next(line for line in lines if line.get("event") == "verdict")
    assert (verdict["hardware"], verdict["host"]) == ("22:22:22:22:00:00", "it") and verdict["cure"] in verdict["text"]
    assert [line["level"] for line in lines if "has errors" in line["text"]] == ["error"]


def test_another_format_is_refused(tmp_path):
    done = testing.subprocess.run([BOOTWIRE, "serve", "-c", "x", "--log", "xml"], capture_output=True,
                                  text=True, timeout=60)
    assert done.returncode == 2 and 'it is "text" or "json"' in done.stderr


def test_where_journald_reads_lines_have_priorities(network, server, tmp_path, monkeypatch):
    """Whoever else is named by $JOURNAL_STREAM has no such lines."""
    log = tmp_path / "bootwire.log"
    log.touch()
    info = os.stat(log)
    monkeypatch.setenv("JOURNAL_STREAM", f"{info.st_dev}:{info.st_ino}")
    config = "nonsense;\nsubnet 10.50.1.0 netmask 255.255.255.0 { }\n"
    running = server(config, start=False)
    running.start(wait=False)
    running.wait_for_log("^<6>serving; configuration ")
    running.wait_for_log("^<4>warning: .*:1:1: .*nonsense")
    running.stop()
    monkeypatch.setenv("JOURNAL_STREAM", f"{info.st_dev}:{info.st_ino + 1}")
    before = len(running.log)
    running.start()
    assert "<6>" not in running.log[before:]
