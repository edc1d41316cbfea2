"""The control socket: what it tells of machines, who may ask, and what nonsense gets."""
import os
import resource
import socket
import stat
import time

import nfs_testing as nfs
from bootwire_testing import SERVER_ADDRESS, Machine, TftpRead
from control_testing import Control, ask, machine, socket_of, wait_for_machine

CONFIG = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.210; }}
host it {{ hardware ethernet 22:22:22:22:00:07; fixed-address 10.50.1.9; filename "boot.bin"; }}
"""
MAC = "22:22:22:22:00:07"


def start(network, server, directory):
    root = directory / "tftp"
    root.mkdir()
    (root / "boot.bin").write_bytes(b"x" * 5000)
    return server(CONFIG.format(root=root))


def test_it_tells_what_machines_there_are_and_how_far_each_is(network, server, tmp_path):
    running = start(network, server, tmp_path)
    assert stat.S_IMODE(os.stat(socket_of(running)).st_mode) == 0o600
    assert ask(socket_of(running), request="machines") == {"reply": "machines", "machines": []}
    watching = Control(socket_of(running), {"request": "watch"})
    assert watching.line() == {"event": "machines", "machines": []}
    Machine(network.client.wire("eth0", 68), MAC).lease([(60, b"PXEClient:Arch:00000:UNDI:002001")])
    # Who hears of a step knows its machine.
    assert watching.line()["machine"]["machine"] == MAC
    step = watching.until(lambda line: line["event"] == "step" and line["step"]["event"] == "ack")
    assert step["machine"] == MAC and step["step"]["asked"].startswith("DHCPREQUEST")
    network.client_address("10.50.1.9")
    TftpRead(network.client.socket(), b"boot.bin").rest()
    seen = wait_for_machine(running, "it", lambda seen: seen["reached"] == "loaded")
    assert (seen["machine"], seen["host"], seen["address"], seen["stage"]) == (MAC, "it", "10.50.1.9", "rom")
    assert seen["loading"] | {"rate": 0} == {
        "name": "boot.bin", "bytes": 5000, "total": 5000, "rate": 0, "active": False}
    assert [row["event"] for row in seen["timeline"]] == ["offer", "ack", "file-sent"]
    assert machine(running, "10.50.1.9")["machine"] == machine(running, MAC.upper())["machine"] == MAC
    watching.until(lambda line: line["event"] == "step" and line["step"]["event"] == "file-sent")
    watching.close()
    assert ask(socket_of(running), request="status")["machines"] == 1


def test_the_last_steps_are_told_before_the_end(network, server, tmp_path):
    running = start(network, server, tmp_path)
    watching = Control(socket_of(running), {"request": "watch"})
    assert watching.line() == {"event": "machines", "machines": []}
    Machine(network.client.wire("eth0", 68), MAC).lease([(60, b"PXEClient:Arch:00000:UNDI:002001")])
    running.stop()
    watching.until(lambda line: line["event"] == "step" and line["step"]["event"] == "ack")
    while watching.line():
        pass
    watching.close()


PROGRESS = """
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{
  range 10.50.1.200 10.50.1.210;
}}
host it {{
  hardware ethernet 22:22:22:22:00:07;
  fixed-address 10.50.1.9;
  filename "boot.bin";
  option root-path "{root}";
}}
"""


def lines_of(config):
    return {line.strip().split()[0]: f"{config}:{number}" for number, line in
            enumerate(config.read_text().splitlines(), 1) if line.strip()}


def test_a_transfer_tells_how_far_it_is_and_which_line_decided_it(network, server, tmp_path):
    root = tmp_path / "tftp"
    root.mkdir()
    (root / "boot.bin").write_bytes(b"x" * 300_000)
    (root / "big.bin").touch()
    os.truncate(root / "big.bin", 16_000_000)
    running = server(PROGRESS.format(root=root))
    where = lines_of(running.config)
    network.client_address("10.50.1.9")
    watching = Control(socket_of(running), {"request": "watch"})

    def step(event):
        return watching.until(lambda line: line.get("step", {}).get("event") == event)["step"]

    Machine(network.client.wire("eth0", 68), "22:22:22:22:00:08").discover()
    assert step("offer")["decided"] == where["range"]
    Machine(network.client.wire("eth0", 68), MAC).lease([(60, b"PXEClient:Arch:00000:UNDI:002001")])
    assert step("offer")["decided"] == step("ack")["decided"] == where["filename"]

    reading = TftpRead(network.client.socket(), b"boot.bin", [(b"blksize", b"1428")])
    for _ in range(3):
        reading.next()
    time.sleep(0.4)
    reading.next()
    told = step("file-progress")
    assert 0 < told["bytes"] < told["total"] == 300_000 and told["decided"] == where["filename"]
    reading.rest()
    assert step("file-sent")["decided"] == where["filename"]

    client = network.client.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((SERVER_ADDRESS, 80))
    client.sendall(b"GET /big.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert step("file-begun")["got"] == ""
    time.sleep(0.4)
    while client.recv(1 << 16):
        pass
    told = step("file-progress")
    assert told["service"] == "http" and 0 < told["bytes"] < told["total"] == 16_000_000
    assert step("file-sent")["bytes"] == 16_000_000
    client.close()

    client = nfs.Client(network.client)
    handle = client.lookup(client.mount(str(root)), "boot.bin")[1]
    assert step("mount")["decided"] == where["option"]
    for _ in range(3):
        assert client.read(handle, 0, 8192)[0] == nfs.OK
    assert not step("nfs-progress")["total"]
    last = step("nfs-progress")
    while not last["total"]:
        last = step("nfs-progress")
    assert last["bytes"] == last["total"] == 3 * 8192
    seen = wait_for_machine(running, "it", lambda seen: not seen["loading"]["active"])
    assert seen["loading"]["name"] == str(root) and seen["loading"]["bytes"] == 3 * 8192
    client.close()
    watching.close()


def test_nonsense_gets_a_word_and_no_more(network, server, tmp_path):
    running = start(network, server, tmp_path)
    path = socket_of(running)
    assert '"watch"' in ask(path, request="nothing")["error"]
    assert '"name"' in ask(path, request="machine")["error"]
    assert "nobody" in ask(path, request="machine", name="nobody")["error"]
    for text in (b"GET / HTTP/1.1\n", b"[]\n", b"{\n", b"\xff\xfe\n", b"x" * 70000):
        control = Control(path)
        control.socket.sendall(text)
        assert control.line()["error"]
        control.close()


def test_too_many_connections_are_told_so(network, server, tmp_path):
    running = start(network, server, tmp_path)
    many = [Control(socket_of(running), {"request": "watch"}) for _ in range(64)]
    for control in many:
        assert control.line()["event"] == "machines"
    assert "64 programs" in Control(socket_of(running)).line()["error"]
    many.pop().close()
    while "error" in ask(socket_of(running), request="status"):
        pass
    for control in many:
        control.close()


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_a_free_descriptor_nothing_spins_and_who_waits_is_heard_later(network, server, tmp_path):
    running = start(network, server, tmp_path)
    held = len(os.listdir(f"/proc/{running.pid}/fd"))
    many = [Control(socket_of(running), {"request": "watch"}) for _ in range(4)]
    for control in many:
        assert control.line()["event"] == "machines"
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (held, held + 100))
    late = Control(socket_of(running), {"request": "status"})
    before = processor_seconds(running.pid)
    time.sleep(2)
    assert processor_seconds(running.pid) - before < 1
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (held + 100, held + 100))
    assert late.line()["pid"] == running.pid
    for control in (late, *many):
        control.close()


def test_its_path_can_be_named_and_a_leftover_is_no_hindrance(network, server, tmp_path):
    path = tmp_path / "here.sock"
    leftover = socket.socket(socket.AF_UNIX)
    leftover.bind(str(path))
    leftover.close()
    running = server(f'control-socket "{path}"; subnet 10.50.1.0 netmask 255.255.255.0 {{ }}')
    assert ask(path, request="status")["pid"] == running.pid
    assert not socket_of(running).exists()
    running.stop()
    assert not path.exists()


def test_a_path_that_cannot_be_is_an_error_if_it_was_written(network, server, tmp_path):
    status, text = server.refused(
        f'control-socket "{tmp_path}/none/here.sock"; subnet 10.50.1.0 netmask 255.255.255.0 {{ }}')
    assert status == 1
    assert "none/here.sock cannot be opened: No such file" in text
