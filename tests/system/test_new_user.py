"""README.md, as somebody follows it who has a Debian with nothing on it: from `git clone` to a login prompt."""
import pathlib
import subprocess

import pytest

import bootwire_testing as testing

HERE = pathlib.Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.skipif(not testing.have("mmdebstrap"), reason="there is no mmdebstrap"),
    pytest.mark.skipif(not (HERE / ".git").exists(), reason="there is no repository to clone"),
]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_new_user_gets_to_a_login_prompt():
    done = subprocess.run([HERE / "tools/new-user"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=1700, check=False)
    assert done.returncode == 0, done.stdout
    print("\n" + next(line for line in done.stdout.splitlines() if "to a login prompt" in line))
