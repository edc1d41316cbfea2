"""SIGHUP again and again, with machines asking meanwhile: nothing grows, nobody is left alone."""
import os

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
    # One configuration left behind at each of 200 reloads would be 60 MB.
    assert after[0] < before[0] + (8 << 20)
