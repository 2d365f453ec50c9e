# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that a hint names is one: "node-add adds one" fails where there is no node-add. virsh's are named with it
("virsh net-list"). It looks at words with a hyphen: one word alone may be English. Arguments: the commands there are."""
import re
import subprocess
import sys

COMMANDS = set(sys.argv[1:]) | {"help", "lua"}
# What else has a hyphen: English, programs of others and what they are told.
OTHERS = {"apparmor-utils", "apt-get", "ca-cert", "client-list", "go-w", "libvirt-clients", "libvirt-qemu", "migsh-part",
          "netcat-openbsd", "nfs-common", "nfs-ganesha", "nfs-server", "nfs-utils", "ovs-vsctl", "post-copy",
          "qemu-guest-agent", "qemu-img", "qemu-system-gui", "qemu-utils", "rpc-statd", "ssh-add", "ssh-copy-id",
          "ssh-keygen", "ssh-rsa", "swtpm-tools", "systemd-machined", "vhost-user", "vhost-user-gpu", "virt-admin",
          "virt-host-validate", "virt-pki-query-dn", "virt-pki-validate", "virt-xml-validate"}
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def argument(text, at, index):
    """The argument number `index` of the call whose parenthesis opens at `at`."""
    depth, n, start, quoted, i = 0, 0, at + 1, False, at
    while i < len(text):
        c = text[i]
        if quoted:
            if c == "\\":
                i += 1
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if not quoted and (depth == 0 or (depth == 1 and c == ",")):
            if n == index:
                return text[start:i]
            n, start = n + 1, i + 1
            if depth == 0:
                return ""
        i += 1
    return ""


def words_of(code):
    joined = re.sub(r'(?<!\\)"\s*(?:\.\.\s*)?"', "", code)  # texts in several pieces
    return " ".join(STRING.findall(joined))


def hints(path, text):
    if path.endswith(".lua"):
        for m in re.finditer(r"\bfail\(", text):
            yield words_of(argument(text, m.end() - 1, 1))
        for m in re.finditer(r"\bhint = (.*?)(?:, \w+ = |\}|\n *[\w}])", text, re.S):
            yield words_of(m.group(1))
        return
    for m in re.finditer(r"\berr_hint\(", text):
        yield words_of(argument(text, m.end() - 1, 1))
    if "/explain/rows_" in path:
        for m in re.finditer(r'EXPLAIN_\w+,\s*((?:"(?:[^"\\]|\\.)*",?\s*)+)', text):
            yield words_of(m.group(1))


def unknown(hint):
    hint = re.sub(r"virsh [a-z-]+(, [a-z]+-[a-z-]+)*", "", hint)
    hint = re.sub(r"(?<![\w-])--[a-z][\w-]*|\S*[/=]\S*", "", hint)
    for word in re.findall(r"(?<![\w'%-])[a-z]+(?:-[a-z]+)+(?![\w.-])", hint):
        if word not in COMMANDS | OTHERS:
            yield word


def main():
    files = subprocess.run(["git", "ls-files", "shell/*.c", "lua/*.lua", "scripts/*.lua"], capture_output=True, text=True,
                           check=True).stdout.split()
    found = 0
    for path in files:
        with open(path, encoding="utf-8") as f:
            for hint in hints(path, f.read()):
                found += 1
                for word in unknown(hint):
                    print(f"{path}: a hint names '{word}', which is no command: {hint}")
    if found < 150:
        print(f"only {found} hints were found: this test no longer sees them")


main()
