# SPDX-License-Identifier: GPL-3.0-or-later
# mounted POINT [SOURCES]: is anything mounted at POINT (as a mount table has it), and if so, one of SOURCES, a line
# each?
# shellcheck shell=sh
mounted() {
  M=$1 S=${2-} awk '$5 == ENVIRON["M"] {
      for (i = 7; $i != "-" && i < NF; i++);
      found = ENVIRON["S"] == ""
      n = split(ENVIRON["S"], all, "\n")
      for (k = 1; k <= n; k++) if (all[k] != "" && $(i + 2) == all[k]) found = 1
    } END { exit !found }' /proc/self/mountinfo
}
