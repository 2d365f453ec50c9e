# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # run.sh has them
# The pages of report --html in a browser, if there is one: what it says of them, what it asks the network for, and what
# it shows. With MIGSH_KEEP_PAGES=DIR the pages and pictures of them, 400 and 1200 pixels wide, stay there. Sourced by
# run.sh only.
pages=${MIGSH_KEEP_PAGES:-$dir/browser}
mkdir -p "$pages"
run "$here/record/pages.lua" "$pages" </dev/null >"$dir/pages.log"
report $? "report --html writes its pages" "$(cat "$dir/pages.log")"
newest=$("$migsh" --complete report 20 | cut -f 1 | tail -n 1)
[[ $newest =~ ^20[0-9]{6}-.*-live-migrate-[0-9a-f]{6}$ ]] && [ "$("$migsh" --complete log compare "$newest" "$newest" | cut -f 1)" = "$newest" ]
report $? "ids of runs are completed, of those that are done too" "$newest"
expect "report of one that is not there" 3 "error: no journal 'x'" report x
expect "log compare with one that is not there" 3 "error: no journal 'x'" log compare "$newest" x
expect "log is a table, with percentiles below" 0 'Id +When .*live-migrate +share +source -> dest +ok .*~outage of [0-9]+ runs: p50 101 ms' log
expect "log compare is one, too" 0 'total time +3.50 s +3.50 s +1.00~' log compare "$newest" "$newest"
browser=
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser=$(command -v $name || true)
done
# browse ARG… PAGE: its DOM is printed; what the page says and asks for goes to browser.err and net.json.
browse() {
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$dir/profile" \
        --enable-logging=stderr --log-net-log="$dir/net.json" "$@" 2>"$dir/browser.err"
}
# Of the page, and of nobody else: the browser itself asks for updates and the like.
asked() { grep -oE '"url":"(https?|ftp|wss?)://[^"]*"' "$dir/net.json" | grep -E 'evil|192\.0\.2|share' || true; }
if [ -z "$browser" ]; then
    skipped=$((skipped + 1))
    echo "ok - the pages in a browser # SKIP there is no chromium here"
else
    for name in full hostile huge empty; do
        browse --dump-dom "file://$pages/$name.html" >"$dir/$name.dom" && grep -q '</html>' "$dir/$name.dom"
        report $? "$name.html in a browser" "$(tail -n 5 "$dir/browser.err")"
        said=$(grep 'CONSOLE' "$dir/browser.err")
        [ -z "$said" ]
        report $? "$name.html: the console says nothing" "$said"
        [ -s "$dir/net.json" ] && [ -z "$(asked)" ]
        report $? "$name.html asks the network for nothing" "$(asked)"
        ! grep -qE '<(script|img|a|link|iframe)[ >]' "$dir/$name.dom"
        report $? "$name.html: nothing foreign became an element" "$(grep -oE '<(script|img|a|link|iframe)[ >].{80}' "$dir/$name.dom")"
    done
    for text in '92.50 ms to 101 ms' '3.50 s' '1.1 GiB' 'suspended, resumed' '41.50 ms' 'passes stall' '70.50 ms'; do
        grep -qF -- "$text" "$dir/full.dom"
        report $? "full.html shows $text"
    done
    for width in 400 1200; do
        browse --window-size=$width,2400 --screenshot="$pages/full-$width.png" "file://$pages/full.html" >"$dir/shot.log"
        [ -s "$pages/full-$width.png" ]
        report $? "full.html, $width pixels wide" "$(tail -n 5 "$dir/browser.err")"
    done
fi
