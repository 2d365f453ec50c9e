# shellcheck shell=bash
# explain: a text, the last error, a topic; and hints that the dispatcher takes from the same rows.
export XDG_STATE_HOME=$TMP/state
try() { "$@" 2>&1; echo "[$?]"; }
timeless() { sed -E 's/, [0-9]{4}-[0-9-]+ [0-9:]+:$/, TIME:/; s/"time":[0-9.]+/"time":TIME/'; }
echo "--- nothing has failed yet"
try m explain
try m explain last
echo "--- a text"
try m explain "error: Unsafe migration: Migration without shared storage is unsafe"
try m explain "unable to connect to server at '192.0.2.7:49152': No route to host"
try m explain $'first line\noperation failed: domain \'x\' already exists with uuid 1'
try m explain "the moon is full"
try m explain "the post-copy was so hot"
try m --json explain "no route to host"
try m --json explain "the moon is full"
try m explain ""
echo "--- the last error"
try m migrate test test:///default --live
try m explain | timeless
try m nosuch
try m list --nosuch
try m explain last | timeless
try m --json explain LAST | timeless
try m domstate nosuch
try m explain | timeless
try m -c 'lua error("from Lua: No route to host")'
try m explain | timeless
printf '{}' >"$XDG_STATE_HOME/migsh/last-error.json"
try m explain
chmod 666 "$XDG_STATE_HOME/migsh/last-error.json"
try m explain | grep -v ' by anybody'
echo "--- topics"
try m explain post-copy
try m explain Thermal
try m --json explain p2p
try m explain persistent test
m create /dev/stdin <<'END'
<domain type='test'>
  <name>small</name>
  <memory>8192</memory>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='/nonexistent/x.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
  </devices>
</domain>
END
try m explain safety test | tail -n 5
try m -c 'destroy test; explain cold test' | tail -n 6
try m explain safety nosuch
try m explain nosuch test
try m explain modes test extra
try m help topic
try m help Hot
try m help LIVE
"$MIGSH" --complete explain l
"$MIGSH" --complete help po
for t in $("$MIGSH" --complete explain ''); do [ "$t" = last ] || m -q explain "$t" | head -n 1; done
echo "--- hints from the rows"
try m managedsave nosuch
try m -c 'destroy test; domifaddr test'
try "$MIGSH" -C 'qemu+unix:///system?socket=/nosuch/sock' list
echo "--- in Lua"
try m -c '=mig.explain("No route to host").matches[1].cause'
try m -c '=mig.explain{text="modes"}.topic'
