"""A small ONC RPC client, for what real clients would not send. Rpc calls one program over one
socket; Client calls them all."""
import contextlib
import errno
import itertools
import os
import random
import socket
import struct

import bootwire_testing as testing

PORTMAP, NFS, MOUNT = 100000, 100003, 100005
PORTS = {PORTMAP: 111, NFS: 2049, MOUNT: 20048}

_xids = itertools.count(int.from_bytes(os.urandom(3), "big"))


def opaque(data):
    if isinstance(data, str):
        data = data.encode()
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def take_opaque(data, place):
    """The opaque at `place` and the place behind it."""
    length, = struct.unpack_from(">I", data, place)
    return data[place + 4:place + 4 + length], place + 4 + (length + 3 & ~3)


AUTH_NONE = bytes(8)


def auth_sys(uid=0, gid=0, gids=(), machine="test"):
    body = struct.pack(">I", 0) + opaque(machine) + struct.pack(
        f">III{len(gids)}I", uid, gid, len(gids), *gids)
    return struct.pack(">II", 1, len(body)) + body


def call_bytes(program, version, procedure, arguments=b"", xid=None, rpc_version=2, auth=None):
    if xid is None:
        xid = next(_xids)
    auth = auth_sys() if auth is None else auth
    return xid, struct.pack(">IIIIII", xid, 0, rpc_version, program, version, procedure) \
        + auth + AUTH_NONE + arguments


def request(program, version, procedure, arguments=b"", auth=AUTH_NONE, **keywords):
    """The call's bytes alone, and nobody's."""
    return call_bytes(program, version, procedure, arguments, auth=auth, **keywords)[1]


class RpcError(Exception):
    """The server answered, but not with results: a denial or an accept_stat."""


class Reply:
    """A reply's fields: .denied (auth_stat, "mismatch" or None), .status (accept_stat), .results."""

    def __init__(self, data):
        self.xid, kind, reply_status = struct.unpack(">III", data[:12])
        assert kind == 1
        self.status = self.denied = None
        if reply_status == 1:
            reason, self.denied = struct.unpack(">II", data[12:20])
            if reason == 0:
                self.denied = "mismatch"
            self.results = data[20:]
            return
        assert data[12:20] == bytes(8)
        self.status, = struct.unpack(">I", data[20:24])
        self.results = data[24:]

    def success(self):
        """The results; RpcError where there are none."""
        if self.status != 0:
            raise RpcError(f"denied {self.denied}, accept_stat {self.status}")
        return self.results

    def word(self, index=0):
        return struct.unpack_from(">I", self.results, 4 * index)[0]


def bind_reserved(made, address=""):
    """Binds to a port below 1024, as kernels and loaders do: who comes from another is nobody."""
    for port in random.sample(range(600, 1024), 424):
        try:
            return made.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no reserved port is free")


class Rpc:
    """Calls of one program over UDP or TCP from a namespace: call(version, procedure, arguments,
    auth) gives the results' bytes."""

    def __init__(self, namespace, program, tcp=False):
        self.program = program
        self.tcp = tcp
        self.socket = namespace.socket(kind=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        bind_reserved(self.socket)
        self.socket.connect((testing.SERVER_ADDRESS, PORTS[program]))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message):
        if self.tcp:
            send_record(self.socket, message)
        else:
            self.socket.send(message)

    def receive(self):
        return receive_record(self.socket) if self.tcp else self.socket.recv(70000)

    def call(self, version, procedure, arguments=b"", auth=None):
        xid, message = call_bytes(self.program, version, procedure, arguments, auth=auth)
        self.send(message)
        reply = Reply(self.receive())
        assert reply.xid == xid
        return reply.success()


class Client:
    """Calls from one namespace and, where it has several, one address."""

    def __init__(self, namespace, source=None, server=testing.SERVER_ADDRESS):
        self.namespace = namespace
        self.source = source
        self.server = server
        self.sockets = contextlib.ExitStack()
        self._udp = None
        self._tcp = {}

    def close(self):
        self.sockets.close()

    def socket(self, kind):
        made = self.sockets.enter_context(self.namespace.socket(kind=kind))
        bind_reserved(made, self.source or "")
        return made

    def connect(self, port):
        made = self.socket(socket.SOCK_STREAM)
        made.connect((self.server, port))
        return made

    def udp(self, program, version, procedure, arguments=b"", port=None, **keywords):
        if not self._udp:
            self._udp = self.socket(socket.SOCK_DGRAM)
        xid, data = call_bytes(program, version, procedure, arguments, **keywords)
        self._udp.sendto(data, (self.server, port or PORTS[program]))
        while True:
            reply, peer = self._udp.recvfrom(65536)
            assert peer[0] == self.server
            if reply[:4] == struct.pack(">I", xid):
                return Reply(reply)

    def tcp(self, program, version, procedure, arguments=b"", port=None, **keywords):
        port = port or PORTS[program]
        if port not in self._tcp:
            self._tcp[port] = self.connect(port)
        _, data = call_bytes(program, version, procedure, arguments, **keywords)
        send_record(self._tcp[port], data)
        return Reply(receive_record(self._tcp[port]))

    def mount(self, path, version=3, over="udp"):
        """(status, handle or None)"""
        reply = getattr(self, over)(MOUNT, version, 1, opaque(path))
        assert reply.status == 0
        if reply.word() != 0:
            return reply.word(), None
        if version < 3:
            return 0, reply.results[4:36]
        assert reply.word(1) == 32
        assert reply.results[40:] == struct.pack(">II", 1, 1)  # AUTH_SYS alone
        return 0, reply.results[8:40]

    def getattr3(self, handle, over="udp"):
        return getattr(self, over)(NFS, 3, 1, opaque(handle)).word()

    def lookup3(self, directory, name):
        reply = self.udp(NFS, 3, 3, opaque(directory) + opaque(name))
        if reply.word() != 0:
            return reply.word(), None
        return 0, reply.results[8:8 + reply.word(1)]

    def read3(self, handle, offset, count, over="udp"):
        """(status, data)"""
        reply = getattr(self, over)(NFS, 3, 6, opaque(handle) + struct.pack(">QI", offset, count))
        if reply.word() != 0:
            return reply.word(), None
        at = 4 + (4 + 84 if reply.word(1) else 4) + 8
        length, = struct.unpack_from(">I", reply.results, at)
        return 0, reply.results[at + 4:at + 4 + length]


def mount3(namespace, path):
    """MOUNT v3 MNT over UDP: (status, handle or None)."""
    with contextlib.closing(Client(namespace)) as client:
        return client.mount(str(path))


def send_record(connection, data):
    connection.sendall(struct.pack(">I", len(data) | 0x80000000) + data)


def receive_exactly(connection, length):
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise EOFError(f"the connection ended after {len(data)} of {length} bytes")
        data += piece
    return bytes(data)


def receive_record(connection):
    data = b""
    while True:
        mark, = struct.unpack(">I", receive_exactly(connection, 4))
        data += receive_exactly(connection, mark & 0x7fffffff)
        if mark & 0x80000000:
            return data
