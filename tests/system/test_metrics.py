"""The metrics: that Prometheus can read them, who may, and that they count what happens."""
import re
import shutil
import subprocess

import pytest

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS, TftpError, TftpRead
from control_testing import ask, socket_of
from nfs_testing import Client
from rpc_client import opaque
from test_http import Connection

LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$')
CLIENT = "10.50.1.9"


def parse(text):
    """{name with labels: value}; asserts what the exposition format asks for."""
    assert text.endswith("\n")
    kinds, values, ended, family = {}, {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            ended.add(family)
            family = line.split(" ", 3)[2]
            assert family not in ended, f"{family} comes twice"
            assert len(line.split(" ", 3)[3]) > 10, line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and kind in ("counter", "gauge", "histogram")
            assert (kind == "counter") == name.endswith("_total"), line
            kinds[name] = kind
        else:
            match = LINE.match(line)
            assert match, line
            name, labels, value = match.groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name) if kinds[family] == "histogram" else name
            assert base == family, line
            assert name + "{" + (labels or "") + "}" not in values, line
            values[name + ("{" + labels + "}" if labels else "")] = float(value)
    for name, kind in kinds.items():
        if kind == "histogram":
            check_histogram(name, values)
    return values


def check_histogram(name, values):
    series = {}
    for key, value in values.items():
        if key.startswith(name + "_bucket"):
            rest, bound = re.match(r'.*\{(.*?),?le="(.*)"\}', key).groups()
            series.setdefault(rest, []).append((float(bound), value))
    assert series
    for rest, buckets in series.items():
        labels = "{" + rest + "}" if rest else ""
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert values[f"{name}_count{labels}"] == buckets[-1][1]
        assert f"{name}_sum{labels}" in values


class Watched:
    def __init__(self, network, server, directory, statements):
        self.network = network
        root = directory / "tftp"
        root.mkdir()
        (root / "kernel").write_bytes(bytes(100000))
        nfs = directory / "nfs"
        nfs.mkdir()
        (nfs / "file").write_bytes(bytes(5000))
        network.client_address(CLIENT)
        self.nfs = nfs
        self.server = server(f"""{statements}
            tftp-root "{root}";
            subnet 10.50.1.0 netmask 255.255.255.0 {{ range 10.50.1.200 10.50.1.202; }}
            export "{nfs}" {{ clients {CLIENT}; }}
        """)

    def ask(self, namespace=None, address=SERVER_ADDRESS, path="/metrics", method="GET"):
        made = (namespace or self.network.client).socket(testing.socket.AF_INET,
                                                         testing.socket.SOCK_STREAM)
        made.settimeout(testing.PATIENCE)
        with made:
            made.connect((address, 80))
            return Connection(made).ask(path, method)

    def read(self):
        answer = self.ask()
        assert answer.status == 200
        assert answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        self.text = answer.body.decode()
        return parse(self.text)

    def wait_for(self, **wanted):
        """Until the metrics have these values; what is counted behind an answer comes a moment later."""
        def there():
            values = self.read()
            return all(values.get(name) == value for name, value in wanted.items()) and values
        return testing.wait_until(there, lambda: f"{wanted} in\n{self.text}")


@pytest.fixture
def watched(network, server, tmp_path):
    return Watched(network, server, tmp_path, f"metrics-clients {CLIENT};")


def exchanges(service, result):
    return f'bootwire_exchanges_total{{service="{service}",result="{result}"}}'


def test_what_happens_is_counted(watched, machine):
    machine().lease()
    assert len(TftpRead(watched.network.client.socket(), b"kernel").rest()) == 100000
    with pytest.raises(TftpError):
        TftpRead(watched.network.client.socket(), b"missing").rest()
    assert watched.ask(path="/kernel").status == 200
    assert watched.ask(path="/missing").status == 404
    client = Client(watched.network.client)
    handle = client.mount(str(watched.nfs))
    assert client.nfs3("GETATTR", opaque(handle)).u32() == 0
    values = watched.wait_for(**{
        exchanges("dhcp", "ok"): 2, exchanges("tftp", "ok"): 1, exchanges("tftp", "refused"): 1,
        exchanges("http", "refused"): 1, exchanges("mount", "ok"): 1, exchanges("nfs", "ok"): 1,
        'bootwire_dhcp_received_total{type="discover"}': 1,
        'bootwire_dhcp_sent_total{type="ack"}': 1, "bootwire_dhcp_answer_seconds_count": 2,
        'bootwire_sent_bytes_total{service="tftp"}': 100000,
        'bootwire_sent_bytes_total{service="http"}': 100000,
        "bootwire_tftp_transfer_seconds_count": 1,
        'bootwire_http_responses_total{code="404"}': 1,
        'bootwire_nfs_calls_total{version="3",procedure="getattr"}': 1,
        'bootwire_nfs_call_seconds_count{kind="other"}': 1,
        'bootwire_exchanges_in_progress{service="tftp"}': 0,
        'bootwire_leases{subnet="10.50.1.0/24",range="10.50.1.200-10.50.1.202",state="bound"}': 1,
        'bootwire_leases{subnet="10.50.1.0/24",range="10.50.1.200-10.50.1.202",state="free"}': 2,
        'bootwire_boots_total{stage="unknown",outcome="begun"}': 2,
        'bootwire_boots_total{stage="unknown",outcome="address"}': 1,
        'bootwire_machines{stage="unknown"}': 2, 'bootwire_machines_reached{reached="address"}': 1,
    })
    assert values['bootwire_build_info{version="0.1.0"}'] == 1
    assert values["process_resident_memory_bytes"] > 1 << 20
    assert 3 < values["process_open_fds"] < values["process_max_fds"]
    assert values["bootwire_config_last_reload_successful"] == 1
    assert watched.ask(method="HEAD").fields["content-length"].isdigit()
    # Who watches the server is no machine that boots.
    assert "/metrics" not in watched.server.log


def test_the_control_socket_tells_them_too(watched):
    values = parse(ask(socket_of(watched.server), request="metrics")["text"])
    assert values["bootwire_control_clients"] == 1
    watched.wait_for(bootwire_control_clients=0)


def test_a_reload_that_fails_shows(watched):
    text = watched.server.config.read_text()
    before = watched.read()["bootwire_config_last_reload_success_timestamp_seconds"]
    watched.server.reload("subnet;\n" + text, "has errors")
    values = watched.read()
    assert values["bootwire_config_last_reload_successful"] == 0
    assert values['bootwire_config_reloads_total{result="failed"}'] == 1
    assert values["bootwire_config_last_reload_success_timestamp_seconds"] == before
    watched.server.reload(text)
    assert watched.read()["bootwire_config_last_reload_successful"] == 1


def test_prometheus_own_checker_finds_nothing(watched):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (package prometheus)")
    watched.read()
    done = subprocess.run(["promtool", "check", "metrics"], input=watched.text, text=True,
                          capture_output=True, timeout=120)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_the_alerts_in_the_documentation_are_about_metrics_that_are_there(watched):
    rules = testing.SOURCE / "doc/examples/prometheus-alerts.yml"
    there = {re.sub(r"\{.*", "", name) for name in watched.read()}
    asked = set(re.findall(r"\b(?:bootwire|process)_[a-z_]+", "".join(
        re.findall(r"expr:(.*?)\n +(?:for|labels):", rules.read_text(), re.S))))
    assert len(asked) >= 8 and asked <= there
    if shutil.which("promtool"):
        testing.call("promtool", "check", "rules", str(rules))


def test_others_are_told_why_not(watched):
    answer = watched.ask(watched.network.server, SERVER_ADDRESS)
    assert answer.status == 403
    assert b"metrics-clients names, and 10.50.1.1 is none of them" in answer.body
    watched.server.wait_for_log("http: GET /metrics from 10.50.1.1 -> 403: ")
    watched.server.reload(watched.server.config.read_text().replace(f"metrics-clients {CLIENT};",
                                                                    "metrics-clients 10.50.1.0/24;"))
    assert watched.ask(watched.network.server, SERVER_ADDRESS).status == 200


def test_where_nothing_is_written_this_machine_alone_may(network, server, tmp_path):
    watched = Watched(network, server, tmp_path, "")
    assert watched.ask().status == 403
    network.server.ip("link", "set", "lo", "up")
    assert watched.ask(network.server, "127.0.0.1").status == 200
    watched.server.reload("metrics-clients none;\n" + watched.server.config.read_text())
    assert watched.ask(network.server, "127.0.0.1").status == 403


def test_they_are_served_where_no_file_is(network, server):
    network.client_address(CLIENT)
    running = server("subnet 10.50.1.0 netmask 255.255.255.0 { }\n")
    running.reload(f"metrics-clients {CLIENT};\n" + running.config.read_text())
    running.wait_for_log("http is served on port 80 now")
    with network.client.socket(testing.socket.AF_INET, testing.socket.SOCK_STREAM) as made:
        made.settimeout(testing.PATIENCE)
        made.connect((SERVER_ADDRESS, 80))
        connection = Connection(made)
        assert connection.ask("/metrics").status == 200
        assert connection.ask("/other").status == 403
