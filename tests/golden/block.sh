# shellcheck shell=bash
# Jobs of disks, sizes and backups: what virsh says in other words, and what only migsh refuses. (The test driver has no
# jobs; what they do is in the lab.)
d() { "$MIGSH" -C "test://${here:?}/../virsh/files/devices.xml" "$@"; }
printf '<disk\0' >nul.xml
d -k <<'END'
blockcopy web vda
blockcopy web vda /x --xml nosuch.xml
blockcopy web vda --xml nosuch.xml
blockcopy web vda --xml nul.xml
blockcopy web vda /x --async
blockcopy web vda /x --pivot --finish
blockcopy web vda /x --timeout 0
blockcopy web vda /x --transient-job
blockcopy web vdx /x --wait
blockcopy web vda /x 1X
blockcopy web vda /x -1
blockcopy web vda /x 500K
blockcopy web vda /x 500K --bytes
blockcommit web vda --pivot --keep-overlay
blockcommit web vda --verbose
blockcommit web vda --delete
blockpull web vda --base /x --keep-relative
blockpull web vda --wait
blockjob web vda
blockjob web vda --abort
blockjob web 'vd $(touch x)' --pivot
blockjob web vda 5
blockjob web vda --info --bandwidth 5
blockresize web vda 10
blockresize web vda 10 --shrink
blockresize web vda 2T
blockresize web vda -1
blockresize web nosuch 10
domblkthreshold web 'vda[1]' 5G
backup-begin web
backup-begin web nosuch.xml
backup-dumpxml web --wrap
backup-dumpxml web --xpath //a
END
d -j -k <<'END'
blockcopy web vda '/x <"y">' --format 'a&b' --print-xml
blockresize web vda 10
blockjob web vda
END
ls
