"""tools/compare-check sorts the files of a directory by what dhcpd -t and bootwire check say."""
import subprocess

import bootwire_testing as testing

TOOL = testing.SOURCE / "tools" / "compare-check"
SUBNET = "subnet 10.50.1.0 netmask 255.255.255.0 { }\n"


def run(directory, *options):
    return subprocess.run([TOOL, "--bootwire", testing.BOOTWIRE, *options, directory], text=True,
                          stdout=subprocess.PIPE, check=False)


def test_each_file_stands_in_its_group(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "good").write_text('include "more";\n')
    (tmp_path / "inner" / "more").write_text(SUBNET)
    (tmp_path / "bad").write_text(SUBNET + "default-lease-time often;\n")
    # bootwire has statements of its own.
    (tmp_path / "ours").write_text(SUBNET + 'tftp-root "/srv/tftp";\n')
    done = run(tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "both accept: 2"
    assert lines[1] == "both refuse: 1"
    assert lines[2] == "only dhcpd accepts: 0"
    assert lines[3:5] == ["only bootwire accepts: 1", "  ours"]
    assert "line 2: semicolon expected" in lines[5]
    assert lines[-1] == "2 of 2 that dhcpd -t accepts pass"


def test_a_file_that_only_dhcpd_accepts_fails(tmp_path):
    (tmp_path / "bad").write_text(SUBNET + "default-lease-time often;\n")
    done = run(tmp_path, "--dhcpd", "/bin/true")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[2:4] == ["only dhcpd accepts: 1", "  bad"]
    assert lines[4].startswith("    bad:2:20: error: ")
    assert lines[-1] == "0 of 1 that dhcpd -t accepts pass"
