# SPDX-License-Identifier: GPL-3.0-or-later
# One case: a migration, a fault at its point, the invariants, the way out, and the same migration once more. Owns the
# consoles it starts; a sampler thread watches that the guest's process is never there twice.
import glob
import json
import os
import shutil
import subprocess
import threading
import time

import acts
import faults
from hosts import Broken, wait_for
from world import FILES, NODES

LIMIT = 150  # seconds that a console may take on a loaded machine, and no fault is there to be waited for
# Seconds within which a fault is to be told; the machine's load needs none above: with 8 to do for 2 cores it was 25.4
# for a peer that says nothing, and 1.3 for a full disk (after the shutdown, which comes first).
NOTICED = 30
FULL = 2
COMMAND = "cold-migrate"
HOLD = ": >{0}/reached; n=0; until [ -e {0}/go ] || [ $n -ge 6000 ]; do sleep 0.02; n=$((n+1)); done"


class Console:
    def __init__(self, world, path, what, words, env):
        self.path, self.what, self.words, self.began, self.took = path, what, words, time.monotonic(), 0
        place = world.lab.command("exec", "admin", "--", "env", *(f"{k}={v}" for k, v in env.items()),
                                  os.environ["MIGSH_PLAIN"], "-i", f"{world.work}/nodes", *words)
        with open(path, "w") as out:
            self.process = subprocess.Popen(place, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                            start_new_session=True)

    def ended(self):
        return self.process.poll() is not None

    def text(self):
        with open(self.path, errors="replace") as f:
            return f.read()

    def wait(self, seconds=LIMIT):
        try:
            status = self.process.wait(seconds)
            self.took = time.monotonic() - self.began
            return status if status >= 0 else 128 - status, self.text()
        except subprocess.TimeoutExpired:
            raise Broken(f"{' '.join(self.words)}: hangs, no end after {seconds} s") from None


class Sampler:
    """Counts the guest's processes on both nodes, all the time."""

    def __init__(self, world):
        self.world, self.twice, self.stop = world, None, threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.stop.wait(0.15):
            pids = self.world.qemus()
            if len(pids) > 1:
                self.twice = pids

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def brief(value):
    text = str(value)
    return text if len(text) < 80 else f"… {text[-60:]}"


class Run:
    def __init__(self, world, case, number, extra=(), before=None):
        """before: the state directory of an earlier run, whose journals this one's console has still."""
        self.world, self.lab, self.case, self.extra = world, world.lab, case, list(extra)
        self.dir = f"{world.work}/{number}"
        for sub in ("", "/state", "/state2"):
            os.mkdir(self.dir + sub, 0o700)
        if before and os.path.isdir(before):
            shutil.copytree(before, f"{self.dir}/state", dirs_exist_ok=True)
        self.earlier = set(self.journals())
        self.timers = faults.Later()
        self.changed = self.truncated = self.overtaken = False
        self.autostart = True
        self.consoles, self.how = [], "reverted"
        self.struck = self.noticed = None
        self.moved = set()  # files that went to the other node with their newest bytes
        self.newest = {}  # (node, file): the sum of what somebody has written there last

    def later(self, seconds, call):
        self.timers.add(seconds, call)

    def migration(self, slowly=False):
        w = self.world
        words = [COMMAND, f"{w.name}@{w.src}", w.dst, *self.extra]
        return words + (["--bwlimit", "12MiB"] if slowly else [])

    def console(self, what, words, env=None, state=None):
        console = Console(self.world, f"{self.dir}/{len(self.consoles) + 1}-{what}", what, words,
                          {"XDG_STATE_HOME": f"{self.dir}/{state or 'state'}", **(env or {})})
        self.consoles.append(console)
        return console

    def preload(self, **env):
        so = os.path.join(os.path.dirname(os.environ["MIGSH_PLAIN"]), "..", "tests", "fault", "at_record.so")
        return {"LD_PRELOAD": os.path.realpath(so), "MIGSH_FAULT_JOURNAL": COMMAND,
                **{f"MIGSH_FAULT_{k}": str(v) for k, v in env.items()}}

    # --- the fault at its point

    def strike(self):
        kind = self.case.point[0]
        signal = faults.SIGNALS.get(self.case.fault)
        if kind == "journal":
            return self.strike_journal(self.case.point[1])
        if kind == "bytes":
            return self.strike_bytes(self.case.point[1])
        env = {"STEP": self.case.point[1], "WHEN": self.case.point[2]}
        if signal:
            return self.console("faulty", self.migration(), self.preload(SIGNAL=signal, **env)).wait()
        env["RUN"] = HOLD.format(self.dir)
        console = self.console("faulty", self.migration(), self.preload(**env))
        wait_for("the migration gets to the point", lambda: self.reached(console), LIMIT)
        self.inject()
        with open(f"{self.dir}/go", "w"):
            pass
        return console.wait(LIMIT)

    def reached(self, console):
        if os.path.exists(f"{self.dir}/reached"):
            return True
        if console.ended():
            raise Broken(f"the migration ended before the point ({console.process.returncode})")
        return False

    def strike_bytes(self, k):
        console = self.console("faulty", self.migration(slowly=True))
        w = self.world
        want = w.data * k // 21

        def there():
            return self.copies() and w.arrived(w.dst) >= want or console.ended()
        wait_for("the bytes arrive", there, LIMIT, 0.01)
        if console.ended():
            raise Broken(f"the migration ended before {want} bytes had arrived")
        self.inject()
        return console.wait(LIMIT)

    def copies(self):
        """Has the journal come to the copies?"""
        path = self.journal()
        if not path:
            return False
        with open(path, "rb") as f:
            return b'"name":"copy"' in f.read()

    def strike_journal(self, k):
        env = self.preload(STEP="verify", WHEN="intent")
        status, text = self.console("faulty", self.migration(), env).wait()
        path = self.journal()
        if not path:
            raise Broken(f"no journal was begun (status {status})")
        os.truncate(path, os.path.getsize(path) * k // 20)
        return status, text

    def inject(self):
        faults.FAULTS[self.case.fault](self)
        self.struck = time.monotonic()  # from here on it is so: to fill a disk takes its time

    def judge_fault(self, status, text):
        """What the console must have made of it."""
        fault = self.case.fault
        if fault in ("kill", "kill-again", "cut"):
            if status != 137:
                raise Broken(f"the console was not killed: status {status}")
        elif status != 0 and "error" not in text:
            raise Broken(f"failed without a word (status {status})")
        took = self.noticed = self.over - self.struck if self.struck else 0
        if fault == "full" and status != 0:
            self.expect("No space left" in text or " free" in text, "the error does not say that the disk is full")
            self.expect(took < FULL, f"that the disk is full was told after {took:.1f} s only")
        if self.case.slow and status != 0:
            node = self.world.src if fault == "frozen-source" else self.world.dst
            self.expect(node in text.partition("error")[2], f"the error does not name the silent node {node}")
            self.expect(took < NOTICED, f"the silent peer was noticed after {took:.1f} s only")

    # --- what is true afterwards

    def journals(self, state="state"):
        return sorted(glob.glob(f"{self.dir}/{state}/migsh/journal/*-{COMMAND}-*.jsonl"))

    def journal(self, state="state"):
        found = [name for name in self.journals(state) if name not in self.earlier]
        return found[-1] if found else None

    def ident(self, state="state"):
        return os.path.basename(self.journal(state))[:-len(".jsonl")]

    def journal_state(self, state="state"):
        """None: no journal. "" : none that could be gone on with, as it was cut."""
        if not self.journal(state):
            return None
        last = ""
        with open(self.journal(state), errors="replace") as f:
            for line in f:
                try:
                    last = json.loads(line)
                except ValueError:
                    pass
        return last.get("state") if last and last["rec"] == "end" else "open" if last else ""

    def sums(self):
        """The source's files as they have to be: as they were, or as somebody else made them."""
        sums = dict(self.world.sums)
        if self.changed:
            sums["base.qcow2"] = self.world.files(self.world.src).get("base.qcow2", ("gone",))[0]
        return sums

    def whole(self, facts, also=None):
        """Has the node a definition, with all of its disks as they should be?"""
        name = self.world.name
        if name not in facts["persistent"]:
            return False
        files = {f: facts["file"].get(f, (None,))[0] for f in FILES}
        return files == self.sums() or also is not None and files == also

    def expect(self, condition, what):
        if not condition:
            raise Broken(what)

    def safe(self):
        """What holds in every order of events. Returns both nodes' facts."""
        w = self.world
        facts = {n: w.facts(n) for n in NODES}
        self.last = facts
        here, there = facts[w.src], facts[w.dst]
        self.expect(len(w.qemus()) <= 1, "two running copies")
        self.expect(not (w.name in here["active"] and w.name in there["active"]), "active on both nodes")
        if not self.truncated:
            self.expect(self.whole(here) or self.whole(there, w.sums),
                        "no node has a definition with all its disks whole")
        removed = "--remove-disks" in self.extra and self.whole(there)
        for f, digest in self.sums().items():
            self.expect(removed or here["file"].get(f, (None,))[0] == digest, f"the source's disk {f} is not what it was")
        self.expect(not (w.name in here["autostart"] and w.name in there["autostart"]), "autostart on both nodes")
        for node in NODES:
            self.untouched(node, facts[node])
        return facts

    def untouched(self, node, now):
        before = self.world.before[node]
        for kind in ("file", "xml", "pool", "other", "trace"):
            for name, value in before[kind].items():
                self.expect(now[kind].get(name) == value,
                            f"{node}: {kind} '{name}' of somebody else was {value}, is {now[kind].get(name)}")
        for kind in ("known", "active", "autostart", "persistent"):
            self.expect(("decoy" in before[kind]) == ("decoy" in now[kind]), f"{node}: the domain decoy is touched ({kind})")

    def only(self, node, facts, files):
        """No file there but these and other people's, no trace, no process."""
        before = self.world.before[node]
        odd = [f for f in facts["file"] if f not in before["file"] and f not in files]
        odd += [f for kind in ("other", "trace") for f in facts[kind] if f not in before[kind]]
        self.expect(not odd, f"{node}: left behind: {' '.join(odd)}")
        self.world.wait_quiet(node)

    def as_before(self):
        """All of both nodes as it was when we began."""
        w, facts = self.world, self.safe()
        for node in NODES:
            was, now = self.begin[node], facts[node]
            for kind in ("known", "active", "persistent", "autostart", "xml", "pool", "other", "trace", "file"):
                for name in sorted(set(was[kind]) | set(now[kind])):
                    old, new = was[kind].get(name), now[kind].get(name)
                    if kind == "file" and node == w.src and name == "base.qcow2" and self.changed and new:
                        continue
                    self.expect(old == new, f"taken back, but on {node} {kind} '{name}' is {brief(new)}, and was {brief(old)}")
            w.wait_quiet(node)

    def migrated(self):
        w, facts = self.world, self.safe()
        here, there = facts[w.src], facts[w.dst]
        self.expect(self.whole(there, w.sums if self.changed else None), f"migrated, but not whole on {w.dst}")
        self.expect((w.name in there["active"]) == w.running, f"migrated, but {'not ' * w.running}running on {w.dst}")
        self.expect((w.name in there["autostart"]) == self.autostart, f"migrated, but {'no ' * self.autostart}autostart on {w.dst}")
        self.expect(w.name not in here["active"], f"migrated, but still active on {w.src}")
        self.expect(w.name not in here["autostart"], f"migrated, but still autostart on {w.src}")
        kept = "--undefine-source" not in self.extra
        self.expect((w.name in here["known"]) == kept, f"migrated, but {w.src} knows it: {not kept}")
        self.only(w.dst, there, FILES)
        # A backing file may be others' too, so it stays.
        self.only(w.src, here, ("base.qcow2",) if "--remove-disks" in self.extra else FILES)

    # --- the way out

    def finish(self, end):
        """resume or rollback, as the journal lets; True where the guest is on the other node then."""
        state = self.journal_state()
        if state is None or state == "reverted":
            self.as_before()
            return False
        if state == "done":
            self.migrated()
            return True
        return self.clean_up() if end == "cleanup" else self.go_on(end)

    def clean_up(self):
        status, text = self.console("cleanup", ["cleanup", self.world.name, "--apply"]).wait()
        self.how = "cleanup"
        self.expect(status == 0, f"cleanup: status {status}")
        if self.journal_state() == "done":
            self.migrated()
            return True
        self.as_before()
        return False

    def go_on(self, end, again=True):
        status, text = self.console(end, [end, self.ident()]).wait()
        self.how = end
        if status == 0 and end == "resume":
            self.migrated()
            return True
        if status == 0:
            self.as_before()
            return False
        self.safe()
        self.expect("error" in text, f"{end} failed without a word (status {status})")
        # Either may be the wrong way out: a changed source cannot be gone on with, a started guest not be taken back.
        other = {"resume": "rollback", "rollback": "resume"}[end]
        if self.journal_state() == "reverted" and end == "resume":
            self.as_before()
            return False
        self.expect(again and other in text, f"{end}: status {status}, and no other way is named")
        self.expect(end == "rollback" or self.changed or self.case.fault == "cut", f"resume failed (status {status})")
        return self.go_on(other, False)

    def die_again(self):
        """The way out itself is cut short, twice: before and behind its second record."""
        for at in (2, -2):
            self.console("killed", [self.case.end, self.ident()], self.preload(AT=at)).wait()
            self.safe()

    def after_cut(self):
        """With a part of the journal lost: the way out is safe and says what it does; then the operator clears up."""
        if self.journal_state() != "":
            status, text = self.console(self.case.end, [self.case.end, self.ident()]).wait()
            self.safe()
            if status == 0 and self.case.end == "resume" and self.journal_state() == "done":
                self.migrated()
            self.expect(status == 0 or "error" in text, f"failed without a word (status {status})")
        for _ in range(2):
            status, text = self.console("cleanup", ["cleanup", self.world.name, "--apply"]).wait()
            self.safe()
            self.expect(status == 0 or "error" in text, f"cleanup failed without a word (status {status})")

    def kept(self):
        """What holds whatever the operator did: one running copy at most, a definition, and the newest bytes of all."""
        w = self.world
        facts = {n: w.facts(n) for n in NODES}
        self.last = facts
        self.expect(len(w.qemus()) <= 1, "two running copies")
        self.expect(any(w.name in facts[n]["persistent"] for n in NODES), "no node defines it any more")
        for (node, name), digest in self.newest.items():
            there = {v[0] for v in facts[node]["file"].values()}
            self.expect(digest in there, f"{node}: what was written last to {name} is in no file any more")
        for f, digest in w.sums.items():
            self.expect(any(digest == v[0] for n in NODES for v in facts[n]["file"].values())
                        or f in self.moved or any(f == name for _, name in self.newest), f"{f} is in no file any more")
        self.expect(not all(w.name in facts[n]["autostart"] for n in NODES), "autostart on both nodes")
        for node in NODES:
            self.untouched(node, facts[node])

    def follow(self):
        """Disks that were to be moved away have been, newest bytes and all, and the guest may have written to them since."""
        w = self.world
        if "--remove-disks" not in self.extra or self.journal_state() != "done":
            return
        there = w.files(w.dst)
        for node, name in list(self.newest):
            if node == w.src and name not in w.files(w.src):
                self.expect(name in there, f"{name} is on neither node")
                self.expect(there[name][0] == self.newest[node, name] or w.name in w.facts(w.dst)["active"],
                            f"{name} was moved, and is not what was written last")
                del self.newest[node, name]
                self.moved.add(name)

    def after_act(self):
        """The operator goes on by hand; then the way out is tried, and cleanup, twice: each may refuse, in words."""
        acts.ACTS[self.case.act](self)
        self.kept()
        commands = [] if self.case.end == "cleanup" or not self.journal_state() else [[self.case.end, self.ident()]]
        for words in commands + [["cleanup", self.world.name, "--apply"]] * 2:
            status, text = self.console(words[0], words).wait()
            self.expect(status == 0 or "error" in text, f"{words[0]} failed without a word (status {status})")
            self.expect(".lua:" not in text, f"{words[0]}: a mistake in a recipe")
            self.follow()
            self.kept()
        self.how = self.case.act

    def forget(self):
        """The operator has seen to it himself: the journal that no way leads out of is set aside, and he moves it anew."""
        if self.journal_state() not in (None, "done", "reverted"):
            status, _ = self.console("forget", ["rollback", self.ident(), "--forget"]).wait()
            self.expect(status == 0, f"the journal cannot be set aside (status {status})")
            self.kept()

    def second_gives_up(self):
        """Somebody else's console may have come late in the midst of its copies: its operator takes those back."""
        if self.journal_state("state2") not in (None, "done", "reverted"):
            status, _ = self.console("second-back", ["rollback", self.ident("state2")], state="state2").wait()
            self.expect(status == 0, f"the second console cannot take back what it did (status {status})")

    def after_overtaking(self):
        """Another console has done the same meanwhile: what this one takes back is its own only."""
        # The other console may have found it shut down, and without autostart, by this one: then it has left it so.
        w, there = self.world, self.safe()[self.world.dst]
        w.running, self.autostart = w.name in there["active"], w.name in there["autostart"]
        self.migrated()
        if self.journal_state() not in (None, "reverted"):
            status, text = self.console("rollback", ["rollback", self.ident()]).wait()
            self.expect(status == 0 or "error" in text, f"failed without a word (status {status})")
        self.migrated()

    def once_more(self, moved):
        """The same migration, without a fault."""
        w = self.world
        if self.case.fault == "cut":  # nobody knows any more what it was about
            os.rename(f"{self.dir}/state", f"{self.dir}/state.cut")
            os.mkdir(f"{self.dir}/state", 0o700)
        if moved or self.case.fault == "cut":
            w.clear(w.dst)
            w.clear(w.src)
            w.place(w.src, self.case.running)
            self.changed, self.autostart = False, True
        status, _ = self.console("again", self.migration()).wait()
        self.expect(status == 0, f"the same migration again does not succeed (status {status})")
        self.migrated()

    def trip(self):
        """The migration, the fault, the way out; true where the guest is on the other node then."""
        w, case = self.world, self.case
        self.begin = {n: w.facts(n) for n in NODES}
        try:
            status, text = self.strike()
        finally:
            self.over = time.monotonic()
            self.timers.join()
        w.mend()
        self.judge_fault(status, text)
        self.safe()
        if case.act:
            self.after_act()
            return False
        self.second_gives_up()
        if self.truncated and status != 0:
            faults.restore(self)
        if case.fault == "kill-again" and self.journal_state() == "open":
            self.die_again()
        if case.fault == "cut":
            self.after_cut()
            return False
        if self.overtaken:
            self.after_overtaking()
            return True
        if status == 0:
            self.how = "by itself"
            self.migrated()
            return True
        return self.finish(case.end)

    def go(self):
        self.world.reset(self.case.running)
        with Sampler(self.world) as sampler:
            moved = self.trip()
            if not self.case.act:  # else nobody knows where it is now
                self.once_more(moved)
        self.expect(not sampler.twice, f"two processes of the guest at once: {sampler.twice}")

    def explain(self):
        """For a failure: what the nodes and the consoles say."""
        lines = []
        for node in NODES:
            try:
                lines.append(self.world.describe(node, self.world.facts(node)))
            except Broken as e:
                lines.append(f"{node}: {e}")
        for console in self.consoles:
            lines += [f"--- {console.what}:"] + console.text().splitlines()[-25:]
        return lines

    def times(self):
        """What the case spent its seconds on: each console's, and how long after the fault the first one ended."""
        spent = [f"{c.what} {c.took:.1f}" for c in self.consoles]
        return ", ".join(spent + ([f"{self.case.fault} told after {self.noticed:.1f}"] if self.noticed else []))
