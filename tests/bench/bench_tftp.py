"""TFTP under load: tftp_load against bootwire, tftpd-hpa, atftpd and dnsmasq, one file, in turn.

Each server has a network namespace of its own, and the generator is beside it, over its loopback.
Each transfer is another machine's, with an address of its own. Where machines are shared, their
speed changes from one second to the next: all servers run all the time, each workload goes to one
and at once to the next, and has more than one turn, of which the better figures count. The files
are cached. Closing lines:

    bar NAME: figures, met      or      ... missed

and the exit status is 1 where one was missed. --only REGEX runs the workloads whose name it finds,
--quick a few of them, briefly.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from bench_servers import (GENERATOR_CORE, OTHER_CORES, SERVER_CORES, SMALL_RATIO,
                           MemoryMeter, Server, bar, go_first)

BOOTWIRE = os.environ["BOOTWIRE"]
LOAD = os.environ["TFTP_LOAD"]
REFLECTOR = os.environ["TFTP_REFLECTOR"]
PEERS = pathlib.Path(os.environ["BENCH_PEERS"])  # Debian packages that cannot be installed together
CLIENTS = (1, 10, 200)
BLOCK_SIZES = (512, 1428)
WINDOWS = (1, 16, 64)
LOSS = 1                                     # per cent of datagrams, each way
FILE_SIZES = {1: 1 << 20, 10: 1 << 20, 200: 256 << 10}
LOSSY_FILE_SIZE = 128 << 10                  # one loss costs up to a second
COUNTED = {1: 6, 10: 3, 200: 2}              # with loss: transfers of each, which lose the same
SECONDS = {False: 0.7, True: 1.5}            # without and with loss
PATIENCE = {False: 4, True: 2.5}             # for transfers that are under way then
TURNS = {1: 4, 10: 3, 200: 2}                # without loss; with loss one, which loses the same
TIMES_WITH_WINDOW, CPU_PART = 2, 0.5

NOTES = """\
tftpd-hpa and dnsmasq know no windowsize: asked for one, they send a block at a time. CPU is user and
system time of all of a server's processes, up to the moment that a datagram lies in its receiver's
socket; memory is what they have in the middle of a run, what they share counted once. p99 is of whole
transfers; those that had not ended {patience} s after the load count as long as that at least. With loss
each datagram is forgotten with {loss} % probability, each way, and a client speaks again after 250 ms.
The reflector is no server, but answers as cheaply as this kernel lets a program answer. The generator
has core {core}, the servers have {others}."""


def commands(work):
    """The servers' command lines, in the foreground."""
    root = work / "tftp"
    (work / "bench.conf").write_text(f'tftp-root "{root}";\nsubnet 127.0.0.0 netmask 255.0.0.0 {{ }}\n')
    return {
        "bootwire": [BOOTWIRE, "serve", "-q", "-c", work / "bench.conf", "--state", work],
        "tftpd-hpa": [PEERS / "tftpd-hpa/usr/sbin/in.tftpd", "-L", "-4", "-s", "-u", "root",
                      "-a", "127.0.0.1:69", root],
        "atftpd": [PEERS / "atftpd/usr/sbin/atftpd", "--daemon", "--no-fork", "--user", "root.root",
                   "--maxthread", "1000", "--verbose=1", "--logfile", "-", root],
        "dnsmasq": ["dnsmasq", "-k", "-C", "/dev/null", "-p", "0", "--enable-tftp",
                    f"--tftp-root={root}", "--listen-address=127.0.0.1", "-u", "root",
                    "--tftp-max=1000", f"--pid-file={work}/dnsmasq.pid"],
        "reflector": [REFLECTOR, root],
    }


class Cell:
    """One workload."""

    def __init__(self, clients, block_size, window, loss):
        self.clients, self.block_size, self.window, self.loss = clients, block_size, window, loss
        self.name = f"x{clients} blksize {block_size} window {window}" + (" loss" if loss else "")
        size = LOSSY_FILE_SIZE if loss else FILE_SIZES[clients]
        self.file = f"{size >> 10}K"

    def arguments(self):
        return ["--clients", self.clients, "--block-size", self.block_size, "--window", self.window,
                "--patience", PATIENCE[self.loss], *(["--loss", LOSS, "--counted", COUNTED[self.clients]] if self.loss else [])]


def all_cells():
    return [Cell(clients, block_size, window, loss) for loss in (False, True) for clients in CLIENTS
            for block_size in BLOCK_SIZES for window in WINDOWS]


def is_quick(cell):
    return cell.clients != 10 and cell.window != 64 and (cell.block_size == 1428 or not cell.loss)


class Bench:
    def __init__(self, work, arguments):
        self.work, self.arguments = work, arguments
        (work / "tftp").mkdir()
        for size in {*FILE_SIZES.values(), LOSSY_FILE_SIZE}:
            (work / "tftp" / f"{size >> 10}K").write_bytes(os.urandom(size))
        self.servers = []

    def start(self):
        for name, command in commands(self.work).items():
            if not self.arguments.servers or re.search(self.arguments.servers, name):
                self.servers.append(Server(name, command))
        for server in self.servers:
            server.start(self.work)
        for server in self.servers:
            self.wait_for(server)

    def wait_for(self, server):
        cell = Cell(1, 512, 1, False)
        server.wait_for(lambda: (self.load(server, cell, 0.05, check=False) or {}).get("transfers"))

    def measure(self, server, cell, seconds):
        """The same; a server that answers nothing any more is started again, and has another try."""
        result = self.load(server, cell, seconds)
        if result and result["bytes"]:
            return result
        print(f"bench: {server.name} answers no more, and is started again", flush=True)
        server.end()
        server.start(self.work)
        self.wait_for(server)
        return self.load(server, cell, seconds)

    def load(self, server, cell, seconds, check=True):
        """What tftp_load said, or None."""
        with MemoryMeter(server, seconds * 0.7) as memory:
            done = subprocess.run(
                server.inside([LOAD, "--file", cell.file, "--content", self.work / "tftp" / cell.file,
                               "--seconds", seconds, "--usage", server.usage, *cell.arguments(),
                               *(["--spin"] if OTHER_CORES else []),
                               *(["--whole"] if self.arguments.whole else [])]),
                capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return json.loads(done.stdout) | {"memory": memory.value}
        if check:
            print(f"bench: {server.name}, {cell.name}: {done.stderr.strip()}", flush=True)
        return None

    def close(self):
        for server in self.servers:
            server.close()


class Figures:
    """The better ones of a server's turns at one workload."""

    def __init__(self):
        self.rate = self.memory = self.resent = self.unfinished = self.busy = self.window = 0
        self.p50 = self.p99 = self.per_gib = float("inf")

    def add(self, result):
        self.rate = max(self.rate, result["bytes"] / result["seconds"])
        self.p50, self.p99 = min(self.p50, result["p50"]), min(self.p99, result["p99"])
        if result["bytes"]:
            self.per_gib = min(self.per_gib, result["server_cpu"] * (1 << 30) / result["bytes"])
        self.busy = max(self.busy, result["server_cpu"] / result["seconds"])
        self.memory = max(self.memory, result["memory"] / 1024)
        self.resent += result["resent"]
        self.unfinished += result["unfinished"]
        self.window = result["window"]

    def line(self):
        if not self.rate:
            return "no figures"
        return (f"{self.rate / (1 << 20):8.1f} {1e3 * self.p50:9.1f} {1e3 * self.p99:9.1f}"
                f" {self.per_gib:8.2f} {self.memory:7.1f} {100 * self.busy:5.0f}%"
                + (f" {self.resent} sent again" if self.resent else "")
                + (f" {self.unfinished} not ended" if self.unfinished else ""))


HEAD = (f"{'workload':34} {'server':9} {'MiB/s':>8} {'p50 ms':>9} {'p99 ms':>9} {'s/GiB':>8}"
        f" {'MiB':>7} {'busy':>6}")


def run_cell(bench, cell):
    figures = {server.name: Figures() for server in bench.servers}
    seconds = (bench.arguments.seconds or SECONDS[cell.loss]) / (2 if bench.arguments.quick else 1)
    for turn in range(bench.arguments.turns or (1 if bench.arguments.quick or cell.loss
                                            else TURNS[cell.clients])):
        for server in bench.servers if turn % 2 == 0 else bench.servers[::-1]:
            if server.name == "reflector" and turn > 0 and len(bench.servers) > 1:
                continue
            result = bench.measure(server, cell, seconds)
            if result:
                figures[server.name].add(result)
    for name, of in figures.items():
        print(f"{cell.name:34} {name:9} {of.line()}", end="")
        if name == "bootwire" and len(figures) > 1:
            print("   {:.2f} times the best peer's rate, {:.2f} of its p99, {:.2f} of its CPU per GiB"
                  .format(*ratios(figures)), end="")
        print(flush=True)
    return figures


def ratios(figures, name="bootwire"):
    """A server's rate, p99 and CPU per GiB beside the best of each among the peers."""
    ours = figures[name]
    peers = [of for name, of in figures.items() if name not in ("bootwire", "reflector")]
    if not ours.rate or not any(of.rate for of in peers):
        return 0, float("inf"), float("inf")
    return (ours.rate / max(of.rate for of in peers), ours.p99 / min(of.p99 for of in peers),
            ours.per_gib / min(of.per_gib for of in peers))


def judge(name, results, which, limit, text):
    """A bar over some workloads: at least `limit` where that is for rates, else at most."""
    if not results:
        return True

    def enough(server):
        values = {cell.name: ratios(figures, server)[which] for cell, figures in results.items()}
        worst = (min if which == 0 else max)(values, key=values.get)
        return values, worst, sum(v >= limit if which == 0 else v <= limit for v in values.values())

    values, worst, there = enough("bootwire")
    limits, _, possible = enough("reflector")
    return bar(name, f"{values[worst]:.2f} times {text} at the worst, {worst} (the reflector "
               f"{limits[worst]:.2f}); {there} of {len(values)} workloads are there (the reflector "
               f"{possible})", there == len(values))


def bars(results):
    crowds = {cell: of for cell, of in results.items() if cell.clients == max(CLIENTS)}
    windows = {cell: of for cell, of in results.items() if cell.window >= 16}
    met = judge("throughput", results, 0, 1 - SMALL_RATIO, "the best peer's rate (1)")
    met &= judge("p99", results, 1, 1 + SMALL_RATIO, "the best peer's p99 transfer time (1)")
    met &= judge(f"CPU with {max(CLIENTS)} clients", crowds, 2, CPU_PART,
                 f"the best peer's CPU per GiB ({CPU_PART})")
    return met & judge("windowsize", windows, 0, TIMES_WITH_WINDOW,
                       f"the best peer's rate ({TIMES_WITH_WINDOW})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="the workloads whose name this regular expression finds")
    parser.add_argument("--servers", help="the servers whose name this one finds; no bars then")
    parser.add_argument("--quick", action="store_true", help="a few workloads, briefly")
    parser.add_argument("--seconds", type=float, help="of load for each")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--whole", action="store_true",
                        help="clients take segments as they were sent, as behind a card that cuts them")
    parser.add_argument("--polite", action="store_true", help="leave others their share of the cores")
    arguments = parser.parse_args()
    cells = [cell for cell in all_cells() if (not arguments.only or re.search(arguments.only, cell.name))
             and (arguments.only or not arguments.quick or is_quick(cell))]
    if not cells:
        sys.exit("bench: no workload has such a name")
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-tftp-"))
    work.chmod(0o755)
    if not arguments.polite:
        go_first()
    bench = Bench(work, arguments)
    try:
        bench.start()
        print(NOTES.format(core=GENERATOR_CORE, others=SERVER_CORES, loss=LOSS, patience=PATIENCE[True]))
        print(HEAD)
        results = {cell: run_cell(bench, cell) for cell in cells}
    finally:
        bench.close()
        shutil.rmtree(work)
    if not arguments.servers and not bars(results):
        sys.exit(1)


main()
