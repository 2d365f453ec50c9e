# SPDX-License-Identifier: GPL-3.0-or-later
# The table: which fault comes where, and what ends it. Pure. A case's name says it all:
#
#   STEP/intent|outcome/FAULT/END    at that record of the step's journal (at_record.c)
#   copy/K-20/FAULT/END              when K twentieths of the data have arrived at the destination
#   journal/K-20/cut/END             killed at the last step but one, and its journal cut to K twentieths
#   STEP/intent|outcome/kill/ACT/END killed there, and the operator goes on by hand first (acts.py)
#
# END is what the operator does then: resume or rollback, each point has both in turn; or cleanup, which finds out
# itself.
import random
import sys
from collections import namedtuple

import acts

# The steps of a cold migration in their order. steps_differ() compares them with those it really has.
STEPS = ("check", "shutdown", "dumpxml", "storage", "copy", "define", "carry", "start", "verify", "retire")

# point: ("step", NAME, "intent"|"outcome") | ("bytes", K) | ("journal", K)
Case = namedtuple("Case", "name point fault end running slow act", defaults=(None,))

BOTH = ("kill", "interrupt", "cut-dest", "cut-source", "libvirtd", "full", "changed")
INTENT = ("link-5s", "twice", "other-console", "truncated", "kill-again", "frozen-dest")
OUTCOME = ("link-down", "frozen-source")
# Beside kill, which comes at every point: five more at each, so that each comes at every second or third.
BYTES = ("flipped", "interrupt", "cut-dest", "link-5s", "truncated", "cut-source", "changed", "full", "libvirtd", "kill-again",
         "twice", "other-console")
SLOW = ("link-down", "frozen-dest", "frozen-source")  # they take as long as it takes to notice
# Where a console may die so that the guest is usable on either node, and what its operator does then (acts.py).
ACT_POINTS = (("copy", "outcome"), ("define", "outcome"), ("carry", "intent"), ("start", "outcome"), ("verify", "intent"),
              ("retire", "intent"), ("retire", "outcome"))
ACTS = tuple(acts.ACTS)
ENDS = ("cleanup", "resume", "rollback")


def faults_at_bytes(k):
    # Towards the end what is flipped may have been checked already.
    faults = ["kill"] + ["flipped"] * (k <= 17) + [BYTES[1:][(k * 4 + i) % (len(BYTES) - 1)] for i in range(4)]
    return faults + ([SLOW[k // 5 % 3]] if k % 5 == 3 else [])


def table():
    cases = []

    def add(where, point, fault, running, turn):
        # Truncated: the disk is lost until its owner brings it back, so there is nothing to continue at once.
        end = "rollback" if fault == "truncated" or turn % 2 else "resume"
        cases.append(Case(f"{where}/{fault}/{end}", point, fault, end, running, fault in SLOW))

    for i, step in enumerate(STEPS):
        for m, (moment, faults) in enumerate((("intent", BOTH + INTENT), ("outcome", BOTH + OUTCOME))):
            for n, fault in enumerate(faults):
                # A guest that runs where it matters, else in every second case.
                running = step in ("shutdown", "start", "verify") or (n + i) % 2 == 0
                for turn in (0, 1) if fault == "kill" else (i + m,):
                    add(f"{step}/{moment}", ("step", step, moment), fault, running, turn)
            cases.append(Case(f"{step}/{moment}/kill/cleanup", ("step", step, moment), "kill", "cleanup", i % 2 == 0, False))
    seen = {}
    for k in range(1, 21):
        for n, fault in enumerate(faults_at_bytes(k)):
            seen[fault] = seen.get(fault, 0) + 1
            add(f"copy/{k}-20", ("bytes", k), fault, (n + k) % 3 == 0, seen[fault])
    for k in range(20):
        add(f"journal/{k}-20", ("journal", k), "cut", k % 4 == 0, k)
    for i, (step, when) in enumerate(ACT_POINTS):
        for n, act in enumerate(ACTS):
            for m, end in enumerate(ENDS):
                cases.append(Case(f"{step}/{when}/kill/{act}/{end}", ("step", step, when), "kill", end, (i + n + m) % 2 == 0,
                                  False, act))
    return cases


def sample(cases, count, seed):
    """`count` of them, one of these a slow one: all have been had after as many seeds in a row as it takes."""
    def window(part, n):
        part = sorted(part)
        random.Random(4).shuffle(part)
        begin = seed * n % len(part)
        return (part + part)[begin:begin + n]
    slow = [c for c in cases if c.slow]
    quick = [c for c in cases if not c.slow]
    few = 1 if count >= 8 else 0
    return window(quick, min(count - few, len(quick))) + window(slow, few)


def part(cases, i, n):
    """The ith of n parts that take about as long: each has its share of the slow ones."""
    mine = set([c for c in cases if c.slow][i - 1::n] + [c for c in cases if not c.slow][n - i::n])
    return [c for c in cases if c in mine]


def steps_differ(real):
    """What is wrong with the table's steps, or nothing."""
    missing = [s for s in real if s not in STEPS]
    gone = [s for s in STEPS if s not in real]
    return ([f"step '{s}' has no fault test: add it to STEPS in tests/fault/cases.py" for s in missing]
            + [f"tests/fault/cases.py tests a step '{s}' that cold-migrate does not have" for s in gone])


if __name__ == "__main__":  # --steps: what is wrong with STEPS, the real ones on standard input; else the names
    if sys.argv[1:] == ["--steps"]:
        print("\n".join(steps_differ(sys.stdin.read().split())), end="")
    else:
        print("\n".join(case.name for case in table()))
