# SPDX-License-Identifier: GPL-3.0-or-later
"""The bottom of the screen: progress, and colours where they are wanted."""
from prompt import Hooked, fresh, migsh, test


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
def progress_stays_above_a_typed_line():
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
