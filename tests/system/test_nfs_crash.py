"""kill -9 in a storm of changes: nothing that the server acknowledged is lost."""
import os
import threading

import pytest

import bootwire_testing as testing
import nfs_testing as nfs
from nfs_testing import opaque, u32, u64
from rpc_client import RpcError

WRITERS, BLOCK = 6, 4096


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
    path = tmp_path / "root"
    path.mkdir()
    network.client_address("10.50.1.9")
    running = server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                   option root-path "{path}"; }}""")
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


def test_a_client_learns_that_its_unstable_writes_may_be_lost(network, server, tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    network.client_address("10.50.1.9")
    running = server(f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address 10.50.1.9;
                   option root-path "{path}"; }}""")
    client = nfs.Client(network.client)
    _, file, _ = client.create(client.mount(str(path)), "file")
    _, _, verifier = client.write(file, 0, b"data", nfs.UNSTABLE)
    assert client.write(file, 4, b"more", nfs.FILE_SYNC)[2] == verifier
    assert client.commit(file) == (nfs.OK, verifier)
    running.kill()
    running.start()
    assert client.commit(file)[1] != verifier
    client.close()
