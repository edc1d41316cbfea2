"""Verdicts of the guests of `bootwire run`: QEMU is a script that does what the guest's end needs."""
import json

import pytest

import bootwire_testing as testing
from control_testing import ask
from test_run import CONFIGURATION, Run

GONE = """
case "$*" in
*mac=22:22:22:22:00:00*) echo "it has nothing to boot" ;;
*) exec sleep 3600 ;;
esac
"""
KVM_DIES = """
case "$*" in
*accel=kvm*) echo "KVM internal error. Suberror: 1" >&2; exec sleep 3600 ;;
*) exec sleep 3600 ;;
esac
"""


@pytest.mark.parametrize("program, arguments, verdict, said", [
    (GONE, ["--no-kvm", "--count", "2"], "powered-off", "end of its console"),
    (KVM_DIES, [], "kvm-died", "--no-kvm"),
])
def test_its_verdict(tmp_path, program, arguments, verdict, said):
    control = tmp_path / "run.sock"
    running = Run(tmp_path, "--control", str(control), *arguments, "first", program=program,
                  configuration="verdict-silence 5;\n" + CONFIGURATION)
    last = [None]

    def given():
        try:
            last[0] = ask(control, request="machine", name="first").get("machine")
        except OSError:
            return False
        return last[0] and last[0]["verdict"] and last[0]["verdict"]["id"] == verdict
    try:
        testing.wait_until(given, lambda: json.dumps(last[0], indent=1), 90)
        assert said in last[0]["verdict"]["cure"]
    finally:
        running.console.close(force=True)
