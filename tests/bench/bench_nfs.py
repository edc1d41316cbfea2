"""NFS under load: nfs_load against bootwire and nfs-ganesha (FSAL VFS), one directory, in turn.

Each server has a network namespace of its own, and the generator is beside it, over its loopback:
that is what iperf3, run there too, gives the limit for. Every simulated client has an address, a
connection and files of its own. Where machines are shared, their speed changes from one second to
the next: both servers run all the time, each workload goes to one and at once to the other, and has
more than one turn, of which the better figures count. All data is cached. Closing lines:

    bar NAME: figures, met      or      ... missed

and the exit status is 1 where one was missed. --only REGEX runs the workloads whose name it finds,
--quick a few of them, briefly.
"""
import argparse
import array
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BOOTWIRE = os.environ["BOOTWIRE"]
LOAD = os.environ["NFS_LOAD"]
REFLECTOR = os.environ["NFS_REFLECTOR"]
CLIENTS = (1, 16, 256)
SIZES = {"1K": 1 << 10, "8K": 8 << 10, "64K": 64 << 10, "1M": 1 << 20}
WINDOWS = {1: 16, 16: 4, 256: 1}      # calls under way of each client
LARGE_WINDOWS = {1: 4, 16: 1, 256: 1}  # of 1 MB each
NAMES = 10000
NAMES_OF_SERVERS = ("bootwire", "ganesha")
PATTERN_BYTES = 64 << 20               # nfs_load knows it, and the other lengths
# The generator has a core of its own and the servers have the others, as if they were two machines:
# the scheduler likes to put who wakes the other up on the same core, where they wait for each other.
GENERATOR_CORE, *OTHER_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = ",".join(map(str, OTHER_CORES or [GENERATOR_CORE]))
TIMES, IPERF_PART, MEMORY_MB = 3, 0.7, 64
IDLE_CLIENTS, IDLE_SECONDS = 1000, 3
FULL = 0.9                             # a generator that is busy for so much measures itself
SMALL_RATIO = 0.05                     # two p99 that differ by less are told apart by nothing

NOTES = """\
Ganesha speaks NFS v3 alone here: the v2 READs over UDP stand beside its v3 READs over UDP.
WRITEs are unstable and nothing is committed meanwhile: neither server waits for the disk. CREATE and
REMOVE bootwire answers when the disk has them (fsync), as RFC 1813 section 4.7 says, and Ganesha never asks it.
READs come from the page cache. The generator throws payloads away in the kernel (MSG_TRUNC) and sends
those of large WRITEs from a file; beside iperf3, which copies, it copies. It has core {core}, the servers
have {others}."""

GANESHA = """
NFS_CORE_PARAM {{ Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false;
                 Enable_RQUOTA = false; Enable_UDP = true; mount_path_pseudo = false; }}
NFSv4 {{ Graceless = true; RecoveryRoot = "{work}/recovery"; }}
EXPORT {{ Export_Id = 1; Path = "{export}"; Pseudo = "/export"; Access_Type = RW; Squash = None;
         Transports = UDP, TCP; Protocols = 3; SecType = sys; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = WARN; }}
"""

EXPORT = """export "{export}" {{ clients 127.1.0.0/16; rw; squash none; }}
"""


class Cell:
    """One workload with so many clients."""

    def __init__(self, group, workload, clients, size=0, udp=False):
        self.group, self.workload, self.clients, self.size, self.udp = (
            group, workload, clients, size, udp)
        label = next((name for name, value in SIZES.items() if value == size), "")
        self.name = " ".join(filter(None, [workload, label, "UDP" if udp else "", f"x{clients}"]))
        self.window = (LARGE_WINDOWS if size == SIZES["1M"] else WINDOWS)[clients]
        if udp or workload == "readdirplus":
            self.window = 1

    def arguments(self, server):
        version = 2 if self.udp and server.name != "ganesha" else 3
        return ["--workload", self.workload, "--clients", self.clients, "--window", self.window,
                "--version", version, *(["--size", self.size] if self.size else []),
                *(["--udp"] if self.udp else [])]


def all_cells():
    cells = [Cell(group, f"{kind}-{order}", clients, size)
             for group, kind in (("reads", "read"), ("writes", "write"))
             for order in ("sequential", "random")
             for size in SIZES.values() for clients in CLIENTS]
    cells += [Cell("loaders", "read-sequential", clients, SIZES["1K"], udp=True)
              for clients in CLIENTS]
    cells += [Cell("names", workload, clients) for clients in CLIENTS
              for workload in ("getattr", "lookup", "readdirplus", "create-remove")]
    return cells


def is_quick(cell):
    return (cell.clients != 16 and "sequential" not in cell.workload and cell.size != SIZES["64K"]) \
        or cell.udp


class Server:
    """One in a namespace of its own."""

    def __init__(self, name, command):
        self.name = name
        self.space = f"bw-bench-{os.getpid()}-{name}"
        self.log = None
        for arguments in (("netns", "add", self.space),
                          ("-netns", self.space, "link", "set", "lo", "up")):
            subprocess.run(["ip", *arguments], check=True)
        self.command, self.process = command, None

    def start(self, work):
        self.log = work / f"{self.name}.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(self.inside(self.command, SERVER_CORES), stdout=out, stderr=out,
                                            process_group=0)

    def inside(self, arguments, cores=GENERATOR_CORE):
        return ["ip", "netns", "exec", self.space, "taskset", "-c", *map(str, [cores, *arguments])]

    def close(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        subprocess.run(["ip", "netns", "del", self.space], check=False)


def bootwire(work, export):
    (work / "bootwire.conf").write_text(EXPORT.format(export=export))
    return [BOOTWIRE, "serve", "-q", "-c", work / "bootwire.conf", "--state", work]


def ganesha(work, export):
    """Its registration needs an rpcbind, whose socket every namespace would see in /run."""
    (work / "recovery").mkdir()
    (work / "ganesha.conf").write_text(GANESHA.format(work=work, export=export))
    return ["unshare", "--mount", "sh", "-c",
            "mount -t tmpfs none /run && mkdir /run/rpcbind /run/ganesha && ulimit -n $(ulimit -Hn) &&"
            " { rpcbind -f -w & sleep 0.5; } && exec ganesha.nfsd -F -N WARN"
            f" -f {work}/ganesha.conf -p {work}/ganesha.pid -L {work}/ganesha.log"]


def make_files(work):
    """What the clients read, write and list. Every 8 bytes say where in the file they stand."""
    export = work / "export"
    (export / "many").mkdir(parents=True)
    pattern = array.array("Q", range(PATTERN_BYTES // 8)).tobytes()
    (work / "pattern").write_bytes(pattern)
    for number in range(max(CLIENTS)):
        size = PATTERN_BYTES if number == 0 else (4 << 20) if number < 16 else 1 << 20
        (export / f"r{number}").write_bytes(pattern[:size])
        # What another server changes beside it, Ganesha's cache would not know of.
        for name in NAMES_OF_SERVERS:
            (export / f"{name}-{number}").mkdir()
    for number in range(NAMES):
        (export / "many" / f"n{number:05}").touch()
    os.sync()
    return export


class Bench:
    def __init__(self, work, seconds):
        self.seconds, self.work = seconds, work
        self.export = make_files(work)
        self.servers = []

    def start(self):
        self.servers.append(Server("bootwire", bootwire(self.work, self.export)))
        self.servers.append(Server("ganesha", ganesha(self.work, self.export)))
        self.servers.append(Server("reflector", [REFLECTOR, self.work / "pattern"]))
        for server in self.servers:
            server.start(self.work)
        for server in self.servers:
            self.wait_for(server)

    def wait_for(self, server):
        for _ in range(100):
            if server.process.poll() is not None:
                break
            if self.load(server, ["--workload", "getattr"], 0.01, check=False):
                return
            time.sleep(0.1)
        sys.exit(f"bench: {server.name} does not answer:\n"
                 + server.log.read_text(errors="replace")[-2000:])

    def load(self, server, arguments, seconds, check=True):
        """What nfs_load said, or None."""
        pid = server.process.pid
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of memory starts again
        done = subprocess.run(
            server.inside([LOAD, "--export", self.export,
                           "--pattern", self.work / "pattern", "--seconds", seconds, "--pid", pid,
                           "--place", server.name,
                           *arguments]),
            capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return json.loads(done.stdout)
        if check:
            print(f"bench: {server.name}, {' '.join(map(str, arguments))}: {done.stderr.strip()}",
                  flush=True)
        return None

    def close(self):
        for server in self.servers:
            server.close()


class Figures:
    """The better ones of a server's turns at one workload."""

    def __init__(self):
        self.rate = self.bytes = self.client = self.peak = self.resent = 0
        self.p50 = self.p99 = self.cpu = self.per_gib = float("inf")
        self.turns = 0

    def add(self, result):
        self.turns += 1
        # Listings are compared by what they list: replies of two servers hold not the same number.
        self.rate = max(self.rate, (result["entries"] or result["calls"]) / result["seconds"])
        self.bytes = max(self.bytes, result["bytes"] / result["seconds"])
        self.p50, self.p99 = min(self.p50, result["p50"]), min(self.p99, result["p99"])
        if result["calls"]:
            self.cpu = min(self.cpu, result["server_cpu"] / (result["entries"] or result["calls"]))
        if result["bytes"]:
            self.per_gib = min(self.per_gib, result["server_cpu"] * (1 << 30) / result["bytes"])
        self.client = max(self.client, result["client_cpu"] / result["seconds"])
        self.peak = max(self.peak, result["peak"] / 1024)
        self.resent += result["resent"]

    def line(self):
        if not self.turns:
            return "no figures"
        gib = f"{self.per_gib:8.3f}" if self.bytes else f"{'':8}"
        return (f"{self.rate:10.0f} {self.bytes / (1 << 20):7.0f} {self.p50:9.1f} {self.p99:10.1f}"
                f" {1e6 * self.cpu:8.2f} {gib} {self.peak:6.0f} {100 * self.client:4.0f}%"
                + (f" {self.resent} sent again" if self.resent else ""))


HEAD = (f"{'workload':28} {'server':8} {'calls/s':>10} {'MiB/s':>7} {'p50 us':>9} {'p99 us':>10}"
        f" {'CPU us':>8} {'s/GiB':>8} {'MiB':>6} {'load':>5}")


def run_cell(bench, cell, turns):
    figures = {server.name: Figures() for server in bench.servers}
    for turn in range(turns):
        for server in bench.servers if turn % 2 == 0 else bench.servers[::-1]:
            if server.name == "reflector" and turn > 0:
                continue
            result = bench.load(server, cell.arguments(server), bench.seconds)
            if result:
                figures[server.name].add(result)
    for server in bench.servers:
        print(f"{cell.name:28} {server.name:8} {figures[server.name].line()}", end="")
        if figures[server.name].client >= FULL:
            print("   the generator's limit", end="")
        if server.name != "ganesha" and server.name in figures:
            calls, cpu, p99 = ratios(figures, server.name)
            print(f"   {calls:.2f} times the calls, {cpu:.2f} times per CPU, p99 {p99:.2f}", end="")
        print(flush=True)
    return figures


def ratios(figures, name="bootwire"):
    """The server's calls per second, its work per CPU second, and its p99, beside Ganesha's."""
    ours, theirs = figures[name], figures["ganesha"]
    if not ours.rate or not theirs.rate:
        return float("inf") if ours.rate else 0, float("inf") if ours.rate else 0, \
            0 if ours.rate else float("inf")
    return ours.rate / theirs.rate, theirs.cpu / max(ours.cpu, 1e-9), ours.p99 / theirs.p99


def iperf3(bench):
    """Bytes per second of one stream to a receiver where nfs_load runs."""
    server = bench.servers[0]
    listener = subprocess.Popen(server.inside(["iperf3", "-s", "-1"], SERVER_CORES), stdout=subprocess.DEVNULL)
    try:
        for _ in range(50):
            done = subprocess.run(server.inside(
                ["iperf3", "-c", "127.0.0.1", "-R", "-J", "-t",
                 max(1, bench.seconds)]), capture_output=True, text=True, check=False, timeout=30)
            result = json.loads(done.stdout) if done.stdout else {}
            if "error" not in result:
                return result["end"]["sum_received"]["bits_per_second"] / 8
            time.sleep(0.1)
        sys.exit("bench: iperf3: " + result["error"])
    finally:
        listener.terminate()
        listener.wait()


def beside_iperf3(bench, turns):
    """The medians of iperf3's stream and of 1 MB READs that the client copies, in turn."""
    streams, reads = [], []
    for _ in range(turns):
        streams.append(iperf3(bench))
        result = bench.load(bench.servers[0], ["--workload", "read-sequential", "--size", 1 << 20,
                                               "--window", 4, "--copy"], bench.seconds)
        reads.append(result["bytes"] / result["seconds"] if result else 0)
    return statistics.median(streams), statistics.median(reads)


def idle(bench):
    """The part of a core that clients cost each server who are mounted and silent."""
    costs = {}
    for server in bench.servers[:2]:
        result = bench.load(server, ["--workload", "idle", "--clients", IDLE_CLIENTS, "--warm", 1],
                            IDLE_SECONDS)
        costs[server.name] = result["server_cpu"] / result["seconds"] if result else float("inf")
        print(f"{f'idle x{IDLE_CLIENTS}':28} {server.name:8} {100 * costs[server.name]:.1f} % of a core")
    return costs


def bar(name, figures, met):
    print(f"bar {name}: {figures}, {'met' if met else 'missed'}")
    return met


def smallest(compared, which):
    """How often the smallest ratio is, of which workload, and how many there are below the bar."""
    values = {name: ratios(figures)[which] for name, figures in compared.items()}
    limits = {name: ratios(figures, "reflector")[which] for name, figures in compared.items()}
    name = min(values, key=values.get)
    enough = sum(value >= TIMES for value in values.values())
    possible = sum(value >= TIMES for value in limits.values())
    return values[name], f"{values[name]:.2f} times Ganesha at the least, {name} (the reflector " \
        f"{limits[name]:.2f}); {enough} of {len(values)} workloads have {TIMES} times (the " \
        f"reflector {possible})"


def bars(results, limit, costs):
    met = True
    for group in dict.fromkeys(cell.group for cell in results):
        compared = {cell.name: figures for cell, figures in results.items() if cell.group == group}
        ratio, text = smallest(compared, 0)
        met &= bar(f"{group}, calls per second", text, ratio >= TIMES)
        ratio, text = smallest(compared, 1)
        per = "call" if group == "names" else "GiB"
        met &= bar(f"{group}, CPU per {per}", text, ratio >= TIMES)
    if limit:
        stream, reads = limit
        met &= bar("iperf3", f"1 MB READs {reads / (1 << 20):.0f} MiB/s of one stream's "
                   f"{stream / (1 << 20):.0f} MiB/s: {100 * reads / stream:.0f} % "
                   f"({100 * IPERF_PART:.0f} %)", reads >= IPERF_PART * stream)
    if costs:
        met &= bar("idle", f"{IDLE_CLIENTS} silent clients take {100 * costs['bootwire']:.1f} % of a "
                   f"core (1 %; Ganesha {100 * costs['ganesha']:.1f} %)", costs["bootwire"] <= 0.01)
    values = {cell.name: ratios(figures)[2] for cell, figures in results.items()}
    worst = max(values, key=values.get)
    worse = [name for name, value in values.items() if value > 1 + SMALL_RATIO]
    met &= bar("p99", f"{values[worst]:.2f} times Ganesha's at the worst, {worst}; worse in "
               f"{len(worse)} of {len(values)} workloads", not worse)
    peaks = {cell.name: figures["bootwire"].peak for cell, figures in results.items()
             if cell.clients == max(CLIENTS)}
    if peaks:
        worst = max(peaks, key=peaks.get)
        theirs = max(figures["ganesha"].peak for cell, figures in results.items()
                     if cell.clients == max(CLIENTS))
        met &= bar("memory", f"{peaks[worst]:.0f} MiB at the most with {max(CLIENTS)} clients, {worst} "
                   f"({MEMORY_MB} MiB; Ganesha {theirs:.0f} MiB)", peaks[worst] < MEMORY_MB)
    return met


def go_first():
    """Has the servers and the generator, all of this session, come before what else the machine does:
    under load from others a server with many threads gets more of the cores than one with few,
    whatever they are worth. Linux weighs sessions (autogroups) against each other, then threads."""
    try:
        os.setsid()
    except PermissionError:  # the leader of a group of processes: a new session already, or a shell's
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        pathlib.Path("/proc/self/autogroup").write_text("-20")
    except OSError as error:
        print(f"bench: what else runs here has its share: {error}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="the workloads whose name this regular expression finds")
    parser.add_argument("--quick", action="store_true", help="a few workloads, briefly")
    parser.add_argument("--seconds", type=float, help="of load for each")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--polite", action="store_true", help="leave others their share of the cores")
    parser.add_argument("--directory", help="where the files go; default: the build directory")
    arguments = parser.parse_args()
    seconds = arguments.seconds or (0.3 if arguments.quick else 1.2)
    turns = arguments.turns or (1 if arguments.quick else 2)
    cells = [cell for cell in all_cells() if (not arguments.only or re.search(arguments.only, cell.name))
             and (arguments.only or not arguments.quick or is_quick(cell))]
    if not cells:
        sys.exit("bench: no workload has such a name")
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-nfs-", dir=arguments.directory
                                         or pathlib.Path(LOAD).parent))
    work.chmod(0o755)
    if not arguments.polite:
        go_first()
    bench = Bench(work, seconds)
    try:
        bench.start()
        print(NOTES.format(core=GENERATOR_CORE, others=SERVER_CORES))
        print(HEAD)
        results = {cell: run_cell(bench, cell, turns) for cell in cells}
        limit = costs = None
        if not arguments.only:
            limit = beside_iperf3(bench, 1 if arguments.quick else 3)
            costs = idle(bench)
    finally:
        bench.close()
        shutil.rmtree(work)
    if not bars(results, limit, costs):
        sys.exit(1)


main()
