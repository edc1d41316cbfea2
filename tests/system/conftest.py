"""System tests: real programs and real packets on networks that exist for one test only.

Everything that a test needs is a fixture here or a function of bootwire_testing.py:

    def test_something(network, server, tmp_path):
        (tmp_path / "tftp").mkdir()
        running = server(f'tftp-root "{tmp_path}/tftp"; subnet 10.50.1.0 netmask 255.255.255.0 {{ }}')
        answer = network.client.run(["tftp", "10.50.1.1", "-c", "get", "x"], cwd=tmp_path)
        running.wait_for_log(r"tftp.* x ")

network   A Network: two network namespaces that nothing else is connected to.
          network.server: address 10.50.1.1/24 on the bridge boot0. network.client: the interface
          eth0, no address unless the test asks: network.client_address("10.50.1.9").
          Both are Namespaces: .run(argv), .popen(argv), .socket(family, type) (a socket of that
          namespace in this process), .wire("eth0") (raw frames), `with namespace.entered():`.
          network.tap() adds a tap interface to the bridge, for QEMU.
          network.record() -> Recording; .packets() gives all frames on the bridge up to now.
server    server(config_text, *arguments, state=..., namespace=...) -> Server: writes the file,
          starts `bootwire serve -c FILE --state DIR` in network.server and waits until it serves.
          .log, .wait_for_log(regex), .stop(), .kill() (kill -9), .start() again, .reload(text),
          .pid, .state. When the test ends a server that still runs gets SIGTERM and must exit
          with 0, and no sanitizer may have reported anything.
          server.refused(config_text) -> (exit status, log) of one that must not start.
guest     guest(argv_of_qemu_without_network, mac=..., model="e1000") -> Guest on a tap of network:
          .expect(regex, timeout), .send(text), .console (pexpect), .stop(). TCG, never KVM.
machine   machine(mac) -> Machine: a client in raw frames on network.client's eth0, with
          .send_dhcp(...), .receive_dhcp(...), .discover(), .request(): see its description.

And bootwire_testing has TftpRead (a block at a time), dhcp_options(), bootp_request(),
capture(name), wait_until(); rpc_client has Rpc (ONC RPC over UDP or TCP) and mount3(); nfs_testing
has a client of NFS.

The program under test is $BOOTWIRE, else build/src/command/bootwire. Waiting is always for an event
with a generous limit, never for a time. Names of namespaces hold the process id, and what a killed
run left behind is swept away by the next one.
"""
import itertools

import pytest

import bootwire_testing as testing


def pytest_configure(config):
    testing.require_root()
    testing.sweep_namespaces()


_numbers = itertools.count()


@pytest.fixture
def network(tmp_path):
    made = testing.Network(next(_numbers), tmp_path)
    try:
        made.set_up()
        yield made
    finally:
        made.tear_down()


@pytest.fixture
def server(network, tmp_path):
    factory = testing.ServerFactory(network, tmp_path)
    try:
        yield factory
        factory.finish()
    finally:
        factory.tear_down()


@pytest.fixture
def guest(network, tmp_path):
    guests = []

    def start(arguments, **keywords):
        guests.append(testing.Guest(network, tmp_path, len(guests), arguments, **keywords))
        return guests[-1]

    try:
        yield start
    finally:
        for each in guests:
            each.stop()


@pytest.fixture
def machine(network):
    machines = []

    def make(mac="22:22:22:22:00:00"):
        machines.append(testing.Machine(network.client.wire("eth0"), mac))
        return machines[-1]

    try:
        yield make
    finally:
        for each in machines:
            each.wire.close()
