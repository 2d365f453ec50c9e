# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the prompt share: migsh itself, and the same prompt with a second way in (repl_hook), on a pty."""
import json
import os
import pathlib
import socket
import sys
import tempfile

from term import Program

MIGSH = sys.argv[1]
HOOK = sys.argv[2]
TMP = pathlib.Path(tempfile.mkdtemp(prefix="migsh-repl."))
TESTS = []


class Skip(Exception):
    """It cannot be tried here."""


def test(fn):
    TESTS.append(fn)
    return fn


def fresh(name):
    """A directory of its own for one program: state, config, and a place for its files."""
    fresh.n += 1
    d = TMP / f"{fresh.n}-{name}"
    d.mkdir()
    return d


fresh.n = 0


def env_of(d, **more):
    return {"XDG_STATE_HOME": str(d / "state"), "XDG_CONFIG_HOME": str(d / "config"), **more}


def migsh(d, *args, **how):
    return Program([MIGSH, *args], env=env_of(d, **how.pop("env", {})), **how)


def at_prompt(d, *args, **how):
    p = migsh(d, *args, **how)
    p.see_last("migsh>")
    return p


class Hooked(Program):
    def __init__(self, d, **how):
        self.fifo, self.answers_file = str(d / "fifo"), d / "answers"
        if not os.path.exists(self.fifo):
            os.mkfifo(self.fifo)
        super().__init__([HOOK, self.fifo, str(d / "history"), str(self.answers_file)], **how)
        self.see_last("migsh>")
        self.way_in = os.open(self.fifo, os.O_WRONLY)

    def begin(self, line):
        """A command that lasts, and runs now."""
        self.send(line + "\r")
        self.see("begun: " + line.lstrip("="))

    def do(self, what, arg=""):
        if not isinstance(arg, str):
            arg = json.dumps(arg)
        os.write(self.way_in, f"{what} {arg}\n".encode())

    def answers(self, *lines):
        self.until(lambda: self.answers_file.exists() and self.answers_file.read_text().splitlines() == list(lines),
                   f"the answers {lines}")

    def __exit__(self, *args):
        if not args[0] and not self.gone():  # leaves by itself, so that a leak or a fault at the end is seen
            self.do("finish")
            self.until(lambda: self.send("\x03\x04") or self.gone(), "its end")
            assert self.status in (0, 1, 2, 130) and "Sanitizer" not in self.raw, self.raw[-4000:]
        os.close(self.way_in)
        super().__exit__(*args)


class Silent:
    """A libvirtd that takes the connection and then never says a word: whoever connects waits until cancelled."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.caller = None
        self.uri = f"qemu+tcp://127.0.0.1:{self.listener.getsockname()[1]}/system"

    def __enter__(self):
        return self

    def called(self, p, mode=()):
        """Waits until somebody connects: a single command runs, and the terminal is in the mode for it."""
        def accept():
            try:
                self.caller = self.listener.accept()[0]
            except BlockingIOError:
                return False
            return True
        p.until(accept, "a connection")
        assert p.mode() == set(mode), p.mode()

    def __exit__(self, *_):
        if self.caller:
            self.caller.close()
        self.listener.close()


def runs(p):
    """Waits until the prompt has taken a line (it stops to mark pastes then)."""
    p.until(lambda: "\x1b[?2004l" in p.raw, "a command that runs")
    assert p.mode() == set(), p.mode()


def completes(p, typed, line):
    """Tab makes `line` of it, sooner or later: names come from behind. Then the prompt is empty again."""
    def test():
        p.send(f"\x15{typed}\t")
        p.read(0.2)
        return p.screen.lines()[-1] == "migsh> " + line
    p.until(test, "the completed line " + line)
    p.press("\x03", "migsh>")
