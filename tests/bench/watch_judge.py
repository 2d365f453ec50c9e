#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the runs that watch_accuracy.sh recorded: for each tool and window, found or missed, and by how much it is off.

An estimate of migsh is the middle of [min_ms, max_ms]. ping and fping tell no send times of what was lost: their estimate
is the gap between the stamps of the replies around it less one interval ("stamps"), or lost x interval ("count").
"""
import json
import pathlib
import re
import statistics
import sys


def read_truth(run):
    lines = (run / "truth").read_text().splitlines()
    return [tuple(int(word) / 1e3 for word in line.split()[1:]) for line in lines if line.startswith("window")]


def read_watch(run):
    """(start, end, estimate, min, max) in ms."""
    found = []
    for line in (run / "watch.json").read_text().splitlines():
        value = json.loads(line)
        for o in value.get("outages", []):
            start = o["start"] * 1e3
            found.append((start, start + o["max_ms"], (o["min_ms"] + o["max_ms"]) / 2, o["min_ms"], o["max_ms"]))
    return found


def read_replies(text, pattern):
    return [(float(m[1]) * 1e3, int(m[2])) for m in re.finditer(pattern, text, re.M)]


def gaps(replies, interval_ms):
    """Outages of at least one lost reply as (start, end, by stamps, by count)."""
    found = []
    for (t0, s0), (t1, s1) in zip(replies, replies[1:]):
        if s1 - s0 > 1:
            found.append((t0, t1, t1 - t0 - interval_ms, (s1 - s0 - 1) * interval_ms))
    return found


class Score:
    """Errors of one tool over all windows of a condition."""

    def __init__(self, name):
        self.name, self.errors, self.missed, self.windows, self.total, self.truth = name, [], 0, 0, 0.0, 0.0

    def add(self, truth, found, estimate):
        for a, b in truth:
            self.windows += 1
            self.truth += b - a
            hits = [f for f in found if f[0] < b and f[1] > a]
            if not hits:
                self.missed += 1
                continue
            self.errors.append(abs(sum(estimate(h) for h in hits) - (b - a)))
        self.total += sum(estimate(f) for f in found)

    def median(self):
        return statistics.median(self.errors) if self.errors else float("inf")

    def line(self):
        off = 100 * (self.total / self.truth - 1)
        return (f"{self.name:<30} {self.missed:>3}/{self.windows:<4} {self.median():>9.2f} "
                f"{max(self.errors, default=float('nan')):>9.2f} {off:>+9.1f} %")


def judge(condition):
    scores = {k: Score(k) for k in ("migsh watch 1 ms", "ping -i 0.01, stamps", "ping -i 0.01, count",
                                    "fping -p 1, stamps", "fping -p 1, count")}
    inside = windows = spurious = 0
    cpu, starved, fping_own = [], 0.0, 0.0
    for run in sorted(p for p in condition.iterdir() if p.is_dir()):
        truth = read_truth(run)
        watch = read_watch(run)
        value = json.loads((run / "watch.json").read_text().splitlines()[-1])
        starved += value["starved_ms"]
        scores["migsh watch 1 ms"].add(truth, watch, lambda f: f[2])
        for a, b in truth:
            hits = [f for f in watch if f[0] < b and f[1] > a]
            windows += 1
            inside += len(hits) == 1 and hits[0][3] <= b - a <= hits[0][4]
        spurious += sum(1 for f in watch if not any(f[0] < b and f[1] > a for a, b in truth))
        ping = gaps(read_replies((run / "ping").read_text(), r"^\[([\d.]+)\] .*icmp_seq=(\d+) ttl"), 10)
        fping = gaps(read_replies((run / "fping").read_text(), r"^\[([\d.]+)\] .*\[(\d+)\], \d+ bytes"), 1)
        for name, found in (("ping -i 0.01", ping), ("fping -p 1", fping)):
            scores[name + ", stamps"].add(truth, found, lambda f: f[2])
            scores[name + ", count"].add(truth, found, lambda f: f[3])
        own = re.search(r"outage\(ms\) = (\d+)", (run / "fping.end").read_text())
        fping_own += float(own[1]) if own else float("nan")
        user, system, real = map(float, (run / "watch.cpu").read_text().split()[-3:])
        cpu.append(100 * (user + system) / real)
    print(f"\n{condition.name}: {'tool':<{28 - len(condition.name)}} missed   median ms    max ms       total")
    for score in scores.values():
        print(score.line())
    mine = scores["migsh watch 1 ms"]
    print(f"fping -o says {fping_own:.0f} ms of {mine.truth:.0f} ms in all ({100 * (fping_own / mine.truth - 1):+.1f} %)")
    print(f"migsh: truth inside [min, max] {inside} of {windows}; outages that were none: {spurious}; "
          f"CPU {statistics.median(cpu):.1f} % of a core; held up {starved:.0f} ms")
    return scores, 100 * inside / windows, spurious, statistics.median(cpu)


def main():
    rc = 0
    for i, path in enumerate(map(pathlib.Path, sys.argv[1:])):
        scores, inside, spurious, cpu = judge(path)
        mine = scores["migsh watch 1 ms"]
        goals = [("no window missed", mine.missed, 0),
                 ("no outage that was none", spurious, 0),
                 ("median error, ms", mine.median(), 0.5 if i == 0 else 1.0),
                 ("largest error, ms", max(mine.errors, default=float("inf")), 2 if i == 0 else 5),
                 ("truth outside [min, max], %", 100 - inside, 5),
                 ("CPU, % of a core", cpu, 6),
                 ("total off, %", abs(100 * (mine.total / mine.truth - 1)), 2)]
        if i == 0:
            goals.append(("median error over ping's", mine.median() / scores["ping -i 0.01, stamps"].median(), 0.1))
        for what, got, most in goals:
            met = got <= most
            rc |= not met
            print(f"{'goal met   ' if met else 'goal MISSED'}  {path.name}: {what}: {got:.2f}, at most {most}")
    return rc


if __name__ == "__main__":
    sys.exit(main())
