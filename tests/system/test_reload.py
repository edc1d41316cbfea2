"""SIGHUP again and again, with machines asking meanwhile: nothing grows, nobody is left alone."""
import os
import signal

RELOADS = 300


def config(number):
    hosts = "".join(f"host h{number}x{i} {{ hardware ethernet 22:00:00:00:{i >> 8:02x}:{i & 255:02x}; "
                    f"filename \"f{i}\"; }}\n" for i in range(500))
    return ("subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250; }\n"
            "class \"c\" { match option host-name; }\n" + hosts
            # What machines were told under a condition is kept for TFTP and NFS.
            + "if known { option root-path \"/a\"; } else { option root-path \"/b\"; }\n"
            + "".join(f"subclass \"c\" \"{i}\";\n" for i in range(500)))


def resident(pid):
    pages = int(open(f"/proc/{pid}/statm").read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_reloads_leave_nothing_behind(server, machine):
    running = server(config(0))
    client = machine("22:22:22:22:00:07")
    address = client.lease().yiaddr
    before = None
    for number in range(RELOADS):
        if number % 10 == 9:
            running.reload("host {", expect="stays in force")
        else:
            running.reload(config(number))
        if number % 25 == 0:
            assert client.lease().yiaddr == address
            machine(f"22:22:22:22:01:{number // 25:02x}").lease()
        if number == RELOADS // 3:
            before = resident(running.pid), descriptors(running.pid)
    after = resident(running.pid), descriptors(running.pid)
    print(f"after {RELOADS // 3} reloads {before}, after {RELOADS} {after}")
    assert after[1] == before[1]
    # One configuration left behind at each of 200 reloads would be 60 MB. Sanitizers keep what is
    # freed, and tell of leaks themselves.
    if not os.environ.get("BOOTWIRE_SANITIZED"):
        assert after[0] < before[0] + (8 << 20)


def test_machines_are_answered_while_a_resolver_is_waited_for(network, server, machine, tmp_path,
                                                              monkeypatch):
    """The names of a new configuration are asked of a server that never answers."""
    # A question that cannot be called off leaves its memory to the C library's thread.
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    asked = network.server.socket()
    asked.bind(("127.0.0.1", 53))
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\n")
    subnet = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250; %s }\n"
    running = server(subnet % 'filename "old";', prefix=[
        "unshare", "--mount", "sh", "-c", f'mount --bind {resolver} /etc/resolv.conf && exec "$@"',
        "sh"])
    before = len(running.log)
    running.config.write_text(
        subnet % 'filename "new"; option domain-name-servers ns.example.org;')
    running.process.send_signal(signal.SIGHUP)
    # The question is on its way: the configuration is being read.
    assert b"\2ns\7example\3org" in asked.recv(65536)
    for number in range(3):
        client = machine(f"22:22:22:22:02:{number:02x}")
        offer = client.discover()
        assert client.request(offer).yiaddr == offer.yiaddr
        assert offer.file.startswith(b"old")
    # The same file once more, which takes its turn.
    running.process.send_signal(signal.SIGHUP)
    assert "read again" not in running.log[before:]
    running.wait_for_log(r"read again and in force(.|\n)*read again and in force", since=before)
    assert "has no IPv4 address now" in running.log[before:]
    assert machine("22:22:22:22:02:99").discover().file.startswith(b"new")
    asked.close()
    # One that ends meanwhile does not wait for the resolver.
    running.process.send_signal(signal.SIGHUP)
    running.stop()
