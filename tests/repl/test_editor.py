# SPDX-License-Identifier: GPL-3.0-or-later
"""An editor on the terminal: it gets it as a shell gives it, and migsh has it back afterwards."""
import os

from prompt import at_prompt, env_of, fresh, migsh, test

# What is typed to it is what it does.
EDITOR = r"""#!/bin/sh
echo "file $(stat -c %a "$2"), directory $(stat -c %a "$(dirname "$2")"), $1"
cp "$2" "$2~"
trap 'echo "interrupted"; trap - INT; kill -INT $$' INT
while read -r what; do
    case $what in
    save) exit 0 ;;
    mtu*) sed -i "s|<bridge |<mtu size='${what#mtu }'/><bridge |" "$2" ;;
    called*) sed -i "0,/<name>.*</s|<name>.*</name>|<name>${what#called }</name>|" "$2" ;;
    text*) echo "${what#text }" >"$2" ;;
    garbage) echo '<network>' >"$2" ;;
    mend) printf '%s' "<network><name>default</name><uuid>dd8fe884-6c02-601e-7551-cca97df1c5df</uuid><bridge name='virbr0'/></network>" >"$2" ;;
    fail) exit 3 ;;
    gone) rm "$2"; exit 0 ;;
    esac
    echo "did: $what"
done
"""
HEAD = "file 600, directory 700, --option"


def desk(name):
    """A directory with the editor, and where the text's file goes."""
    d = fresh(name)
    (d / "an editor").write_text(EDITOR)
    (d / "an editor").chmod(0o755)
    (d / "tmp").mkdir()
    return d, {"VISUAL": f"'{d}/an editor' --option", "EDITOR": "false", "TMPDIR": str(d / "tmp")}


def edits(p, name="default", what="net-edit"):
    p.send(f"{what} {name}\r")
    p.until(lambda: HEAD in p.raw and p.mode() == {"isig", "echo", "icanon"}, "the editor on a terminal as it was")
    p.raw = p.raw.replace(HEAD, "")


def nothing_left(d):
    assert os.listdir(d / "tmp") == [], os.listdir(d / "tmp")


def is_dead(pid):
    """It may still wait for its new parent to look."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@test
def an_editor_changes_a_definition():
    d, env = desk("editor")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.press("net-destroy default\r", "net-destroy 'default' on test:///default? [yes/no]")
        p.press("y\r", "Network default destroyed", "migsh>")
        edits(p)
        p.send("mtu 1400\rsave\r")
        p.see_last("Network default XML configuration edited.", "migsh>")
        assert p.mode() == set()
        p.press("net-dumpxml default --xpath //mtu\r", '<mtu size="1400"/>', "migsh>")
        edits(p)
        p.send("save\r")
        p.see_last("Network default XML configuration not changed.", "migsh>")
        edits(p, "default-pool", "pool-edit")
        p.send("save\r")
        p.see_last("Pool default-pool XML configuration not changed.", "migsh>")
        edits(p, "test", "edit")
        p.send("save\r")
        p.see_last("Domain 'test' XML configuration not changed.", "migsh>")
        nothing_left(d)
        p.press("\x1b[A", "migsh> edit test")


@test
def a_snapshot_and_a_description_are_edited():
    d, env = desk("snapshot")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.press("snapshot-create-as test a\r", "Domain snapshot a created", "migsh>")
        edits(p, "test a", "snapshot-edit")
        p.send("save\r")
        p.see_last("Snapshot a XML configuration not changed.", "migsh>")
        edits(p, "test a", "snapshot-edit")
        p.send("called b\rsave\r")
        p.see("--rename or --clone is needed to change a to b")
        p.see_last("  Edit again? [yes/no]")
        p.send("no\r")
        p.see_last("migsh>")
        edits(p, "test --edit --title", "desc")
        p.send("text web & shop\rsave\r")
        p.see_last("Domain title updated successfully", "migsh>")
        p.press("desc test --title\r", "web & shop", "migsh>")
        nothing_left(d)


@test
def a_snapshot_gets_another_name_only_where_nothing_has_it_and_nothing_else_knows_the_old_one():
    d, env = desk("names")
    (d / "bare.xml").write_text("<domain type='test'><name>bare</name><memory>1024</memory><os><type>hvm</type></os></domain>")

    def refused(command, name, why):
        edits(p, command, "snapshot-edit")
        p.send(f"called {name}\rsave\r")
        p.see(why)
        p.see_last("  Edit again? [yes/no]")
        p.send("no\r")
        p.see_last("migsh>")

    with at_prompt(d, "-C", "test:///default", env=env) as p:
        p.press("snapshot-create-as test held\r", "Domain snapshot held created", "migsh>")
        for how in "--rename", "--clone":
            refused(f"test held {how}", "free", "'held' is stored in the disk images")
        p.press(f"define {d}/bare.xml\r", f"Domain 'bare' defined from {d}/bare.xml", "migsh>")
        for name in "a", "b":
            p.press(f"snapshot-create-as bare {name}\r", f"Domain snapshot {name} created", "migsh>")
        for how in "--rename", "--clone":
            refused(f"bare b {how}", "a", "domain 'bare' already has a snapshot 'a'")
        refused("bare a --rename", "c", "'a' has children")
        p.press("snapshot-list bare --tree\r", "a", "  |", "  +- b", "", "migsh>")
        edits(p, "bare a --clone", "snapshot-edit")
        p.send("called c\rsave\r")
        p.see_last("Snapshot a cloned to c.", "migsh>")
        p.press("snapshot-list bare --name\r", "a", "b", "c", "migsh>")
        # An option is obeyed whatever becomes of the text.
        edits(p, "bare a --current", "snapshot-edit")
        p.send("save\r")
        p.see_last("Snapshot a edited.", "migsh>")
        p.press("snapshot-current bare --name\r", "a", "migsh>")
        nothing_left(d)


@test
def what_libvirt_refuses_is_edited_again_or_given_up():
    d, env = desk("again")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        edits(p)
        p.send("garbage\rsave\r")
        p.see_last("  Edit again? [yes/no]")
        p.send("y\r")
        p.until(lambda: HEAD in p.raw, "the editor again")
        p.send("mend\rsave\r")
        p.see("XML configuration edited.")
        edits(p)
        p.send("garbage\rsave\r")
        p.see_last("  Edit again? [yes/no]")
        p.send("no\r")
        p.see("error: failed to define network 'default'")
        p.see_last("migsh>")
        edits(p)
        p.send("fail\r")
        p.see("with status 3: nothing was changed")
        edits(p)
        p.send("gone\r")
        p.see("No such file or directory")
        p.see_last("migsh>")
        nothing_left(d)


@test
def ctrl_c_in_an_editor_is_the_editors():
    d, env = desk("ctrlc")
    with at_prompt(d, "-C", "test:///default", env=env) as p:
        edits(p)
        p.send("\x1amtu 1400\r")  # stopped, it is woken again
        p.see("did: mtu 1400")
        p.send("\x03")
        p.see("interrupted")
        p.see("with status 130: nothing was changed")
        p.see_last("migsh>")
        assert p.mode() == set()
        nothing_left(d)
        p.press("net-list --name\r", "default", "migsh>")


@test
def an_editor_of_a_single_command():
    d, env = desk("single")
    with migsh(d, "-C", "test:///default", "net-edit", "default", env=env) as p:
        p.until(lambda: HEAD in p.raw and p.mode() == {"isig", "echo", "icanon"}, "the editor")
        p.send("mtu 1400\rsave\r")
        assert p.wait() == 0
        p.see("Network default XML configuration edited.")
        assert p.mode() == {"isig", "echo", "icanon"}
        nothing_left(d)


@test
def a_console_that_is_told_to_end_takes_its_editor_along():
    d, env = desk("term")
    with migsh(d, "-C", "test:///default", "net-edit", "default", env=env) as p:
        p.until(lambda: HEAD in p.raw, "the editor")
        os.kill(p.pid, 15)
        assert p.wait() != 0
        nothing_left(d)


@test
def an_editor_that_is_deaf_does_not_outlive_its_console():
    d, env = desk("deaf")
    (d / "an editor").write_text(f"#!/bin/sh\ntrap '' TERM HUP INT\necho $$ >'{d}/pid'\n{EDITOR}")
    with migsh(d, "-C", "test:///default", "net-edit", "default", env=env) as p:
        p.until(lambda: HEAD in p.raw, "the editor")
        editor = int((d / "pid").read_text())
        os.kill(p.pid, 15)
        assert p.wait() != 0
        assert p.mode() == {"isig", "echo", "icanon"}
        nothing_left(d)
        assert is_dead(editor)


@test
def a_secret_is_typed_and_not_kept():
    d = fresh("secret")
    (d / "secrets").mkdir()
    uri, uuid = f"secret:///embed?root={d}/secrets", "55806c7d-8e93-456f-829b-607d8c198367"
    (d / "s.xml").write_text(f"<secret><uuid>{uuid}</uuid></secret>")
    with at_prompt(d, "-C", uri) as p:
        p.press(f"secret-define {d}/s.xml\r", f"Secret {uuid} created", "migsh>")
        p.send(f"secret-set-value {uuid} --interactive\r")
        p.see_last("Enter new value for secret:")
        p.send("t0p s3cret\r")
        p.see_last("Secret value set", "migsh>")
        assert "t0p" not in p.raw
        p.send(f"secret-set-value {uuid} dDBw\r")
        p.see("was not set")
        p.send(f"secret-set-value {uuid} --base64 dDBw\r")
        p.see_last("hint: --interactive asks for it, --file FILE reads it", "migsh>")
        p.send("quit\r")
        assert p.wait() == 0
    history = next((d / "state").rglob("history")).read_text()
    assert "secret-define" in history and "dDBw" not in history and "t0p" not in history, history
