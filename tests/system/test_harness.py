"""The fixtures themselves: a network that carries packets, a server that starts, reloads and ends."""
import signal
import socket

import bootwire_testing as testing


def test_network_joins_both_sides(network):
    network.client_address("10.50.1.9")
    listener = network.server.socket()
    listener.bind((testing.SERVER_ADDRESS, 4000))
    recording = network.record("udp")
    sender = network.client.socket()
    sender.sendto(b"hello", (testing.SERVER_ADDRESS, 4000))
    assert listener.recvfrom(100)[0] == b"hello"
    testing.wait_until(recording.packets, "the recording")


def test_guest_starts_its_rom_on_the_network(network, guest):
    wire = network.client.wire("eth0")
    started = guest(testing.PC, mac="22:22:22:22:00:01")
    started.expect("iPXE")
    frame = wire.receive(lambda frame: frame.src == "22:22:22:22:00:01")
    assert frame is not None
    wire.close()


def test_machine_sends_what_a_rom_would(network, machine):
    listener = network.server.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    listener.bind(("", 67))
    rom = machine("22:22:22:22:00:02")
    xid = rom.send_dhcp(testing.DISCOVER)
    data = listener.recv(2000)
    assert data[4:8] == xid.to_bytes(4, "big")
    assert testing.dhcp_options(data[240:]) == ([(53, b"\1")], 0)


def test_namespaces_go_away(tmp_path):
    network = testing.Network(9999, tmp_path)
    network.set_up()
    network.server.popen(["sleep", "1000"])
    network.tear_down()
    assert not [name for name in testing._namespace_names() if name.startswith(network.base)]


def test_serve_starts_reloads_and_ends(server):
    running = server("subnet 10.50.1.0 netmask 255.255.255.0 { }\n")
    running.reload()
    running.stop()
    running.start()
    running.kill()
    running.start()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(testing.PATIENCE) == 0
