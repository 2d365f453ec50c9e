# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs behind the prompt: how it gets there, what is told of it, and how it ends."""
import os
import signal

from prompt import Hooked, Silent, at_prompt, fresh, migsh, runs, test


def send_behind(p, line="=wait", number=1):
    """A command that lasts, behind the prompt."""
    p.begin(line)
    p.press("\x1a", f"[{number}] {line}", "migsh>")


@test
def ctrl_z_sends_a_command_behind_the_prompt():
    with Hooked(fresh("behind")) as p:
        send_behind(p)
        p.press("half a li", "migsh> half a li")
        p.do("finish")
        p.see_last("[1] done: =wait", "finished", "migsh> half a li")
        p.press("\x03", "migsh>")
        p.send("jobs --all\r")
        p.see(" 1     done    ")


@test
def what_was_typed_before_ctrl_z_is_for_the_prompt():
    with Hooked(fresh("behindahead")) as p:
        p.begin("=wait")
        p.send("jobs\r\x1afg\r")
        p.see(" 1     running   ")
        p.see_last("migsh> fg", "[1] =wait")
        p.do("finish")
        p.see_last("migsh> fg", "[1] =wait", "finished", "migsh>")


@test
def ctrl_c_at_the_prompt_leaves_jobs_alone():
    with Hooked(fresh("alone")) as p:
        send_behind(p)
        p.press("text\x03", "migsh> text^C", "migsh>")
        os.kill(p.pid, signal.SIGINT)
        p.see_last("migsh> ^C", "migsh>")
        p.send("jobs\r")
        p.see("running")
        p.see_last("migsh>")
        p.press("fg\r", "migsh> fg", "[1] =wait")
        p.send("\x03")
        p.see_last("^C", "error: it was cancelled", "migsh>")
        p.send("fg\r")
        p.see("error: nothing runs behind the prompt")
        p.see_last("migsh>")
        p.send("jobs\r")  # so that the last command is a good one
        p.see("Progress")


@test
def an_ampersand_sends_a_command_behind_the_prompt():
    with at_prompt(fresh("ampersand"), "-C", "test:///default") as p:
        p.send("domstate test &\r")
        p.see_last("[1] done: domstate test", "running", "migsh>")
        p.send("domstate 'no  such' & domname 1\r")
        p.until(lambda: "test" in p.screen.lines() and "[2] failed: domstate 'no  such'" in p.screen.lines(), "both")
        p.see("error: failed to get domain 'no  such'")
        p.see("hint: list --all shows the domains that are there")
        p.see_last("migsh>")
        p.send("event --event lifecycle --loop &\r")
        p.see_last("[3] event --event lifecycle --loop", "migsh>")
        p.send("cancel\r")
        p.see("Job 3 is asked to end")
        p.see("[3] done: event --event lifecycle --loop")
        p.send("fg &\r")
        p.see("error: fg does nothing behind the prompt")
        p.send(" & list\r")
        p.see("error: there is no command before '&'")


@test
def a_host_that_is_silent_keeps_nobody_waiting():
    with Silent() as host, migsh(fresh("silentjob")) as p:
        p.see_last("migsh>")
        p.send(f"node-add a --uri '{host.uri}' &\r")
        p.see("[1] done")
        p.see_last("migsh>")
        p.send("domstate x@a &\r")
        p.see_last("[2] domstate x@a", "migsh>")
        p.send("cancel 2\r")
        p.see("[2] cancelled: domstate x@a")
        p.see("error: node a: cancelled")
        p.send("cancel 2\r")
        p.see("error: job 2 has ended (cancelled): domstate x@a")


@test
def progress_of_a_job_is_shown_in_front_only():
    bar = "[============>           ]  50 %  web: pass 2"
    with Hooked(fresh("jobprogress")) as p:
        p.begin("=wait")
        p.do("progress", {"job": "m", "percent": 50, "text": "half", "domain": "web", "detail": "pass 2"})
        p.see_last(bar)
        p.press("\x1a", "begun: wait", "[1] =wait", "migsh>")
        p.do("progress", {"job": "m", "percent": 60, "text": "more", "domain": "web", "detail": "pass 3"})
        p.do("notice", "told")
        p.see_last("told", "migsh>")
        p.send("jobs\r")
        p.see("=wait     60 %, pass 3")
        p.see_last("migsh>")
        p.press("fg\r", "migsh> fg", "[1] =wait", "[==============>         ]  60 %  web: pass 3")
        p.do("done", {"job": "m", "domain": "web"})
        p.do("finish")
        p.see_last("finished", "migsh>")


@test
def a_question_of_a_job_waits_for_fg():
    with Hooked(fresh("jobask")) as p:
        send_behind(p)
        p.press("half", "migsh> half")
        p.do("yesno?", "Shall I?")
        p.see_last("warning: [1] waits for an answer: fg 1", "migsh> half")
        p.send("\x15jobs\r")
        p.see("waits for an answer   ")
        p.see_last("migsh>")
        p.press("fg 1\r", "[1] =wait", "Shall I? [yes/no]")
        p.press("ye\x1a", "warning: [1] waits for an answer: fg 1", "[1] =wait", "migsh>")
        p.press("fg %1\r", "[1] =wait", "Shall I? [yes/no]")
        p.send("yes\r")
        p.answers("Shall I? -> yes")
        p.do("finish")
        p.see_last("finished", "migsh>")


@test
def wait_waits_and_can_be_given_up():
    with Hooked(fresh("wait")) as p:
        send_behind(p)
        p.send("wait\r")
        runs(p)
        p.send("\x03")
        p.see("error: cancelled")
        p.see_last("migsh>")
        p.send("wait 1; jobs --all\r")
        p.until(lambda: p.screen.lines()[-1].endswith("jobs --all"), "waiting")
        p.do("finish")
        p.see(" 1     done    ")
        p.see_last("migsh>")
        p.send("wait 1; wait 7\r")
        p.see("error: there is no job '7'")
        p.see("hint: jobs lists them")
        p.see_last("migsh>")
        p.press("fg \t", "migsh> fg")
        p.press("\x15=wait\r", "begun: wait")
        p.press("\x1a", "[2] =wait", "migsh>")
        p.press("fg \t", "migsh> fg 2")
        p.do("finish")
        p.see_last("[2] done: =wait", "finished", "migsh> fg 2")
        p.send("\x15jobs\r")
        p.see("migsh> jobs")


@test
def leaving_tells_first_what_still_runs():
    for typed in ("\x04", "quit\r"):
        with Hooked(fresh("leavejobs")) as p:
            send_behind(p)
            p.send(typed)
            p.see_last("warning: [1] still runs: =wait", "leaving once more cancels it; wait waits until it has ended",
                       "migsh>")
            p.send("jobs\r")
            p.see("running")
            p.see_last("migsh>")
            p.send(typed)
            p.until(lambda: p.screen.lines()[-2:][0].startswith("leaving once more"), "told again")
            p.send(typed)
            p.wait()
            p.see("[1] cancelled: =wait")


@test
def sigterm_cancels_jobs_too():
    with Hooked(fresh("termjobs")) as p:
        send_behind(p)
        p.press("half", "migsh> half")
        os.kill(p.pid, signal.SIGTERM)
        assert p.wait() == 143
        p.see("[1] cancelled: =wait")
        assert p.mode() == {"isig", "echo", "icanon"}


@test
def a_recipe_runs_behind_the_prompt():
    d = fresh("jobrecipe")
    (d / "config/migsh/recipes").mkdir(parents=True)
    (d / "config/migsh/recipes/long.lua").write_text(
        "return { description = 'lasts', args = {}, run = function()\n"
        "  mig.progress{ job = 'long', text = 'at work', percent = 10 }\n"
        "  mig.sleep('1h')\nend }\n")
    with at_prompt(d, "-C", "test:///default") as p:
        p.send("long &\r")
        p.see_last("[1] long", "migsh>")
        p.send("=mig.domstate('test').state or mig.domstate('test')\r")
        p.see("running")
        p.see_last("migsh>")
        p.send("jobs\r")
        p.see("long      at work")
        p.see_last("migsh>")
        p.send("fg\r")
        p.see("10 %  at work")
        p.send("\x03")
        p.see("error: cancelled")
        p.see_last("migsh>")


@test
def the_directory_stays_while_commands_run_behind_the_prompt():
    with Hooked(fresh("cd")) as p:
        send_behind(p)
        p.press("cd /\r", "error: cd: other commands still run, and would find their files elsewhere",
                "hint: wait waits until they have ended, jobs lists them", "migsh>")
        p.do("finish")
        p.see_last("[1] done: =wait", "finished", "migsh>")
        p.press("cd /; pwd\r", "/", "migsh>")


def has_the_terminal(p):
    """A program in front, which ends at a line."""
    p.send("!echo in'' front; read -r line; echo \"left by $line\"\r")
    p.see("in front")


@test
def nothing_of_a_job_is_shown_while_a_program_has_the_terminal():
    with Hooked(fresh("joblent")) as p:
        send_behind(p)
        has_the_terminal(p)
        p.do("text?", "Of the job")
        p.do("finish")
        p.do("text?", "Of nobody")  # it is asked when all before it has been dealt with
        p.until(lambda: p.answers_file.exists(), "the questions")
        while p.read(0.3):
            pass
        assert p.screen.lines()[-1] == "in front", p.picture()
        p.send("q\r")
        p.see("left by q")
        p.see("warning: [1] waits for an answer: fg 1")
        p.see("[1] done: =wait")
        p.see("finished")
        p.see_last("Of nobody:")
        p.send("me\r")
        p.until(lambda: "Of nobody -> me" in p.answers_file.read_text(), "the answer")
        p.see_last("migsh>")


@test
def a_question_of_a_job_waits_for_the_terminal_and_for_fg():
    with Hooked(fresh("asklent")) as p:
        send_behind(p)
        has_the_terminal(p)
        p.do("yesno?", "Shall I?")
        p.until(lambda: p.answers_file.exists(), "the question")
        p.send("q\r")
        p.see("left by q")
        p.see("warning: [1] waits for an answer: fg 1")
        p.press("fg\r", "[1] =wait", "Shall I? [yes/no]")
        p.send("yes\r")
        p.answers("Shall I? -> yes")
        p.do("finish")
        p.see_last("finished", "migsh>")


@test
def the_program_behind_a_pipe_of_a_job_has_no_terminal():
    with at_prompt(fresh("jobpipe"), "-C", "test:///default") as p:
        p.press("domname 1 | sh -c 'test -t 1 && echo terminal || echo none' & wait\r",
                "[1] done: domname 1 | sh -c 'test -t 1 && echo terminal || echo none'", "none", "migsh>")
