# SPDX-License-Identifier: GPL-3.0-or-later
# What configures the network of a node is told by: sh hook VERB BRIDGE PORT, of bridge_go.sh and its like. VERBs:
#   arm SECONDS    before anything is changed; may leave files in the working directory for the others
#   native         0: `make` makes the bridge alone; else the links are changed first, by ip
#   make, activate the files are there: make it so; adopt what the links are
#   restore        the files are as before
#   keep           it stays
# This one is for what reads files at the next boot alone, or has none.
# shellcheck shell=sh
case $1 in native) exit 1 ;; esac
