"""`bootwire leases` and `bootwire import-leases`."""
import json
import os
import sqlite3
import subprocess

import pytest

import bootwire_testing as testing
from schemas import require

MAC = "22:22:22:22:00:00"
SEEDS = testing.SOURCE / "tests/fuzz/seeds/lease_file"
CONFIG = """
    subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250; }
    host diskless { hardware ethernet 22:22:22:22:00:00; }
"""


def bootwire(*arguments):
    return subprocess.run([testing.BOOTWIRE, *map(str, arguments)], capture_output=True, text=True)


def leases(state, *arguments):
    done = bootwire("leases", "--state", state, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return {lease["address"]: lease for lease in require("leases", json.loads(done.stdout))}


def test_each_lease_with_its_reason(server, machine):
    running = server(CONFIG)
    client = machine(MAC)
    client.identifier = b"\1" + testing.mac_bytes(MAC)
    client.vendor = b"PXEClient:Arch:00000:UNDI:002001"
    address = client.lease().yiaddr
    # While the server runs.
    lease = leases(running.state, "-c", running.config)[address]
    assert lease["state"] == "bound" and lease["hardware"] == MAC and lease["stage"] == "rom"
    assert lease["host"] == "diskless" and lease["host_known_by"] == "its hardware address"
    assert lease["client_identifier"] == "01:" + MAC
    assert "address on offer to it" in lease["reason"]
    client.identifier = None
    client.vendor = b"NetBSD:i386:libsa"
    assert client.lease().yiaddr == address
    lease = leases(running.state)[address]
    assert lease["stage"] == "loader" and lease["client_identifier_stage"] == "rom"
    assert "this stage sends none" in lease["reason"]
    text = bootwire("leases", "-c", running.config, "--state", running.state)
    assert text.returncode == 0
    assert address in text.stdout and "host diskless, known by its hardware address" in text.stdout
    assert "why: " in text.stdout


def test_isc_leases_are_taken_over(server, machine, tmp_path):
    running = server(CONFIG, start=False)
    recent = (SEEDS / "whole.leases").read_text().replace("2026/11/20", "2036/11/20")
    (tmp_path / "dhcpd.leases").write_text(recent)
    done = bootwire("import-leases", "--state", running.state, tmp_path / "dhcpd.leases")
    assert done.returncode == 0, done.stderr
    assert "5 entries: 4 leases imported" in done.stdout
    found = leases(running.state)
    # The later entry of .100 wins.
    assert found["10.50.1.100"]["hardware"] == "22:22:22:22:00:09"
    assert found["10.50.1.100"]["state"] == "bound"
    assert found["10.50.1.101"]["expiry"] is None
    assert "dhcpd.leases" in found["10.50.1.103"]["reason"]
    running.start()
    assert machine("22:22:22:22:00:09").lease().yiaddr == "10.50.1.100"
    assert machine("22:22:22:22:00:02").lease().yiaddr == "10.50.1.101"
    assert machine("22:22:22:22:00:03").lease().yiaddr == "10.50.1.103"


def test_a_bad_file_is_imported_as_far_as_it_goes(tmp_path):
    state = tmp_path / "state"
    done = bootwire("import-leases", "--state", state, SEEDS / "mistakes.leases")
    assert done.returncode == 1
    assert "mistakes.leases:3: left out: expected a date" in done.stderr
    assert list(leases(state)) == ["10.50.1.4"]
    assert bootwire("import-leases", "--state", state, tmp_path / "missing").returncode == 1
    assert bootwire("import-leases", "--state", state).returncode == 2


def test_complaints_are_bounded(tmp_path):
    (tmp_path / "bad.leases").write_text("lease x { }\n" * 5000 + "lease 10.50.1.4 {\n"
                                         "hardware ethernet 22:22:22:22:00:04;\n}\n")
    done = bootwire("import-leases", "--state", tmp_path / "state", tmp_path / "bad.leases")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 101
    assert "4900 more such lines are left out here" in done.stderr
    assert "5000 entries left out" in done.stdout


@pytest.mark.parametrize("kind, says", [("pipe", "a device or a pipe"), ("directory", "a directory")])
def test_what_is_no_file_is_not_imported(tmp_path, kind, says):
    path = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    done = bootwire("import-leases", "--state", tmp_path / "state", path)
    assert done.returncode == 1
    assert done.stderr == f"bootwire: {path}: it is {says}, not a file\n"


def test_a_slow_reader_does_not_hold_the_database(tmp_path):
    """Whoever leaves `bootwire leases | less` open overnight must not make the database grow."""
    state, count = tmp_path / "state", 3000
    (tmp_path / "many.leases").write_text("".join(
        f"lease 10.50.{i >> 8}.{i & 255} {{\nhardware ethernet 22:22:22:22:{i >> 8:02x}:{i & 255:02x};\n"
        f"ends never;\nbinding state active;\n}}\n" for i in range(count)))
    assert bootwire("import-leases", "--state", state, tmp_path / "many.leases").returncode == 0
    with subprocess.Popen([testing.BOOTWIRE, "leases", "--state", state],
                          stdout=subprocess.PIPE) as reader:
        first = reader.stdout.read(1)
        database = sqlite3.connect(state / "leases.sqlite")
        database.execute("UPDATE lease SET reason = 'changed'")
        database.commit()
        # (busy, pages in the write-ahead log, pages moved)
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        database.close()
        assert (first + reader.stdout.read()).count(b"bound") == count


def test_not_under_a_running_server(server):
    running = server(CONFIG)
    done = bootwire("import-leases", "--state", running.state, SEEDS / "whole.leases")
    assert done.returncode == 1 and "in use by another bootwire" in done.stderr
    done = bootwire("leases", "--state", "/nonexistent")
    assert done.returncode == 1 and "/nonexistent/leases.sqlite" in done.stderr


def test_what_is_kept_with_a_lease(server, machine):
    running = server("""
        class "few" { match if exists vendor-class-identifier; lease limit 3; }
        infinite-is-reserved true;
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250;
            set kind = "diskless"; set bytes = 00:ff; on commit { set seen = known; }
            on release { log (info, concat ("gone: ", kind)); } }
    """)
    client = machine(MAC)
    client.vendor = b"NetBSD:i386:libsa"
    client.identifier = b"\1cloned"
    first = client.lease([(51, b"\xff\xff\xff\xff")]).yiaddr
    other = machine("22:22:22:22:00:01")
    other.identifier = b"\1cloned"
    second = other.lease().yiaddr
    assert first != second
    found = leases(running.state)
    assert found[first]["variables"] == {"kind": "diskless", "bytes": "00:ff", "seen": "false"}
    assert found[first]["class"] == "few" and found[first]["reserved"] is True
    assert "class" not in found[second]
    assert f"{MAC}, at {first}, has the same client identifier" in found[second]["reason"]
    text = bootwire("leases", "--state", running.state).stdout
    assert "kind = diskless" in text and "counts for class few" in text and "reserved" in text
    # And it outlives the server.
    running.stop()
    running.start()
    assert leases(running.state)[first]["variables"]["kind"] == "diskless"
    client.send_dhcp(testing.RELEASE, [(54, testing.address_bytes("10.50.1.1"))], ciaddr=first)
    testing.wait_until(lambda: "gone: diskless" in running.log, lambda: running.log)
    testing.wait_until(lambda: leases(running.state)[first]["state"] == "released",
                       lambda: running.log)
    found = leases(running.state)[first]
    assert "variables" not in found and "class" not in found and found["reserved"] is True


def test_an_end_is_acted_upon_without_a_packet(server, machine):
    running = server("""
        default-lease-time 1; min-lease-time 1; max-lease-time 1;
        subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250;
            set kind = "diskless";
            on expiry { log (info, concat ("ended: ", kind, " ", binary-to-ascii (10, 8, ".", leased-address))); } }
    """)
    address = machine(MAC).lease().yiaddr
    testing.wait_until(lambda: f"ended: diskless {address}" in running.log, lambda: running.log)
    testing.wait_until(lambda: "variables" not in leases(running.state)[address],
                       lambda: running.log)
    assert leases(running.state)[address]["state"] == "expired"
    # What the server has not seen ends when it is back.
    machine(MAC).lease()
    running.stop()
    before = running.log.count("ended: diskless")
    running.start()
    testing.wait_until(lambda: running.log.count("ended: diskless") > before or before > 1,
                       lambda: running.log)
