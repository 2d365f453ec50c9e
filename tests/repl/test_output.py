# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown at a terminal: through a pager, cut to its width, in colours."""
import os
import re
import shutil

from prompt import Skip, at_prompt, fresh, migsh, test

# Tells what it got, then waits for a key, as less does.
PAGER = """#!/bin/sh
echo "leafs through $(grep -c '') lines"
read -r key </dev/tty
echo "left by $key"
exit 3
"""


def desk(name):
    d = fresh(name)
    (d / "pager").write_text(PAGER)
    (d / "pager").chmod(0o755)
    (d / "tmp").mkdir()
    return d, {"MIGSH_PAGER": f"'{d}/pager' -x", "TMPDIR": str(d / "tmp")}


def hosts(d, *names):
    """A host of libvirt's test driver with these guests."""
    domains = "".join(f"<domain type='test'><name>{n}</name><memory>8192</memory><os><type>hvm</type></os></domain>"
                      for n in names)
    (d / "host.xml").write_text(f"<node>{domains}</node>")
    return f"test://{d}/host.xml"


@test
def what_is_taller_than_the_screen_is_paged():
    d, env = desk("pager")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.send("help all\r")
        p.see("leafs through ")
        p.until(lambda: p.mode() == {"isig", "echo", "icanon"}, "the terminal as a pager wants it")
        p.send("q\r")
        p.see("left by q")
        p.see_last("migsh>")  # its status is nobody's business
        assert p.mode() == set() and os.listdir(d / "tmp") == [], os.listdir(d / "tmp")
        p.raw = ""
        p.send("domid test; help migrate; domname 1\r")
        p.until(lambda: "leafs through " in p.raw, "the pager again")
        p.send("x\r")
        p.see_last("test", "migsh>")  # the line went on
        p.raw = ""
        p.press("domid test\r", "1", "migsh>")
        p.send("=mig.help{'all'}\r")
        p.until(lambda: "leafs through " in p.raw, "the pager of Lua's value")
        p.send("\x03")
        p.until(lambda: p.screen.lines()[-1].endswith("migsh>"), "the prompt")
        p.send("domstate test\r")
        p.see_last("running", "migsh>")
        p.send("quit\r")
        assert p.wait() == 0


@test
def a_pager_can_be_switched_off_or_be_missing():
    d, env = desk("no-pager")
    for pager in ("cat", "", "/nosuch/pager"):
        with at_prompt(d, "-C", "test:///default", env={**env, "MIGSH_PAGER": pager}) as p:
            p.send("help all\r")
            p.see("storage ")
            p.see_last("migsh>")
            assert " Domains:" in p.screen.gone and os.listdir(d / "tmp") == []
    with migsh(d, "help", "all", env=env) as p:  # nobody sits at a prompt
        assert p.wait() == 0 and "leafs through" not in p.raw and " Domains:" in p.raw
    with at_prompt(d, "-C", "test:///default", env={**env, "MIGSH_PAGER": None, "PAGER": env["MIGSH_PAGER"]}) as p:
        p.send("help all\r")
        p.see("leafs through ")
        p.send("q\r")
        p.see_last("migsh>")
    with at_prompt(d, "-C", "test:///default", env=env, term="dumb") as p:
        p.send("help all\r")
        p.see_last("migsh>")
        assert "leafs through" not in p.raw


@test
def less_is_the_pager():
    if not shutil.which("less"):
        raise Skip("there is no less")
    d, env = desk("less")
    with at_prompt(d, "-C", "test:///default", env={**env, "MIGSH_PAGER": None, "PAGER": None, "LESS": None}) as p:
        p.send("help all\r")
        p.until(lambda: p.screen.lines()[-1] == ":", "less at work")
        p.send("q")
        p.until(lambda: p.screen.lines()[-1].endswith("migsh>"), "the prompt")


def shown(p, first):
    """The rows from the one that begins so to the prompt."""
    lines = p.screen.gone + p.screen.lines()
    return lines[max(i for i, line in enumerate(lines) if line.startswith(first)):-1]


@test
def wide_tables_are_cut_to_the_terminal():
    d = fresh("wide")
    uri = hosts(d, "a" * 100, "中文", "tab&#9;here")
    with at_prompt(d, "-C", uri) as p:
        for cols in (80, 40):
            p.size(24, cols)
            p.press("\r", "migsh>")
            p.raw = ""
            p.send("list\r")
            p.until(lambda: p.screen.lines()[-1] == "migsh>" and "tab" in p.raw, "the table")
            head, dashes, *rows = shown(p, " Id   Name")
            assert dashes == "-" * cols and head.endswith("   State") and len(rows) == 3, (head, dashes, rows)
            assert rows[0].startswith(" 1    aaaa") and rows[0].endswith("a…   running") and len(rows[0]) == cols, rows
            assert rows[2].startswith(" 3    tab\\x09here  ") and rows[2].endswith("running"), rows
    p = d / "list"
    with migsh(d, "-C", uri, "list", stdout=str(p)) as program:
        assert program.wait() == 0
    assert "a" * 100 in p.read_text() and "\x1b" not in p.read_text()


@test
def a_table_may_stand_upright():
    d = fresh("vertical")
    with at_prompt(d, "-C", "test:///default") as p:
        p.press("list --vertical\r", "Id:    1", "Name:  test", "State: running", "migsh>")
        p.send("list --vert\t")
        p.see_last("migsh> list --vertical")
        p.send("\x03dominfo test --human\r")
        p.see("Used memory:    2.00 GiB")
        p.press("list --json --vertical\r", "error: list has no option --json", "hint: help list lists its options", "migsh>")
    with migsh(d, "-C", "test:///default", "--vertical", "--human", "pool-list; dominfo test") as p:
        assert p.wait() == 0
        p.see("Name:      default-pool")
        p.see("Max memory:     8.00 GiB")


@test
def states_have_colours_where_the_terminal_takes_them():
    d, green = fresh("colours"), "\x1b[32mrunning\x1b[0m"
    how = [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
    for env, colored in how:
        with migsh(d, "-C", "test:///default", "list; dominfo test", env=env) as p:
            assert p.wait() == 0
            assert p.raw.count(green) == (2 if colored else 0) and ("\x1b" in p.raw) == colored, p.raw
    with migsh(d, "-C", "test:///default", "--no-color", "list") as p:
        assert p.wait() == 0 and "\x1b" not in p.raw
    uri = hosts(d, "running", "other")
    with migsh(d, "-C", uri, "list") as p:  # a name is no state
        assert p.wait() == 0 and p.raw.count(green) == 2 and re.search(r" 1    running   ", p.raw), p.raw


@test
def who_comes_first_is_told_where_to_begin():
    d = fresh("first")
    with at_prompt(d) as p:
        p.see_last("No nodes yet: node-add NAME USER@HOST adds one, connect URI goes to a libvirt.",
                   "help first-use tells how to begin; Tab completes, help helps, quit leaves.", "migsh>")
        p.send("node-add n 192.0.2.1\r")
        p.see("Node 'n' added")
        p.send("quit\r")
        assert p.wait() == 0
    for args in ((), ("-C", "test:///default"), ("-q",)):
        with at_prompt(fresh("quiet") if args else d, *args) as p:
            assert "No nodes yet" not in p.raw


@test
def an_empty_listing_says_what_fills_it():
    d = fresh("empty")
    with at_prompt(d, "-C", "test:///default") as p:
        p.press("snapshot-list test\r", " Name   Creation Time   State", "-------------------------------",
                "no snapshots: snapshot-create-as DOMAIN NAME makes one", "migsh>")
        p.press("snapshot-list test --name; node-list\r", " Name   Address   User   Port   Roles   URI",
                "-" * 45, "no nodes: node-add NAME USER@HOST adds one", "migsh>")


@test
def a_result_goes_to_a_program_that_has_the_terminal():
    d, env = desk("pipe")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.send(f"help all | '{d}/pager' -x; domid test\r")
        p.see("leafs through ")
        p.until(lambda: p.mode() == {"isig", "echo", "icanon"}, "the terminal as a program wants it")
        p.send("q\r")
        p.see("left by q")
        p.see_last("migsh>")  # it has failed, and so the line has
        assert p.mode() == set() and os.listdir(d / "tmp") == [], os.listdir(d / "tmp")
        p.press("list | grep -c running\r", "1", "migsh>")
        p.send("help all | sleep 1000\r")
        p.until(lambda: p.mode() == {"isig", "echo", "icanon"}, "the program at work")
        p.send("\x03")
        p.until(lambda: p.screen.lines()[-1].endswith("migsh>"), "the prompt")
        p.press("domname 1 | tr a-z A-Z &\r", "[1] done: domname 1 | tr a-z A-Z", "TEST", "migsh>")  # nobody lends it the terminal
        p.press(f"domname 1 > {d}/tmp/x; domid test\r", "1", "migsh>")
        assert (d / "tmp" / "x").read_text() == "test\n"
        p.press(f"domname 1 >> {d}/tm\t\t\r", "migsh>")
        p.until(lambda: (d / "tmp" / "x").read_text() == "test\n" * 2, "the file by its completed name")
        p.send("quit\r")
        assert p.wait() == 0


@test
def the_prompt_begins_a_row_wherever_a_program_has_left_the_cursor():
    d = fresh("row")
    with at_prompt(d, env={"SHELL": "/bin/sh", "PS1": "sh: "}) as p:
        p.press("!printf abc\r", "abc", "migsh>")
        p.press("!printf x\r", "x", "migsh>")
        p.press("!printf %080d 7\r", "0" * 79 + "7", "migsh>")
        p.press("!printf %079d 7\r", "0" * 78 + "7", "migsh>")
        p.press("!echo abc\r", "migsh> !echo abc", "abc", "migsh>")
        p.press("!true\r", "migsh> !true", "migsh>")
        p.send(f"!until [ -e '{d}/go' ]; do sleep 0.05; done; exec $SHELL\r")
        p.until(lambda: p.mode() != set(), "a program")
        p.press("exit\r", "exit")  # typed before the shell has its prompt
        (d / "go").touch()
        p.see_last("exit", "sh:", "migsh>")


@test
def what_is_paged_or_piped_is_on_no_disk():
    d, env = desk("nodisk")
    with at_prompt(d, "-C", "test:///default", env={**env, "TMPDIR": str(d / "nosuch")}) as p:
        p.send("help all\r")
        p.see("leafs through ")
        p.send("q\r")
        p.see("left by q")
        p.press("list | grep -c running\r", "1", "migsh>")
        p.press("domname 1 | sh -c 'cat /dev/stdin /dev/stdin'\r", "test", "migsh>")


@test
def a_command_of_this_machine_has_the_terminal():
    d, env = desk("here")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.send(f"!seq 50 | '{d}/pager'\r")
        p.see("leafs through 50 lines")
        p.until(lambda: p.mode() == {"isig", "echo", "icanon"}, "the terminal as a program wants it")
        p.send("q\r")
        p.see("left by q")
        p.see_last("migsh>")
        assert p.mode() == set()
        p.press("!test -t 0 && test -t 1 && echo terminal\r", "terminal", "migsh>")
        p.press("shell 'test -t 1 || echo none' > /dev/stdout; domid test\r", "none", "1", "migsh>")
        p.press("shell sh -c 'test -t 1 || echo behind' &\r", "behind", "migsh>")
        p.press(f"!echo {d}/pag\t>{d}/name; sed s,.*/,, {d}/name\r", "pager", "migsh>")
        p.send("!\r")
        p.until(lambda: p.mode() != set(), "a shell")
        p.send("exit\r")
        p.until(lambda: p.mode() == set(), "the prompt")
        p.see_last("migsh>")
        p.send("quit\r")
        assert p.wait() == 0
