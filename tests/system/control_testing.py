"""A client of the control socket, which holds every line to doc/control.schema.json."""
import contextlib
import json
import socket
import time

from bootwire_testing import PATIENCE
from schemas import require


class Control:
    """One connection; `path` is the socket's."""

    def __init__(self, path, request=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")
        if request:
            self.send(**request)

    def send(self, **fields):
        # A server that refuses hangs up at once; what it said is there to be read.
        with contextlib.suppress(BrokenPipeError):
            self.socket.sendall(json.dumps(fields).encode() + b"\n")

    def line(self):
        """The next object, or None at the end."""
        text = self.lines.readline()
        if not text:
            return None
        value = json.loads(text)
        require("control", value)
        return value

    def until(self, condition, timeout=PATIENCE):
        """The first object that fits."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = self.line()
            assert value is not None, "the server closed"
            if condition(value):
                return value
        raise AssertionError("no such line came")

    def close(self):
        self.lines.close()
        self.socket.close()


def ask(path, **request):
    """The one line that answers."""
    control = Control(path, request)
    try:
        answer = control.line()
        with contextlib.suppress(ConnectionResetError):  # it was refused before it asked
            assert control.line() is None
        return answer
    finally:
        control.close()


def socket_of(server):
    return server.state / "control.sock"


def machine(server, name):
    """What the server knows of one machine, with its timeline; None: nothing."""
    return ask(socket_of(server), request="machine", name=name).get("machine")


def wait_for_machine(server, name, condition, timeout=PATIENCE):
    """The machine once it fits."""
    end = time.monotonic() + timeout
    last = None
    while time.monotonic() < end:
        last = machine(server, name)
        if last and condition(last):
            return last
        time.sleep(0.1)
    raise AssertionError(f"machine {name} did not come to that; it is {json.dumps(last, indent=1)}")
