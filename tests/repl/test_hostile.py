# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of nodes, guests, files and pastes that a terminal would obey: they are shown, never passed through."""
import json
import socket
import threading

from prompt import Hooked, at_prompt, fresh, migsh, test


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
def a_warning_about_recipes_comes_before_the_error():
    d = fresh("broken")
    with at_prompt(d, env={"MIGSH_RECIPES": recipe_of(d, "broken", "this is no Lua")}) as p:
        p.send("nonsense\r")
        p.see("error: unknown command")
        p.see_last("hint: help all lists the commands", "migsh>")
        seen = p.screen.lines()
        assert "migsh> nonsense" in seen, seen
        assert [line for line in seen if "unknown command" in line] == ["error: unknown command: 'nonsense'"], seen
        no_line_begins(p, "migsh> error")
