# SPDX-License-Identifier: GPL-3.0-or-later
# A tool for the tests: each of its words, in brackets.
# shellcheck shell=sh
  # and a comment that is set in
for word; do
  printf '[%s]' "$word" # not a line of comments
done
