"""What the ways out of an export have in common: the machines, and the list of them."""
import os

import nfs_testing as nfs
from nfs_testing import opaque, u32, u64
from rpc_client import MOUNT, RpcError
from test_nfs_exports import changes2, changes3

IT, OTHER, STRANGER = "10.50.1.9", "10.50.1.10", "10.50.1.77"
SECRET = b"this text lies outside"
DENIED = "denied"


class Client(nfs.Client):
    """Sees every reply before the case does."""

    def receive(self, program, xid):
        results = super().receive(program, xid)
        assert SECRET not in results.data
        return results

    def status(self, version, name, arguments):
        """The first word of the results, or DENIED where RPC itself refused."""
        try:
            return getattr(self, f"nfs{version}")(name, arguments).u32()
        except RpcError:
            return DENIED

    def mount_status(self, path, version=3):
        try:
            return self.call(MOUNT, version, 1, opaque(path)).u32()
        except RpcError:
            return DENIED


def tree(top):
    """All that could be changed below a directory."""
    found = {}
    for place, _, names in [*os.walk(top)]:
        for path in (place, *(os.path.join(place, name) for name in names)):
            status = os.lstat(path)
            found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink,
                           status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


class Site:
    """Two machines with a root each, an export for all, and what is nobody's beside them."""

    def __init__(self, network, server, directory, prefix=()):
        self.network, self.directory = network, directory
        self.top = directory / "top"
        self.root, self.others = self.top / "root", self.top / "others"
        self.shared, self.outside = self.top / "shared", self.top / "outside"
        for each in (self.root / "sub" / "deep", self.others / "sub", self.shared,
                     self.outside / "sub"):
            each.mkdir(parents=True)
        for each in (self.others, self.outside, self.outside / "sub"):
            (each / "secret").write_bytes(SECRET)
        (self.root / "file").write_bytes(b"inside")
        (self.shared / "file").write_bytes(b"shared")
        for address in (IT, OTHER, STRANGER):
            network.client_address(address)
        self.server = server(self.config(), prefix=prefix)
        self.clients = []

    def config(self, it=IT, other=OTHER, shared="clients any; squash none;"):
        return f"""subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
            host it {{ hardware ethernet 22:22:22:22:00:00; fixed-address {it};
                       option root-path "{self.root}"; }}
            host other {{ hardware ethernet 22:22:22:22:00:01; fixed-address {other};
                          option root-path "{self.others}"; }}
            {f'export "{self.shared}" {{ {shared} }}' if shared else ""}"""

    def client(self, source=IT, **keywords):
        self.clients.append(Client(self.network.client, source=source, **keywords))
        return self.clients[-1]

    def rooted(self, **keywords):
        """A client and the handle of its root."""
        client = self.client(**keywords)
        return client, client.mount(str(self.root))

    def close(self):
        for each in self.clients:
            each.close()


class Cases(list):
    """The functions that it decorates."""

    def __call__(self, function):
        self.append(function)
        return function


def all_refuse(client, handle, wanted=(nfs.STALE, nfs.BADHANDLE, DENIED), name=b"x"):
    """No procedure of either version does anything with the handle."""
    for procedure, arguments in (*changes3(handle, handle).items(),
                                 ("GETATTR", opaque(handle)),
                                 ("LOOKUP", opaque(handle) + opaque(name)),
                                 ("LOOKUP", opaque(handle) + opaque("..")),
                                 ("ACCESS", opaque(handle) + u32(0x3f)),
                                 ("READLINK", opaque(handle)),
                                 ("READ", opaque(handle) + u64(0) + u32(100)),
                                 ("READDIR", opaque(handle) + u64(0) + bytes(8) + u32(4096)),
                                 ("READDIRPLUS",
                                  opaque(handle) + u64(0) + bytes(8) + u32(4096, 8192)),
                                 ("FSSTAT", opaque(handle)), ("FSINFO", opaque(handle)),
                                 ("PATHCONF", opaque(handle)),
                                 ("COMMIT", opaque(handle) + u64(0) + u32(0))):
        assert client.status(3, procedure, arguments) in wanted, procedure
    if len(handle) != 32:
        return
    for procedure, arguments in (*changes2(handle, handle).items(), ("GETATTR", handle),
                                 ("LOOKUP", handle + opaque(name)), ("READLINK", handle),
                                 ("READ", handle + u32(0, 100, 0)),
                                 ("READDIR", handle + u32(0, 4096)), ("STATFS", handle)):
        assert client.status(2, procedure, arguments) in (nfs.STALE, DENIED), procedure
