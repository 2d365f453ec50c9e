# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# What is asked of the agent inside a guest; here guest-init's, which says what it always says.
with_an_agent() {
    lab guest define share >/dev/null && v dumpxml share --inactive | with_agent >"$work/agent.xml" && v define "$work/agent.xml" &&
        v start share && lab wait share
}
check "a guest with an agent" with_an_agent
asked() { local what=$1; shift; m "$@" >/dev/null && [[ $(on admin curl -s "http://$(lab address share)/agent") == "$what "* ]]; }
check "qemu-agent-command" says '{"return":{}}' m qemu-agent-command share '{"execute":"guest-ping"}'
check "qemu-agent-command --pretty" says '"version": "1"' m qemu-agent-command share --pretty --timeout 10 '{"execute":"guest-info"}'
check "qemu-agent-command: what it does not know" gives 1 'has not been found' m qemu-agent-command share '{"execute":"guest-nosuch"}'
check "domhostname" prints labguest m domhostname share --source agent
check "guestinfo" says 'os.name             : Lab' m guestinfo share
check "as virsh: guestinfo --os --hostname" as_virsh guestinfo share --os --hostname
check "guestinfo: what the agent does not know" gives 1 'timezone' m guestinfo share --timezone
check "as virsh: guestvcpus" as_virsh guestvcpus share
check "guestvcpus --disable" asked guest-set-vcpus guestvcpus share 1 --disable
check "as virsh: domfsinfo" as_virsh domfsinfo share
check "domfsfreeze" says 'Froze 1 filesystem(s)' m domfsfreeze share
check "domfsthaw" says 'Thawed 1 filesystem(s)' m domfsthaw share
check "domfsfreeze: one of them" asked guest-fsfreeze-freeze-list domfsfreeze share --mountpoint /lab
m domfsthaw share >/dev/null
check "domfstrim" asked guest-fstrim domfstrim share
check "as virsh: get-user-sshkeys" as_virsh get-user-sshkeys share root
echo 'ssh-ed25519 BBBB lab' >"$work/key"
check "set-user-sshkeys" asked guest-ssh-add-authorized-keys set-user-sshkeys share root --file "$work/key"
check "set-user-sshkeys --remove" asked guest-ssh-remove-authorized-keys set-user-sshkeys share root "$work/key" --remove
password_is() { [ "$(on admin curl -s "http://$(lab address share)/password")" = "$1" ]; }
check "set-user-password asks" gives 0 'Password set successfully for root in share' env MIGSH_PASSWORD="hid 'den" timeout 60 python3 "$here/lib/answer.py" \
    "$here/lab" exec admin -- "$migsh" -i "$work/nodes" set-user-password share root
check "… and it is what was typed" password_is "hid 'den"
echo another >"$work/password"
check "set-user-password --file" m set-user-password share root --file "$work/password"
check "… and it is what is in the file" password_is another
check "set-user-password: not on a command line" gives 2 'could be seen by everybody' m set-user-password share root seen
check "as virsh: domtime" eval '[ $(($(v domtime share | tr -dc 0-9) - $(m domtime share | tr -dc 0-9))) -lt 60 ]'
lab guest stop share >/dev/null
