# SPDX-License-Identifier: GPL-3.0-or-later
"""A program on a pseudo-terminal, and what its user would see: keys go in, a small VT100 keeps the screen.

Waiting is always for something to be seen (a text, a row, an exit), never for time to pass; a limit turns a hang into a
failure that shows the screen.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

LIMIT = float(os.environ.get("PTY_LIMIT", "20"))


class Screen:
    """Rows of characters; lines that leave at the top are kept in `gone`."""

    def __init__(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.cells = [[" "] * cols for _ in range(rows)]
        self.gone = []
        self.row = self.col = 0
        self.rest = ""

    def resize(self, rows, cols):
        """Cuts or pads: no reflow, as xterm does it."""
        self.cells = [(r + [" "] * cols)[:cols] for r in self.cells]
        while len(self.cells) > rows:
            self.gone.append("".join(self.cells.pop(0)).rstrip())
            self.row = max(0, self.row - 1)
        while len(self.cells) < rows:
            self.cells.append([" "] * cols)
        self.rows, self.cols = rows, cols
        self.col = min(self.col, cols - 1)

    def line_feed(self):
        if self.row + 1 < self.rows:
            self.row += 1
            return
        self.gone.append("".join(self.cells.pop(0)).rstrip())
        self.cells.append([" "] * self.cols)

    def put(self, char):
        if self.col >= self.cols:
            self.col = 0
            self.line_feed()
        self.cells[self.row][self.col] = char
        self.col += 1

    def csi(self, args, final):
        n = int(args.split(";")[0] or 0) if re.fullmatch(r"[\d;]*", args) else 0
        row = self.cells[self.row]
        if final == "A":
            self.row = max(0, self.row - (n or 1))
        elif final == "B":
            self.row = min(self.rows - 1, self.row + (n or 1))
        elif final == "C":
            self.col = min(self.cols - 1, self.col + (n or 1))
        elif final == "D":
            self.col = max(0, self.col - (n or 1))
        elif final == "G":
            self.col = (n or 1) - 1
        elif final == "H":
            parts = [int(x or 1) for x in (args or "1;1").split(";")]
            self.row, self.col = parts[0] - 1, (parts + [1])[1] - 1
        elif final == "K":
            start, end = {0: (self.col, self.cols), 1: (0, self.col + 1), 2: (0, self.cols)}[n]
            row[start:end] = [" "] * (end - start)
        elif final == "J":
            if n == 2:
                self.cells = [[" "] * self.cols for _ in range(self.rows)]
            else:
                row[self.col:] = [" "] * (self.cols - self.col)
                for i in range(self.row + 1, self.rows):
                    self.cells[i] = [" "] * self.cols
        elif final == "P":
            del row[self.col:self.col + (n or 1)]
            row.extend([" "] * (self.cols - len(row)))
        elif final == "@":
            row[self.col:self.col] = [" "] * (n or 1)
            del row[self.cols:]
        elif final not in "mhlr":
            raise AssertionError(f"the test terminal does not know CSI {args}{final}")

    def feed(self, text):
        text = self.rest + text
        self.rest = ""
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\x1b":
                m = re.compile(r"\x1b(?:\[([?\d;]*)([@-~])|([()][A-Za-z0-9])|([=>78M]))").match(text, at)
                if not m:
                    self.rest = text[at:]
                    return
                if m.group(2):
                    self.csi(m.group(1), m.group(2))
                at = m.end()
                continue
            if c == "\r":
                self.col = 0
            elif c == "\n":
                self.line_feed()
            elif c == "\b":
                self.col = max(0, min(self.col, self.cols) - 1)
            elif c == "\t":
                self.col = min(self.cols - 1, (self.col // 8 + 1) * 8)
            elif c >= " ":
                self.put(c)
            at += 1

    def lines(self):
        """All that is on the screen, without empty rows at the end."""
        out = ["".join(r).rstrip() for r in self.cells]
        while out and not out[-1]:
            out.pop()
        return out


class Program:
    """Runs argv on a terminal of its own; use as a context manager."""

    def __init__(self, argv, env=None, rows=24, cols=80, term="xterm", stdin=None, stdout=None):
        self.screen = Screen(rows, cols)
        self.raw = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.status = None
        environ = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null", **(env or {})}
        environ = {k: v for k, v in environ.items() if v is not None}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
                for path, fd, flags in ((stdin, 0, os.O_RDONLY), (stdout, 1, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
                    if path:
                        os.dup2(os.open(path, flags, 0o600), fd)
                os.execvpe(argv[0], argv, environ)
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def size(self, rows, cols):
        self.screen.resize(rows, cols)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def send(self, text):
        os.write(self.fd, text.encode())

    def read(self, timeout):
        """Takes in what is there; False when nothing came in time or all is over."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other end is closed
            return False
        text = self.decoder.decode(data)
        self.raw += text
        self.screen.feed(text)
        return bool(data)

    def until(self, seen, what):
        def test():
            try:
                return seen()
            except IndexError:  # fewer rows than it looks for
                return False
        end = time.monotonic() + LIMIT
        while not test():
            if time.monotonic() > end or (not self.read(0.2) and self.gone() and not self.read(0.05) and not test()):
                raise AssertionError(f"never seen: {what}\n" + self.picture())

    def gone(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def picture(self):
        return "\n".join("  |" + line for line in self.screen.gone[-10:] + self.screen.lines()) + \
            f"\n  cursor {self.screen.row},{self.screen.col} status {self.status}"

    def see(self, text):
        """Waits for text anywhere on the screen or above it."""
        self.until(lambda: text in "\n".join(self.screen.gone + self.screen.lines()), repr(text))

    def see_last(self, *lines):
        """Waits until the screen ends in exactly these rows."""
        self.until(lambda: self.screen.lines()[-len(lines):] == list(lines), f"last rows {lines}")

    def press(self, keys, *lines):
        """Then the screen ends in these rows."""
        self.send(keys)
        self.see_last(*lines)

    def see_cursor(self, col):
        self.until(lambda: self.screen.col == col, f"cursor in column {col}")

    def wait(self):
        """The exit status (negative: the signal)."""
        end = time.monotonic() + LIMIT
        while not self.gone():
            self.read(0.05)
            if time.monotonic() > end:
                raise AssertionError("it does not end\n" + self.picture())
        while self.read(0):
            pass
        return self.status

    def mode(self):
        """{"isig", "echo", "icanon"} as far as they are on."""
        flags = termios.tcgetattr(self.fd)[3]
        return {n for n, f in (("isig", termios.ISIG), ("echo", termios.ECHO), ("icanon", termios.ICANON)) if flags & f}
