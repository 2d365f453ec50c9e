# SPDX-License-Identifier: GPL-3.0-or-later
"""Tab at the prompt, and in the shells from which migsh is called."""
import os
import pathlib
import shutil

from prompt import Hooked, MIGSH, Silent, Skip, at_prompt, completes, env_of, fresh, migsh, test
from term import Program
from test_hostile import hostile_domains


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
             ("migsh --keep-\t", "migsh --keep-going"),
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
def completing_for_a_shell_asks_the_hosts_but_waits_for_none():
    d = fresh("ashell")
    with Silent() as host:
        inventory(d, f"node-add silent --uri {host.uri}", f"node-add a --uri {keeper(d)}")
        for words, wanted in ((("domstate", "ke"), "keeper"), (("-C", "test:///default", "dominfo", "t"), "test"),
                              (("-C", "test:///default", "dominfo", "ke"), ""),
                              (("vol-path", "--pool", "images", "di"), "disk-one.raw"),
                              (("snapshot-info", "keeper", ""), "before-upgrade"),
                              (("-C", host.uri, "domstate", ""), "")):
            with migsh(d, "--complete", *words) as p:
                assert p.wait() == 0
                while p.read(0.2):
                    pass
                assert p.raw.split() == wanted.split(), (words, p.raw)


@test
def events_come_beside_the_prompts_own_names():
    for words in ("--event lifecycle", "--all", "test lifecycle", "--all --domain test"):
        with at_prompt(fresh("event"), "-C", "test:///default") as p:
            completes(p, "dominfo t", "dominfo test")  # by then the prompt listens to the same events
            p.send("lua mig.spawn(function() while true do mig.sleep(50) mig.suspend{'test'} mig.resume{'test'} end end)\r")
            p.see_last("migsh>")
            p.send(f"event {words}\r")
            p.see("event 'lifecycle' for domain 'test': ")
            p.see_last("events received: 1", "migsh>")


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
            completes(p, "net-info de", "net-info default")
            completes(p, "attach-interface test network de", "attach-interface test network default")
            completes(p, "iface-mac et", "iface-mac eth1")
            completes(p, "domif-getlink test te", "domif-getlink test testnet0")
            completes(p, "detach-disk test@a vd", "detach-disk test@a vda")
            p.press("dominfo ", "migsh> dominfo")
            p.send("\t\t")
            p.see("evilfour")


def keeper(d):
    """A host with a guest that has a snapshot, and a pool that has a volume; a domain's texts are read anew."""
    xml = d / "keeper.xml"
    guest = "<name>keeper</name><memory>1024</memory><os><type>hvm</type></os>"
    xml.write_text(
        "<node><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" + guest +
        "<test:domainsnapshot><name>before-upgrade</name><creationTime>1</creationTime><state>shutoff</state><active>1</active>"
        f"<domain type='test'>{guest}</domain></test:domainsnapshot></domain>"
        "<pool type='dir'><name>images</name><target><path>/images</path></target>"
        "<volume><name>disk-one.raw</name><capacity>1000</capacity></volume></pool></node>")
    return f"test://{xml}"


@test
def tab_knows_what_guests_and_pools_have_before_a_command_has_named_it():
    d = fresh("owned")
    inventory(d, f"node-add a --uri {keeper(d)}", "node-add b --uri test:///default")
    with at_prompt(d) as p:
        completes(p, "snapshot-info keeper be", "snapshot-info keeper before-upgrade")
        completes(p, "snapshot-list keeper --from be", "snapshot-list keeper --from before-upgrade")
        completes(p, "vol-info di", "vol-info disk-one.raw")
        completes(p, "vol-info --pool images di", "vol-info --pool images disk-one.raw")
        p.press("snapshot-info test be\t", "migsh> snapshot-info test be")  # of that guest alone
        p.press("\x03vol-info --pool default-pool di\t", "migsh> vol-info --pool default-pool di")


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
