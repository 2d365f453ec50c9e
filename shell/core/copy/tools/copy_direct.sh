# SPDX-License-Identifier: GPL-3.0-or-later
# From node to node: the reader's command line $1, and by ssh the writer's, $5, on $4 with port $2 as $3. The reader
# ends when its stdin does, so the console has to hear of it ("@end STATUS") when ssh ends by itself.
# shellcheck shell=sh
eval "$1" | {
  ssh -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ConnectTimeout=10 \
    -o NumberOfPasswordPrompts=0 -o ControlPath=none -o Compression=no -o ClearAllForwardings=yes \
    -o LogLevel=ERROR -o ServerAliveInterval=5 -o ServerAliveCountMax=4 \
    -o 'Ciphers=^aes128-gcm@openssh.com,aes256-gcm@openssh.com' -p "$2" -l "$3" -- "$4" "$5"
  echo "@end $?"
}
