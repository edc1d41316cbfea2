"""TFTP as boot ROMs ask for it: bootwire, tftpd-hpa and dnsmasq, in turn, on the same loopback.

Each server has a network namespace of its own. curl is the client: 1 and 10 at a time, with the block
sizes of iPXE (1432) and of plain RFC 1350 clients (512). Printed: megabytes per second over all
clients, the server's CPU seconds per GiB, and bootwire's rate beside the best of the others.
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
FILE_SIZE = 16 << 20
ROUNDS = 3
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


def wait_until_it_answers(namespace):
    for _ in range(100):
        if namespace.run(["curl", "-s", "-o", "/dev/null", "--max-time", "5",
                          "tftp://127.0.0.1/small"], check=False).returncode == 0:
            return
        time.sleep(0.1)
    sys.exit("bench: the server does not answer")


def cpu_seconds(process):
    """Of the process and its children, tftpd-hpa's among them: user and system time."""
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == process.pid or stat.parent.name == str(process.pid):
            own_and_reaped = 4 if stat.parent.name == str(process.pid) else 2
            ticks += sum(map(int, fields[11:11 + own_and_reaped]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(namespace, process, clients, block_size):
    """(bytes per second, CPU seconds per GiB), the best of some rounds."""
    best = (0, 0)
    for _ in range(ROUNDS):
        cpu, start = cpu_seconds(process), time.monotonic()
        transfers = [fetch(namespace, block_size) for _ in range(clients)]
        if any(transfer.wait() for transfer in transfers):
            return (0, 0)
        seconds = time.monotonic() - start
        moved = clients * FILE_SIZE
        rate = moved / seconds
        if rate > best[0]:
            best = (rate, (cpu_seconds(process) - cpu) * (1 << 30) / moved)
    return best


def run_server(namespace, name, arguments):
    process = namespace.start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_answers(namespace)
        return {case: measure(namespace, process, *case) for case in CASES}
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
    print("TFTP: MB/s over all clients (server's CPU seconds per GiB)")
    print(f"{'clients, blksize':18}" + "".join(f"{name:>20}" for name in figures) + f"{'ratio':>8}")
    for case in CASES:
        row = [figures[name][case] for name in figures]
        best = max(rate for rate, _ in row[1:])
        print(f"{case[0]:>7}, {case[1]:<9}"
              + "".join(f"{rate / 1e6:12.1f} ({cpu:5.2f})" for rate, cpu in row)
              + f"{row[0][0] / best:8.2f}")


main()
