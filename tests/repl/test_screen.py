# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's console on the terminal, where there is none: the lab has those that are (tests/lab/commands/console.sh)."""
from prompt import at_prompt, fresh, migsh, test


@test
def a_console_that_cannot_be_opened_gives_the_terminal_back():
    with at_prompt(fresh("console"), "-C", "test:///default") as p:
        p.press("console test\r", "ost (qemu:///system); version --daemon tells how old its libvirt is", "migsh>")
        p.see("this function is not supported by the connection driver: virDomainOpenCon")
        assert p.mode() == set()
        p.press("console test --escape nothing\r", "error: 'nothing' is not an escape character: one character, or ^ and one, as in", "^]", "migsh>")
        p.press("domstate test\r", "running", "migsh>")


@test
def a_console_of_a_single_command_that_cannot_be_opened():
    with migsh(fresh("console"), "-C", "test:///default", "console", "test") as p:
        assert p.wait() == 11
        assert p.mode() == {"isig", "echo", "icanon"}
