# SPDX-License-Identifier: GPL-3.0-or-later
"""The typed line: what happens to it while others write, its continuation, pastes, the window's size, the history."""
import hashlib
import os
import signal

from prompt import Hooked, at_prompt, fresh, migsh, test


@test
def the_prompt_tells_where_commands_go():
    d = fresh("where")
    usual = {"MIGSH_PROMPT": None}
    with migsh(d, env=usual) as p:
        p.see_last("migsh>")
        p.press("node-add a --uri test:///default\r", "migsh [1 node]>")
        p.press("node-add b --uri test:///default\r", "migsh [2 nodes]>")
        p.press("connect b\r", "migsh b>")
    with migsh(d, "-C", "test:///default", "--readonly", env=usual) as p:
        p.see_last("migsh test:///default (ro)>")
    with migsh(d, "-C", "a", env={"MIGSH_PROMPT": "100%%%w%x%"}) as p:
        p.see_last("100% a%x%")


def write_journal(d, name, *records):
    folder = d / "state/migsh/journal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [r[:-1] + ',"sum":"' + hashlib.sha256(r.encode()).hexdigest()[:16] + '"}\n' for r in records]
    path = folder / f"{name}.jsonl"
    path.write_text("".join(lines))
    path.chmod(0o600)


@test
def the_prompt_tells_what_is_unfinished():
    d = fresh("unfinished")
    begin = '{"rec":"begin","command":"x","time":1.0,"about":{"workflow":true}}'
    end = '{"rec":"end","state":"done","time":2.0,"kept":null}'
    with migsh(d, env={"MIGSH_PROMPT": None}) as p:
        p.see_last("migsh>")
        write_journal(d, "20260101-000000.000-x-aaaaaa", begin)
        write_journal(d, "20260101-000000.001-x-bbbbbb", begin, end)
        p.press("\x03", "migsh (1 unfinished)>")
        write_journal(d, "20260101-000000.001-x-bbbbbb", begin, end, begin.replace("begin", "intent"))
        p.press("\x03", "migsh (2 unfinished)>")
        write_journal(d, "20260101-000000.000-x-aaaaaa", begin, end)
        write_journal(d, "20260101-000000.001-x-bbbbbb", begin, end, end)
        p.press("\x03", "migsh>")
        journal = d / "state/migsh/journal/20260101-000000.000-x-aaaaaa.jsonl"
        write_journal(d, "20260101-000000.000-x-aaaaaa", begin)
        journal.chmod(0o622)
        p.press("\x03", "migsh (1 journal unreadable)>")  # which is no end of it
        journal.chmod(0o600)
        p.press("\x03", "migsh (1 unfinished)>")


@test
def what_destroys_asks_where_no_host_was_named():
    d = fresh("confirm")
    with at_prompt(d) as p:
        p.press("node-add a --uri test:///default\r", "migsh>")
        p.press("destroy test\r", "destroy 'test' on a? [yes/no]")
        p.send("no\r")
        p.see_last("error: destroy: not done", "hint: NAME@NODE or --node NODE names the host, and then nothing is asked",
                   "migsh>")
        p.press("destroy test\r", "destroy 'test' on a? [yes/no]")
        p.press("\x03", "error: destroy 'test' on a?: not answered", "migsh>")
        p.press("domstate test\r", "running", "migsh>")
        p.press("destroy test@a\r", "Domain 'test' destroyed", "migsh>")
        p.press("net-destroy default --node a\r", "Network default destroyed", "migsh>")
        p.press("connect a; undefine test\r", "undefine 'test' on a? [yes/no]")
        p.press("yes\r", "Domain 'test' has been undefined", "migsh>")
        p.press("net-undefine default &\r", "warning: [1] waits for an answer: fg 1", "migsh>")
        p.press("fg\r", "[1] net-undefine default", "net-undefine 'default' on a? [yes/no]")
        p.press("y\r", "Network default has been undefined", "migsh>")
        p.send("=mig.pool_destroy('default-pool')\r")  # a script knows what it does
        p.see("default-pool")
        p.see_last("migsh>")


@test
def what_takes_a_hosts_own_devices_away_asks_too():
    with at_prompt(fresh("confirm_host")) as p:
        p.press("connect test:///default\r", "migsh>")
        for line, question in (
                ("iface-destroy eth1", "iface-destroy 'eth1'"),
                ("iface-undefine eth1", "iface-undefine 'eth1'"),
                ("iface-bridge eth1 br1", "iface-bridge 'eth1' 'br1'"),
                ("iface-unbridge eth1", "iface-unbridge 'eth1'"),
                ("nodedev-detach computer", "nodedev-detach 'computer'"),
                ("nodedev-destroy computer", "nodedev-destroy 'computer'"),
                ("nodedev-undefine computer", "nodedev-undefine 'computer'"),
                ("nodesuspend mem 60", "nodesuspend 'mem' '60'"),
                ("net-port-delete default x", "net-port-delete 'default' 'x'"),
                ("nwfilter-binding-delete vnet0", "nwfilter-binding-delete 'vnet0'")):
            p.press(line + "\r", f"{question} on test:///default? [yes/no]")
            p.press("no\r", f"error: {line.split()[0]}: not done",
                    "hint: NAME@NODE or --node NODE names the host, and then nothing is asked", "migsh>")


@test
def a_typed_line_survives_what_arrives():
    with Hooked(fresh("async")) as p:
        p.press("halfway typed\x1b[D\x1b[D", "migsh> halfway typed")
        p.see_cursor(18)
        p.do("notice", "something happened")
        p.see_last("something happened", "migsh> halfway typed")
        p.see_cursor(18)
        p.do("event", {"text": "a guest stopped", "domain": "web"})
        p.do("warn", "take care")
        p.see_last("something happened", "a guest stopped", "warning: take care", "migsh> halfway typed")
        p.press("XY", "migsh> halfway typXYed")


@test
def a_line_longer_than_the_screen_survives():
    with Hooked(fresh("wrapped"), cols=40) as p:
        text = "".join(chr(ord("a") + i % 26) for i in range(90))
        shown = "migsh> " + text
        rows = [shown[i:i + 40] for i in range(0, len(shown), 40)]
        p.press(text, *rows)
        p.do("notice", "first")
        p.see_last("first", *rows)
        p.do("notice", "second")
        p.see_last("migsh>"[:0] + "first", "second", *rows)


@test
def a_search_in_the_history_survives():
    with Hooked(fresh("search")) as p:
        p.send("help quit\r")
        p.see("leave migsh")
        p.see_last("migsh>")
        p.send("\x12hel")
        p.see("(reverse-i-search)`hel': help quit")
        p.do("notice", "a notice")
        p.until(lambda: p.screen.lines()[-2:] == ["a notice", "(reverse-i-search)`hel': help quit"], "search goes on")


@test
def typed_ahead_is_kept():
    with Hooked(fresh("ahead")) as p:
        p.begin("=wait")
        p.send("help quit\rnode-li")
        p.do("finish")
        p.see("finished")
        p.see("leave migsh")
        p.see_last("migsh> node-li")


@test
def resizing_keeps_the_line():
    with Hooked(fresh("resize")) as p:
        p.send("a line that is typed before the window changes")
        p.see_last("migsh> a line that is typed before the window changes")
        p.size(24, 30)
        os.kill(p.pid, signal.SIGWINCH)
        p.until(lambda: p.screen.lines()[-2:] == ["migsh> a line that is typed be", "fore the window changes"], "wrapped")
        p.size(24, 80)
        p.until(lambda: p.screen.lines()[-1:] == ["migsh> a line that is typed before the window changes"], "unwrapped")
        p.press("!", "migsh> a line that is typed before the window changes!")


@test
def pasted_lines_are_one_entry():
    with at_prompt(fresh("paste")) as p:
        p.press("\x1b[200~help quit\nhelp exit\tx\x1b[201~", "migsh> help quit", "help exit       x")
        p.send("\x7f\x7f\r")
        p.see("quit - leave migsh")
        p.see("exit - leave migsh")
        p.see_last("migsh>")
        p.press("\x1b[A", "migsh> help quit", "help exit")


@test
def vi_mode_works():
    d = fresh("vi")
    (d / "inputrc").write_text("set editing-mode vi\n")
    with at_prompt(d, env={"INPUTRC": str(d / "inputrc")}) as p:
        p.send("help quix\x1b[D")  # an arrow key, not Escape and letters
        p.see_cursor(len("migsh> help qui"))
        p.send("\x1b")
        p.see_cursor(len("migsh> help qu"))
        p.send("A\x7ft\r")
        p.see("quit - leave migsh")
        p.see_last("migsh>")
        p.press("node-sh\t", "migsh> node-show")
        p.press("\x03", "migsh> node-show ^C", "migsh>")


@test
def results_go_to_a_file_and_the_prompt_to_the_terminal():
    d = fresh("file")
    with at_prompt(d, stdout=str(d / "out")) as p:
        p.press("help quit\rnode-sh\t", "migsh> help quit", "migsh> node-show")
        p.send("\x03\x04")
        assert p.wait() == 0
    assert "quit - leave migsh" in (d / "out").read_text()
    assert "\x1b" not in (d / "out").read_text() and "migsh>" not in (d / "out").read_text()


@test
def lines_are_continued():
    with Hooked(fresh("continued")) as p:
        p.press("help 'qu\r", "migsh> help 'qu", "    ->")
        p.send("it'\r")
        p.see("unknown command: 'qu")
        p.see_last("migsh>")
        p.press("help \\\r", "migsh> help \\", "    ->")
        p.send("exit\r")
        p.see("exit - leave migsh")
        p.see_last("migsh>")
        p.press("=f(1,\r", "migsh> =f(1,", "    ->")
        p.send("2)\r")
        p.see("2)] is nothing that lasts")
        p.see_last("migsh>")
        p.press("\x1b[A", "migsh> =f(1,", "2)")


@test
def lua_lines_are_continued_and_kept_as_one():
    with at_prompt(fresh("lua")) as p:
        p.press("lua for i = 1, 2 do\r", "migsh> lua for i = 1, 2 do", "    ->")
        p.press("print(i * 21)\r", "    -> print(i * 21)", "    ->")
        p.press("end\r", "    -> end", "21", "42", "migsh>")
        p.press("=6 *\r", "migsh> =6 *", "    ->")
        p.press("7\r", "    -> 7", "42", "migsh>")
        p.press("\x1b[A\x1b[A", "migsh> lua for i = 1, 2 do", "print(i * 21)", "end")
        p.send("\x15=mig.node\t\t")
        p.see("node_remove")


@test
def lua_alone_takes_all_lines_for_lua():
    with at_prompt(fresh("luamode"), "-C", "test:///default") as p:
        p.press("lua\r", "migsh> lua", "lua>")
        p.press("1 + 1\r", "lua> 1 + 1", "2", "lua>")
        p.press("\r", "lua>", "lua>")
        p.press("=3\r", "lua> =3", "3", "lua>")
        p.press("x = 'kept'\r", "lua> x = 'kept'", "lua>")
        p.press("for i = 1, 2 do\r", "lua> for i = 1, 2 do", "    ->")
        p.press("print(x, i)\r", "    -> print(x, i)", "    ->")
        p.press("end\r", "    -> end", "kept    1", "kept    2", "lua>")
        p.press("mig.domstate{'test'}.state\r", "lua> mig.domstate{'test'}.state", "running", "lua>")
        p.press("domstate test\r", "lua> domstate test", "error: lua:1: syntax error near 'test'", "lua>")
        p.press("mig.sleep('1h')\r", "lua> mig.sleep('1h')")
        p.press("\x03", "^C", "error: cancelled", "lua>")
        p.press(".exit\r", "lua> .exit", "migsh>")
        p.press("domstate test\r", "running", "migsh>")
        p.press("\x1b[A\x1b[A\x1b[A\x1b[A", "migsh> lua mig.domstate{'test'}.state")  # as it was run, whatever the mode
        p.press("\r", "running", "migsh>")
        p.press("lua\r", "migsh> lua", "lua>")
        p.press("\x1b[A\r", "lua> lua mig.domstate{'test'}.state", "running", "lua>")
        p.press("\x04", "lua>", "migsh>")
        p.send("\x04")
        assert p.wait() == 0


@test
def the_lua_mode_completes_names_methods_and_options():
    with at_prompt(fresh("luatab"), "-C", "test:///default") as p:
        p.press("lua\r", "lua>")
        p.press("word, mine = 'text', {field_one = {two = 1}}\r", "lua>")
        for typed, wanted in (("mi\t", "mi"), ("min\t", "mine"), ("mine.f\t.t\t", "mine.field_one.two"), ("word:up\t", "word:upper"),
                              ("mig.domst\te{rea\t", "mig.domstate{reason"), ("mig.domstate{'test', \t", "mig.domstate{'test', "),
                              ("mig.list({ inactive = true, no_a\t", "mig.list({ inactive = true, no_autostart"),
                              ("mig.domstate{'a, {', rea\t", "mig.domstate{'a, {', reason"),
                              ("mig.domstate{'rea\t", "mig.domstate{'rea")):
            p.send("\x15")
            p.press(typed, "lua> " + wanted.rstrip())
        p.send("\x15mig.domstate{reason = true, \t\t")
        p.see("domain")
        p.see_last("lua> mig.domstate{reason = true,")
        assert not any(line.startswith("reason") for line in p.screen.lines())
        p.press("\x15if mine th\ten\r", "lua> if mine then", "    ->")
        p.press("mine.fie\t", "    -> mine.field_one")


@test
def a_traceback_is_shown_on_request():
    with at_prompt(fresh("traceback")) as p:
        p.press("lua function f() error('here') end\r", "migsh>")
        p.press("=f()\r", "migsh> =f()", "error: lua:1: here", "migsh>")
        p.press("set traceback on\r", "migsh>")
        p.send("=f()\r")
        p.see("lua:1: in function <lua:1>")
        p.see_last("migsh>")


@test
def a_typed_line_survives_a_spawned_coroutine():
    with at_prompt(fresh("spawn")) as p:
        p.send("lua mig.spawn(function() mig.sleep('300ms') print('from behind') end)\r")
        p.until(lambda: p.screen.lines()[-1:] == ["migsh>"] and p.screen.row > 0, "the prompt, while it sleeps")
        p.press("typing goes on", "from behind", "migsh> typing goes on")


@test
def history_is_kept_without_secrets_and_duplicates():
    d = fresh("history")
    with at_prompt(d) as p:
        for line in ("node-list", "help quit", "node-list", " help exit", "help 'two\rlines'"):
            p.send(line + "\r")  # without waiting: typed ahead
        p.send("\x04")
        p.wait()
    file = d / "state/migsh/history"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().splitlines() == ["node-list", "help quit", "node-list", "help 'two\\nlines'"]
    with at_prompt(d) as p:
        assert file.read_text().splitlines() == ["help quit", "node-list", "help 'two\\nlines'"], "rewritten at the start"
        p.press("\x1b[A", "migsh> help 'two", "lines'")
        p.press("\x1b[A", "migsh> node-list")


@test
def a_history_that_cannot_be_written_costs_a_notice():
    d = fresh("nohistory")
    (d / "state").write_text("not a directory")
    with migsh(d) as p:
        p.see("warning: history:")
        p.see_last("migsh>")
        p.send("node-list\r")
        p.see("Name")
