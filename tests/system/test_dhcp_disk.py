"""A disk that takes its time, and one that fails: nothing is acknowledged before it has confirmed."""
import os
import shutil
import signal
import time

import pytest

from bootwire_testing import (ACK, DISCOVER, PATIENCE, REQUEST, DhcpReply, address_bytes,
                              is_dhcp_reply)
from test_conditional import IDENTIFIED, PXE, directories, may_mount
from test_leases import leases

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250; %s }\n"
MACHINES = 60

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace makes the disk fail")


def disk(state, fault):
    """A command prefix: the log's confirmations go wrong as strace(1) has it. With -D it is not
    the parent, and signals reach the server."""
    return ["strace", "-D", "-f", "-q", "-o", "/dev/null", "-P", str(state / "leases.log"),
            "-e", "trace=fdatasync", "-e", f"inject=fdatasync:{fault}"]


def replies(client, timeout):
    """What comes until nothing does: by hardware address."""
    found = {}
    while (frame := client.wire.receive(is_dhcp_reply, timeout=timeout)) is not None:
        reply = DhcpReply(frame)
        found[reply.chaddr[:6].hex(":")] = reply
    return found


def test_no_ack_where_the_disk_does_not_confirm(server, machine, tmp_path):
    state = tmp_path / "disk"
    # The first commit; what takes it back, and all others, succeed.
    running = server(SUBNET % "", state=state, prefix=disk(state, "error=EIO:when=1"))
    client = machine("22:22:22:22:00:00")
    offer = client.discover()
    chosen = [(50, address_bytes(offer.yiaddr)), (54, offer.options[54])]
    xid = client.send_dhcp(REQUEST, chosen)
    running.wait_for_log(r"error: .*leases\.log: the lease log takes no more changes: "
                         r"Input/output error; see to the disk.*held back")
    assert client.receive_dhcp(xid, timeout=0.3) is None
    assert leases(state) == {}
    assert client.lease().message_type == ACK
    running.wait_for_log("leases are written again")
    assert len(leases(state)) == 1


def test_reload_and_end_while_the_disk_is_awaited(server, machine, tmp_path):
    state = tmp_path / "disk"
    running = server(SUBNET % "", state=state, prefix=disk(state, "delay_enter=200000"))
    client = machine("22:22:22:22:00:00")
    own = client.mac
    names = [f"22:22:22:33:00:{number:02x}" for number in range(MACHINES)]
    for client.mac in names:
        client.send_dhcp(DISCOVER)
    offers = replies(client, 0.5)
    assert set(offers) == set(names)

    def ask_in_a_crowd():
        os.kill(running.pid, signal.SIGSTOP)
        for client.mac in names:
            client.send_dhcp(REQUEST, [(50, address_bytes(offers[client.mac].yiaddr)),
                                       (54, offers[client.mac].options[54])])
        client.mac = own
        os.kill(running.pid, signal.SIGCONT)

    ask_in_a_crowd()
    running.reload(SUBNET % 'option host-name "after";')
    acknowledged = replies(client, 1)
    assert set(acknowledged) == set(names)
    assert {reply.message_type for reply in acknowledged.values()} == {ACK}
    ask_in_a_crowd()
    time.sleep(0.05)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0, running.log
    running.process = None
    assert all(reply.message_type == ACK for reply in replies(client, 0.5).values())
    held = leases(state)
    assert {lease["hardware"]: address for address, lease in held.items()} == \
        {mac: reply.yiaddr for mac, reply in acknowledged.items()}


def test_what_was_told_in_a_reload_is_told_of_the_new_configuration(network, server, machine,
                                                                    tmp_path):
    """The answer that waits for the disk was made under the configuration before."""
    directories(tmp_path, "tin", "lead")
    state = tmp_path / "disk"
    running = server(IDENTIFIED.format(path=tmp_path), state=state,
                     prefix=disk(state, "delay_enter=500000"))
    client, crowd = machine("22:22:22:22:00:00"), machine("22:22:22:33:00:00")
    client.identifier = b"\0tin"
    offer = client.discover(PXE)
    os.kill(running.pid, signal.SIGSTOP)
    xid = client.send_dhcp(REQUEST, PXE + [(50, address_bytes(offer.yiaddr)),
                                           (54, offer.options[54])])
    for number in range(MACHINES):
        crowd.mac = f"22:22:22:33:00:{number:02x}"
        crowd.send_dhcp(DISCOVER)
    os.kill(running.pid, signal.SIGCONT)
    time.sleep(0.1)
    running.reload()
    assert client.receive_dhcp(xid).message_type == ACK
    network.client_address(offer.yiaddr)
    assert may_mount(network, offer.yiaddr, tmp_path / "tin")
