#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""circles.py BUILD: prints each circle of files that need one another, and why; nothing where there is none.

C by what the linker sees of the objects of BUILD (who defines what somebody else uses), recipes by their require."""
import glob
import os
import re
import subprocess
import sys


def objects(build):
    """{file: {other file: symbol}}"""
    defines, uses = {}, {}
    paths = glob.glob(f"{build}/shell/*.p/*.o")
    # One run for all: "PATH:ADDRESS TYPE NAME", or "PATH: U NAME".
    out = subprocess.run(["nm", "-A", *paths], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        path, rest = line.split(":", 1)
        words = rest.split()
        name = os.path.basename(path)[:-2]
        if words[-2] == "U":
            uses.setdefault(name, []).append(words[-1])
        elif words[-2] in "TDBRV":
            defines[words[-1]] = name
    graph = {name: {} for name in set(defines.values()) | set(uses)}
    for name, symbols in uses.items():
        for s in symbols:
            if defines.get(s, name) != name:
                graph[name].setdefault(defines[s], s)
    return graph


def modules():
    graph = {}
    for path in glob.glob("scripts/*/*.lua"):
        name = path[len("scripts/"):-len(".lua")].replace("/", ".")
        with open(path, encoding="utf-8") as f:
            graph[name] = {m: f'require "{m}"' for m in re.findall(r'require "([^"]+)"', f.read())}
    return {a: {b: why for b, why in needs.items() if b in graph} for a, needs in graph.items()}


def folders(graph):
    """Folders of recipes that require modules of one another."""
    out = {}
    for a, needs in graph.items():
        for b, why in needs.items():
            here, there = a.split(".")[0], b.split(".")[0]
            out.setdefault(here, {})
            if here != there:
                out[here].setdefault(there, f"{a}: {why}")
    return {a: {b: why for b, why in needs.items() if b in out} for a, needs in out.items()}


def circles(graph):
    """Tarjan: the sets of nodes that reach one another."""
    index, low, stack, found = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in graph[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            circle = stack[at:]
            del stack[at:]
            if len(circle) > 1:
                found.append(sorted(circle))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


sys.setrecursionlimit(10000)
files = objects(sys.argv[1])
recipes = modules()
if len(files) < 100 or len(recipes) < 10:
    sys.exit(f"only {len(files)} objects and {len(recipes)} modules: where are they?")
for g in files, recipes, folders(recipes):
    for circle in circles(g):
        print("a circle: " + ", ".join(circle))
        for a in circle:
            for b in circle:
                if b in g[a]:
                    print(f"    {a} needs {b}: {g[a][b]}")
