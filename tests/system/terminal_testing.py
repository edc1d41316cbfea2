"""A program in a real terminal (tmux), with real keys."""
import os
import re
import shlex
import subprocess
import time
import uuid

from bootwire_testing import PATIENCE


class Terminal:
    """A program in tmux, `size` columns and rows."""

    def __init__(self, argv, size, environment=""):
        self.name = f"bootwire-{uuid.uuid4().hex[:8]}"
        command = f"env TERM=screen-256color {environment} " + " ".join(shlex.quote(str(each)) for each in argv)
        self.tmux("new-session", "-d", "-s", self.name, "-x", str(size[0]), "-y", str(size[1]), command)

    def tmux(self, *arguments):
        environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
        return subprocess.run(["tmux", "-L", self.name, *arguments], text=True, check=True, timeout=PATIENCE,
                              capture_output=True, env=environment).stdout

    def press(self, *keys):
        self.tmux("send-keys", "-t", self.name, *keys)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def shows(self, pattern, colours=False):
        """The screen once the pattern is on it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            screen = self.tmux("capture-pane", "-p", *(["-e"] if colours else []), "-t", self.name)
            if re.search(pattern, screen, re.MULTILINE):
                return screen
            time.sleep(0.1)
        raise AssertionError(f"{pattern} is not on the screen:\n{screen}")

    def has_ended(self):
        try:
            self.tmux("has-session", "-t", self.name)
        except subprocess.CalledProcessError:
            return True
        return False

    def close(self):
        try:
            self.tmux("kill-server")
        except subprocess.CalledProcessError:
            pass
