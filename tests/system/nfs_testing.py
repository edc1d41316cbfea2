"""A small NFS client in Python, for what libnfs does not say or send: UDP and TCP, versions 2 and 3,
any credentials, any bytes as a handle."""
import socket
import struct

import bootwire_testing as testing
from rpc_client import (AUTH_NONE, MOUNT, NFS, PORTS, Reply, auth_sys, bind_reserved, call_bytes,
                        opaque, receive_record, send_record)

NFS3 = ("NULL GETATTR SETATTR LOOKUP ACCESS READLINK READ WRITE CREATE MKDIR SYMLINK MKNOD REMOVE "
        "RMDIR RENAME LINK READDIR READDIRPLUS FSSTAT FSINFO PATHCONF COMMIT").split()
NFS2 = ("NULL GETATTR SETATTR ROOT LOOKUP READLINK READ WRITECACHE WRITE CREATE REMOVE RENAME LINK "
        "SYMLINK MKDIR RMDIR READDIR STATFS").split()

OK, PERM, NOENT, IO, ACCES, EXIST, XDEV = 0, 1, 2, 5, 13, 17, 18
NOTDIR, ISDIR, INVAL, FBIG, NOSPC, ROFS = 20, 21, 22, 27, 28, 30
NAMETOOLONG, NOTEMPTY, STALE = 63, 66, 70
BADHANDLE, NOT_SYNC, BAD_COOKIE, NOTSUPP, TOOSMALL = 10001, 10002, 10003, 10004, 10005
SERVERFAULT, BADTYPE = 10006, 10007
UNSTABLE, DATA_SYNC, FILE_SYNC = 0, 1, 2
UNCHECKED, GUARDED, EXCLUSIVE = 0, 1, 2

def u32(*values):
    return struct.pack(f">{len(values)}I", *values)


def u64(value):
    return struct.pack(">Q", value)


def sattr3(mode=None, uid=None, gid=None, size=None, atime=None, mtime=None):
    """Times: None, "server", or (seconds, nanoseconds)."""
    out = b""
    for value in (mode, uid, gid):
        out += u32(0) if value is None else u32(1, value)
    out += u32(0) if size is None else u32(1) + u64(size)
    for value in (atime, mtime):
        out += u32(0) if value is None else u32(1) if value == "server" else u32(2, *value)
    return out


def sattr2(mode=-1, uid=-1, gid=-1, size=-1, atime=(-1, -1), mtime=(-1, -1)):
    return u32(*(value & 0xffffffff for value in (mode, uid, gid, size, *atime, *mtime)))


class Results:
    """Reads results."""

    def __init__(self, data):
        self.data = data
        self.offset = 0

    def u32(self):
        return self._unpack(">I")

    def u64(self):
        return self._unpack(">Q")

    def _unpack(self, form):
        value = struct.unpack_from(form, self.data, self.offset)[0]
        self.offset += struct.calcsize(form)
        return value

    def fixed(self, length):
        value = self.data[self.offset:self.offset + length]
        assert len(value) == length
        self.offset += length + -length % 4
        return value

    def opaque(self):
        return self.fixed(self.u32())

    def fattr3(self):
        names = ("type", "mode", "nlink", "uid", "gid")
        fattr = {name: self.u32() for name in names}
        fattr["size"], fattr["used"] = self.u64(), self.u64()
        fattr["rdev"] = (self.u32(), self.u32())
        fattr["fsid"], fattr["fileid"] = self.u64(), self.u64()
        for name in ("atime", "mtime", "ctime"):
            fattr[name] = (self.u32(), self.u32())
        return fattr

    def post_op(self):
        return self.fattr3() if self.u32() else None

    def wcc(self):
        before = (self.u64(), (self.u32(), self.u32()), (self.u32(), self.u32())) \
            if self.u32() else None
        return before, self.post_op()

    def fattr2(self):
        names = ("type", "mode", "nlink", "uid", "gid", "size", "blocksize", "rdev", "blocks",
                 "fsid", "fileid")
        fattr = {name: self.u32() for name in names}
        for name in ("atime", "mtime", "ctime"):
            fattr[name] = (self.u32(), self.u32())
        return fattr

    def at_end(self):
        return self.offset == len(self.data)


class Client:
    """Calls from one namespace, over UDP or TCP. `uid` None is AUTH_NONE."""

    def __init__(self, namespace, tcp=False, uid=0, gid=0, groups=(), source=None,
                 server=testing.SERVER_ADDRESS):
        self.namespace, self.tcp, self.source, self.server = namespace, tcp, source, server
        self.reserved = True  # False, before the first call: a port that any user may have
        self.auth = AUTH_NONE if uid is None else auth_sys(uid, gid, groups)
        self.sockets = {}
        self.replies = {}

    def socket(self, program):
        if program not in self.sockets:
            kind = socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM
            made = self.namespace.socket(kind=kind)
            made.settimeout(testing.PATIENCE)
            if self.reserved:
                bind_reserved(made, self.source or "")
            made.connect((self.server, PORTS[program]))
            self.sockets[program] = made
        return self.sockets[program]

    def close(self):
        for each in self.sockets.values():
            each.close()
        self.sockets = {}

    def send(self, program, version, procedure, arguments):
        """Returns what receive() wants to know."""
        xid, message = call_bytes(program, version, procedure, arguments, auth=self.auth)
        if self.tcp:
            send_record(self.socket(program), message)
        else:
            self.socket(program).send(message)
        return program, xid & 0xffffffff

    def receive(self, program, xid):
        """The results of one call; answers may come in any order."""
        while xid not in self.replies:
            data = receive_record(self.socket(program)) if self.tcp \
                else self.socket(program).recv(70000)
            reply = Reply(data)
            self.replies[reply.xid] = reply
        return Results(self.replies.pop(xid).success())

    def call(self, program, version, procedure, arguments=b""):
        return self.receive(*self.send(program, version, procedure, arguments))

    def mount(self, path, version=3):
        """The handle of the path, or raises OSError with mount's status."""
        results = self.call(MOUNT, version, 1, opaque(path))
        status = results.u32()
        if status:
            raise OSError(status, "mount")
        return results.opaque() if version == 3 else results.fixed(32)

    def nfs3(self, name, arguments=b""):
        return self.call(NFS, 3, NFS3.index(name), arguments)

    def nfs2(self, name, arguments=b""):
        return self.call(NFS, 2, NFS2.index(name), arguments)

    # The calls of version 3 that tests make all the time; each returns its status first.

    def getattr(self, handle):
        results = self.nfs3("GETATTR", opaque(handle))
        status = results.u32()
        return status, results.fattr3() if status == OK else None

    def lookup(self, directory, name):
        results = self.nfs3("LOOKUP", opaque(directory) + opaque(name))
        status = results.u32()
        return status, results.opaque() if status == OK else None

    def walk(self, handle, path):
        for name in path.split("/"):
            status, handle = self.lookup(handle, name)
            assert status == OK, f"LOOKUP {name}: {status}"
        return handle

    def access(self, handle, wanted=0x3f):
        results = self.nfs3("ACCESS", opaque(handle) + u32(wanted))
        status = results.u32()
        results.post_op()
        return status, results.u32() if status == OK else 0

    def read(self, handle, offset, count):
        results = self.nfs3("READ", opaque(handle) + u64(offset) + u32(count))
        status = results.u32()
        results.post_op()
        if status != OK:
            return status, None, None
        length, end = results.u32(), results.u32()
        data = results.opaque()
        assert len(data) == length and results.at_end()
        return status, data, bool(end)

    def write(self, handle, offset, data, stable=FILE_SYNC):
        results = self.nfs3("WRITE", opaque(handle) + u64(offset) + u32(len(data), stable) +
                            opaque(data))
        status = results.u32()
        results.wcc()
        if status != OK:
            return status, 0, None
        count, committed = results.u32(), results.u32()
        assert committed >= stable
        return status, count, results.fixed(8)

    def commit(self, handle):
        results = self.nfs3("COMMIT", opaque(handle) + u64(0) + u32(0))
        status = results.u32()
        results.wcc()
        return status, results.fixed(8) if status == OK else None

    def _made(self, results):
        status = results.u32()
        if status != OK:
            results.wcc()
            assert results.at_end()
            return status, None, None
        handle = results.opaque() if results.u32() else None
        attributes = results.post_op()
        results.wcc()
        assert results.at_end()
        return status, handle, attributes

    def create(self, directory, name, how=UNCHECKED, verifier=b"", **attributes):
        arguments = opaque(directory) + opaque(name) + u32(how)
        arguments += verifier if how == EXCLUSIVE else sattr3(**attributes)
        return self._made(self.nfs3("CREATE", arguments))

    def mkdir(self, directory, name, **attributes):
        return self._made(self.nfs3("MKDIR", opaque(directory) + opaque(name) +
                                    sattr3(**attributes)))

    def symlink(self, directory, name, target, **attributes):
        return self._made(self.nfs3("SYMLINK", opaque(directory) + opaque(name) +
                                    sattr3(**attributes) + opaque(target)))

    def mknod(self, directory, name, kind, device=(), **attributes):
        return self._made(self.nfs3("MKNOD", opaque(directory) + opaque(name) + u32(kind) +
                                    sattr3(**attributes) + u32(*device)))

    def setattr(self, handle, guard=None, **attributes):
        arguments = opaque(handle) + sattr3(**attributes)
        arguments += u32(1, *guard) if guard else u32(0)
        return self.nfs3("SETATTR", arguments).u32()

    def remove(self, directory, name, procedure="REMOVE"):
        return self.nfs3(procedure, opaque(directory) + opaque(name)).u32()

    def rename(self, from_directory, from_name, to_directory, to_name):
        return self.nfs3("RENAME", opaque(from_directory) + opaque(from_name) +
                         opaque(to_directory) + opaque(to_name)).u32()

    def link(self, handle, directory, name):
        return self.nfs3("LINK", opaque(handle) + opaque(directory) + opaque(name)).u32()

    def readdir(self, directory, cookie=0, count=4096):
        """One piece: status, [(file id, name, cookie)], eof."""
        results = self.nfs3("READDIR", opaque(directory) + u64(cookie) + bytes(8) + u32(count))
        status, entries = results.u32(), []
        results.post_op()
        if status != OK:
            return status, None, None
        assert len(results.data) - 4 <= count
        results.fixed(8)
        while results.u32():
            entries.append((results.u64(), results.opaque().decode(), results.u64()))
        return status, entries, bool(results.u32())

    def readdirplus(self, directory, cookie=0, dircount=4096, maxcount=8192):
        """One piece: status, [(file id, name, cookie, attributes, handle)], eof."""
        results = self.nfs3("READDIRPLUS", opaque(directory) + u64(cookie) + bytes(8) +
                            u32(dircount, maxcount))
        status, entries = results.u32(), []
        results.post_op()
        if status != OK:
            return status, None, None
        assert len(results.data) - 4 <= maxcount
        results.fixed(8)
        while results.u32():
            entry = results.u64(), results.opaque().decode(), results.u64(), results.post_op()
            entries.append((*entry, results.opaque() if results.u32() else None))
        return status, entries, bool(results.u32())

    def list(self, directory, count=4096):
        """All names, piece by piece."""
        names, cookie, end = [], 0, False
        while not end:
            status, entries, end = self.readdir(directory, cookie, count)
            assert status == OK and (entries or end)
            names += [name for _, name, _ in entries]
            cookie = entries[-1][2] if entries else cookie
        return names

    # Version 2, the same way.

    def lookup2(self, directory, name):
        results = self.nfs2("LOOKUP", directory + opaque(name))
        status = results.u32()
        return (status, results.fixed(32), results.fattr2()) if status == OK else (status, None, None)

    def create2(self, directory, name, **attributes):
        results = self.nfs2("CREATE", directory + opaque(name) + sattr2(**attributes))
        status = results.u32()
        return (status, results.fixed(32), results.fattr2()) if status == OK else (status, None, None)

    def read2(self, handle, offset, count):
        results = self.nfs2("READ", handle + u32(offset, count, 0))
        status = results.u32()
        if status != OK:
            return status, None
        results.fattr2()
        data = results.opaque()
        assert results.at_end()
        return status, data

    def readdir2(self, directory, cookie=0, count=8192):
        results = self.nfs2("READDIR", directory + u32(cookie, count))
        status, entries = results.u32(), []
        if status != OK:
            return status, None, None
        assert len(results.data) <= count
        while results.u32():
            entries.append((results.u32(), results.opaque().decode(), results.u32()))
        return status, entries, bool(results.u32())

    def list2(self, directory, count=8192):
        names, cookie, end = [], 0, False
        while not end:
            status, entries, end = self.readdir2(directory, cookie, count)
            assert status == OK and (entries or end)
            names += [name for _, name, _ in entries]
            cookie = entries[-1][2] if entries else cookie
        return names
