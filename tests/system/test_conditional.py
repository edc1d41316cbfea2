"""What stands under a condition, in a class or in a pool holds for NFS and TFTP as it does for DHCP."""
import struct

import pytest

import bootwire_testing as testing
import nfs_testing as nfs

MAC, OTHER_MAC = "22:22:22:22:00:00", "22:22:22:22:00:01"
ADDRESS = "10.50.1.70"
LIBSA = [(60, b"NetBSD:i386:libsa"), (55, bytes([1, 3, 12, 15, 17, 16]))]
# The test's addresses answer with its interface's hardware address, not with the machines'.
NO_PROBES = "ping-check off;"
KERNEL = [(60, b"NetBSD:i386:kernel:6.99.16"), (55, bytes([1, 3, 12, 15, 17, 16]))]
PXE = [(60, b"PXEClient:Arch:00000:UNDI:002001"), (55, bytes([1, 17, 66, 67]))]


def directories(tmp_path, *names):
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path


def mount(network, source, path, version=3):
    client = nfs.Client(network.client, source=source)
    return client, client.mount(str(path), version)


def may_mount(network, source, path):
    try:
        client, _ = mount(network, source, path)
    except PermissionError:
        return False
    client.close()
    return True


def content(client, handle, name="file"):
    status, found = client.lookup(handle, name)
    if status != nfs.OK:
        return status
    return client.read(found, 0, 100)[1].decode()


STAGES = """
subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
host dusty {{
    hardware ethernet {mac};
    fixed-address {address};
    if substring (option vendor-class-identifier, 0, 17) = "NetBSD:i386:libsa" {{
        option root-path "{path}/loader";
    }} elsif option user-class = "rescue" {{
        option root-path "{path}/rescue";
    }} else {{
        option root-path "{path}/kernel";
    }}
}}
"""


def stages(path):
    return STAGES.format(mac=MAC, address=ADDRESS, path=path)


def test_each_stage_reads_its_root(network, server, machine, tmp_path):
    directories(tmp_path, "loader", "kernel", "rescue", "other")
    network.client_address(ADDRESS)
    network.client_address("10.50.1.71")
    running = server(stages(tmp_path))
    client = machine(MAC)
    assert client.lease(LIBSA).options[17].decode() == f"{tmp_path}/loader"
    first, loader = mount(network, ADDRESS, tmp_path / "loader", 1)
    assert client.lease(KERNEL).options[17].decode() == f"{tmp_path}/kernel"
    second, kernel = mount(network, ADDRESS, tmp_path / "kernel")
    # Either handle is good, over one connection and the other, before and after a restart.
    for restart in (False, True):
        if restart:
            running.kill()
            running.start()
            first, second = (nfs.Client(network.client, source=ADDRESS) for _ in range(2))
        for each in (first, second):
            assert content(each, loader) == "loader"
            assert content(each, kernel) == "kernel"
    # From one to the other nothing is carried.
    results = second.nfs3("RENAME", nfs.opaque(kernel) + nfs.opaque("file") + nfs.opaque(loader) +
                          nfs.opaque("moved"))
    assert results.u32() != nfs.OK
    assert (tmp_path / "kernel" / "file").exists()
    # Nobody else has them, and it has nothing else.
    for name in ("loader", "kernel", "rescue"):
        assert not may_mount(network, "10.50.1.71", tmp_path / name)
        assert may_mount(network, ADDRESS, tmp_path / name)
    assert not may_mount(network, ADDRESS, tmp_path / "other")
    running.wait_for_log(r"refused: this host's root-path is .*/loader .* or .*/rescue .* or .*/kernel")
    # What no branch names any more is gone at once, what is named stays.
    running.reload(stages(tmp_path).replace("/loader", "/other"))
    assert content(first, loader) == nfs.STALE
    assert content(second, kernel) == "kernel"
    assert may_mount(network, ADDRESS, tmp_path / "other")
    assert not may_mount(network, ADDRESS, tmp_path / "loader")


def test_the_list_of_exports_names_all(network, server, tmp_path):
    directories(tmp_path, "loader", "kernel", "rescue")
    network.client_address(ADDRESS)
    server(stages(tmp_path))
    client = nfs.Client(network.client, source=ADDRESS)
    results = client.call(nfs.MOUNT, 3, 5)
    found = {}
    while results.u32():
        directory = results.opaque().decode()
        found[directory] = []
        while results.u32():
            found[directory].append(results.opaque().decode())
    assert found == {f"{tmp_path}/{name}": ["dusty"] for name in ("loader", "rescue", "kernel")}


POOLS = """
class "blue" {{ match hardware; }}
subclass "blue" 1:{mac} {{ option root-path "{path}/blue"; }}
class "netbsd" {{
    match if substring (option vendor-class-identifier, 0, 6) = "NetBSD";
    option root-path "{path}/netbsd";
}}
subnet 10.50.1.0 netmask 255.255.255.0 {{
    if known {{ option root-path "{path}/known"; }}
    pool {{
        range 10.50.1.100 10.50.1.109;
        allow members of "blue";
    }}
    pool {{
        range 10.50.1.110 10.50.1.119;
        deny members of "blue";
        option root-path "{path}/pool";
    }}
}}
"""


def test_classes_and_pools(network, server, machine, tmp_path):
    directories(tmp_path, "blue", "netbsd", "known", "pool")
    running = server(NO_PROBES + POOLS.format(mac=MAC, path=tmp_path))
    first, second = machine(MAC).lease(PXE), machine(OTHER_MAC).lease(PXE)
    assert first.options[17].decode() == f"{tmp_path}/blue"
    assert second.options[17].decode() == f"{tmp_path}/pool"
    for address in (first.yiaddr, second.yiaddr, "10.50.1.118"):
        network.client_address(address)
    for restart in (False, True):
        if restart:
            running.kill()
            running.start()
        allowed = {address: [name for name in ("blue", "netbsd", "known", "pool")
                             if may_mount(network, address, tmp_path / name)]
                   for address in (first.yiaddr, second.yiaddr, "10.50.1.118")}
        # To be a NetBSD is a machine's own decision; to be blue or known is not.
        assert allowed == {first.yiaddr: ["blue"], second.yiaddr: ["netbsd", "pool"],
                           "10.50.1.118": []}


RELAYED = """
class "room" {{ match option agent.circuit-id; }}
subclass "room" "one" {{ option root-path "{path}/one"; }}
subclass "room" "two" {{ option root-path "{path}/two"; }}
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.100 10.50.1.109; }}
"""


def relayed_lease(machine, circuit):
    agent = [(82, bytes([1, len(circuit)]) + circuit)]
    asked = {"giaddr": "10.50.1.9", "source": "10.50.1.9", "source_port": 67}
    offer = None
    for kind in (testing.DISCOVER, testing.REQUEST):
        chosen = [(50, testing.address_bytes(offer.yiaddr)), (54, offer.options[54])] if offer else []
        xid = machine.send_dhcp(kind, chosen + PXE + agent, **asked)
        frame = machine.wire.receive(
            lambda frame: testing.UDP in frame and frame[testing.UDP].dport == 67
            and frame[testing.UDP].sport == 67 and testing.DhcpReply(frame).xid == xid
            and testing.DhcpReply(frame).op == 2)
        assert frame is not None
        offer = testing.DhcpReply(frame)
    assert offer.message_type == testing.ACK
    return offer


def test_what_a_relay_says_is_told_to_the_machine_alone(network, server, machine, tmp_path):
    directories(tmp_path, "one", "two")
    network.client_address("10.50.1.9")
    running = server(NO_PROBES + RELAYED.format(path=tmp_path))
    first, second = relayed_lease(machine(MAC), b"one"), relayed_lease(machine(OTHER_MAC), b"two")
    assert first.options[17].decode() == f"{tmp_path}/one"
    for address in (first.yiaddr, second.yiaddr):
        network.client_address(address)
    allowed = [[name for name in ("one", "two") if may_mount(network, address, tmp_path / name)]
               for address in (first.yiaddr, second.yiaddr)]
    assert allowed == [["one"], ["two"]]
    # The lease keeps its relay's word.
    running.kill()
    running.start()
    assert may_mount(network, first.yiaddr, tmp_path / "one")
    assert not may_mount(network, first.yiaddr, tmp_path / "two")
    running.reload()
    assert may_mount(network, first.yiaddr, tmp_path / "one")
    assert not may_mount(network, second.yiaddr, tmp_path / "one")
    # It renews past its relay, and keeps what it reads; where its relay says something else, that
    # counts.
    client = machine(MAC)
    client.send_dhcp(testing.REQUEST, PXE, ciaddr=first.yiaddr, source=first.yiaddr,
                     destination="10.50.1.1")
    assert client.receive_dhcp().message_type == testing.ACK
    assert may_mount(network, first.yiaddr, tmp_path / "one")
    relayed_lease(client, b"two")
    assert may_mount(network, first.yiaddr, tmp_path / "two")
    assert not may_mount(network, first.yiaddr, tmp_path / "one")


IDENTIFIED = NO_PROBES + """
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.100 10.50.1.109; }}
host named {{ option dhcp-client-identifier "tin"; option root-path "{path}/tin"; }}
host by-uuid {{ host-identifier option pxe-client-id 0 01:02; option root-path "{path}/lead"; }}
"""


def test_a_host_by_its_identifier(network, server, machine, tmp_path):
    """The address says nothing of the identifier: what was said when it was given does."""
    directories(tmp_path, "tin", "lead")
    running = server(IDENTIFIED.format(path=tmp_path))
    client, other, third = machine(MAC), machine(OTHER_MAC), machine("22:22:22:22:00:02")
    client.identifier = b"\0tin"
    addresses = [client.lease(PXE).yiaddr, other.lease(PXE).yiaddr,
                 third.lease(PXE + [(97, b"\0\1\2")]).yiaddr]
    for address in addresses:
        network.client_address(address)

    def allowed():
        return [[name for name in ("tin", "lead") if may_mount(network, each, tmp_path / name)]
                for each in addresses]

    for step in ("first", "restart", "reload"):
        if step == "restart":
            running.kill()
            running.start()
        if step == "reload":
            running.reload(IDENTIFIED.format(path=tmp_path))
        assert allowed() == [["tin"], [], ["lead"]], step
    # Declared no more.
    running.reload(NO_PROBES + "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.109; }")
    assert allowed() == [[], [], []]


def boot_block(length=128):
    data = bytearray(range(256)) * 20
    struct.pack_into("<IIIIiI", data, 4, 0x7886b6d3, length, 0xc, 5, 0, 9600)
    return bytes(data)


def patched(data):
    """The timeout and the console of a boot block."""
    return struct.unpack_from("<Ii", data, 16)


TFTP = NO_PROBES + """
if option vendor-class-identifier = "rescue" {{
    tftp-root "{path}/rescue";
}} else {{
    tftp-root "{path}/usual";
}}
subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.100 10.50.1.109; }}
host dusty {{
    hardware ethernet {mac};
    fixed-address {address};
    console com0 115200;
    if substring (option vendor-class-identifier, 0, 9) = "PXEClient" {{
        boot-timeout {timeout};
    }} elsif filename = "boot.cfg" {{
        boot-timeout 77;
        console pc;
    }}
}}
class "serial" {{ match if option vendor-class-identifier = "serial"; console com1; }}
"""


def fetch(network, source, name="boot"):
    client = network.client.socket()
    client.settimeout(testing.PATIENCE)
    client.bind((source, 0))
    try:
        return testing.TftpRead(client, name.encode()).rest()
    finally:
        client.close()


def test_tftp_serves_what_the_last_answer_said(network, server, machine, tmp_path):
    for name in ("usual", "rescue"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "boot").write_bytes(boot_block())
        (tmp_path / name / name).touch()

    def config(timeout):
        return TFTP.format(path=tmp_path, mac=MAC, address=ADDRESS, timeout=timeout)

    running = server(config(0))
    network.client_address(ADDRESS)
    client = machine(MAC)
    client.lease(PXE)
    assert patched(fetch(network, ADDRESS)) == (0, 1)
    # A restart forgets nothing that the lease tells; a reload holds at once.
    running.kill()
    running.start()
    assert patched(fetch(network, ADDRESS)) == (0, 1)
    running.reload(config(3))
    assert patched(fetch(network, ADDRESS)) == (3, 1)
    # The loader's exchange for a file decides how the next one is served.
    client.lease(LIBSA, file=b"boot.cfg")
    assert patched(fetch(network, ADDRESS)) == (77, 0)
    client.lease(LIBSA, file=b"netbsd")
    assert patched(fetch(network, ADDRESS)) == (5, 1)
    fetch(network, ADDRESS, "usual")
    with pytest.raises(testing.TftpError):
        fetch(network, ADDRESS, "rescue")
    client.lease([(60, b"rescue")])
    fetch(network, ADDRESS, "rescue")
    with pytest.raises(testing.TftpError):
        fetch(network, ADDRESS, "usual")
    # A class, for a machine that nobody declared.
    other = machine(OTHER_MAC)
    address = other.lease([(60, b"serial")]).yiaddr
    network.client_address(address)
    assert patched(fetch(network, address)) == (5, 2)
    address = other.lease(PXE).yiaddr
    assert patched(fetch(network, address)) == (5, 0)
