# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator makes of the prompt: a start file, names for commands, settings, the history."""
from prompt import at_prompt, fresh, migsh, test


def start_file(d, text, mode=0o600):
    (d / "config" / "migsh").mkdir(parents=True)
    (d / "config" / "migsh" / "init").write_text(text)
    (d / "config" / "migsh" / "init").chmod(mode)


@test
def the_start_file_is_run_before_the_first_prompt():
    d = fresh("init")
    start_file(d, "alias st domstate\nset timing on\ndomname 1\n")
    with at_prompt(d, "-C", "test:///default") as p:
        assert "test" in p.screen.lines()[0], p.picture()
        p.send("st test\r")
        p.see("running")
        p.see("(Time: ")
        p.see_last("migsh>")
        p.raw = ""
        p.send("history\r")
        p.see("1 st test")
        p.see_last("migsh>")
        assert "init" not in p.raw
    with migsh(d, "-C", "test:///default", "-c", "domid test") as p:  # of the prompt alone
        assert p.wait() == 0 and "Time" not in p.raw and "test" not in p.raw


@test
def a_faulty_start_file_costs_a_message():
    d = fresh("bad-init")
    start_file(d, "domname 1\n\nnonsense\ndomid test\n")
    with at_prompt(d, "-C", "test:///default") as p:
        p.see("error: unknown command: 'nonsense'")
        p.see("/config/migsh/init:3: ")
        p.press("domid test\r", "1", "migsh>")
    d = fresh("unsafe-init")
    start_file(d, "domname 1\n", 0o622)
    with at_prompt(d, "-C", "test:///default") as p:
        p.see("hint: chmod go-w")
        p.press("domid test\r", "1", "migsh>")


@test
def settings_hold_from_the_next_line_on():
    d = fresh("set")
    with at_prompt(d, "-C", "test:///default") as p:
        p.press("set json on\r", "migsh>")
        p.press("domname 1\r", '"test"', "migsh>")
        p.press("set json off\r", "migsh>")
        p.send("destroy test\r")
        p.see("destroy 'test' on test:///default?")
        p.send("n\r")
        p.see_last("migsh>")
        p.press("set confirm off\r", "migsh>")
        p.press("destroy test\r", "Domain 'test' destroyed", "migsh>")


@test
def names_of_ones_own_complete():
    d = fresh("alias")
    with at_prompt(d, "-C", "test:///default") as p:
        p.press("alias state-of domstate\r", "migsh>")
        p.press("state-\ttest\r", "running", "migsh>")
        p.press("unalias sta\t\r", "migsh>")
        p.see("unalias state-of")


@test
def the_history_keeps_no_secret():
    d = fresh("history")
    with at_prompt(d, "-C", "test:///default") as p:
        p.press("domid test\r", "1", "migsh>")
        p.send(" domid nosuch\r")
        p.see_last("migsh>")
        p.press("history 2\r", "1 domid test", "2 history 2", "migsh>")
