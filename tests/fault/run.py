# SPDX-License-Identifier: GPL-3.0-or-later
# Runs cases of the table one after another in one lab, and prints TAP. Started by run.sh.
import argparse
import fnmatch
import os
import shutil
import signal
import sys
import tempfile
import time

import cases
from case import Run
from hosts import Broken, Lab
from world import World


def options():
    p = argparse.ArgumentParser(prog="tests/fault/run.sh", description="Faults in a cold migration: the table of cases.py.")
    p.add_argument("--list", action="store_true", help="the names of the chosen cases, and no more")
    p.add_argument("--only", metavar="PATTERN", action="append", help="cases whose name contains it, or matches it (*, ?)")
    p.add_argument("--sample", metavar="K", type=int, help="K of them, others with each seed")
    p.add_argument("--seed", metavar="S", type=int, help="which ones (default: the day's number)")
    p.add_argument("--part", metavar="I/N", help="only the Ith of N equal parts")
    p.add_argument("--keep", action="store_true", help="stop at the first failure and leave the lab up")
    return p.parse_args()


def choose(o):
    chosen = cases.table()
    if o.only:
        chosen = [c for c in chosen if any(x in c.name or fnmatch.fnmatch(c.name, x) for x in o.only)]
    if o.sample is not None:
        seed = o.seed if o.seed is not None else int(time.time() // 86400)
        print(f"# --sample {o.sample} --seed {seed} of {len(chosen)} cases")
        chosen = cases.sample(chosen, o.sample, seed) if chosen else []
    if o.part:
        chosen = cases.part(chosen, *(int(x) for x in o.part.split("/")))
    return chosen


def main():
    o = options()
    chosen = choose(o)
    if o.list:
        print("\n".join(c.name for c in chosen))
        return 0
    if not chosen:
        print("not ok 1 - there is such a case")
        return 1
    lab = Lab(os.environ["MIGSH_FAULT_LAB"], os.environ["MIGSH_FAULT_SUBNET"])
    work = tempfile.mkdtemp(prefix="migsh-fault.")
    os.chmod(work, 0o755)
    keep, failed = False, []
    try:
        lab.up()
        world = World(lab, work)
        world.build()
        for number, case in enumerate(chosen, 1):
            run, begin = Run(world, case, number), time.monotonic()
            try:
                run.go()
                print(f"ok {number} - {case.name} # {time.monotonic() - begin:.1f} s ({run.times()})", flush=True)
                shutil.rmtree(run.dir)
            except Broken as e:
                failed.append(case.name)
                print(f"not ok {number} - {case.name} # {time.monotonic() - begin:.1f} s ({run.times()})")
                for line in str(e).splitlines() + run.explain():
                    print(f"# {line}")
                sys.stdout.flush()
                if o.keep:
                    keep = True
                    break
        print(f"# {len(chosen)} cases of {len(cases.table())}")
        print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed, 0 skipped")
        for name in failed:
            print(f"# failed: {name}")
    finally:
        if keep:
            print(f"# left as it is: lab {lab.name}, {work}")
        else:
            lab.down()
            shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the lab goes, too
sys.exit(main())
