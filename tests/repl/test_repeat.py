# SPDX-License-Identifier: GPL-3.0-or-later
"""A command again and again: on a screen of its own each time, until q or Ctrl-C."""
import re

from prompt import Hooked, at_prompt, completes, fresh, migsh, test

TABLE = [" Id   Name   State", "----------------------", " 1    test   running"]


def is_screen(p, every, line, *rows):
    """The screen holds that and nothing else."""
    lines = p.screen.lines()
    return re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d   every {every}: {re.escape(line)}", lines[0]) \
        and lines[1:] == ["", *rows]


def times(p):
    return p.raw.count("\x1b[H\x1b[2J")


@test
def a_command_is_repeated_on_a_screen_of_its_own():
    with at_prompt(fresh("repeat"), "-C", "test:///default") as p:
        p.send("repeat 200ms list\r")
        p.until(lambda: times(p) > 3 and is_screen(p, "200ms", "list", *TABLE), "the list again and again")
        p.send("xyz")  # keys without a meaning go with it
        p.send("q")
        p.see_last(TABLE[-1], "migsh>")
        p.send("repeat 200ms 'list | grep -c running; domid nosuch'\r")
        p.until(lambda: times(p) > 6 and is_screen(
            p, "200ms", "list | grep -c running; domid nosuch", "1", "error: failed to get domain 'nosuch'",
            "hint: list --all shows the domains that are there"), "what fails again and again")
        p.send("\x03")
        p.see_last("hint: list --all shows the domains that are there", "^C", "migsh>")
        p.press("repeat 100ms --count 2 domid test; domname 1\r", "1", "test", "migsh>")
        assert p.screen.lines()[0].endswith("every 100ms: domid test"), p.picture()
        p.press("repeat nonsense\r", "error: unknown command: 'nonsense'", "hint: help all lists the commands", "migsh>")
        p.send("repeat 100ms quit\r")
        assert p.wait() == 0


@test
def what_is_cancelled_in_between_is_not_shown():
    with Hooked(fresh("repeatcancel")) as p:
        p.send("repeat 100ms '=wait'\r")
        p.see("begun: wait")
        p.do("finish")
        p.until(lambda: is_screen(p, "100ms", "=wait", "finished", "begun: wait"), "the second time")
        p.send("\x03")
        p.see_last("finished", "begun: wait", "^C", "migsh>")


@test
def behind_the_prompt_nothing_is_cleared():
    with at_prompt(fresh("repeatbehind"), "-C", "test:///default") as p:
        p.send("repeat 200ms domid test\r")
        p.until(lambda: times(p) > 1, "the screen")
        p.press("\x1a", "[1] repeat 200ms domid test", "migsh>")
        before = times(p)
        p.until(lambda: p.screen.lines()[-4:] == ["1", "", "1", "migsh>"], "more of it")
        p.press("q", "migsh> q")  # a letter as any other
        p.send("\x15cancel\r")
        p.see("[1] done: repeat 200ms domid test")
        p.see_last("migsh>")
        assert times(p) == before, p.raw
        p.press("repeat 100ms --count 1 echo x | cat &\r", "error: repeat itself shows nothing: '|' and '>' go inside, with its commands",
                "migsh>")


@test
def a_single_command_is_repeated_too():
    d = fresh("repeatone")
    for key, last in (("q", TABLE[-1]), ("\x03", TABLE[-1])):
        with migsh(d, "-C", "test:///default", "repeat", "200ms", "list") as p:
            p.until(lambda: times(p) > 2 and is_screen(p, "200ms", "list", *TABLE), "the list again and again")
            p.send(key)
            assert p.wait() == 0
            assert p.screen.lines()[-1] == last, p.picture()
    with migsh(d, "-C", "test:///default", "repeat", "100ms", "--count", "2", "domid", "test", term="dumb") as p:
        assert p.wait() == 0
        assert p.screen.lines() == ["1", "", "1"], p.picture()


@test
def what_is_repeated_is_completed():
    with at_prompt(fresh("repeattab"), "-C", "test:///default") as p:
        completes(p, "repeat domsta", "repeat domsta")  # domstate, domstats
        completes(p, "repeat 5s domstate te", "repeat 5s domstate test")
        completes(p, "repeat --cou", "repeat --count")
        completes(p, "repeat --count 3 domblkli", "repeat --count 3 domblklist")
        completes(p, "alias x domblkli", "alias x domblklist")
