# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the claims of test_*.py: all, or those named. Arguments: migsh, repl_hook, names."""
import importlib
import pathlib
import sys
import traceback

from prompt import TESTS, TMP, Skip


def chosen(names):
    """A claim goes by its function's name, or as its line of output words it."""
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(path.stem)
    if not names:
        return TESTS
    known = {fn.__name__: fn for fn in TESTS}
    try:
        return [known[name.replace(" ", "_")] for name in names]
    except KeyError as unknown:
        sys.exit(f"there is no test {unknown}")


def run():
    passed = failed = skipped = 0
    for number, fn in enumerate(chosen(sys.argv[3:]), 1):
        name = fn.__name__.replace("_", " ")
        try:
            fn()
            passed += 1
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            skipped += 1
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            print("\n".join("# " + x for x in traceback.format_exc().splitlines()), flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


def tidy():
    for path in sorted(TMP.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    TMP.rmdir()


if __name__ == "__main__":
    try:
        STATUS = run()
    finally:
        tidy()
    sys.exit(STATUS)
