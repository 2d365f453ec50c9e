# SPDX-License-Identifier: GPL-3.0-or-later
# A guest goes to and fro, and each time something goes wrong somewhere: any fault at any record or after any number of
# bytes, any way out. In between somebody writes to its disk, so that an old copy is never taken for the new one.
# Started by random.sh; prints the figures at the end.
import argparse
import collections
import os
import random
import shutil
import signal
import sys
import tempfile
import time

import cases
import faults
from case import Run, Sampler
from hosts import Broken, Lab
from world import IMAGES, World

FAULTS = [f for f in faults.FAULTS if f not in cases.SLOW + ("truncated", "changed", "flipped", "twice", "other-console")]
AT_BYTES = FAULTS + ["flipped"]
SLOW_SHARE = 0.02


def draw(dice, number):
    end = dice.choice(("resume", "rollback"))
    slow = dice.random() < SLOW_SHARE
    if dice.random() < 0.4:
        k = dice.randint(1, 20)
        point, where, kinds = ("bytes", k), f"copy/{k}-20", AT_BYTES
    else:
        step, when = dice.choice(cases.STEPS), dice.choice(("intent", "outcome"))
        point, where, kinds = ("step", step, when), f"{step}/{when}", FAULTS + ["twice"]
    if point[0] == "step" and dice.random() < 0.4:  # the operator goes on by hand
        step, when = dice.choice(cases.ACT_POINTS)
        act, end = dice.choice(cases.ACTS), dice.choice(cases.ENDS)
        return cases.Case(f"{number}/{step}/{when}/kill/{act}/{end}", ("step", step, when), "kill", end,
                          dice.random() < 0.5, False, act)
    fault = dice.choice(cases.SLOW if slow else kinds)
    return cases.Case(f"{number}/{where}/{fault}/{end}", point, fault, end, dice.random() < 0.5, slow)


def settle(world, running, fault, dice):
    """The guest is off or runs as the next case wants it; while it is off somebody writes to its disk."""
    node, name = world.src, world.name
    if dice.random() < 0.5 or fault == "flipped":
        world.clear(world.dst)  # what an earlier migration has left there; else it is in the way of this one
    if world.running:
        world.lab.sh(node, f"virsh -q destroy {name}")
    with open(f"{world.root(node)}{IMAGES}/data.raw", "r+b") as f:
        f.seek(dice.randrange(16 << 8) << 12)
        f.write(dice.randbytes(4096))
    world.sums["data.raw"] = world.files(node)["data.raw"][0]
    if running:
        world.lab.sh(node, f"virsh -q start {name}")
    world.running = running
    world.lab.sh(node, f"virsh -q autostart {name}")


def one(world, case, number, extra, sampler):
    run = Run(world, case, number, extra, f"{world.work}/journals")
    try:
        moved = run.trip()
        how = run.how
        if case.act:  # where it is now only the operator knows
            run.forget()
            world.reset_sums()
            world.reset()
        elif not moved:
            status, _ = run.console("again", run.migration()).wait()
            run.expect(status == 0, f"the same migration again does not succeed (status {status})")
            run.migrated()
        run.expect(not sampler.twice, f"two processes of the guest at once: {sampler.twice}")
    except Broken as e:
        return None, [str(e)] + run.explain()
    shutil.copytree(f"{run.dir}/state", f"{world.work}/journals", dirs_exist_ok=True)
    shutil.rmtree(run.dir)
    return how, []


def main():
    p = argparse.ArgumentParser(prog="tests/fault/random.sh")
    p.add_argument("--migrations", type=int, default=1000, metavar="N")
    p.add_argument("--minutes", type=float, metavar="M", help="end after that, if it comes first")
    p.add_argument("--seed", type=int, default=int(time.time()))
    o = p.parse_args()
    dice = random.Random(o.seed)
    print(f"# --seed {o.seed}", flush=True)
    lab = Lab(os.environ["MIGSH_FAULT_LAB"], os.environ["MIGSH_FAULT_SUBNET"])
    work = tempfile.mkdtemp(prefix="migsh-fault.")
    os.chmod(work, 0o755)
    kinds, ends, wrong, begin = collections.Counter(), collections.Counter(), [], time.monotonic()
    done = twice = mismatches = undefined = 0
    try:
        lab.up()
        world = World(lab, work)
        world.build()
        world.reset()
        while done < o.migrations and (not o.minutes or time.monotonic() - begin < o.minutes * 60):
            done += 1
            case = draw(dice, done)
            extra = dice.choice(([], ["--undefine-source", "--remove-disks"]))
            settle(world, case.running, case.fault, dice)
            with Sampler(world) as sampler:
                how, why = one(world, case, done, extra, sampler)
            kinds[case.fault] += 1
            if how:
                ends[how] += 1
                if not case.act:
                    world.turn()
            else:
                wrong.append(case.name)
                twice += "two " in why[0] or "active on both" in why[0]
                mismatches += "whole" in why[0] or "not what it was" in why[0] or "in no file" in why[0]
                undefined += "no node defines" in why[0]
                print(f"not ok {done} - {case.name} {' '.join(extra)}\n" + "\n".join(f"# {line}" for line in why), flush=True)
                world.reset_sums()
                world.reset()
            if done % 20 == 0:
                print(f"# {done} migrations, {len(wrong)} failed, {time.monotonic() - begin:.0f} s", flush=True)
    finally:
        lab.down()
        shutil.rmtree(work, ignore_errors=True)
        print(f"{done} migrations in {time.monotonic() - begin:.0f} s, each with a fault: "
              + ", ".join(f"{k} {n}" for k, n in sorted(kinds.items())))
        print("ended: " + ", ".join(f"{k} {n}" for k, n in sorted(ends.items())) + f", failed {len(wrong)}")
        print(f"double-running {twice}, lost bytes {mismatches}, zero definitions {undefined}, failed {len(wrong)}")
        print(f"{'not ok' if wrong else 'ok'} 1 - {done} migrations with random faults")
    return 1 if wrong else 0


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the lab goes, too
sys.exit(main())
