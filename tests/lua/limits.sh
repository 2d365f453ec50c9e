# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # run.sh has them
# Few descriptors, and more to do than they are enough for: errors, and the console goes on. Sourced by run.sh only.
cat >"$dir/silent.py" <<'PY'
import socket, sys, time
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)  # and never accepts: once its queue is full it is silent
filling = []
for _ in range(4):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    filling.append(client)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
PY
coproc silent { exec python3 "$dir/silent.py"; }
read -r port <&"${silent[0]}"
cat >"$dir/many.lua" <<'LUA'
local at = "127.0.0.1:" .. arg[1]
local watch <close> = mig.watch_start { "tcp:" .. at, "tcp:" .. at, "tcp:" .. at, "tcp:" .. at, "tcp:" .. at,
  interval = "1ms", timeout = "30s" }
mig.sleep "1s"
local fetches, refused = {}, 0
for i = 1, 300 do
  fetches[i] = mig.spawn(function()
    local text, err = mig.try(mig.fetch, "http://" .. at .. "/", "2s")
    refused = refused + (text == nil and err.code == "io" and err.msg:find "Too many open files" and 1 or 0)
  end)
end
for _, task in ipairs(fetches) do
  task:wait()
end
print(refused > 0 and "some were refused" or "all were started", mig.domstate("test").state)
LUA
for limit in 64 256; do
    out=$(ulimit -c 0 && ulimit -n $limit && run "$dir/many.lua" "$port" </dev/null)
    rc=$?
    [ $rc = 0 ] && grep -qx "some were refused	running" <<<"$out"
    report $? "$limit descriptors, silent watch targets and 300 pages at once: errors, and it goes on" "status $rc: $out"
done
eval "exec ${silent[1]}>&-"
