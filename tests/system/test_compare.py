"""bootwire answers as ISC dhcpd does, but for what doc/isc-differences.md lists."""
import shutil

import pytest

from compare_cases_edges import CONFIGURATIONS
from compare_testing import Pair, documented_differences, set_pools

pytestmark = [pytest.mark.skipif(not shutil.which("dhcpd"), reason="no dhcpd (isc-dhcp-server)"),
              pytest.mark.timeout(300)]

DOCUMENTED = documented_differences()
SHOWN = set()  # the rows that some case has shown


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    made = Pair(tmp_path_factory.mktemp("compare"))
    try:
        yield made
    finally:
        made.close()


def explain(difference, names):
    """The documented differences that cover one: those of every case, and those that it names."""
    field, kind, _, _ = difference
    return {name for name, (of, which, scope) in DOCUMENTED.items()
            if (scope == "always" or name in names) and of == field and which in (kind, "any")}


def run_case(pair, name, steps, differs):
    """What the table does not explain, as text."""
    found, shown = [], set()
    for number, each in enumerate(steps, 1):
        for difference in pair.ask(each):
            rows = explain(difference, differs)
            shown |= rows
            if not rows:
                field, kind, theirs, ours = difference
                found.append(f"{name}, packet {number}: {field} ({kind}): ISC dhcpd {theirs!r}, "
                             f"bootwire {ours!r}")
    SHOWN.update(shown)
    found += [f"{name}: {row} is said to differ and does not" for row in differs
              if row not in shown]
    return found


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda each: each.name)
def test_compare(pair, configuration):
    pair.start(configuration.text)
    set_pools(configuration.pools)
    found = [line for case in configuration.cases for line in run_case(pair, *case)]
    pair.stop()
    print(f"{len(configuration.cases)} cases")
    assert not found, "undocumented differences:\n" + "\n".join(found)


def test_enough_cases_and_no_stale_row():
    assert sum(len(each.cases) for each in CONFIGURATIONS) >= 150
    assert not set(DOCUMENTED) - SHOWN, "rows of doc/isc-differences.md that no case shows"
