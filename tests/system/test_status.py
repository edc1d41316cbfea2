"""`bootwire status`: what it says of a running server, and how it tells that there is none."""
import json
import os
import signal
import socket
import subprocess

import pytest

from bootwire_testing import BOOTWIRE, TftpError, TftpRead, wait_until
from control_testing import ask, socket_of
from schemas import require

CONFIG = """verdict-silence 1;
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.209; }}
host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9; filename "boot.bin"; }}
"""


def status(*arguments):
    return subprocess.run([BOOTWIRE, "status", *map(str, arguments)], capture_output=True, text=True, timeout=120)


@pytest.fixture
def running(network, server, tmp_path):
    root = tmp_path / "tftp"
    root.mkdir()
    (root / "boot").write_bytes(bytes(3 << 20))
    network.client_address("10.50.1.9")
    return server(CONFIG.format(root=root))


def test_one_screen_says_how_the_server_is(running, network, machine):
    assert "stuck     no machine" in status("--state", running.state).stdout
    machine().lease([(60, b"PXEClient:Arch:00000:UNDI:002001")])
    machine("22:22:22:22:00:01").lease([(60, b"PXEClient:Arch:00000:UNDI:002001")])
    assert len(TftpRead(network.client.socket(), b"boot", [(b"blksize", b"60000")]).rest()) == 3 << 20
    with pytest.raises(TftpError):
        TftpRead(network.client.socket(), b"boot.bin").rest()
    wait_until(lambda: ask(socket_of(running), request="status")["stuck"], "a verdict")
    wait_until(lambda: ask(socket_of(running), request="status")["leases"][0]["bound"], "the lease to be counted")
    running.reload("subnet {", "has errors")
    done = status("--state", running.state)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"bootwire 0.1.0 runs as process {running.pid} since 2")
    assert lines[1].startswith(f"config    {running.config}, read 2")
    assert lines[2].endswith("and HAS ERRORS: what was read before is in force")
    assert lines[3] == f"state     {running.state}"
    assert lines[4].startswith("services  dhcp udp 67, pxe udp 4011, tftp udp 69, portmap udp tcp 111, mount ")
    assert "nfs udp tcp 2049" in lines[4] and lines[4].endswith("rarp, http tcp 80")
    assert lines[5] == "machines  2: 2 rom"
    assert "leases    10.50.1.200-10.50.1.209: 1 used, 9 free (1 bound, 0 offered, 0 declined) in 10.50.1.0/24" in lines
    assert "now       0 TFTP transfers, 0 HTTP answers, 0 NFS calls" in lines
    assert "sent      3.0 MiB by TFTP, 0 bytes by HTTP, 0 bytes by NFS" in lines
    assert any(line.startswith("  22:22:22:22:00:00 it: file-near: ") for line in lines), done.stdout
    assert "log       1 errors and 0 warnings of the server's own since it began; the last:" in lines
    assert lines[-1].endswith(f"error: {running.config} has errors: the configuration read before stays in force")
    assert max(map(len, lines)) < 300 and len(lines) < 40


def test_json_is_what_the_control_socket_says(running):
    done = status("-c", running.config, "--state", running.state, "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    require("control", answer)
    assert answer["pid"] == running.pid and answer["machines"] == 0
    assert answer["configuration"]["good"] and answer["configuration"]["path"] == str(running.config)
    assert {"service": "tftp", "protocol": "udp", "port": 69} in answer["services"]


def test_where_no_server_is_it_says_where_it_looked(running, tmp_path):
    running.stop()
    done = status("--state", running.state)
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr.startswith(f"bootwire: not running: the control socket {socket_of(running)}: ")
    # What a server that was killed leaves behind is no server either.
    leftover = socket.socket(socket.AF_UNIX)
    leftover.bind(str(tmp_path / "left.sock"))
    leftover.close()
    assert status("--control", tmp_path / "left.sock").returncode == 3
    assert status("--control", tmp_path / "nowhere" / "x.sock").returncode == 3
    assert status("-c", tmp_path / "no.conf").returncode == 4


def test_a_server_that_does_not_answer_is_not_called_dead(running):
    os.kill(running.pid, signal.SIGSTOP)
    try:
        done = status("--state", running.state)
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert done.returncode == 4 and "gave no answer" in done.stderr
