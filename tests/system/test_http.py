"""HTTP: curl, and requests made by hand for what it never sends."""
import concurrent.futures
import hashlib
import os
import random
import resource
import select
import socket

import pytest

import bootwire_testing as testing
from bootwire_testing import SERVER_ADDRESS
from test_tftp import boot_head

URL = f"http://{SERVER_ADDRESS}"


def content(size):
    return random.Random(size).randbytes(size)


class Served:
    def __init__(self, network, server, directory, statements="", port=80):
        self.network, self.directory, self.port = network, directory, port
        self.root = directory / "tftp"
        self.root.mkdir()
        network.client_address("10.50.1.9")
        self.server = server(f'tftp-root "{self.root}";\n{statements}\n'
                             "subnet 10.50.1.0 netmask 255.255.255.0 { }\n")

    def put(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return data

    def connect(self):
        made = self.network.client.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(testing.PATIENCE)
        made.connect((SERVER_ADDRESS, self.port))
        return Connection(made)

    def ask(self, path, method="GET", **fields):
        return self.connect().ask(path, method, **fields)


class Answer:
    def __init__(self, head, body):
        lines = head.decode().split("\r\n")
        self.version, status, self.phrase = lines[0].split(" ", 2)
        self.status = int(status)
        self.fields = {name.lower(): value for name, value in
                       (line.split(": ", 1) for line in lines[1:])}
        self.body = body


class Connection:
    """A keep-alive client; field names are written with _ for -."""

    def __init__(self, made):
        self.socket = made
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)
        return self

    def request(self, path, method="GET", version="1.1", **fields):
        fields.setdefault("Host", SERVER_ADDRESS)
        lines = [f"{method} {path} HTTP/{version}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        return self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def more(self):
        data = self.socket.recv(1 << 20)
        self.buffer += data
        return data

    def answer(self, head=False):
        while b"\r\n\r\n" not in self.buffer:
            assert self.more(), self.buffer
        text, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        answer = Answer(text, b"")
        length = 0 if head else int(answer.fields.get("content-length", 0))
        while len(self.buffer) < length:
            assert self.more(), (text, len(self.buffer))
        answer.body, self.buffer = self.buffer[:length], self.buffer[length:]
        return answer

    def ask(self, path, method="GET", **fields):
        return self.request(path, method, **fields).answer(method == "HEAD")

    def ended(self):
        try:
            return self.buffer == b"" and self.more() == b""
        except ConnectionResetError:
            return True


@pytest.fixture
def served(network, server, tmp_path):
    return Served(network, server, tmp_path)


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 3000001])
def test_a_file(served, size):
    data = served.put("dir/file", content(size))
    answer = served.ask("/dir/file")
    assert (answer.version, answer.status, answer.phrase) == ("HTTP/1.1", 200, "OK")
    assert answer.body == data
    assert answer.fields["content-length"] == str(size)
    assert answer.fields["accept-ranges"] == "bytes"
    head = served.ask("/dir/file", "HEAD")
    assert head.body == b"" and head.fields | {"date": ""} == answer.fields | {"date": ""}
    served.server.wait_for_log(f'http: GET "/dir/file" -> {size} bytes$')
    served.server.wait_for_log(f'http: HEAD "/dir/file" -> {size} bytes are there$')


def test_curl_goes_on_where_it_stopped(served):
    data = served.put("a file", content(1000003))
    got = served.directory / "got"
    got.write_bytes(data[:300000])
    done = served.network.client.run(["curl", "-sSf", "-C", "-", "-o", got, URL + "/a%20file"])
    assert done.returncode == 0 and got.read_bytes() == data
    served.server.wait_for_log('GET "/a%20file" -> bytes 300000 to 1000002 of 1000003$')


@pytest.mark.parametrize("field, part", [
    ("bytes=0-0", slice(0, 1)), ("bytes=10-19", slice(10, 20)), ("bytes=90000-", slice(90000, None)),
    ("bytes=-5", slice(-5, None)), ("bytes=5-9999999", slice(5, None)),
])
def test_a_part_of_a_file(served, field, part):
    data = served.put("file", content(100000))
    answer = served.ask("/file", Range=field)
    first, last, _ = part.indices(len(data))
    assert (answer.status, answer.body) == (206, data[part])
    assert answer.fields["content-range"] == f"bytes {first}-{last - 1}/100000"


@pytest.mark.parametrize("field", ["bytes=0-1,5-6", "bytes=9-1", "lines=1-2", "bytes=x"])
def test_ranges_that_are_not_served_are_no_ranges(served, field):
    data = served.put("file", content(100))
    answer = served.ask("/file", Range=field)
    assert (answer.status, answer.body) == (200, data)


def test_a_range_behind_the_end(served):
    served.put("file", content(100))
    answer = served.ask("/file", Range="bytes=100-")
    assert answer.status == 416 and answer.body == b"the file has 100 bytes\n"
    assert answer.fields["content-range"] == "bytes */100"


def test_conditions(served):
    served.put("file", content(100))
    os.utime(served.root / "file", (784111777, 784111777))
    first = served.ask("/file")
    tag, date = first.fields["etag"], first.fields["last-modified"]
    assert date == "Sun, 06 Nov 1994 08:49:37 GMT"
    for fields, status in [
            ({"If_None_Match": tag}, 304), ({"If_None_Match": f'"x", W/{tag}'}, 304),
            ({"If_None_Match": "*"}, 304), ({"If_None_Match": '"x"'}, 200),
            ({"If_Modified_Since": date}, 304),
            ({"If_Modified_Since": "Sat, 05 Nov 1994 08:49:37 GMT"}, 200),
            ({"If_Modified_Since": "Sunday, 06-Nov-94 08:49:37 GMT"}, 304),
            ({"If_Modified_Since": "Sun Nov  6 08:49:36 1994"}, 200),
            ({"If_Modified_Since": "yesterday"}, 200),
            # The tag decides where both are sent.
            ({"If_None_Match": '"x"', "If_Modified_Since": date}, 200),
            ({"If_Match": tag}, 200), ({"If_Match": '"x"'}, 412),
            ({"If_Unmodified_Since": "Sat, 05 Nov 1994 08:49:37 GMT"}, 412),
            ({"If_Unmodified_Since": date}, 200),
            ({"Range": "bytes=0-9", "If_Range": tag}, 206),
            ({"Range": "bytes=0-9", "If_Range": date}, 206),
            ({"Range": "bytes=0-9", "If_Range": '"x"'}, 200)]:
        answer = served.ask("/file", **fields)
        assert answer.status == status, fields
        assert status != 304 or (answer.body == b"" and answer.fields["etag"] == tag)
    served.put("file", content(101))
    assert served.ask("/file", If_None_Match=tag).status == 200


def test_connections_are_kept(served):
    data = served.put("file", content(20000))
    connection = served.connect()
    for _ in range(20):
        answer = connection.ask("/file")
        assert answer.body == data and answer.fields["connection"] == "keep-alive"
    assert connection.ask("/gone").status == 404
    assert connection.ask("/file", Connection="close").body == data
    assert connection.ended()
    old = served.connect().request("/file", version="1.0")
    assert old.answer().fields["connection"] == "close" and old.ended()
    kept = served.connect().request("/file", version="1.0", Connection="keep-alive")
    assert kept.answer().fields["connection"] == "keep-alive" and kept.ask("/file").status == 200


def test_requests_may_come_together_or_byte_by_byte(served):
    names = [f"f{i}" for i in range(100)]
    for name in names:
        served.put(name, name.encode() * 500)
    connection = served.connect()
    connection.send(b"".join(f"GET /{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for name in names))
    for name in names:
        assert connection.answer().body == name.encode() * 500
    for byte in b"\r\nGET /f7 HTTP/1.1\nHost: x\n\n":
        connection.send(bytes([byte]))
    assert connection.answer().body == b"f7" * 500


@pytest.mark.parametrize("path, status, text", [
    ("/gone", 404, "no file gone under"), ("/", 404, "the request names no file"),
    ("/directory", 403, "directory is a directory"), ("/fifo", 403, "fifo is no regular file"),
    ("/private", 403, "private is not readable by everyone: chmod a+r"),
    ("/../secret", 403, '".." in it is not served'),
    ("/%2e%2e/secret", 403, '".." in it is not served'),
    ("/directory/..%2f..%2fsecret", 403, '".." in it is not served'),
    ("/out", 404, "symbolic link that leads to no file"),
    ("/a%00b", 400, "starts with a slash"), ("/%zz", 400, "starts with a slash"),
    ("*", 400, "starts with a slash"), ("/" + "n" * 2047, 404, "too long"),
    ("/" + "n" * 2048, 414, "2048 bytes"),
])
def test_refusals_say_why(served, path, status, text):
    (served.root / "directory").mkdir()
    (served.directory / "secret").write_text("secret")
    os.mkfifo(served.root / "fifo", 0o644)
    served.put("private", b"")
    (served.root / "private").chmod(0o600)
    (served.root / "out").symlink_to("../secret")
    answer = served.ask(path)
    assert answer.status == status and text in answer.body.decode()
    assert served.ask(path, "HEAD").status == status


@pytest.mark.parametrize("data, status", [
    (b"GET /file\r\n\r\n", 400), (b"GET /file HTTP/1.1\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\n\n", 400), (b"GET /file HTTP/3.0\r\n\r\n", 505),
    (b"PUT /file HTTP/1.1\r\nHost: x\r\n\r\n", 405), (b"BREW /file HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    (b"GET /file HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET /file HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", 413),
    (b"GET /file HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
    (b"GET /file HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000, 431),
], ids=lambda value: repr(value)[:40])
def test_what_is_no_request_ends_the_connection(served, data, status):
    served.put("file", b"x")
    connection = served.connect().send(data)
    answer = connection.answer()
    assert answer.status == status and answer.fields["connection"] == "close"
    assert connection.ended()
    assert status != 405 or answer.fields["allow"] == "GET, HEAD"
    assert served.ask("/file").status == 200


def test_clients_that_stop_hold_nobody_up(served):
    data = served.put("big", content(8000000))
    silent = [served.connect() for _ in range(50)]
    half = [served.connect().send(b"GET /big HTT") for _ in range(50)]
    deaf = [served.connect().request("/big") for _ in range(50)]
    assert served.ask("/big").body == data
    half[0].send(b"P/1.1\r\nHost: x\r\n\r\n")
    assert half[0].answer().body == data
    assert deaf[-1].answer().body == data
    for connection in silent + half + deaf:
        connection.socket.close()
    served.server.wait_for_log('GET "/big" -> [0-9]+ bytes, then the connection broke')
    assert served.ask("/big").body == data


def test_a_request_must_come_to_its_end(served):
    connection = served.connect().send(b"GET /file HTTP/1.1\r\n")
    answer = connection.answer()
    assert answer.status == 408 and connection.ended()


def test_many_clients_at_once(served):
    data = served.put("file", content(300000))
    digest = hashlib.sha256(data).digest()

    def one(_):
        connection = served.connect()
        return all(hashlib.sha256(connection.ask("/file").body).digest() == digest
                   for _ in range(5))

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        assert all(pool.map(one, range(200)))


def test_too_many_connections_of_one_client_are_told(served):
    served.put("file", b"x")
    statuses, open_ones = set(), []
    for _ in range(64 * 256):
        try:
            open_ones.append(served.connect())
            statuses.add(open_ones[-1].ask("/file").status)
        except (OSError, AssertionError):
            statuses.add(503)
        if 503 in statuses:
            break
    assert statuses == {200, 503}
    for connection in open_ones:
        connection.socket.close()
    testing.wait_until(lambda: served.ask("/file").status == 200, "the server to take one again")


def test_a_flood_of_connections_is_held_within_limits(served):
    """Connections past the limits are told why for a while, but only so many of them."""
    served.put("file", b"x")
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    lanes = max(2, len(os.sched_getaffinity(0)))
    count = lanes * (256 + 32) + 400

    def held():
        return len(os.listdir(f"/proc/{served.server.pid}/fd"))

    before = held()
    flood = [served.connect().socket for _ in range(count)]
    judged = select.poll()
    for made in flood:
        judged.register(made, select.POLLIN)
    testing.wait_until(lambda: len(judged.poll(0)) >= count - lanes * 256,
                       "those past the limit to hear of it")
    assert held() - before <= lanes * (256 + 32)
    for made in flood:
        made.close()
    testing.wait_until(lambda: served.ask("/file").status == 200, "the server to take one again")


@pytest.mark.parametrize("size", [8000, 3000001])
def test_files_that_are_not_in_memory_are_the_same(served, size):
    data = served.put("file", content(size))
    connection = served.connect()
    with (served.root / "file").open("rb+") as opened:
        os.fsync(opened.fileno())
        for part in (None, slice(5, 7000), slice(size - 5000, size)):
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            fields = {"Range": f"bytes={part.start}-{part.stop - 1}"} if part else {}
            assert connection.ask("/file", **fields).body == (data[part] if part else data)


def test_a_file_that_shrinks_breaks_the_connection(served):
    served.put("file", content(50_000_000))
    connection = served.connect().request("/file")
    connection.more()
    os.truncate(served.root / "file", 1000)
    with pytest.raises(AssertionError):
        connection.answer()
    assert served.ask("/file").fields["content-length"] == "1000"


def test_the_console_is_set_on_the_way_out(network, server, tmp_path):
    served = Served(network, server, tmp_path, "console com0 115200;")
    data = served.put("pxeboot", boot_head() + content(50000))
    got = served.ask("/pxeboot").body
    assert len(got) == len(data) and got != data and got[2048:] == data[2048:]
    served.server.wait_for_log('GET "/pxeboot" -> .*console com0 115200')


def test_a_file_with_its_console_set_keeps_its_tag(network, server, tmp_path):
    served = Served(network, server, tmp_path, "console com0 115200;")
    served.put("pxeboot", boot_head() + content(50000))

    def tag():
        return served.ask("/pxeboot", "HEAD").fields["etag"]

    first = tag()
    assert tag() == first
    assert served.ask("/pxeboot", If_None_Match=first).status == 304
    whole = served.ask("/pxeboot").body
    part = served.ask("/pxeboot", Range="bytes=100-", If_Range=first)
    assert part.status == 206 and part.body == whole[100:]
    # A restart changes nothing; another console does, and so do other bytes.
    served.server.stop()
    served.server.start()
    assert tag() == first
    configuration = served.server.config.read_text()
    served.server.reload(configuration.replace("115200", "9600"))
    testing.wait_until(lambda: tag() != first, "the other console to be in force")
    served.server.reload(configuration)
    testing.wait_until(lambda: tag() == first, "the first console to be in force again")
    served.put("pxeboot", boot_head() + content(50001))
    assert tag() != first


def test_another_port_and_none(network, server, tmp_path):
    served = Served(network, server, tmp_path, "http-port 8080;", 8080)
    served.put("file", b"x")
    assert served.ask("/file").body == b"x"
    served.server.stop()
    served.server.config.write_text(served.server.config.read_text().replace("8080", "0"))
    served.server.start()
    with pytest.raises(ConnectionRefusedError):
        served.connect()


def test_a_port_in_use_is_left_to_its_holder(network, server, tmp_path):
    with network.server.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("", 80))
        holder.listen()
        served = Served(network, server, tmp_path)
        served.server.wait_for_log("http is not served: tcp port 80 cannot be opened: Address "
                                   "already in use; tcp port 80 is held by ")
        text = served.server.config.read_text()
        served.server.stop()
        status, log = server.refused("http-port 80;\n" + text)
        assert status == 1 and "tcp port 80 is held by " in log


def test_a_reload_moves_the_port(served):
    data = served.put("file", content(50_000_000))
    configuration = served.server.config.read_text()
    idle, busy = served.connect(), served.connect().request("/file")
    assert idle.ask("/none").status == 404
    busy.more()
    served.server.reload("http-port 8080;\n" + configuration)
    served.server.wait_for_log("http is served on port 8080 now")
    # Who waits for nothing is sent away; who is in the middle of a file gets all of it.
    assert idle.ended()
    assert busy.answer().body == data
    assert busy.ask("/none").fields["connection"] == "close" and busy.ended()
    with pytest.raises(ConnectionRefusedError):
        served.connect()
    served.port = 8080
    assert served.ask("/file").body == data
    served.server.reload("http-port 0;\n" + configuration)
    served.server.wait_for_log("http is not served any more")
    testing.wait_until(lambda: refused(served), "the port to be closed")
    served.server.reload(configuration)
    served.server.wait_for_log("http is served on port 80 now")
    served.port = 80
    assert served.ask("/file").body == data


def refused(served):
    try:
        served.connect().socket.close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_reload_to_a_port_in_use_changes_nothing(network, served):
    served.put("file", b"x")
    with network.server.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("", 8080))
        holder.listen()
        served.server.reload("http-port 8080;\n" + served.server.config.read_text())
        served.server.wait_for_log("http stays on port 80: tcp port 8080 cannot be opened: "
                                   "Address already in use; tcp port 8080 is held by ")
        assert served.ask("/file").body == b"x"


def test_a_refused_method_is_told_by_its_name(served):
    served.put("file", b"x")
    assert served.ask("/file", "DELETE").status == 405
    served.server.wait_for_log('DELETE "/file" -> 405: ')


def test_files_that_come_with_a_reload_are_served(network, server, tmp_path):
    served = Served(network, server, tmp_path)
    served.put("file", b"x")
    configuration = served.server.config.read_text()
    served.server.stop()
    served.server.config.write_text(configuration.split("\n", 1)[1])
    served.server.start()
    assert refused(served)
    served.server.reload(configuration)
    served.server.wait_for_log("http is served on port 80 now")
    assert served.ask("/file").body == b"x"
