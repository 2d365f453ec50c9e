# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving, Ctrl-C and signals: what ends, with which status, and the terminal as it was before."""
import os
import pathlib
import signal

from prompt import Hooked, MIGSH, Silent, at_prompt, env_of, fresh, migsh, runs, test
from term import Program


@test
def ctrl_d_leaves_with_the_status_of_the_last_command():
    for typed, status in (("", 0), ("node-list\r", 0), ("nonsense\r", 2), ("nonsense\rnode-list\r", 0)):
        with migsh(fresh("ctrl_d")) as p:
            for line in typed.split("\r")[:-1]:
                p.see_last("migsh>")
                p.send(line + "\r")
                p.see(line)
                p.until(lambda: p.screen.lines()[-1] == "migsh>", "the prompt again")
            p.see_last("migsh>")
            p.send("\x04")
            assert p.wait() == status, (typed, p.status)
            assert p.screen.col == 0, "the shell's prompt would begin in the middle of a row"


@test
def quit_and_exit_leave():
    for word in ("quit", "exit"):
        with migsh(fresh(word)) as p:
            p.see_last("migsh>")
            p.send(word + "\r")
            assert p.wait() == 0


@test
def the_terminal_is_given_back_as_it_was():
    with migsh(fresh("mode")) as p:
        before = {"isig", "echo", "icanon"}
        p.see_last("migsh>")
        assert "isig" not in p.mode(), "a ^C would reach the ssh processes of our group"
        p.send("\x04")
        p.wait()
        assert p.mode() == before


@test
def sigterm_at_the_prompt_restores_the_terminal():
    for signo in (signal.SIGTERM, signal.SIGHUP):
        with at_prompt(fresh("term")) as p:
            p.press("half typed", "migsh> half typed")
            os.kill(p.pid, signo)
            assert p.wait() == 128 + signo
            assert p.mode() == {"isig", "echo", "icanon"}


@test
def a_fault_restores_the_terminal():
    with Hooked(fresh("fault")) as p:
        os.kill(p.pid, signal.SIGABRT)
        assert p.wait() == -signal.SIGABRT
        assert p.mode() == {"isig", "echo", "icanon"}


@test
def ctrl_c_clears_the_line():
    with at_prompt(fresh("clear")) as p:
        p.press("some text", "migsh> some text")
        p.press("\x03", "migsh> some text^C", "migsh>")
        p.send("node-list\r")
        p.see("Name")
        os.kill(p.pid, signal.SIGINT)  # the same when it comes as a signal
        p.until(lambda: p.screen.lines()[-2:] == ["migsh> ^C", "migsh>"], "a fresh prompt")


@test
def ctrl_c_drops_an_unfinished_command():
    with at_prompt(fresh("drop")) as p:
        p.press("help 'open\r", "migsh> help 'open", "    ->")
        p.press("more\x03", "    -> more^C", "migsh>")
        p.send("node-list\r")
        p.see("Name")


@test
def ctrl_c_cancels_a_running_command():
    with Silent() as host, migsh(fresh("cancel"), "-C", host.uri) as p:
        p.see_last("migsh>")
        p.send("domstate x\r")
        runs(p)
        p.send("\x03")
        p.until(lambda: p.screen.lines()[-1] == "migsh>" and "cancelled" in "\n".join(p.screen.lines()), "cancelled")
        p.send("\x04")
        assert p.wait() == 130


@test
def what_does_not_end_is_told_and_then_left_behind():
    with Hooked(fresh("stubborn")) as p:
        p.begin("=stubborn")
        p.send("\x03")
        p.see("^C")
        p.send("\x03")
        p.see("still waiting for it to end: =stubborn")
        p.send("\x03")
        p.see("no longer waiting")
        p.see_last("migsh>")
        p.press("typing", "migsh> typing")
        p.do("finish")
        p.see("[1] done: =stubborn")
        p.see_last("migsh> typing")
        p.send("\x03\x04")
        assert p.wait() == 130


@test
def leaving_with_a_command_in_doubt_says_so():
    with Hooked(fresh("doubt")) as p:
        p.begin("=stubborn")
        p.send("\x03")
        p.see("^C")
        p.press("\x03\x03", "migsh>")
        p.send("\x04")
        p.see_last("warning: [1] still runs: =stubborn", "leaving once more cancels it; wait waits until it has ended",
                   "migsh>")
        p.send("\x04")
        p.see("left without knowing how this ended: =stubborn")
        assert p.wait() == 130


@test
def sigterm_cancels_what_runs_and_leaves():
    with Silent() as host, migsh(fresh("sigterm"), "-C", host.uri) as p:
        p.see_last("migsh>")
        p.send("domstate x\r")
        runs(p)
        os.kill(p.pid, signal.SIGTERM)
        assert p.wait() == 143
        assert p.mode() == {"isig", "echo", "icanon"}
        assert "cancelled" in "\n".join(p.screen.lines())


@test
def a_second_sigterm_leaves_and_says_what_is_in_doubt():
    with Hooked(fresh("twice")) as p:
        p.begin("=stubborn")
        os.kill(p.pid, signal.SIGTERM)
        p.do("notice", "still here")
        p.see("still here")
        os.kill(p.pid, signal.SIGTERM)
        p.see("left without knowing how this ended: =stubborn")
        assert p.wait() == 143
        assert p.mode() == {"isig", "echo", "icanon"}


@test
def one_command_on_a_terminal_is_cancelled_by_ctrl_c():
    for stdin in (None, "/dev/null"):
        with Silent() as host, migsh(fresh("oneshot"), "-C", host.uri, "domstate", "x", stdin=stdin) as p:
            host.called(p)
            p.send("\x03")
            assert p.wait() == 130
            assert p.mode() == {"isig", "echo", "icanon"}
            assert "cancelled" in "\n".join(p.screen.lines())


@test
def one_command_killed_by_sigterm_restores_the_terminal():
    with Silent() as host, migsh(fresh("oneterm"), "-C", host.uri, "domstate", "x") as p:
        host.called(p)
        os.kill(p.pid, signal.SIGTERM)
        assert p.wait() == 143
        assert p.mode() == {"isig", "echo", "icanon"}


@test
def a_pager_keeps_the_terminal():
    d = fresh("pager")
    with Silent() as host, migsh(d, "-C", host.uri, "domstate", "x", stdout=str(d / "out")) as p:
        host.called(p, {"isig", "echo", "icanon"})  # nothing is to be seen: that is the point
        p.send("\x03")  # the terminal makes a SIGINT of it
        assert p.wait() == 130


def fake_ssh(d):
    """What libvirt's transport starts: writes its pid, and a mark when a ^C reached it."""
    script = d / "ssh"
    script.write_text(f"#!/bin/bash\ntrap 'touch {d}/killed' INT\necho $$ >{d}/pid\nwhile :; do sleep 0.1; done\n")
    script.chmod(0o700)
    return f"qemu+ssh://nowhere/system?no_tty=1&command={script}"


@test
def ctrl_c_does_not_reach_the_transports_children():
    for prompt in (True, False):
        d = fresh("child")
        uri = fake_ssh(d)
        with migsh(d, "-C", uri, *([] if prompt else ["domstate", "x"])) as p:
            if prompt:
                p.see_last("migsh>")
                p.send("domstate x\r")
            p.until((d / "pid").exists, "the transport's child")
            child = int((d / "pid").read_text())
            assert os.getpgid(child) == p.pid, "the child is not in our group: the test shows nothing"
            p.send("\x03")
            if prompt:
                p.see("cancelled")
                p.see_last("migsh>")
                p.press("typed\x03", "migsh> typed^C", "migsh>")
            else:
                assert p.wait() == 130
            assert not (d / "killed").exists(), "^C reached the child"
            os.kill(child, signal.SIGKILL)


@test
def ctrl_c_drops_what_was_typed_ahead():
    with Hooked(fresh("dropahead")) as p:
        p.begin("=wait")
        p.send("node-list\r\x03")
        p.see("it was cancelled")
        p.see_last("migsh>")
        assert "Name" not in "\n".join(p.screen.lines())


@test
def ctrl_c_cancels_lua():
    for line in ("lua mig.sleep('1h')", "lua while true do end"):
        with at_prompt(fresh("luacancel")) as p:
            p.send(line + "\r")
            p.see(line)
            p.until(lambda: p.screen.row > 0 and p.screen.col == 0, "running")
            p.send("node-list\x03help quit\r")
            p.see("cancelled")
            p.see("leave migsh")  # typed behind the ^C: kept; before it: dropped
            p.see_last("migsh>")
            assert "Address" not in "\n".join(p.screen.lines())


@test
def a_script_that_will_not_hear_gives_the_terminal_back():
    with migsh(fresh("deaf"), "-c", "lua while true do pcall(function() while true do end end) end") as p:
        p.until(lambda: p.mode() == set(), "running")
        p.until(lambda: p.send("\x03") or p.gone(), "its end")  # pressed until it ends
        assert p.status == 130, p.status
        assert p.mode() == {"isig", "echo", "icanon"}


@test
def what_was_typed_ahead_of_one_command_is_the_shells():
    d = fresh("ahead")
    with Silent() as host, Program(["bash", "--norc", "--noprofile", "-i"], env=env_of(d, PS1="sh> ")) as p:
        p.see_last("sh>")
        p.send(f"{MIGSH} -C {host.uri} domstate x\r")
        host.called(p)
        p.send("echo $((6 * 7))")
        os.kill(int(pathlib.Path(f"/proc/{p.pid}/task/{p.pid}/children").read_text().split()[0]), signal.SIGTERM)
        p.see("cancelled")
        if not can_type_back():
            return
        p.see_last("sh> echo $((6 * 7))")
        p.press("\r", "42", "sh>")


def can_type_back():
    """Kernels from 6.2 on may forbid TIOCSTI; then what was typed ahead of a single command is lost."""
    try:
        return pathlib.Path("/proc/sys/dev/tty/legacy_tiocsti").read_text().strip() == "1"
    except FileNotFoundError:
        return True


@test
def an_end_by_ctrl_c_can_be_a_good_one():
    with at_prompt(fresh("event"), "-C", "test:///default") as p:
        p.send("event --all --loop\r")
        p.until(lambda: p.screen.row == 1 and p.screen.col == 0, "running")
        p.press("\x03", "migsh>")
        p.send("\x04")
        p.wait()


@test
def ctrl_z_and_fg_bring_the_prompt_back():
    d = fresh("ctrl_z")
    (d / "rc").write_text("PS1='sh> '\n")
    with Program(["bash", "--noprofile", "--rcfile", str(d / "rc"), "-i"], env=env_of(d)) as p:
        p.see_last("sh>")
        p.press(f"{MIGSH}\r", "migsh>")
        for typed in ("", "half a line"):
            p.press(typed, "migsh> " + typed if typed else "migsh>")
            p.send("\x1a")
            p.see("Stopped")
            p.see_last("sh>")
            p.send("clear; fg\r")
            p.see_last(MIGSH, "migsh> " + typed if typed else "migsh>")
            p.see_cursor(len("migsh> " + typed))
            p.until(lambda: not p.mode(), "the prompt's own mode")
        p.press("\x03", "migsh> half a line^C", "migsh>")
