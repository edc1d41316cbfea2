"""Asked more than it can answer: what begins late is left out, what is half done is finished."""
import os
import signal
import time

from bootwire_testing import (ACK, DISCOVER, OFFER, REQUEST, DhcpReply, address_bytes,
                              is_dhcp_reply)

SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { range 10.50.1.100 10.50.1.250; }\n"
BATCH = 32  # requests that the server reads at a time
CROWD = 100
LATE = 0.35  # seconds: longer than a DISCOVER may wait


def ask_while_it_sleeps(running, client, count, *last):
    """`count` machines begin while the server is stopped; then client.send_dhcp(*last)."""
    os.kill(running.pid, signal.SIGSTOP)
    try:
        own = client.mac
        for number in range(count):
            client.mac = f"22:22:22:33:00:{number:02x}"
            client.send_dhcp(DISCOVER)
        client.mac = own
        xid = client.send_dhcp(*last)
        time.sleep(LATE)
    finally:
        os.kill(running.pid, signal.SIGCONT)
    offers, answer = set(), None
    while (frame := client.wire.receive(is_dhcp_reply, timeout=1)) is not None:
        reply = DhcpReply(frame)
        if reply.xid == xid:
            answer = reply
        elif reply.message_type == OFFER:
            offers.add(reply.chaddr[:6].hex(":"))
    return offers, answer


def test_in_a_crowd_the_late_beginnings_are_left_out(server, machine):
    running = server(SUBNET)
    client = machine("22:22:22:22:00:00")
    offer = client.discover()
    offers, answer = ask_while_it_sleeps(running, client, CROWD, REQUEST, [
        (50, address_bytes(offer.yiaddr)), (54, offer.options[54])])
    assert answer is not None and answer.message_type == ACK
    # Whole batches of beginnings waited too long; the rest was no crowd any more.
    left_out = CROWD // BATCH * BATCH
    assert offers == {f"22:22:22:33:00:{number:02x}" for number in range(left_out, CROWD)}
    running.wait_for_log(r"warning: dhcp: more is asked than can be answered: a DHCPDISCOVER "
                         r"waited \d+ ms and is left without an answer")
    # Who was left out asks again.
    assert machine("22:22:22:33:00:00").lease().message_type == ACK


def test_a_server_that_overslept_answers_all(server, machine):
    running = server(SUBNET)
    client = machine("22:22:22:22:00:00")
    offers, answer = ask_while_it_sleeps(running, client, 20, DISCOVER)
    assert answer is not None and answer.message_type == OFFER
    assert len(offers) == 20
    assert "more is asked" not in running.log


def test_a_quiet_server_tells_of_no_boot_that_goes_well(server, machine):
    running = server(SUBNET, "-q", start=False)
    running.start(wait=False)
    client = machine("22:22:22:22:00:00")
    while (offer := client.receive_dhcp(client.send_dhcp(DISCOVER), timeout=0.2)) is None:
        assert running.running, running.log
    assert client.request(offer).message_type == ACK
    assert running.log == ""
