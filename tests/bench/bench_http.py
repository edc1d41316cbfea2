"""HTTP under load: http_load against bootwire and nginx, the same files, in turn.

Each server has a network namespace of its own, and the generator is beside it, over its loopback.
Each client has an address and a connection of its own, which is kept alive. Where machines are
shared, their speed changes from one second to the next: both servers run all the time, each
workload goes to one and at once to the other, and has more than one turn, of which the better
figures count. The files are cached. Closing lines:

    bar NAME: figures, met      or      ... missed

and the exit status is 1 where one was missed. --only REGEX runs the workloads whose name it finds,
--quick does it briefly.
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

from bench_servers import (GENERATOR_CORE, OTHER_CORES, SERVER_CORES, SMALL_RATIO, MemoryMeter,
                           Server, bar, go_first)

BOOTWIRE = os.environ["BOOTWIRE"]
LOAD = os.environ["HTTP_LOAD"]
CLIENTS = (1, 10, 200)
SIZES = {"4K": 4 << 10, "64M": 64 << 20}
SECONDS, TURNS, PATIENCE = 1.5, 4, 10

NOTES = """\
nginx: two workers, sendfile, tcp_nopush, no access log. CPU is user and system time of all of a
server's processes, with what the kernel does until its bytes lie in the receiver's socket; memory is
what they have in the middle of a run, what they share counted once. The generator throws away all but
the beginning of long bodies (MSG_TRUNC), after it has compared them once. p99 is of whole files. It has
core {core}, the servers have {others}."""

NGINX = """
daemon off; user root; worker_processes 2; pid {work}/nginx.pid; error_log {work}/nginx.error;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
    client_body_temp_path {work}/nginx-1; proxy_temp_path {work}/nginx-2;
    fastcgi_temp_path {work}/nginx-3; uwsgi_temp_path {work}/nginx-4; scgi_temp_path {work}/nginx-5;
    server {{ listen 80; root {work}/root; }}
}}
"""


def commands(work):
    """The servers' command lines, in the foreground."""
    (work / "nginx.conf").write_text(NGINX.format(work=work))
    (work / "bench.conf").write_text(
        f'tftp-root "{work}/root";\nsubnet 127.0.0.0 netmask 255.0.0.0 {{ }}\n')
    return {"bootwire": [BOOTWIRE, "serve", "-q", "-c", work / "bench.conf", "--state", work],
            "nginx": ["nginx", "-c", work / "nginx.conf", "-e", work / "nginx.error"]}


class Cell:
    """One workload."""

    def __init__(self, clients, size):
        self.clients, self.file = clients, size
        self.name = f"{size} x{clients}"


class Bench:
    def __init__(self, work, arguments):
        self.work, self.arguments = work, arguments
        (work / "root").mkdir()
        for name, size in SIZES.items():
            (work / "root" / name).write_bytes(os.urandom(size))
        self.servers = []

    def start(self):
        for name, command in commands(self.work).items():
            if not self.arguments.servers or re.search(self.arguments.servers, name):
                self.servers.append(Server(name, command))
        for server in self.servers:
            server.start(self.work)
        for server in self.servers:
            server.wait_for(lambda: self.load(server, Cell(1, "4K"), 0.05, ["--check"], loud=False))
            if not self.load(server, Cell(1, "64M"), 0.05, ["--check"]):
                sys.exit(1)

    def load(self, server, cell, seconds, more=(), loud=True):
        """What http_load said, or None."""
        with MemoryMeter(server, seconds * 0.7) as memory:
            done = subprocess.run(
                server.inside([LOAD, "--path", f"/{cell.file}", "--content", self.work / "root" / cell.file,
                               "--clients", cell.clients, "--seconds", seconds, "--patience", PATIENCE,
                               "--usage", server.usage, *(["--spin"] if OTHER_CORES else []), *more]),
                capture_output=True, text=True, check=False, timeout=60)
        if done.returncode == 0:
            return json.loads(done.stdout) | {"memory": memory.value}
        if loud:
            print(f"bench: {server.name}, {cell.name}: {done.stderr.strip()}", flush=True)
        return None

    def close(self):
        for server in self.servers:
            server.close()


class Figures:
    """The better ones of a server's turns at one workload."""

    def __init__(self):
        self.rate = self.requests = self.memory = self.busy = self.unfinished = self.connections = 0
        self.p50 = self.p99 = self.per_gib = self.per_request = float("inf")

    def add(self, result):
        self.rate = max(self.rate, result["bytes"] / result["seconds"])
        self.requests = max(self.requests, result["requests"] / result["seconds"])
        self.p50, self.p99 = min(self.p50, result["p50"]), min(self.p99, result["p99"])
        if result["bytes"]:
            self.per_gib = min(self.per_gib, result["server_cpu"] * (1 << 30) / result["bytes"])
        if result["requests"]:
            self.per_request = min(self.per_request, result["server_cpu"] / result["requests"])
        self.busy = max(self.busy, result["server_cpu"] / result["seconds"])
        self.memory = max(self.memory, result["memory"] / 1024)
        self.unfinished += result["unfinished"]
        self.connections += result["connections"]

    def line(self):
        if not self.rate:
            return "no figures"
        return (f"{self.requests:10.0f} {self.rate / (1 << 20):8.0f} {1e3 * self.p50:9.2f}"
                f" {1e3 * self.p99:9.2f} {self.per_gib:8.3f} {1e6 * self.per_request:8.1f}"
                f" {self.memory:7.1f} {100 * self.busy:5.0f}%"
                + (f" {self.connections} connections made again" if self.connections else "")
                + (f" {self.unfinished} not ended" if self.unfinished else ""))


HEAD = (f"{'workload':12} {'server':9} {'files/s':>10} {'MiB/s':>8} {'p50 ms':>9} {'p99 ms':>9}"
        f" {'s/GiB':>8} {'us/file':>8} {'MiB':>7} {'busy':>6}")


def run_cell(bench, cell):
    figures = {server.name: Figures() for server in bench.servers}
    quick = bench.arguments.quick
    for turn in range(bench.arguments.turns or (2 if quick else TURNS)):
        for server in bench.servers if turn % 2 == 0 else bench.servers[::-1]:
            result = bench.load(server, cell, bench.arguments.seconds or (0.5 if quick else SECONDS))
            if result:
                figures[server.name].add(result)
    for name, of in figures.items():
        print(f"{cell.name:12} {name:9} {of.line()}", end="")
        if name == "bootwire" and len(figures) > 1:
            print("   {:.2f} times nginx's rate, {:.2f} of its CPU, {:.2f} of its p99".format(
                *ratios(figures)), end="")
        print(flush=True)
    return figures


def ratios(figures):
    """Rate, CPU for the same bytes, and p99 beside nginx's."""
    ours, theirs = figures["bootwire"], figures["nginx"]
    if not ours.rate or not theirs.rate:
        return 0, float("inf"), float("inf")
    return (ours.rate / theirs.rate, ours.per_gib / theirs.per_gib, ours.p99 / theirs.p99)


def bars(results):
    rates = {cell.name: ratios(figures)[0] for cell, figures in results.items()}
    costs = {cell.name: ratios(figures)[1] for cell, figures in results.items()}
    slow, dear = min(rates, key=rates.get), max(costs, key=costs.get)
    met = bar("throughput", f"{rates[slow]:.2f} times nginx's at the least, {slow} (1)",
              rates[slow] >= 1 - SMALL_RATIO)
    return met & bar("CPU", f"{costs[dear]:.2f} times nginx's for the same bytes at the most, {dear} (1)",
                     costs[dear] <= 1 + SMALL_RATIO)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="the workloads whose name this regular expression finds")
    parser.add_argument("--servers", help="the servers whose name this one finds; no bars then")
    parser.add_argument("--quick", action="store_true", help="briefly")
    parser.add_argument("--seconds", type=float, help="of load for each")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--polite", action="store_true", help="leave others their share of the cores")
    arguments = parser.parse_args()
    cells = [Cell(clients, size) for size in SIZES for clients in CLIENTS]
    cells = [cell for cell in cells if not arguments.only or re.search(arguments.only, cell.name)]
    if not cells:
        sys.exit("bench: no workload has such a name")
    work = pathlib.Path(tempfile.mkdtemp(prefix="bench-http-"))
    work.chmod(0o755)
    if not arguments.polite:
        go_first()
    bench = Bench(work, arguments)
    try:
        bench.start()
        print(NOTES.format(core=GENERATOR_CORE, others=SERVER_CORES))
        print(HEAD)
        results = {cell: run_cell(bench, cell) for cell in cells}
    finally:
        bench.close()
        shutil.rmtree(work)
    if not arguments.servers and not bars(results):
        sys.exit(1)


main()
