"""What dhcpd -t takes bootwire check takes, and what it refuses is refused: statement by statement."""
import pathlib
import shutil
import subprocess

import pytest

import bootwire_testing as testing

LINES = pathlib.Path(__file__).with_name("check_lines.txt")


def statements():
    """(statement, whether the two agree about it)"""
    agree = True
    for line in LINES.read_text().splitlines():
        if line.startswith("## "):
            agree = False
        elif line and not line.startswith("#"):
            yield line if line[-1] in "};" else line + ";", agree


def accepts(*command):
    """None where the program came to an end of its own making."""
    done = subprocess.run(["prlimit", "--cpu=5", "--fsize=1000000", *map(str, command)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None if done.returncode not in (0, 1) else done.returncode == 0


def test_statements_are_judged_as_dhcpd_judges_them(tmp_path):
    dhcpd = shutil.which("dhcpd", path="/usr/sbin:/usr/bin")
    if not dhcpd:
        pytest.skip("isc-dhcp-server is not installed")
    config, leases = tmp_path / "one.conf", tmp_path / "leases"
    leases.touch()
    wrong = []
    for statement, agree in statements():
        config.write_text(statement + "\n")
        theirs = accepts(dhcpd, "-t", "-cf", config, "-lf", leases)
        ours = accepts(testing.BOOTWIRE, "check", "-c", config)
        assert ours is not None, statement
        if theirs is not None and (theirs == ours) != agree:
            wrong.append(f"{statement}: dhcpd {'takes' if theirs else 'refuses'} it, "
                         f"bootwire {'takes' if ours else 'refuses'} it")
    assert not wrong, "\n".join(wrong)
