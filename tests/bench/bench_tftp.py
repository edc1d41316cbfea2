"""TFTP as boot ROMs ask for it: bootwire, tftpd-hpa and dnsmasq, in turn, on the same loopback.

Each server has a network namespace of its own. curl is the client: 1 and 10 at a time, with the block
sizes of iPXE (1432) and of plain RFC 1350 clients (512). Printed: megabytes per second over all
clients, and the ratio of bootwire's rate to the best of the others.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BOOTWIRE = os.environ["BOOTWIRE"]
FILE_SIZE = 8 << 20
ROUNDS = 2
CASES = [(clients, block_size) for clients in (1, 10) for block_size in (512, 1432)]
CONFIGURATION = """
tftp-root "{root}";
subnet 127.0.0.0 netmask 255.0.0.0 {{ }}
"""


def command_lines(root, work):
    """The servers: name, command line, in the foreground."""
    configuration = work / "bench.conf"
    configuration.write_text(CONFIGURATION.format(root=root))
    return {
        "bootwire": [BOOTWIRE, "serve", "-c", configuration, "--state", work],
        "tftpd-hpa": ["in.tftpd", "-L", "-4", "-s", "-a", "127.0.0.1:69", root],
        "dnsmasq": ["dnsmasq", "-k", "-C", "/dev/null", "-p", "0", "--enable-tftp",
                    "--tftp-root=" + str(root), "--listen-address=127.0.0.1", "-u", "root",
                    "--tftp-max=100", "--pid-file=" + str(work / "dnsmasq.pid")],
    }


class Namespace:
    def __init__(self):
        self.name = f"bw-bench-{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run(["ip", "link", "set", "lo", "up"], check=True)
        # tftpd-hpa resolves its address only where some interface beside loopback has one.
        self.run(["ip", "link", "add", "beside", "type", "veth", "peer", "name", "beside-peer"],
                 check=True)
        self.run(["ip", "address", "add", "192.0.2.1/24", "dev", "beside"], check=True)
        self.run(["ip", "link", "set", "beside", "up"], check=True)

    def command(self, arguments):
        return ["ip", "netns", "exec", self.name, *map(str, arguments)]

    def run(self, arguments, **keywords):
        return subprocess.run(self.command(arguments), **keywords)

    def start(self, arguments, **keywords):
        return subprocess.Popen(self.command(arguments), **keywords)

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def fetch(namespace, block_size):
    return namespace.start(["curl", "-s", "-o", "/dev/null", "--tftp-blksize", block_size,
                            "--max-time", "120", "tftp://127.0.0.1/file"])


def wait_until_it_answers(namespace, process):
    for _ in range(100):
        if process.poll() is not None:
            break
        if namespace.run(["curl", "-s", "-o", "/dev/null", "--max-time", "5",
                          "tftp://127.0.0.1/small"], check=False).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit("bench: the server does not answer")


def measure(namespace, clients, block_size):
    """Bytes per second over all clients, the best of some rounds; 0 where a transfer failed."""
    best = 0
    for _ in range(ROUNDS):
        start = time.monotonic()
        transfers = [fetch(namespace, block_size) for _ in range(clients)]
        if any([transfer.wait() for transfer in transfers]):
            return 0
        best = max(best, clients * FILE_SIZE / (time.monotonic() - start))
    return best


def run_server(namespace, name, arguments):
    process = namespace.start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_answers(namespace, process)
        figures = {}
        for case in CASES:
            print(f"measuring {name}: {case[0]} clients, blksize {case[1]}", file=sys.stderr)
            figures[case] = measure(namespace, *case)
        return figures
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="bootwire-bench-"))
    root = work / "tftp"
    root.mkdir()
    work.chmod(0o755)
    (root / "file").write_bytes(os.urandom(FILE_SIZE))
    (root / "small").write_bytes(b"small")
    namespace = Namespace()
    try:
        figures = {name: run_server(namespace, name, arguments)
                   for name, arguments in command_lines(root, work).items()}
    finally:
        namespace.close()
        shutil.rmtree(work)
    print("TFTP: MB/s over all clients")
    print(f"{'clients, blksize':18}" + "".join(f"{name:>12}" for name in figures) + f"{'ratio':>8}")
    for case in CASES:
        row = [figures[name][case] for name in figures]
        print(f"{case[0]:>7}, {case[1]:<9}" + "".join(f"{rate / 1e6:12.1f}" for rate in row)
              + f"{row[0] / max(row[1:]):8.2f}")


main()
