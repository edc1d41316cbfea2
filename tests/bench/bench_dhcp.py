"""DHCP under load: perfdhcp against bootwire, ISC dhcpd, Kea (memfile) and dnsmasq, in turn.

Server and generator have a network namespace each. Every server has the same pool, lease time and
options, an empty lease store on the same disk, and is asked by a relay (perfdhcp's way) at rising
rates. A reflector that answers without thinking, with the same options, shows perfdhcp's own
ceiling. Where machines are shared, their speed changes from one minute to the next: the servers
whose best rates are compared have two turns, and the better one counts. No server logs what goes
well. Closing lines:

    bar NAME: figures, met      or      ... missed

and the exit status is 1 where one was missed. --only NAME,... runs some of the servers.
"""
import argparse
import contextlib
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
REFLECTOR = os.environ["DHCP_REFLECTOR"]
SERVER, CLIENT = "10.50.0.1", "10.50.0.2"
LOW, HIGH = "10.50.1.0", "10.50.254.255"
CLIENTS = 8100         # machines at each rate: the pool stays small, or ISC dhcpd falls to 25/s
RATES = (1000, 2000, 5000, 10000, 15000, 20000, 30000, 60000)
CALM = 1000            # exchanges per second at which nothing may be lost
PERIOD = 4             # seconds of load at each rate
HOPELESS = 0.1         # a server that answers less of the offered rate is spared the higher ones
SYNCS = 200
# The generator stays on one core, as if it were a machine of its own; the servers may use all. Where
# the scheduler moves it about instead, it loses packets and measures itself.
GENERATOR_CORE = min(os.sched_getaffinity(0))
# A third of perfdhcp's time goes into malloc(3): with jemalloc, and without a second thread to wait
# for on its one core, it sends 1.7 times as much.
GENERATOR = ("env", "LD_PRELOAD=libjemalloc.so.2", "taskset", "-c", str(GENERATOR_CORE), "perfdhcp",
             "-g", "single")
# Who loses no more of all that perfdhcp could send has reached perfdhcp's ceiling, not its own.
LOSES_NOTHING = 0.002
RECEIVE_DEFAULT = pathlib.Path("/proc/sys/net/core/rmem_default")
RECEIVE_BYTES = 16 << 20

DURABILITY = ("bootwire, ISC dhcpd and dnsmasq have the disk synchronised (fsync, fdatasync) for each "
              "lease or group\nof leases; Kea (memfile, persist) writes them and never does.")

ISC = f"""
{{extra}}
default-lease-time 3600; max-lease-time 7200; authoritative;
option domain-name-servers 10.50.0.3; option domain-name "example.org";
subnet 10.50.0.0 netmask 255.255.0.0 {{{{
  range {LOW} {HIGH}; option routers 10.50.0.1; next-server 10.50.0.1; filename "boot";
}}}}
"""

KEA = {"Dhcp4": {
    "interfaces-config": {"interfaces": [f"veth0/{SERVER}"], "dhcp-socket-type": "udp"},
    "multi-threading": {"enable-multi-threading": True},
    "valid-lifetime": 3600, "authoritative": True,
    "option-data": [{"name": "domain-name-servers", "data": "10.50.0.3"},
                    {"name": "domain-name", "data": "example.org"}],
    "subnet4": [{"subnet": "10.50.0.0/16", "pools": [{"pool": f"{LOW} - {HIGH}"}],
                 "next-server": SERVER, "boot-file-name": "boot",
                 "option-data": [{"name": "routers", "data": SERVER}]}],
    "loggers": [{"name": "kea-dhcp4", "severity": "ERROR", "output_options": [{"output": "stderr"}]}],
}}


def bootwire(work):
    (work / "bootwire.conf").write_text(ISC.format(extra=""))
    return [BOOTWIRE, "serve", "-q", "-c", work / "bootwire.conf", "--state", work]


def isc_dhcpd(work):
    (work / "dhcpd.conf").write_text(ISC.format(extra="ping-check false; ddns-update-style none;"))
    (work / "dhcpd.leases").write_text("")
    return ["dhcpd", "-4", "-f", "-q", "-cf", work / "dhcpd.conf", "-lf", work / "dhcpd.leases",
            "-pf", work / "dhcpd.pid", "veth0"]


def kea(work):
    config = json.loads(json.dumps(KEA))
    config["Dhcp4"]["lease-database"] = {"type": "memfile", "persist": True, "lfc-interval": 0,
                                         "name": str(work / "kea-leases4.csv")}
    (work / "kea.json").write_text(json.dumps(config))
    return ["env", f"KEA_PIDFILE_DIR={work}", f"KEA_LOCKFILE_DIR={work}", "kea-dhcp4", "-c",
            work / "kea.json"]


def dnsmasq(work):
    return ["dnsmasq", "-k", "-C", "/dev/null", "-p", "0", "-u", "root", "--no-ping",
            "--dhcp-authoritative", "--quiet-dhcp", f"--dhcp-lease-max={CLIENTS * len(RATES)}",
            f"--dhcp-range={LOW},{HIGH},255.255.0.0,3600", f"--dhcp-boot=boot,,{SERVER}",
            "--dhcp-option=3,10.50.0.1", "--dhcp-option=6,10.50.0.3", "--dhcp-option=15,example.org",
            f"--dhcp-leasefile={work / 'dnsmasq.leases'}", f"--pid-file={work / 'dnsmasq.pid'}"]


def reflector(_):
    return [REFLECTOR, SERVER]


SERVERS = {"reflector": reflector, "bootwire": bootwire, "Kea": kea, "ISC dhcpd": isc_dhcpd,
           "dnsmasq": dnsmasq}
TURNS = [*SERVERS, "reflector", "bootwire", "Kea"]


class Networks:
    """Two namespaces and the wire between them."""

    def __init__(self):
        self.server = f"bw-bench-{os.getpid()}-server"
        self.client = f"bw-bench-{os.getpid()}-client"
        for name in (self.server, self.client):
            self.ip("netns", "add", name)
            self.ip("-netns", name, "link", "set", "lo", "up")
        self.ip("-netns", self.server, "link", "add", "veth0", "type", "veth", "peer", "name", "eth0",
                "netns", self.client)
        for name, link, address in ((self.server, "veth0", SERVER), (self.client, "eth0", CLIENT)):
            self.ip("-netns", name, "addr", "add", address + "/16", "brd", "+", "dev", link)
            self.ip("-netns", name, "link", "set", link, "up")

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True)

    @staticmethod
    def inside(name, arguments):
        return ["ip", "netns", "exec", name, *map(str, arguments)]

    def close(self):
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Result:
    """What perfdhcp saw at one rate."""

    def __init__(self, text, seconds):
        drops = [int(each) for each in re.findall(r"^drops: (\d+)", text, re.M)]
        sent = [int(each) for each in re.findall(r"^sent packets: (\d+)", text, re.M)]
        received = [int(each) for each in re.findall(r"^received packets: (\d+)", text, re.M)]
        if len(received) < 2:
            sys.exit("bench: perfdhcp said something else than expected:\n" + text[-2000:])
        self.rate = received[1] / seconds
        self.sent = sent[0] / seconds
        self.lost = (sent[0] - received[1]) / sent[0] if sent[0] else 1.0
        self.drops = sum(drops)
        # Of the acknowledgments, which wait for the disk.
        pairs = re.findall(r"^sent / received: (\d+)\.(\d+) / (\d+)\.(\d+)",
                           text.partition("Timestamps for packets: REQUEST-ACK")[2], re.M)
        delays = [(int(c) - int(a)) * 1000 + (int(d) - int(b)) / 1000 for a, b, c, d in pairs]
        self.median = statistics.median(delays) if delays else float("nan")
        means = re.findall(r"^avg delay: ([0-9.]+)", text, re.M)
        self.mean = float(means[1]) if len(means) > 1 else float("nan")


@contextlib.contextmanager
def hearing(size):
    """Sockets that are opened meanwhile hold so many bytes: perfdhcp's own 208 KiB are some 250
    replies, and it loses what comes while it sends. The servers' sockets are open already."""
    before = RECEIVE_DEFAULT.read_text()
    try:
        RECEIVE_DEFAULT.write_text(str(size))
        yield
    finally:
        RECEIVE_DEFAULT.write_text(before)


def load(networks, rate, seconds):
    with hearing(RECEIVE_BYTES):
        return perfdhcp(networks, rate, seconds)


def perfdhcp(networks, rate, seconds):
    arguments = [
        *GENERATOR, "-4", "-r", rate, "-p", seconds, "-R", CLIENTS,
        # Other machines at each rate: one that comes again within a quarter of its lease gets it from
        # ISC dhcpd without a write (dhcp-cache-threshold).
        "-b", f"mac=00:0c:{rate >> 8:02x}:{rate & 255:02x}:00:00", "-W", 500000,
        # Each packet's times cost perfdhcp a fifth of its rate.
        *(["-x", "t"] if rate == CALM else []), "-l", "eth0", SERVER]
    done = subprocess.run(networks.inside(networks.client, arguments), capture_output=True, text=True,
                          check=False)
    return Result(done.stdout, seconds)


def wait_until_it_answers(networks, process, log):
    for _ in range(100):
        if process.poll() is not None:
            break
        if load(networks, 50, 1).rate > 10:
            return
    sys.exit("bench: the server does not answer:\n" + log.read_text(errors="replace")[-2000:])


def run_server(networks, name, command, directory):
    """{rate: Result}."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="bootwire-bench-", dir=directory))
    log = work / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(networks.inside(networks.server, command(work)),
                                   stdout=out, stderr=out)
    try:
        wait_until_it_answers(networks, process, log)
        results = {}
        for rate in RATES:
            # The disk is measured in the same minute: what others do to it changes all the time.
            syncs = Syncs(directory, rate) if rate == CALM else None
            results[rate] = load(networks, rate, PERIOD)
            if syncs:
                syncs.measure()
                results[rate].sync = statistics.mean(syncs.paced)
                results[rate].pressed = statistics.mean(syncs.pressed)
            show(name, rate, results[rate])
            if results[rate].rate < HOPELESS * rate:
                break
        return results
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(work)


def show(name, rate, result):
    print(f"{name:10} {rate:8} {result.rate:10.0f} {100 * result.lost:8.1f} % "
          f"{result.mean:10.3f} ms", flush=True)


def sync_latency(directory, pause):
    """The median of one fdatasync(2) of 4 KiB that go to the disk, in milliseconds: in the middle of
    a file, as a database that uses its log again writes. `pause` seconds lie between them: who wakes
    up for each one finds caches and cores colder than who asks for one behind the other."""
    times = []
    with tempfile.TemporaryFile(dir=directory) as file:
        os.write(file.fileno(), bytes(4096 * SYNCS))
        os.fsync(file.fileno())
        for number in range(SYNCS):
            block = os.urandom(4096)
            time.sleep(pause)
            start = time.perf_counter()
            os.pwrite(file.fileno(), block, 4096 * number)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


class Syncs:
    """What the disk takes around one load: at that load's pace, and without a pause."""

    def __init__(self, directory, rate):
        self.directory, self.rate = directory, rate
        self.paced, self.pressed = [], []
        self.measure()

    def measure(self):
        self.paced.append(sync_latency(self.directory, 1 / self.rate))
        self.pressed.append(sync_latency(self.directory, 0))


def best(results):
    return max(each.rate for each in results.values())


def is_better(rate, result, than):
    """Two turns with rates that are as good as equal are told apart by nothing, but for the calm ones:
    by how their answers stand to the disk of the same minute."""
    if rate == CALM and result.drops == than.drops:
        return result.median * than.sync < than.median * result.sync
    return result.rate > 1.01 * than.rate


def keep_better(kept, results):
    for rate, result in results.items():
        if rate not in kept or is_better(rate, result, kept[rate]):
            kept[rate] = result


def bar(name, figures, met):
    print(f"bar {name}: {figures}, {'met' if met else 'missed'}")
    return met


def kept(results):
    """What a server carries of its best rate at the highest rate that it was offered."""
    return results[max(results)].rate / best(results)


def outruns_generator(results):
    """At the highest rate perfdhcp could not send what it was told to, and had an answer to all that
    it sent: it was at its own ceiling. With answers that come later it has more exchanges open at
    once, and its ceiling is lower than beside the reflector."""
    last = results[max(results)]
    return last.sent < 0.9 * max(results) and last.lost <= LOSES_NOTHING


def bars(figures):
    ours = figures["bootwire"]
    last = ours[max(ours)]
    ceiling = figures.get("reflector")
    outran = outruns_generator(ours)
    met = True
    if "Kea" in figures and ceiling:
        times = best(ours) / best(figures["Kea"])
        met &= bar("Kea", f"{best(ours):.0f}/s beside {best(figures['Kea']):.0f}/s: {times:.2f} times "
                   f"(2.5 times, or perfdhcp's own ceiling: told to send {max(ours)}/s it sent "
                   f"{last.sent:.0f}/s to bootwire, which left {100 * last.lost:.1f} % without answer; "
                   f"{ceiling[max(ceiling)].sent:.0f}/s to the reflector, "
                   f"{100 * ceiling[max(ceiling)].lost:.1f} %)",
                   times >= 2.5 or (outran and outruns_generator(ceiling)))
    if "ISC dhcpd" in figures:
        times = best(ours) / max(best(figures["ISC dhcpd"]), 1)
        met &= bar("ISC", f"{best(ours):.0f}/s beside {best(figures['ISC dhcpd']):.0f}/s: "
                   f"{times:.1f} times (12)", times >= 12)
    others = "".join(f", {name} {100 * kept(results):.0f} %" for name, results in figures.items()
                     if name not in ("bootwire", "reflector"))
    met &= bar("overload", f"{last.rate:.0f}/s of its best {best(ours):.0f}/s with {max(ours)}/s "
               f"offered: {100 * kept(ours):.0f} % (90 %, or nothing lost of what came: "
               f"{100 * last.lost:.1f} %){others}", kept(ours) >= 0.9 or outran)
    calm = ours[CALM]
    floor = f", {ceiling[CALM].median:.3f} ms of it perfdhcp's own" if ceiling else ""
    met &= bar("calm", f"{calm.drops} dropped at {CALM}/s, a median of {calm.median:.3f} ms{floor}, "
               f"beside {calm.sync:.3f} ms for the disk's fdatasync at the same pace (twice), "
               f"{calm.pressed:.3f} ms without a pause",
               calm.drops == 0 and calm.median <= 2 * calm.sync)
    return met


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="servers, with commas between them")
    parser.add_argument("--directory", help="where the leases go; default: the build directory")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",") if arguments.only else list(SERVERS)
    directory = arguments.directory or str(pathlib.Path(REFLECTOR).parent)
    networks = Networks()
    try:
        print(DURABILITY)
        print(f"{'server':10} {'offered':>8} {'exchanges':>10} {'lost':>10} {'mean ACK':>13}")
        figures = {name: {} for name in wanted}
        for name in [each for each in TURNS if each in wanted]:
            keep_better(figures[name], run_server(networks, name, SERVERS[name], directory))
    finally:
        networks.close()
    print("best rates: " + ", ".join(f"{name} {best(figures[name]):.0f}/s" for name in figures))
    if "bootwire" in figures and not bars(figures):
        sys.exit(1)


main()
