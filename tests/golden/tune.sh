# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# A domain's limits, CPUs and memory: errors and their hints, JSON, Lua and completion; tests/virsh has the rest.
tuned() { "$MIGSH" -C "test://$here/../virsh/files/tuned.xml" "$@"; }
m -k <<END
setvcpus test 99
setvcpus test 1 --maximum
setvcpus test 2 --maximum --live
setvcpus test 1 --guest --config
vcpucount test --maximum --live --current
vcpucount test --active --maximum
vcpupin test 9
vcpupin test 0 x
vcpupin test 0 ''
vcpupin test 0 0,^0
vcpupin test 0 0-9
vcpupin test 0 3-1
vcpupin test 0 1234567
vcpupin test --cpulist 1
vcpupin test 0 --live --config
emulatorpin test '1;\$(x)'
iothreadadd test 0
iothreaddel test 2
iothreadset test 1
iothreadset test 1 --poll-grow 3
setmem test 0
setmem test 1G --config --current
setmaxmem test 4G
numatune test --mode x
numatune test --mode strict
memtune test --hard-limit x
memtune test --min-guarantee 5
memtune test --config --current
blkdeviotune test hda
blkdeviotune test hda --read-iops-sec x
blkiotune test --weight 0
blkiotune test --device-weights 'a b'
domiftune test nosuch
domiftune test testnet0 --inbound x
domiftune test testnet0 --inbound 1,2,3,4,5
domiftune test testnet0 --outbound 1,2,3,4
domiftune test testnet0 --inbound 0,3
domiftune test testnet0 --inbound ,2
perf test --enable bogus
perf test --enable cmt --disable cmt
setvcpu test 0
setvcpu test 1 --enable --disable
setvcpu test 1 --enable
cpu-stats test --start 5
cpu-stats test --count 100 --total
destroy test
setvcpus test 1
setmem test 1M
vcpupin test --live
cpu-stats test
END
for line in 'vcpucount test' 'vcpucount test --maximum' 'vcpupin test' 'vcpupin test 1' 'emulatorpin test' 'iothreadinfo test' \
    'setmem test 1G' 'numatune test 1 0-1; numatune test' 'memtune test --soft-limit 1G; memtune test' 'blkiotune test' \
    'domiftune test testnet0 --inbound 7; domiftune test testnet0' 'perf test cmt mbmt' 'perf test' 'cpu-stats test 1 --total' \
    'destroy test; vcpuinfo test'; do
    m --json -c "$line"
done
tuned --json -c 'blkdeviotune tuned vda --total-bytes-sec 1M --total-bytes-sec-max 2M; blkdeviotune tuned vda; iothreadinfo tuned'
cat >tune.lua <<'END'
mig.setvcpus{domain = "test", count = 1}
print(mig.vcpucount{domain = "test", live = true})
mig.vcpupin{domain = "test", vcpu = 0, cpulist = "1-2"}
print(mig.vcpupin{domain = "test"}[1].affinity, mig.vcpuinfo{domain = "test"}.vcpus[1].map)
mig.memtune{domain = "test", ["hard-limit"] = "1G"}
print(mig.memtune{domain = "test"}.hard_limit, mig.memtune{domain = "test"}.soft_limit)
local ok, err = pcall(mig.setmem, {domain = "test", size = "0"})
print(ok, err.code)
END
chmod 600 tune.lua
m tune.lua
tried() { echo "== ${*:1}"; "$MIGSH" --complete -C test:///default "$@"; }
tried numatune test --mode ''
tried memtune test --hard-limit u
tried perf test --enable cpu_
tried perf test --enable=cmt,page_
