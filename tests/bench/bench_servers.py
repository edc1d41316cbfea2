"""What the benchmarks of file servers share: a server in a network namespace and a control group of
its own, the cores that it and the generator have, and the closing lines."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

# The generator has a core of its own and the servers have the others, as if they were two machines:
# the scheduler likes to put who wakes the other up on the same core, where they wait for each other.
GENERATOR_CORE, *OTHER_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES = ",".join(map(str, OTHER_CORES or [GENERATOR_CORE]))
SMALL_RATIO = 0.05  # two figures that differ by less are told apart by nothing


def control_groups():
    """Where control groups of version 2 are: their cpu.stat counts what every process took that
    was ever in them, those included that nobody waited for."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, directory, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(directory)
    sys.exit("bench: no control groups (version 2) are mounted: mount -t cgroup2 none /sys/fs/cgroup")


class Server:
    """One, with all that it forks, in a namespace and a control group of its own."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        self.space = f"bw-bench-{os.getpid()}-{name}"
        self.group = control_groups() / self.space
        self.process = self.log = None
        self.group.mkdir()
        for arguments in (("netns", "add", self.space),
                          ("-netns", self.space, "link", "set", "lo", "up"),
                          # Some servers find no address of their own where there is only loopback.
                          ("-netns", self.space, "link", "add", "other", "type", "veth", "peer", "name", "end"),
                          ("-netns", self.space, "address", "add", "192.0.2.1/24", "dev", "other"),
                          ("-netns", self.space, "link", "set", "other", "up")):
            subprocess.run(["ip", *arguments], check=True)

    def start(self, work):
        self.log = work / f"{self.name}.log"
        enter = f'echo $$ >{self.group}/cgroup.procs && ulimit -n $(ulimit -Hn) && exec "$@"'
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                self.inside(["sh", "-c", enter, "sh", *self.command], SERVER_CORES),
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, process_group=0)

    def inside(self, arguments, cores=GENERATOR_CORE):
        return ["nsenter", f"--net=/run/netns/{self.space}", "--", "taskset", "-c", *map(str, [cores, *arguments])]

    @property
    def usage(self):
        return self.group / "cpu.stat"

    def cpu(self):
        """Seconds of a core that it has taken up to now."""
        for line in self.usage.read_text().splitlines():
            name, value = line.split()
            if name == "usage_usec":
                return int(value) / 1e6
        return 0

    def memory(self):
        """KiB of all of its processes; pages that they share count once."""
        total = 0
        for pid in (self.group / "cgroup.procs").read_text().split():
            try:
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
            except OSError:  # it has ended meanwhile
                pass
        return total

    def wait_for(self, answers):
        for _ in range(100):
            if self.process.poll() is not None:
                break
            if answers():
                return
            time.sleep(0.1)
        sys.exit(f"bench: {self.name} does not answer:\n"
                 + self.log.read_text(errors="replace")[-2000:])

    def end(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        for pid in (self.group / "cgroup.procs").read_text().split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()

    def close(self):
        self.end()
        subprocess.run(["ip", "netns", "del", self.space], check=False)
        for _ in range(50):  # what was killed leaves it a little later
            try:
                self.group.rmdir()
                return
            except OSError:
                time.sleep(0.1)


class MemoryMeter:
    """Looks at a server's memory once, in the middle of a measurement."""

    def __init__(self, server, delay):
        self.server, self.value = server, 0
        self.timer = threading.Timer(delay, self.look)

    def look(self):
        self.value = self.server.memory()

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        self.timer.join()


def bar(name, figures, met):
    print(f"bar {name}: {figures}, {'met' if met else 'missed'}")
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
