"""A client that rides over restarts of its server, as a kernel with a hard mount does: what is not
answered is sent again with the same transaction id, over a new connection where the old one broke,
and what was written unstably is kept until a COMMIT with the same verifier confirms it. It works on
a directory of its own, knows what must be in there, and takes no error for an answer."""
import random
import select
import threading
import time

import nfs_testing as nfs
from nfs_testing import Results, opaque, sattr3, u32, u64
from rpc_client import Reply, call_bytes, receive_record, send_record

BLOCK = 4096
BLOCKS = 16
FILES = 12
RESEND = 0.7     # seconds; a kernel waits longer, and sees fewer of the server's ends
PATIENCE = 60    # seconds for one call: the server is back long before


class File:
    """What a file must hold: each block as it was acknowledged last, and what may be lost."""

    def __init__(self, handle):
        self.handle = handle
        self.blocks = {}
        self.unstable = {}   # written, not committed: number: (data, verifier)

    def content(self):
        size = max(self.blocks, default=-1) + 1
        return b"".join(self.blocks.get(number, bytes(BLOCK)) for number in range(size))


class Rider(threading.Thread):
    def __init__(self, number, client, root, seed):
        super().__init__(daemon=True)
        self.number, self.client, self.root = number, client, root
        self.random = random.Random(f"{seed}/{number}")
        self.directory = f"rider{number}"
        self.files, self.names = {}, 0
        self.links, self.directories = {}, set()
        self.calls = self.repeated = self.rewritten = 0
        self.stopping, self.failed = False, None

    def run(self):
        try:
            self.handle = self.make("MKDIR", self.root, self.directory, sattr3(mode=0o700))
            while not self.stopping:
                self.step()
            for file in self.files.values():
                self.commit(file)
        except Exception as error:  # whatever it is, the test has to know
            self.failed = error

    # One call, however often it has to be sent.

    def call(self, name, arguments):
        xid, message = call_bytes(nfs.NFS, 3, nfs.NFS3.index(name), arguments, auth=self.client.auth)
        xid &= 0xffffffff
        deadline = time.monotonic() + PATIENCE
        self.calls += 1
        while time.monotonic() < deadline:
            try:
                results = self.exchange(xid, message)
            except (OSError, EOFError):
                if self.client.tcp:
                    self.client.close()
                time.sleep(0.02)
                results = None
            if results:
                return results
            self.repeated += 1
        raise TimeoutError(f"{name}: no answer within {PATIENCE} s")

    def exchange(self, xid, message):
        made = self.client.socket(nfs.NFS)
        made.settimeout(10)
        if self.client.tcp:
            send_record(made, message)
        else:
            made.send(message)
        until = time.monotonic() + RESEND
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([made], [], [], left)[0]:
                # TCP does not lose a request: a kernel repeats it where the connection is gone.
                if self.client.tcp:
                    self.client.close()
                return None
            reply = Reply(receive_record(made) if self.client.tcp else made.recv(70000))
            if reply.xid == xid:
                return Results(reply.success())

    def done(self, name, arguments):
        """The results behind a status that has to be good."""
        results = self.call(name, arguments)
        status = results.u32()
        assert status == nfs.OK, f"rider {self.number}: {name} was answered with {status}"
        return results

    def make(self, name, directory, what, attributes, target=b""):
        results = self.done(name, opaque(directory) + opaque(what) + attributes + target)
        assert results.u32() == 1
        return results.opaque()

    # What it does.

    def new_name(self):
        self.names += 1
        return f"name{self.names}"

    def step(self):
        choices = [self.create, self.directory_step, self.symlink_step, self.link_step]
        if self.files:
            choices += [self.write_stable] * 4 + [self.write_unstable] * 4 + [self.read] * 3 + \
                [self.commit_one, self.rename, self.look, self.truncate]
        if len(self.files) >= FILES:
            choices += [self.remove] * 4
        self.random.choice(choices)()

    def any_file(self):
        return self.random.choice(sorted(self.files))

    def create(self):
        name = self.new_name()
        how = self.random.choice([nfs.UNCHECKED, nfs.GUARDED, nfs.EXCLUSIVE])
        attributes = u32(how) + (self.random.randbytes(8) if how == nfs.EXCLUSIVE
                                 else sattr3(mode=0o600))
        self.files[name] = File(self.make("CREATE", self.handle, name, attributes))

    def block(self):
        return self.random.randbytes(64) * (BLOCK // 64)

    def put(self, file, number, data, stable):
        results = self.done("WRITE", opaque(file.handle) + u64(number * BLOCK) +
                            u32(BLOCK, stable) + opaque(data))
        results.wcc()
        assert results.u32() == BLOCK and results.u32() >= stable
        return results.fixed(8)

    def write_stable(self):
        file = self.files[self.any_file()]
        number, data = self.random.randrange(BLOCKS), self.block()
        self.put(file, number, data, self.random.choice([nfs.DATA_SYNC, nfs.FILE_SYNC]))
        file.unstable.pop(number, None)
        file.blocks[number] = data

    def write_unstable(self):
        file = self.files[self.any_file()]
        number, data = self.random.randrange(BLOCKS), self.block()
        file.unstable[number] = data, self.put(file, number, data, nfs.UNSTABLE)
        file.blocks[number] = data

    def commit(self, file):
        while file.unstable:
            results = self.done("COMMIT", opaque(file.handle) + u64(0) + u32(0))
            results.wcc()
            verifier = results.fixed(8)
            for number, (data, written) in list(file.unstable.items()):
                if written == verifier:
                    del file.unstable[number]
                else:
                    self.rewritten += 1
                    file.unstable[number] = data, self.put(file, number, data, nfs.UNSTABLE)

    def commit_one(self):
        self.commit(self.files[self.any_file()])

    def read(self):
        file = self.files[self.any_file()]
        if not file.blocks:
            return
        number = self.random.choice(sorted(file.blocks))
        results = self.done("READ", opaque(file.handle) + u64(number * BLOCK) + u32(BLOCK))
        results.post_op()
        results.u32(), results.u32()
        assert results.opaque() == file.blocks[number], f"rider {self.number}: other bytes"

    def rename(self):
        old, new = self.any_file(), self.new_name()
        self.done("RENAME", opaque(self.handle) + opaque(old) + opaque(self.handle) + opaque(new))
        self.files[new] = self.files.pop(old)

    def look(self):
        name = self.any_file()
        handle = self.done("LOOKUP", opaque(self.handle) + opaque(name)).opaque()
        assert handle == self.files[name].handle

    def truncate(self):
        file = self.files[self.any_file()]
        self.done("SETATTR", opaque(file.handle) + sattr3(size=0) + u32(0))
        file.blocks, file.unstable = {}, {}

    def remove(self):
        name = self.any_file()
        self.done("REMOVE", opaque(self.handle) + opaque(name))
        del self.files[name]

    def directory_step(self):
        if len(self.directories) < 4:
            name = self.new_name()
            self.make("MKDIR", self.handle, name, sattr3(mode=0o700))
            self.directories.add(name)
        else:
            name = self.directories.pop()
            self.done("RMDIR", opaque(self.handle) + opaque(name))

    def symlink_step(self):
        name = self.new_name()
        self.make("SYMLINK", self.handle, name, sattr3(), opaque(b"there"))
        self.done("REMOVE", opaque(self.handle) + opaque(name))

    def link_step(self):
        if self.files:
            name = self.new_name()
            file = self.files[self.any_file()]
            self.done("LINK", opaque(file.handle) + opaque(self.handle) + opaque(name))
            self.done("REMOVE", opaque(self.handle) + opaque(name))

    # What must be there at the end.

    def check(self, path):
        there = {each.name: each for each in (path / self.directory).iterdir()}
        assert set(there) == set(self.files) | self.directories
        for name, file in self.files.items():
            assert there[name].read_bytes() == file.content(), f"{self.directory}/{name}"
