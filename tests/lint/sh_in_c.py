#!/usr/bin/env python3
"""Prints each C literal with more than two lines of sh: those belong into shell/core/*/tools/, where a linter reads them.

A literal is all its pieces put together ("a" "b"). It is sh where it has a parameter of the shell's (but for upper case,
which help has, too) or a construct. A line is one of the script, counted again each 120 columns; "%s" alone is none."""
import re
import subprocess

MAX_LINES, COLUMNS = 2, 120
SH = re.compile(r'\$[a-z_#?@*0-9({]|; (then|do)\b|\besac\b|>&2|2>/dev/null|\|\| (\{|exit|return)')
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\\?\s+|.', re.S)


def literals(text):
    """(line, script) of each literal; comments and blanks may stand between its pieces."""
    line, script, first = 1, '', 0
    for token in TOKEN.findall(text + ';'):
        if token[0] == '"':
            first = first if script else line
            script += token[1:-1]
        elif token.strip(' \t\n\\') and token[:2] not in ('//', '/*'):
            if script:
                yield first, script
            script = ''
        line += token.count('\n')


for path in subprocess.run(['git', 'ls-files', 'shell/*.[ch]', 'lua/*.[ch]'], capture_output=True, text=True,
                           check=True).stdout.split():
    with open(path, encoding='utf-8') as f:
        source = f.read()
    for number, sh in literals(source):
        own = [s.strip() for s in sh.split('\\n') if not re.fullmatch(r'(%s|[(){}\s])*', s)]
        lines = sum(1 + len(s) // COLUMNS for s in own)
        if SH.search(sh) and lines > MAX_LINES:
            print(f'{path}:{number}: {lines} lines of sh in a C literal')
