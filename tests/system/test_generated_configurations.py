"""dhcpd -t and bootwire check judge alike what configuration_maker.py makes from seeds.

$BOOTWIRE_CONFIGURATION_SEED is the first seed of the long run, for files that nobody has seen yet.
A failure names its seed and shows the file without the lines that have no part in it.
"""
import os
import re
import shutil
import subprocess

import pytest

import bootwire_testing as testing
from configuration_maker import configuration

DHCPD = shutil.which("dhcpd", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(not DHCPD, reason="no dhcpd (isc-dhcp-server)")

# Where the two differ on purpose: who takes the file, what the other says of it, what stands in it,
# and why. check_lines.txt and doc/isc-differences.md have the same.
BOTH_READ_IT = "what is meant is plain"
KNOWN = [
    ("dhcpd", r"expected a number from", r"\b4294967296\b", "what has no room is not cut down to 0"),
    ("dhcpd", r"an address has four bytes", r"", "no address has more or fewer"),
    ("dhcpd", r"expected the option's code", r"\bcode -1\b", "no option has such a code"),
    ("bootwire", r"storage value has not been initialized", r"encapsulate",
     "dhcpd ends of a fault of its own"),
    ("bootwire", r"Bogus number", r"", "a lone word is a variable, whatever letters it has"),
    ("bootwire", r"unknown collection", r"\bcheck\b", "check has a value"),
    ("bootwire", r"expecting hexadecimal number", r"\bcase [\da-f:]+\s*:", BOTH_READ_IT),
    ("bootwire", r"relating different types", r"\b(and|or|not)\b", BOTH_READ_IT),
    ("dhcpd", r"a subnet cannot stand in another", r"", "which of the two counts is unclear"),
    ("dhcpd", r"is no netmask", r"", "no network has such a mask"),
    ("dhcpd", r"cannot hold a zero byte", r"", "no packet carries such a name"),
    ("dhcpd", r"found the end of the file", r"", "something is missing"),
]


class Judges:
    def __init__(self, directory):
        self.config, self.leases = directory / "made.conf", directory / "leases"
        self.said = directory / "said"
        self.leases.touch()

    def run(self, *command):
        """(Whether it is taken, what is said); None for one that came to no end of its own. dhcpd
        may say the same for ever."""
        with self.said.open("w") as said:
            done = subprocess.run(["prlimit", "--fsize=10000000", "--cpu=5", *map(str, command)],
                                  stdout=said, stderr=subprocess.STDOUT)
        taken = {0: True, 1: False}.get(done.returncode)
        return taken, self.said.read_text(errors="replace")[:20000]

    def judge(self, text):
        """Who alone takes the file, and what the other says; (None, "") where they agree."""
        self.config.write_text(text)
        theirs, their_words = self.run(DHCPD, "-t", "-cf", self.config, "-lf", self.leases)
        ours, our_words = self.run(testing.BOOTWIRE, "check", "-c", self.config)
        assert ours is not None, f"bootwire ended with a signal:\n{text}\n{our_words}"
        if theirs is None or theirs == ours:
            return None, ""
        return ("dhcpd", our_words) if theirs else ("bootwire", their_words)

    def difference(self, text):
        """The same, but (None, "") for a known one, too."""
        who, words = self.judge(text)
        for taker, said, holds, _ in KNOWN:
            if who == taker and re.search(said, words) and re.search(holds, text, re.MULTILINE):
                return None, ""
        return who, words

    def shortest(self, text, who):
        """The file without the lines that the difference can do without."""
        lines = text.splitlines()
        for line in list(lines):
            fewer = [each for each in lines if each is not line]
            if self.difference("\n".join(fewer) + "\n")[0] == who:
                lines = fewer
        return "\n".join(lines) + "\n"


def check(directory, seeds):
    judges, found = Judges(directory), []
    for seed in seeds:
        text = configuration(seed)
        who, _ = judges.difference(text)
        if who:
            text = judges.shortest(text, who)
            found.append(f"seed {seed}, taken by {who} alone:\n{text}{judges.difference(text)[1]}")
            if len(found) == 5:
                break
    assert not found, "\n".join(found)


def test_configurations_from_seeds_are_judged_as_dhcpd_judges_them(tmp_path):
    check(tmp_path, range(150))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_thousands_of_configurations(tmp_path):
    first = int(os.environ.get("BOOTWIRE_CONFIGURATION_SEED", 1000))
    check(tmp_path, range(first, first + 5000))


def test_the_same_seed_makes_the_same_file():
    assert configuration(7) == configuration(7) != configuration(8)


def test_about_half_of_the_files_are_right(tmp_path):
    """A generator whose files are all refused for one slip would compare nothing."""
    judges = Judges(tmp_path)
    taken = 0
    for seed in range(60):
        judges.config.write_text(configuration(seed))
        taken += judges.run(testing.BOOTWIRE, "check", "-c", judges.config)[0]
    assert 20 <= taken <= 55
