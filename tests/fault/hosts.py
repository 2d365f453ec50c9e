# SPDX-License-Identifier: GPL-3.0-or-later
# The lab as the fault tests use it: a shell in each host that stays open, as hundreds of small commands are run there.
# Owns the lab's life; knows nothing of migsh.
import os
import re
import select
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = os.path.join(HERE, "..", "lab", "lab")


class Broken(Exception):
    """An invariant or an expectation does not hold; the text says which."""


def wait_for(what, condition, seconds=60, every=0.02):
    """Until condition() is true; its value. Broken, with `what`, after so long."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(every)


class Shell:
    """A bash in a host. One thread at a time uses it; a lock sees to that."""

    def __init__(self, lab, host):
        self.lab, self.host, self.process = lab, host, None
        self.lock = threading.Lock()

    def _open(self):
        self.process = subprocess.Popen(self.lab.command("exec", self.host, "--", "bash", "--noprofile", "--norc"),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        cwd="/", start_new_session=True)

    def run(self, script, seconds=60):
        """(status, all it printed)"""
        with self.lock:
            if not self.process or self.process.poll() is not None:
                self._open()
            self.process.stdin.write(b"(\n%s\n) </dev/null 2>&1; printf '\\0%%d\\0' $?\n" % script.encode())
            self.process.stdin.flush()
            data, end = b"", time.monotonic() + seconds
            while data.count(b"\0") < 2:
                if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                    self.close()
                    raise Broken(f"{self.host}: no end after {seconds} s: {script}")
                more = os.read(self.process.stdout.fileno(), 65536)
                if not more:
                    self.close()
                    raise Broken(f"{self.host}: the shell ended: {script}")
                data += more
        out, status = data.split(b"\0")[:2]
        return int(status), out.decode(errors="replace")

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Lab:
    def __init__(self, name, subnet):
        self.name, self.subnet = name, subnet
        self.state, self.shells = None, {}

    def command(self, *words):
        return [LAB, "--name", self.name, "--subnet", self.subnet, *words]

    def do(self, *words, check=True):
        r = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        if check and r.returncode:
            raise Broken(f"lab {' '.join(words)}: {r.stdout.strip()}")
        return r.returncode, r.stdout

    def up(self):
        self.do("up", "--ready")
        self.state = re.search(r"^LAB_STATE=(.*)$", self.do("env")[1], re.M).group(1)
        self.shells = {h: Shell(self, h) for h in ("admin", "source", "dest", "switch")}

    def down(self):
        for shell in self.shells.values():
            shell.close()
        self.do("down", check=False)

    def run(self, host, script, seconds=60):
        return self.shells[host].run(script, seconds)

    def sh(self, host, script, seconds=60):
        """What it printed; Broken if it failed."""
        status, out = self.run(host, script, seconds)
        if status:
            raise Broken(f"{host}: status {status}: {script}\n{out}")
        return out
