"""kill -9 in a storm of changes: nothing that the server acknowledged is lost, and clients that ask
again notice nothing."""
import os
import random
import struct
import threading
import time

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_rider import Rider
from nfs_testing import opaque, u32, u64
from rpc_client import Reply, RpcError, call_bytes, receive_record, send_record

WRITERS, BLOCK = 6, 4096


def serve_one(network, server, directory):
    """A server with one machine, and the machine's root."""
    path = directory / "root"
    path.mkdir()
    network.client_address("10.50.1.9")
    return server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                   option root-path "{path}"; }}"""), path


def block(writer, number):
    return (f"{writer}:{number};" * BLOCK)[:BLOCK].encode()


class Writer(threading.Thread):
    """Keeps several stable writes, and now and then a new name, on their way until the server is
    gone; remembers what was acknowledged."""

    def __init__(self, number, client, root):
        super().__init__(daemon=True)
        self.number, self.client, self.root = number, client, root
        self.written, self.created, self.removed, self.ended = set(), set(), set(), None

    def run(self):
        try:
            self.storm()
        except (OSError, EOFError, RpcError) as error:
            self.ended = error

    def storm(self):
        name = f"file{self.number}"
        _, self.file, _ = self.client.create(self.root, name, mode=0o600)
        self.created.add(name)
        number = 0
        while True:
            sent = []
            for _ in range(4):
                arguments = opaque(self.file) + u64(number * BLOCK) + u32(BLOCK, nfs.FILE_SYNC) + \
                    opaque(block(self.number, number))
                sent.append((number, self.client.send(nfs.NFS, 3, 7, arguments)))
                number += 1
            for which, call in sent:
                results = self.client.receive(*call)
                assert results.u32() == nfs.OK
                results.wcc()
                if results.u32() == BLOCK:
                    self.written.add(which)
            name = f"new{self.number}-{number}"
            if self.client.create(self.root, name, nfs.GUARDED, mode=0o600)[0] == nfs.OK:
                self.created.add(name)
            if self.client.rename(self.root, name, self.root, name + "-moved") == nfs.OK:
                self.created.discard(name)
                self.created.add(name + "-moved")
            if number % 32 == 0 and self.client.remove(self.root, name + "-moved") == nfs.OK:
                self.created.discard(name + "-moved")
                self.removed.add(name + "-moved")


@pytest.mark.parametrize("tcp", [True, False])
def test_what_was_acknowledged_is_there(network, server, tmp_path, tcp):
    running, path = serve_one(network, server, tmp_path)
    clients = [nfs.Client(network.client, tcp=tcp) for _ in range(WRITERS)]
    root = clients[0].mount(str(path))
    for each in clients:
        each.socket(nfs.NFS).settimeout(5)
    writers = [Writer(number, client, root) for number, client in enumerate(clients)]
    for writer in writers:
        writer.start()
    testing.wait_until(lambda: all(len(writer.written) >= 100 for writer in writers),
                       "100 blocks of each writer")
    running.kill()
    for writer in writers:
        writer.join(testing.PATIENCE)
        assert not writer.is_alive() and writer.ended, f"writer {writer.number}: {writer.ended}"
    running.start()
    for writer, client in zip(writers, clients):
        client.close()
        data = (path / f"file{writer.number}").read_bytes()
        for number in writer.written:
            assert data[number * BLOCK:][:BLOCK] == block(writer.number, number)
        # The handle from before is as good as ever, and what is read through it the same.
        last = max(writer.written)
        assert client.read(writer.file, last * BLOCK, BLOCK)[1] == block(writer.number, last)
        assert client.write(writer.file, 0, b"after")[0] == nfs.OK
    # One call per writer was on its way: its name may be there under either name, or not at all.
    names = set(os.listdir(path))
    for writer in writers:
        missing = {name for name in writer.created
                   if name not in names and name + "-moved" not in names}
        assert len(missing) <= 1 and all(name.endswith("-moved") for name in missing), missing
        assert not writer.removed & names
    for client in clients:
        client.close()


def test_the_write_verifier_changes_when_unstable_writes_may_be_lost(network, server, tmp_path):
    """The end of the process loses nothing that it wrote; the machine's does."""
    running, path = serve_one(network, server, tmp_path)
    client = nfs.Client(network.client)
    _, file, _ = client.create(client.mount(str(path)), "file")
    _, _, verifier = client.write(file, 0, b"data", nfs.UNSTABLE)
    assert client.write(file, 4, b"more", nfs.FILE_SYNC)[2] == verifier
    assert client.commit(file) == (nfs.OK, verifier)
    running.kill()
    running.start()
    assert client.commit(file) == (nfs.OK, verifier)
    running.kill()
    with open(running.state / "calls.log", "r+b") as log:
        log.seek(12)
        log.write(b"an earlier start of this machine")
    running.start()
    status, after = client.commit(file)
    assert status == nfs.OK and after != verifier
    client.close()


RIDERS = 6


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("ends", [10, pytest.param(200, marks=pytest.mark.long)])
def test_clients_ride_over_restarts(network, server, tmp_path, ends):
    running, path = serve_one(network, server, tmp_path)
    seed = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
    print(f"SEED={seed}")
    clients = [nfs.Client(network.client, tcp=number % 2 == 0) for number in range(RIDERS)]
    root = clients[0].mount(str(path))
    riders = [Rider(number, client, root, seed) for number, client in enumerate(clients)]
    chance = random.Random(seed)
    for rider in riders:
        rider.start()
    for _ in range(ends):
        before = [rider.calls for rider in riders]
        testing.wait_until(lambda: any(rider.failed for rider in riders) or
                           all(rider.calls > calls + 20 for rider, calls in zip(riders, before)),
                           "20 calls of each rider")
        time.sleep(chance.random() / 10)
        running.kill()
        running.start()
        assert not [rider.failed for rider in riders if rider.failed]
    for rider in riders:
        rider.stopping = True
    for rider in riders:
        rider.join(testing.PATIENCE)
        assert not rider.is_alive() and not rider.failed, rider.failed
        rider.check(path)
        rider.client.close()
    print(f"{ends} ends, {sum(rider.calls for rider in riders)} calls, "
          f"{sum(rider.repeated for rider in riders)} sent again, "
          f"{sum(rider.rewritten for rider in riders)} unstable writes made again")
    # The system keeps what a process wrote before it was killed.
    assert sum(rider.rewritten for rider in riders) == 0


def cut_off(state):
    """As if the server had been killed when it had done its calls, and had said so to nobody."""
    with open(state / "calls.log", "r+b") as log:
        data = log.read()
        for place in range(512, len(data), 512):
            if struct.unpack_from("=I", data, place)[0] == 2:
                log.seek(place)
                log.write(struct.pack("=I", 1))


def calls_of(version, client, root):
    """Procedures with their arguments, none of which succeeds twice."""
    fh = (lambda handle: handle) if version == 2 else opaque
    attributes = nfs.sattr2() if version == 2 else nfs.sattr3()
    table = nfs.NFS2 if version == 2 else nfs.NFS3

    def place(name):
        return fh(root) + opaque(name)

    for name in ("removed", "renamed", "linked", "set"):
        client.create(root, name)
    client.mkdir(root, "directory")
    _, linked = client.lookup(root, "linked")
    yield table.index("REMOVE"), place("removed")
    yield table.index("RMDIR"), place("directory")
    yield table.index("RENAME"), place("renamed") + place("renamed-2")
    yield table.index("LINK"), fh(linked) + place("linked-2")
    yield table.index("MKDIR"), place("directory-2") + attributes
    if version == 2:
        yield table.index("SYMLINK"), place("link") + opaque("there") + attributes
        return
    yield table.index("SYMLINK"), place("link") + attributes + opaque("there")
    yield table.index("CREATE"), place("guarded") + u32(nfs.GUARDED) + attributes
    yield table.index("MKNOD"), place("fifo") + u32(7) + attributes
    _, target = client.lookup(root, "set")
    _, fattr = client.getattr(target)
    yield table.index("SETATTR"), opaque(target) + nfs.sattr3(mode=0o640) + u32(1, *fattr["ctime"])


@pytest.mark.parametrize("killed", ["answered", "cut off"])
@pytest.mark.parametrize("version", [2, 3])
def test_a_call_sent_again_after_the_end_succeeds(network, server, tmp_path, version, killed):
    running, path = serve_one(network, server, tmp_path)
    client = nfs.Client(network.client, tcp=True)
    client.mount(str(path), version=version)
    v3 = nfs.Client(network.client, tcp=True)
    sent = [(procedure, call_bytes(nfs.NFS, version, procedure, arguments, auth=client.auth)[1])
            for procedure, arguments in calls_of(version, v3, v3.mount(str(path)))]

    def send_all():
        answers = []
        for procedure, message in sent:
            send_record(client.socket(nfs.NFS), message)
            answer = Reply(receive_record(client.socket(nfs.NFS))).success()
            assert struct.unpack_from(">I", answer)[0] == nfs.OK, f"procedure {procedure}"
            answers.append(answer)
        return answers

    first = send_all()
    running.kill()
    if killed == "cut off":
        cut_off(running.state)
    client.close()
    running.start()
    again = send_all()
    if killed == "answered":
        assert again == first
    assert sorted(os.listdir(path)) == sorted(
        {"linked", "set", "linked-2", "renamed-2", "directory-2", "link"} |
        ({"guarded", "fifo"} if version == 3 else set()))
    # Another call, with another number, is another one.
    v3.close()
    assert v3.remove(v3.mount(str(path)), "removed") == nfs.NOENT
    client.close()
    v3.close()
