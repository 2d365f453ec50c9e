# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# What a host is asked about its CPUs, its memory and its devices: errors and their hints, JSON, Lua and completion;
# tests/virsh has the rest.
cp "$here"/../virsh/files/{cpu,two_cpus,lab,vport}.xml .
cp cpu.xml 'a b;$(x).xml'
printf '<cpu><model>x</modle></cpu>' >broken.xml
m -k <<'END'
cpu-compare nosuch.xml
cpu-compare broken.xml
cpu-compare lab.xml
cpu-compare 'a b;$(x).xml'
hypervisor-cpu-compare cpu.xml --error
cpu-baseline lab.xml
hypervisor-cpu-baseline
hypervisor-cpu-baseline cpu.xml --model Nehalem
hypervisor-cpu-baseline --model '<a&b>'
cpu-models bogus
cpu-models
maxvcpus --type kvm
nodecpustats --cpu x
nodecpustats --percent
nodememstats
node-memory-tune --shm-merge-across-nodes 2
node-memory-tune --shm-pages-to-scan 100
nodesuspend x 60
nodesuspend mem 60
nodesevinfo
freecell 5
freecell --all --cellno 0
freepages
freepages --cellno 0
freepages --all --cellno 0
freepages --cellno 9 --pagesize 4
allocpages 2MiB
allocpages 2MiB 4 --all --cellno 1
allocpages 2MiB 4
domlaunchsecinfo test
domsetlaunchsecstate test
domsetlaunchsecstate test cpu.xml nosuch
nodedev-list --cap storag
nodedev-list --tree --cap pci
nodedev-list --inactive
nodedev-list
nodedev-list scsi_host,storage
nodedev-list --tree
nodedev-info nosuch
nodedev-info 'x; $(y)'
nodedev-dumpxml computer --wrap
nodedev-detach computer --driver vfio
nodedev-reset computer
nodedev-create broken.xml
nodedev-create nosuch.xml
nodedev-create vport.xml
nodedev-destroy scsi_host12
nodedev-destroy computer
nodedev-autostart computer --disable
nodedev-event
nodedev-event --event lifecycle --device nosuch
nodedev-event --event update --timeout 50ms
END
for line in 'cpu-models ppc64' maxvcpus nodecpumap 'nodecpustats 1' freecell 'freecell 0' 'freecell --all' 'freepages 0 4' \
    'freepages --all --pagesize 4' 'nodedev-list --cap system' 'nodedev-info computer' 'nodedev-create vport.xml; nodedev-destroy scsi_host12' \
    'nodedev-event --list'; do
    m --json -c "$line"
done
cat >host.lua <<'END'
print(mig.maxvcpus{}, mig.nodecpumap{}.list, mig.freecell{}.free_kib, #mig.freepages{all = true})
print(mig.nodedev_list{cap = "system"}[1].name, mig.nodedev_info{device = "computer"}.active)
print(pcall(mig.nodedev_reset, {device = "nosuch"}))
END
chmod 600 host.lua
m host.lua
tried() { echo "== ${*:1}"; "$MIGSH" --complete -C test:///default "$@"; }
tried cpu-models x
tried allocpages ''
tried domcapabilities --virttype k
tried nodesuspend ''
tried nodedev-list --cap scsi
tried nodedev-event --event ''
