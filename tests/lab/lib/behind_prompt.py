# SPDX-License-Identifier: GPL-3.0-or-later
"""A live migration behind the prompt, and what its operator does meanwhile at the same console.

Arguments: the guest, its destination, its address, then the words that start migsh."""
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent.parent / "repl"))
os.environ["PTY_LIMIT"] = "120"
from term import Program  # noqa: E402 # pylint: disable=wrong-import-position

guest, dest, address, *migsh = sys.argv[1:]
slowly = f"live-migrate {guest} {dest} --unsafe --target {address} --bandwidth 4"
with Program(migsh, env={"MIGSH_PROMPT": "migsh> "}, cols=200) as p:
    p.see_last("migsh>")
    p.send(slowly + "\r")
    p.until(lambda: re.search(r"\] +\d+ %  .*MiB", p.screen.lines()[-1]), "its progress")
    p.press("\x1a", f"[1] {slowly}", "migsh>")
    p.send(f"domjobinfo {guest}\r")
    p.see("Job type:         Unbounded")
    p.see_last("migsh>")
    p.send("jobs\r")
    p.until(lambda: any(re.match(r" 1 +running +\d+ s +live-migrate .* \d+ %", x) for x in p.screen.lines()), "the job")
    p.send(f"migrate-setspeed {guest} 1000; migrate-getspeed {guest}\r")
    p.until(lambda: "1000" in p.screen.lines(), "its speed")
    p.send(f"wait; domstate {guest}@{dest}\r")
    p.see(f"[1] done: {slowly}")
    p.see("verdict: ok")
    p.see_last("running", "migsh>")
    p.send("\x04")
    assert p.wait() == 0, p.picture()
print(p.picture())
