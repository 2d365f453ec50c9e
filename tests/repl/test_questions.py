# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions: while a command runs, at the prompt, and those of libvirt."""
from prompt import Hooked, fresh, migsh, test


@test
def questions_are_asked_while_a_command_runs():
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
def a_host_that_nobody_has_named_asks_nothing():
    d = fresh("authbehind")
    with migsh(d) as p:
        p.see_last("migsh>")
        p.send(f"node-add a --uri {auth_uri(d)}\r")
        p.see_last("migsh>")
        p.send("\x04")
        p.wait()
    with migsh(d) as p:  # the names of all hosts are looked for
        p.see_last("migsh>")
        p.send("dominfo \t")
        p.read(1.0)
        assert "user" not in p.raw.lower().split("migsh>")[-1], p.picture()
        p.press("\x03", "migsh>")
        p.send("list\r")
        p.until(lambda: "user" in p.screen.lines()[-1].lower(), "the question for the user")
        p.send("\x03")
        p.see_last("migsh>")


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
