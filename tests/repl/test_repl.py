# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompt as its user meets it: migsh itself, and the same prompt with a second way in (repl_hook), on a pty."""
import json
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback

from term import Program

MIGSH = sys.argv[1]
HOOK = sys.argv[2]
TMP = pathlib.Path(tempfile.mkdtemp(prefix="migsh-repl."))
TESTS = []


class Skip(Exception):
    """It cannot be tried here."""


def test(fn):
    TESTS.append(fn)
    return fn


def fresh(name):
    """A directory of its own for one program: state, config, and a place for its files."""
    fresh.n += 1
    d = TMP / f"{fresh.n}-{name}"
    d.mkdir()
    return d


fresh.n = 0


def env_of(d, **more):
    return {"XDG_STATE_HOME": str(d / "state"), "XDG_CONFIG_HOME": str(d / "config"), **more}


def migsh(d, *args, **how):
    return Program([MIGSH, *args], env=env_of(d, **how.pop("env", {})), **how)


def at_prompt(d, *args, **how):
    p = migsh(d, *args, **how)
    p.see_last("migsh>")
    return p


class Hooked(Program):
    def __init__(self, d, **how):
        self.fifo, self.answers_file = str(d / "fifo"), d / "answers"
        if not os.path.exists(self.fifo):
            os.mkfifo(self.fifo)
        super().__init__([HOOK, self.fifo, str(d / "history"), str(self.answers_file)], **how)
        self.see_last("migsh>")
        self.way_in = os.open(self.fifo, os.O_WRONLY)

    def begin(self, line):
        """A command that lasts, and runs now."""
        self.send(line + "\r")
        self.see("begun: " + line.lstrip("="))

    def do(self, what, arg=""):
        if not isinstance(arg, str):
            arg = json.dumps(arg)
        os.write(self.way_in, f"{what} {arg}\n".encode())

    def answers(self, *lines):
        self.until(lambda: self.answers_file.exists() and self.answers_file.read_text().splitlines() == list(lines),
                   f"the answers {lines}")

    def __exit__(self, *args):
        if not args[0] and not self.gone():  # leaves by itself, so that a leak or a fault at the end is seen
            self.do("finish")
            self.until(lambda: self.send("\x03\x04") or self.gone(), "its end")
            assert self.status in (0, 1, 2, 130) and "Sanitizer" not in self.raw, self.raw[-4000:]
        os.close(self.way_in)
        super().__exit__(*args)


class Silent:
    """A libvirtd that takes the connection and then never says a word: whoever connects waits until cancelled."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.caller = None
        self.uri = f"qemu+tcp://127.0.0.1:{self.listener.getsockname()[1]}/system"

    def __enter__(self):
        return self

    def called(self, p, mode=()):
        """Waits until somebody connects: a single command runs, and the terminal is in the mode for it."""
        def accept():
            try:
                self.caller = self.listener.accept()[0]
            except BlockingIOError:
                return False
            return True
        p.until(accept, "a connection")
        assert p.mode() == set(mode), p.mode()

    def __exit__(self, *_):
        if self.caller:
            self.caller.close()
        self.listener.close()


def runs(p):
    """Waits until the prompt has taken a line (it stops to mark pastes then)."""
    p.until(lambda: "\x1b[?2004l" in p.raw, "a command that runs")
    assert p.mode() == set(), p.mode()


def completes(p, typed, line):
    """Tab makes `line` of it, sooner or later: names come from behind. Then the prompt is empty again."""
    def test():
        p.send(f"\x15{typed}\t")
        p.read(0.2)
        return p.screen.lines()[-1] == "migsh> " + line
    p.until(test, "the completed line " + line)
    p.press("\x03", "migsh>")


# ---- leaving, and the status


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


# ---- Ctrl-C


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
        p.see("this has ended now (it succeeded): =stubborn")
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


# ---- the typed line


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
def events_come_beside_the_prompts_own_names():
    for words in ("lifecycle", "--all", "lifecycle --domain test", "--all --domain test"):
        with at_prompt(fresh("event"), "-C", "test:///default") as p:
            completes(p, "dominfo t", "dominfo test")  # by then the prompt listens to the same events
            p.send("lua mig.spawn(function() while true do mig.sleep(50) mig.suspend{'test'} mig.resume{'test'} end end)\r")
            p.see_last("migsh>")
            p.send(f"event {words}\r")
            p.see("event 'lifecycle' for domain 'test': ")
            p.see_last("events received: 1", "migsh>")


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
def control_bytes_from_afar_are_made_visible():
    with Hooked(fresh("escape")) as p:
        p.do("notice", "evil \x1b[2Jtext")
        p.see_last("evil \\x1b[2Jtext", "migsh>")


# What a terminal would obey, or be misled by: ESC and OSC, C1 as UTF-8, a mark that turns the text around.
HOSTILE = "A\x1b]0;owned\x07\x1b[2J\u009b31mB\u202eC\x7f\x9d"


def nothing_harmful(p, escapes_of_ours=True):
    """Of what reached the terminal; the prompt's own sequences are none of HOSTILE's."""
    for bad in ("\x1b]", "\x1b[2J", "\u009b", "\u202e", "\x7f", "\x9d"):
        assert bad not in p.raw, (bad, p.raw[-2000:])
    assert escapes_of_ours or "\x1b" not in p.raw, p.raw[-2000:]


def no_line_begins(p, text):
    assert not [line for line in p.raw.replace("\r", "").split("\n") if line.startswith(text)], p.raw[-2000:]


class Page:
    """A guest's witness page: its words are the guest's."""

    def __init__(self, body):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.body = body

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        caller, _ = self.listener.accept()
        with caller:
            caller.recv(4096)
            caller.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.body) + self.body)

    def __exit__(self, *_):
        self.listener.close()


def recipe_of(d, name, body):
    (d / "config/migsh/recipes").mkdir(parents=True, exist_ok=True)
    for part in ("config", "config/migsh", "config/migsh/recipes"):
        (d / part).chmod(0o700)
    path = d / f"config/migsh/recipes/{name}.lua"
    path.write_text("return { description = 'try it', example = '" + name + "', args = {{ name = 'url', type = 'string', help = 'a page' }},\n"
                    "run = function(a)\n" + body + "\nend }\n")
    path.chmod(0o600)


@test
def a_recipes_words_are_made_printable():
    d = fresh("recipe")
    lua = '"' + "".join(f"\\{b}" for b in HOSTILE.encode() + b"\x9b") + '"'
    recipe_of(d, "evil", f"""local t = {lua}
      print("P" .. t) io.write("W" .. t .. "\\n") mig.notice("N" .. t) mig.warn("X\\nverdict: ok")
      mig.progress({{ job = "evil", text = "G" .. t }}, true)
      if a.url then return {{}}, "the page: " .. mig.fetch(a.url) .. "\\n" end
      mig.error {{ code = "verdict", msg = "M" .. t .. "\\nverdict: ok", hint = "H\\nverdict: ok", text = "T" .. t, value = {{ t = t }} }}""")
    with migsh(d, "--no-color", "evil") as p:
        assert p.wait() == 12, p.picture()
        for sign in "PWNMT":
            assert sign + "A\\x1b]0;owned\\x07\\x1b[2J\\x9b31mB\\u202eC\\x7f" in p.raw, (sign, p.raw)
        nothing_harmful(p, escapes_of_ours=False)
        assert "\ufffd" not in p.raw, "bytes that are no UTF-8 reached the terminal"
        no_line_begins(p, "verdict: ok")
    with migsh(d, "--json", "evil") as p:
        assert p.wait() == 12, p.picture()
        nothing_harmful(p, escapes_of_ours=False)
        lines = [json.loads(line) for line in p.raw.replace("\r", "").splitlines()]
        assert [x for x in lines if x.get("event") == "print" and x["text"].startswith("PA\x1b]0;")], "the value is whole"
    with Page(HOSTILE.encode()) as page, at_prompt(d, env={"NO_COLOR": "1"}) as p:
        p.send(f"evil --url {page.url}\r")
        p.see("the page: A\\x1b]0;owned")
        nothing_harmful(p)


@test
def a_warning_about_recipes_comes_before_the_error():
    d = fresh("broken")
    with at_prompt(d, env={"MIGSH_RECIPES": recipe_of(d, "broken", "this is no Lua")}) as p:
        p.send("nonsense\r")
        p.see("error: unknown command")
        p.see_last("hint: help lists the commands", "migsh>")
        seen = p.screen.lines()
        assert seen[0] == "migsh> nonsense", seen
        assert [line for line in seen if "unknown command" in line] == ["error: unknown command: 'nonsense'"], seen
        no_line_begins(p, "migsh> error")


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


@test
def results_into_a_file_stay_as_they_are():
    d = fresh("exact")
    recipe_of(d, "evil", 'return {}, "T\\27[2J\\xc2\\x9b\\xff\\n"')
    with migsh(d, "evil", stdout=str(d / "out")) as p:
        assert p.wait() == 0, p.picture()
    assert (d / "out").read_bytes() == b"T\x1b[2J\xc2\x9b\xff\n"


def hostile_domains(d):
    xml = d / "host.xml"
    xml.write_text("<node>" + "".join(
        f"<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
        for name in ("evil&#x9b;31mone", "evil&#x202e;two", "evilthree", "evilfour")) + "</node>")
    return f"test://{xml}"


@test
def names_are_not_completed_where_they_cannot_be_shown():
    d = fresh("hostile")
    with at_prompt(d, "-C", hostile_domains(d)) as p:
        p.send("list --all\r")
        p.see("evil\\x9b31mone")
        p.see("evil\\u202etwo")
        p.see_last("migsh>")
        p.press("domstate ev\t", "migsh> domstate evil")
        p.send("\t\t")
        p.see("evilfour")
        p.press("t\t", "migsh> domstate evilthree")
        nothing_harmful(p)


@test
def what_is_pasted_or_remembered_is_shown_truly():
    d = fresh("pasted")
    (d / "state/migsh").mkdir(parents=True)
    (d / "state/migsh/history").write_bytes("help old\u009b31m\u202e\n".encode())
    for part in ("state", "state/migsh", "state/migsh/history"):
        (d / part).chmod(0o700)
    with at_prompt(d) as p:
        p.press("help \u009b2Jx\u202ey", "migsh> help \\x9b2Jx\\u202ey")
        p.press("\x1b[D!", "migsh> help \\x9b2Jx\\u202e!y")
        p.press("\x03\x1b[A", "migsh> help old\\x9b31m\\u202e")
        nothing_harmful(p)


@test
def a_question_shows_no_words_at_the_edge_but_ours():
    with Hooked(fresh("forged")) as p:
        p.do("secret?", "root@node asks:\x01verdict: ok\x1b[2J\u009b\x01root@other password:")
        p.see_last("  root@other password:")
        p.send("x\r")
        p.do("text?", "Name")
        p.see_last("Name:")
        p.press("a\u009bb\u202ec", "Name: abc")
        p.send("\r")
        p.until(lambda: "Name -> abc" in p.answers_file.read_text(), "the answer")
        nothing_harmful(p)
        no_line_begins(p, "verdict: ok")
        no_line_begins(p, "root@other")


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
def ctrl_c_drops_what_was_typed_ahead():
    with Hooked(fresh("dropahead")) as p:
        p.begin("=wait")
        p.send("node-list\r\x03")
        p.see("it was cancelled")
        p.see_last("migsh>")
        assert "Name" not in "\n".join(p.screen.lines())


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
def a_typed_line_survives_a_spawned_coroutine():
    with at_prompt(fresh("spawn")) as p:
        p.send("lua mig.spawn(function() mig.sleep('300ms') print('from behind') end)\r")
        p.until(lambda: p.screen.lines()[-1:] == ["migsh>"] and p.screen.row > 0, "the prompt, while it sleeps")
        p.press("typing goes on", "from behind", "migsh> typing goes on")


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


# ---- progress


def progress(job, percent, text, **more):
    return {"job": job, "percent": percent, "text": text, **more}


@test
def progress_stays_at_the_bottom_and_goes():
    with Hooked(fresh("progress")) as p:
        p.begin("=wait")
        p.do("progress", progress("migrate", 50, "share: half"))
        p.see_last("[============>           ]  50 %  share: half")
        p.do("progress", progress("copy", 100, "disk: all", id=7))
        p.see_last("[============>           ]  50 %  share: half", "[========================] 100 %  disk: all")
        p.do("notice", "between")
        p.see_last("between", "[============>           ]  50 %  share: half",
                   "[========================] 100 %  disk: all")
        p.do("progress", progress("migrate", 75, "share: more"))
        p.see_last("between", "[==================>     ]  75 %  share: more",
                   "[========================] 100 %  disk: all")
        p.do("done", progress("migrate", 100, "share: done"))
        p.see_last("between", "[========================] 100 %  disk: all")
        p.do("done", progress("copy", 100, "", id=7))
        p.until(lambda: p.screen.lines() == ["migsh> =wait", "begun: wait", "between"], "nothing but what was printed")
        p.do("finish")
        p.see_last("between", "finished", "migsh>")


@test
def a_bar_does_not_say_the_percentage_twice():
    with Hooked(fresh("detail")) as p:
        p.begin("=wait")
        p.do("progress", progress("migrate", 52, "Migration: [ 52 %], pass 2", domain="web one", detail="pass 2"))
        p.see_last("[============>           ]  52 %  web one: pass 2")
        p.do("progress", progress("migrate", 10, "Migration: [ 10 %], pass 1", domain="db", detail="pass 1"))
        p.see_last("[============>           ]  52 %  web one: pass 2", "[==>                     ]  10 %  db: pass 1")


@test
def progress_above_a_typed_line():
    with Hooked(fresh("background")) as p:
        p.press("typing", "migsh> typing")
        for percent in (10, 20, 30):
            p.do("progress", progress("bg", percent, "working"))
            p.see(f"{percent} %  working")
        p.until(lambda: [x for x in p.screen.lines() if "working" in x] == [p.screen.lines()[-2]], "one line, in place")
        p.see_last("[=======>                ]  30 %  working", "migsh> typing")
        p.do("done", progress("bg", 100, "working"))
        p.until(lambda: p.screen.lines() == ["migsh> typing"], "nothing but the typed line")
        p.do("progress", progress("bg", 40, "again"))
        p.see_last("[=========>              ]  40 %  again", "migsh> typing")
        p.send("\x03")
        p.until(lambda: p.screen.lines() == ["migsh> typing^C", "[=========>              ]  40 %  again", "migsh>"],
                "the line below a cleared one")
        p.send("node-sh\t\x15node-l\t\t")
        p.send("\x15node-\t\t")
        p.see("show what is known of a node")
        p.see_last("[=========>              ]  40 %  again", "migsh> node-")
        p.send("\x15=wait\r")
        p.see("begun: wait")
        p.see_last("migsh> =wait", "begun: wait", "[=========>              ]  40 %  again")
        p.do("done", progress("bg", 100, ""))
        p.see_last("migsh> =wait", "begun: wait")
        p.do("finish")
        p.see_last("migsh> =wait", "begun: wait", "finished", "migsh>")


@test
def progress_is_cut_to_the_width():
    with Hooked(fresh("width"), cols=40) as p:
        p.begin("=wait")
        p.do("progress", progress("m", 5, "ein sehr länglicher Text über viele Spalten"))
        p.see_last("  5 %  ein sehr länglicher Text über vi")
        p.do("progress", progress("m", 6, "日本語日本語日本語日本語日本語"))
        p.until(lambda: p.screen.lines()[-1].startswith("  6 %  日本語"), "wide characters")
        # Two columns each (this little terminal shows them in one): 16 fit into the 32 left, half of none.
        assert p.screen.lines()[-1] == "  6 %  " + ("日本語" * 5), p.picture()


# ---- colours


@test
def colours_only_where_they_are_wanted():
    for how, colours in (({}, True), ({"term": "dumb"}, False), ({"env": {"NO_COLOR": "1"}}, False)):
        with migsh(fresh("colour"), "nonsense", **how) as p:
            assert p.wait() == 2
            assert ("\x1b[31m" in p.raw) == colours, (how, p.raw)
    with migsh(fresh("colour"), "--no-color", "nonsense") as p:
        p.wait()
        assert "\x1b[" not in p.raw
    d = fresh("colour")
    with migsh(d, "nonsense", stdout=str(d / "out")) as p:
        p.wait()
        assert "\x1b[31m" in p.raw, "standard error is the terminal still"


@test
def a_dumb_terminal_gets_lines_only():
    with Hooked(fresh("dumb"), term="dumb") as p:
        p.press("typed", "migsh> typed")
        p.do("notice", "below")
        p.see("below")
        p.see_last("migsh> typed")
        p.do("progress", progress("m", 5, "step"))
        p.see("step")
        assert "\x1b" not in p.raw, repr(p.raw)


# ---- questions


@test
def questions_while_a_command_runs():
    with Hooked(fresh("ask")) as p:
        p.begin("=wait")
        p.do("text?", "Your name")
        p.see_last("Your name:")
        p.press("Ännx\x7fe\r", "Your name: Änne")
        p.answers("Your name -> Änne")
        p.do("yesno?", "Shall I?")
        p.see_last("Shall I? [yes/no]")
        p.send("maybe\r")
        p.see("Please answer yes or no.")
        p.send("Y\r")
        p.answers("Your name -> Änne", "Shall I? -> yes")
        p.do("secret?", "Password:")
        p.see_last("Password:")
        p.send("hunter2\r")
        p.answers("Your name -> Änne", "Shall I? -> yes", "Password: -> hunter2")
        assert "hunter2" not in p.raw
        p.do("finish")
        p.see_last("finished", "migsh>")
        p.press("\x1b[A", "migsh> =wait")


@test
def a_question_at_the_prompt_gives_the_line_back():
    with Hooked(fresh("askprompt")) as p:
        p.press("half a command", "migsh> half a command")
        p.do("secret?", "The key's passphrase")
        p.see_last("The key's passphrase:")
        p.do("text?", "And the user")
        p.do("notice", "meanwhile")
        p.see_last("meanwhile", "The key's passphrase:")
        p.press("s3cret\r", "The key's passphrase:", "And the user:")
        p.answers("The key's passphrase -> s3cret")
        p.send("bob\r")
        p.answers("The key's passphrase -> s3cret", "And the user -> bob")
        p.see_last("And the user: bob", "migsh> half a command")
        assert "s3cret" not in p.raw
        p.press("!", "migsh> half a command!")


@test
def ctrl_c_and_ctrl_d_refuse_a_question():
    with Hooked(fresh("refuse")) as p:
        p.do("text?", "One")
        p.see_last("One:")
        p.send("abc\x03")
        p.answers("One -> error cancelled")
        p.see_last("migsh>")
        p.do("text?", "Two")
        p.see_last("Two:")
        p.send("\x04")
        p.answers("One -> error cancelled", "Two -> error cancelled")
        p.see_last("migsh>")


@test
def what_was_typed_before_a_question_is_no_answer():
    with Hooked(fresh("early")) as p:
        p.begin("=wait")
        p.send("yes\r")
        p.do("notice", "marker")
        p.see("marker")
        p.do("yesno?", "Really?")
        p.see_last("Really? [yes/no]")
        p.send("no\r")
        p.answers("Really? -> no")
        p.do("finish")
        p.see("unknown command: 'yes'")


def auth_uri(d):
    """libvirt's own test driver, asking for a user and a password."""
    xml = d / "node.xml"
    xml.write_text("<node><auth><user password='hunter2'>admin</user></auth>"
                   "<cpu><mhz>1</mhz><model>x</model><active>1</active><nodes>1</nodes><sockets>1</sockets><cores>1</cores>"
                   "<threads>1</threads></cpu><memory>8192</memory></node>")
    return f"test://{xml}"


@test
def libvirt_asks_through_us():
    d = fresh("auth")
    with migsh(d, "-C", auth_uri(d)) as p:  # the shell opens the current host by itself
        p.until(lambda: "user" in p.screen.lines()[-1].lower(), "the question for the user")
        p.send("admin\r")
        p.until(lambda: "assword" in p.screen.lines()[-1], "the question for the password")
        p.press("hunter2\r", "migsh>")
        p.send("domstate nosuch\r")
        p.see("nosuch'")
        p.see_last("migsh>")
        assert "hunter2" not in p.raw
        p.send("\x04")
        p.wait()
    assert "hunter2" not in (d / "state/migsh/history").read_text()


@test
def libvirt_asks_a_single_command_too_and_nobody_without_a_terminal():
    d = fresh("authone")
    with migsh(d, "-C", auth_uri(d), "domstate", "nosuch", stdin="/dev/null") as p:
        p.until(lambda: p.screen.lines() and "user" in p.screen.lines()[-1].lower(), "the question for the user")
        p.send("admin\r")
        p.until(lambda: "assword" in p.screen.lines()[-1], "the question for the password")
        p.send("wrong\r")
        assert p.wait() not in (0, 130), p.picture()
        assert p.mode() == {"isig", "echo", "icanon"}
    with migsh(d, "--json", "-C", auth_uri(d), "domstate", "nosuch") as p:
        assert p.wait() == 5, p.picture()
        assert '"code": "auth"' in p.raw.replace('":"', '": "')


# ---- history


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


# ---- completion


def inventory(d, *lines):
    file = d / "config/migsh/nodes"
    file.parent.mkdir(mode=0o700, parents=True)
    file.write_text("".join(line + "\n" for line in lines))


@test
def tab_knows_the_guests_of_all_nodes():
    d = fresh("names")
    with Silent() as silent:
        inventory(d, f"node-add silent --uri {silent.uri}", "node-add a --uri test:///default",
                  f"node-add b --uri {hostile_domains(d)}", "node-add gone --uri qemu:///system?socket=/no/such")
        with at_prompt(d) as p:
            completes(p, "dominfo t", "dominfo test")
            completes(p, "dominfo evilt", "dominfo evilthree")
            completes(p, "pool-info default-p", "pool-info default-pool")
            p.press("dominfo ", "migsh> dominfo")
            p.send("\t\t")
            p.see("evilfour")


@test
def tab_inserts_no_options_where_nothing_is_known():
    d = fresh("unknown")
    with Silent() as silent:
        inventory(d, f"node-add silent --uri {silent.uri}")
        with at_prompt(d) as p:
            p.press("dominfo \t", "migsh> dominfo")
            p.see_cursor(len("migsh> dominfo "))
            p.send("\t")
            p.see("--node")
            p.see_last("migsh> dominfo")
            p.see_cursor(len("migsh> dominfo "))


@test
def tab_completes_and_lists():
    with Hooked(fresh("tab")) as p:
        p.press("node-sh\t", "migsh> node-show")
        p.see_cursor(len("migsh> node-show "))
        p.press("s\t", "migsh> node-show source")
        p.send("\x03")
        p.send("node-\t\t")
        p.see("add a node to the inventory")
        p.see_last("migsh> node-")
        p.press("\x03domstate w\t", "migsh> domstate web\\")
        p.press("o\t", "migsh> domstate web\\ one")
        p.press("\x03domstate 'web t\t", "migsh> domstate 'web two'")
        p.press("\x03domstate i\t", "migsh> domstate it\\'s")
        p.press("\x03domstate c\t", "migsh> domstate café")
        p.press("\x03domstate db@s\t", "migsh> domstate db@source")
        p.press("\x03domstate db --node=d\t", "migsh> domstate db --node=dest")
        p.press("\x03domstate db --re\t", "migsh> domstate db --reason")
        p.press("\x03domstate db --reason --re\t", "migsh> domstate db --reason --re")
        p.press("\x03node-list; node-sh\t", "migsh> node-list; node-show")
        p.press("\x03=mig.mi\t", "migsh> =mig.migrate")


@test
def tab_in_the_middle_keeps_what_is_behind():
    with Hooked(fresh("middle")) as p:
        p.press("domstate we --reason" + "\x1b[D" * len(" --reason") + "\t", "migsh> domstate web\\  --reason")
        p.press("t\t", "migsh> domstate web\\ two  --reason")


COMPLETIONS = pathlib.Path(__file__).resolve().parents[2] / "completions"
# What is typed, and what is to be seen then; the same in each shell.
COMPLETED = (("migsh node-sh\t", "migsh node-show"),
             ("migsh node-show d\t", "migsh node-show dest"),
             ("migsh -C so\t", "migsh -C source"),
             ("migsh -C source domstate x@d\t", "migsh -C source domstate x@dest"),
             ("migsh domstate --node=so\t", "migsh domstate --node=source"),
             ("migsh domstate --node source,d\t", "migsh domstate --node source,dest"),
             ("migsh domstate x --reas\t", "migsh domstate x --reason"),
             ("migsh --keep\t", "migsh --keep-going"),
             ("migsh disk-copy source:/x d\t/y", "migsh disk-copy source:/x dest:/y"),
             ("migsh domstate 'x@d\t", "migsh domstate 'x@dest'"),
             ('migsh define "so\t', 'migsh define "some file"'),
             ("migsh define so\t", "migsh define some\\ file"),
             ("migsh define 'so\t", "migsh define 'some file'"),
             ("migsh define some\\ f\t", "migsh define some\\ file"),
             ("migsh -f so\t", "migsh -f some\\ file"))


def shell_completes(shell, argv, **files):
    """In `shell`, begun in a directory with an inventory and a file, which are `{d}` and files of that directory."""
    if not shutil.which(shell):
        raise Skip(f"there is no {shell} here")
    d = fresh(shell)
    (d / "config/migsh").mkdir(parents=True)
    (d / "config/migsh/nodes").write_text("node-add source 192.0.2.1\nnode-add dest 192.0.2.2\n")
    for sub in ("config", "config/migsh"):
        (d / sub).chmod(0o700)
    (d / "some file").write_text("")
    for name, text in files.items():
        (d / name).write_text(text.format(d=d, completions=COMPLETIONS))
    env = env_of(d, HOME=str(d), ZDOTDIR=str(d), PATH=f"{pathlib.Path(MIGSH).parent}:{os.environ['PATH']}")
    with Program([a.format(d=d) for a in argv], env=env, term="vt100") as p:
        for typed, wanted in COMPLETED:
            p.see_last("sh>")
            p.press(typed, "sh> " + wanted)
            p.send("\x15")
        p.see_last("sh>")
        p.send("exit\r")
        assert p.wait() == 0


@test
def bash_completes_through_the_program():
    shell_completes("bash", ["bash", "--noprofile", "--rcfile", "{d}/rc", "-i"], rc="""
        PS1='sh> '
        . /usr/share/bash-completion/bash_completion
        . {completions}/bash/migsh
        cd {d}
        bind 'set enable-bracketed-paste off'
        """)


@test
def zsh_completes_through_the_program():
    shell_completes("zsh", ["zsh", "-d", "-i", "-o", "rcs"], **{".zshrc": """
        PS1='sh> ' PROMPT_EOL_MARK=
        unset zle_bracketed_paste
        fpath=({completions}/zsh $fpath)
        autoload -U compinit && compinit -u -d {d}/dump
        cd {d}
        """})


@test
def fish_completes_through_the_program():
    shell_completes("fish", ["fish", "--private", "-N", "-i", "-C", "source {d}/rc"], rc="""
        function fish_prompt; echo -n 'sh> '; end
        set -g fish_greeting
        set -g fish_autosuggestion_enabled 0
        cd {d}
        source {completions}/fish/migsh.fish
        """)


@test
def completing_for_a_shell_opens_no_connection():
    d = fresh("noconnect")
    with Silent() as host:
        with migsh(d, "--complete", "-C", host.uri, "domstate", "") as p:
            assert p.wait() == 0
        try:
            host.listener.accept()
            raise AssertionError("it called the host")
        except BlockingIOError:
            pass


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


def run():
    passed = failed = skipped = 0
    only = sys.argv[3:]
    for fn in TESTS:
        if only and fn.__name__ not in only:
            continue
        name = fn.__name__.replace("_", " ")
        number = passed + failed + skipped + 1
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


if __name__ == "__main__":
    STATUS = run()
    for path in sorted(TMP.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    TMP.rmdir()
    sys.exit(STATUS)
