#!/usr/bin/env bash
# How long `list` takes as a process, beside virsh's: paired and interleaved runs on libvirt's test driver, medians. And
# --version, and a list of 2000 domains (the count of calls is tests/unit/test_virt.c's).
# Usage: tests/bench/list.sh [PAIRS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
migsh=$(readlink -f "${MIGSH_PLAIN:-build/shell/migsh}")
pairs=${1:-60}
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work" XDG_STATE_HOME="$work" LC_ALL=C.UTF-8
unset VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEFAULT_URI

{
    echo "<node>"
    for i in $(seq 2000); do
        echo "<domain type='test'><name>vm$i</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    done
    echo "</node>"
} >"$work/many.xml"

python3 - "$migsh" "$pairs" "$work/many.xml" <<'PY'
import os, statistics, subprocess, sys, time

migsh, pairs, many = sys.argv[1], int(sys.argv[2]), sys.argv[3]
null = open(os.devnull, "r+")

def run(argv):
    start = time.monotonic()
    subprocess.run(argv, stdin=null, stdout=null, stderr=null, check=True)
    return (time.monotonic() - start) * 1e3

def compare(name, ours, theirs, n, goal):
    run(ours), run(theirs)
    times = ([], [])
    for i in range(n):
        for who in (0, 1) if i % 2 else (1, 0):
            times[who].append(run((ours, theirs)[who]))
    a, b = map(statistics.median, times)
    ratio = statistics.median(x / y for x, y in zip(*times))
    print(f"{name}: migsh {a:.2f} ms, virsh {b:.2f} ms, ratio {ratio:.3f}" + (f" (goal at most {goal})" if goal else ""))
    return not goal or ratio <= goal

ok = compare("list", [migsh, "-C", "test:///default", "list"], ["virsh", "-c", "test:///default", "list"], pairs, 1.0)
# No goal: the driver runs inside the process and reading its 2000 guests takes nearly all of the time. A real host is
# asked once by us, and once for each domain by virsh.
compare("list of 2000", [migsh, "-C", "test://" + many, "list"], ["virsh", "-c", "test://" + many, "list"],
        max(pairs // 10, 5), None)
version = statistics.median(run([migsh, "--version"]) for _ in range(pairs))
print(f"--version: {version:.2f} ms (goal at most 10)")
sys.exit(0 if ok and version <= 10 else 1)
PY
