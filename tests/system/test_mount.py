"""What mount tells: its lists, to whom, how much, and for how long."""
import socket
import struct

import pytest

import bootwire_testing as testing
from rpc_client import MOUNT, PORTS, Client, opaque, receive_record, request, send_record

MINE, OTHERS, VISITOR, STRANGER = "10.50.1.9", "10.50.1.10", "10.50.1.77", "192.0.2.7"
DUMP, UMNT, UMNTALL, EXPORT, EXPORTALL = 2, 3, 4, 5, 6


class Site:
    """A server with two hosts, each with a root, and exports beside them."""

    def __init__(self, network, server, directory):
        self.network, self.directory = network, directory
        self.roots = {name: directory / name for name in ("mine", "others")}
        self.all, self.some = directory / "all", directory / "some"
        for each in (*self.roots.values(), self.all / "below", self.some):
            each.mkdir(parents=True)
        for address in (MINE, OTHERS, VISITOR):
            network.client_address(address)
        self.server = server(self.config())
        self.clients = []

    def config(self, more=""):
        return f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host mine {{ hardware ethernet 22:22:22:22:00:00; fixed-address {MINE};
                         option root-path "{self.roots['mine']}"; }}
            host others {{ hardware ethernet 22:22:22:22:00:01; fixed-address {OTHERS};
                           option root-path "{self.roots['others']}"; }}
            export "{self.all}" {{ clients any; }}
            export "{self.some}" {{ clients others, 10.50.1.0/28, 10.50.1.77; rw; }}
            {more}"""

    def client(self, address=MINE):
        self.clients.append(Client(self.network.client, address))
        return self.clients[-1]

    def showmount(self, option, namespace=None, server=testing.SERVER_ADDRESS, prefix=()):
        shown = (namespace or self.network.client).run(
            [*prefix, "showmount", "--no-headers", option, server])
        assert shown.returncode == 0, shown.stderr
        return sorted(shown.stdout.split("\n")[:-1])

    def close(self):
        for each in self.clients:
            each.close()


@pytest.fixture
def site(network, server, tmp_path):
    made = Site(network, server, tmp_path)
    try:
        yield made
    finally:
        made.close()


def words(lines):
    return [line.split() for line in lines]


def chains(results, entry):
    """The elements of one of mount's lists."""
    place, found = 0, []
    while struct.unpack_from(">I", results, place)[0]:
        element, place = entry(results, place + 4)
        found.append(element)
    assert place + 4 == len(results)
    return found


def text(results, place):
    length, = struct.unpack_from(">I", results, place)
    return results[place + 4:place + 4 + length].decode(), place + 4 + length + -length % 4


def mounted(results, place):
    host, place = text(results, place)
    directory, place = text(results, place)
    return (host, directory), place


def exported(results, place):
    directory, place = text(results, place)
    groups = []
    while struct.unpack_from(">I", results, place)[0]:
        group, place = text(results, place + 4)
        groups.append(group)
    return (directory, groups), place + 4


def exports(client, version=3, over="tcp", procedure=EXPORT):
    return chains(getattr(client, over)(MOUNT, version, procedure).results, exported)


def mounts(client, version=3, over="tcp"):
    return chains(getattr(client, over)(MOUNT, version, DUMP).results, mounted)


@pytest.mark.parametrize("over", ["udp", "tcp"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_exports_are_shown_with_their_clients_and_roots_to_their_machine(site, version, over):
    shared = [(str(site.all), []), (str(site.some), ["others", "10.50.1.0/28", "10.50.1.77"])]
    assert exports(site.client(MINE), version, over) == \
        [*shared, (str(site.roots["mine"]), ["mine"])]
    assert exports(site.client(OTHERS), version, over) == \
        [*shared, (str(site.roots["others"]), ["others"])]
    assert exports(site.client(VISITOR), version, over) == shared
    if version < 3:
        assert exports(site.client(VISITOR), version, over, EXPORTALL) == shared


def test_showmount_shows_them(site):
    assert words(site.showmount("-e")) == [
        [str(site.all), "(everyone)"], [str(site.roots["mine"]), "mine"],
        [str(site.some), "others,10.50.1.0/28,10.50.1.77"]]
    # Root on the server itself sees everything.
    for address in (testing.SERVER_ADDRESS, "127.0.0.1"):
        assert words(site.showmount("-e", site.network.server, address)) == [
            [str(site.all), "(everyone)"], [str(site.roots["mine"]), "mine"],
            [str(site.roots["others"]), "others"],
            [str(site.some), "others,10.50.1.0/28,10.50.1.77"]]


def test_mounts_are_shown_but_no_other_machines_root(site):
    mine, others, visitor = site.client(MINE), site.client(OTHERS), site.client(VISITOR)
    assert mine.mount(str(site.roots["mine"]))[0] == 0
    assert others.mount(str(site.roots["others"]), 1)[0] == 0
    assert others.mount(str(site.some), 2)[0] == 0
    assert visitor.mount(f"{site.all}//below/")[0] == 0
    assert visitor.mount(str(site.roots["mine"]))[0] == 13
    shared = [(VISITOR, f"{site.all}/below"), ("others", str(site.some))]
    for version in (1, 2, 3):
        assert mounts(visitor, version) == shared
        assert mounts(mine, version) == [*shared, ("mine", str(site.roots["mine"]))]
        assert mounts(others, version, "udp") == [*shared, ("others", str(site.roots["others"]))]
    everything = sorted([f"mine:{site.roots['mine']}", f"others:{site.roots['others']}",
                         f"others:{site.some}", f"{VISITOR}:{site.all}/below"])
    assert site.showmount("-a", site.network.server, "127.0.0.1") == everything
    assert site.showmount("-d") == sorted([str(site.roots["mine"]), str(site.some),
                                           f"{site.all}/below"])
    # The list outlives the process, however that ends.
    site.server.kill()
    site.server.start()
    assert site.showmount("-a", site.network.server, "127.0.0.1") == everything
    site.server.stop()
    site.server.start()
    assert site.showmount("-a", site.network.server, "127.0.0.1") == everything
    # An export that is no more tells nothing to machines, and is left all the same.
    site.server.reload(site.config().replace(f'export "{site.all}"', f'export "{site.some}/x"'))
    mine, visitor = site.client(MINE), site.client(VISITOR)
    assert (VISITOR, f"{site.all}/below") not in mounts(mine)
    assert f"{VISITOR}:{site.all}/below" in site.showmount("-a", site.network.server, "127.0.0.1")
    visitor.udp(MOUNT, 3, UMNT, opaque(f"{site.all}/below"))
    assert mounts(visitor) == [("others", str(site.some))]
    # Nobody leaves for another.
    visitor.udp(MOUNT, 3, UMNTALL)
    visitor.udp(MOUNT, 3, UMNT, opaque(str(site.some)))
    assert mounts(visitor) == [("others", str(site.some))]
    others = site.client(OTHERS)
    others.udp(MOUNT, 1, UMNTALL)
    assert site.showmount("-a", site.network.server, "127.0.0.1") == [f"mine:{site.roots['mine']}"]


def test_who_has_an_address_next_learns_nothing_of_who_had_it(site):
    assert site.client(MINE).mount(str(site.roots["mine"]))[0] == 0
    site.server.reload(site.config().replace(f"fixed-address {MINE}", "fixed-address 10.50.1.5")
                       .replace(f"fixed-address {OTHERS}", f"fixed-address {MINE}"))
    assert mounts(site.client(MINE)) == []
    assert site.client(MINE).mount(str(site.roots["others"]))[0] == 0
    assert mounts(site.client(MINE)) == [("others", str(site.roots["others"]))]


def test_an_ordinary_user_of_the_server_learns_what_machines_learn(site):
    with site.network.server.socket(kind=socket.SOCK_STREAM) as user:
        user.connect(("127.0.0.1", PORTS[MOUNT]))
        send_record(user, request(MOUNT, 3, EXPORT))
        shown = chains(receive_record(user)[24:], exported)
    assert [directory for directory, _ in shown] == [str(site.all), str(site.some)]


def test_lists_over_udp_are_short_and_strangers_get_nothing(site):
    """A datagram's source is easily another's: what it causes must not flood that."""
    names = [f"{site.directory}/many/{number:04}-{'x' * 60}" for number in range(1500)]
    site.server.reload(site.config("\n".join(
        f'export "{name}" {{ clients 10.50.1.0/24, mine, others; }}' for name in names)))
    mine = site.client(MINE)
    short, long = exports(mine, over="udp"), exports(mine)
    assert [directory for directory, _ in long] == \
        [str(site.all), str(site.some), *names, str(site.roots["mine"])]
    assert 3 < len(short) < 20 and short == long[:len(short)]
    assert len(mine.udp(MOUNT, 3, EXPORT).results) <= 1400

    site.network.client_address(STRANGER)
    site.network.server.ip("route", "add", "192.0.2.0/24", "dev", testing.BRIDGE)
    stranger = site.client(STRANGER)
    # The export for any makes it no stranger; without that it is one.
    assert len(exports(stranger)) == len(names) + 2
    site.server.reload(site.config().replace("clients any", "clients 10.50.1.0/24"))
    stranger, mine = site.client(STRANGER), site.client(MINE)
    assert mine.mount(str(site.all))[0] == 0 and mounts(mine)
    for over in ("udp", "tcp"):
        for procedure in (DUMP, EXPORT):
            assert getattr(stranger, over)(MOUNT, 3, procedure).results == bytes(4)
        assert stranger.mount(str(site.all), over=over) == (13, None)
    assert len(exports(mine)) == 3


@pytest.mark.parametrize("version", [1, 2, 3])
def test_mounts_errors(site, version):
    mine = site.client(MINE)
    (site.all / "file").write_bytes(b"x")
    (site.all / "out").symlink_to("/etc")
    for path, status in (("gone", 2), ("file", 20), ("file/x", 20), ("out", 13),
                         ("x" * 256, 63), ("../some", 13), ("a\0b", 13)):
        assert mine.mount(f"{site.all}/{path}", version) == (status, None), path
    # Longer than MNTPATHLEN: no path at all (RFC 1094 appendix A, RFC 1813 section 5.1.4).
    assert mine.udp(MOUNT, version, 1, opaque("/" + "x" * 1024)).status == 4
