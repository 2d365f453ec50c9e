# fish completion for migsh: asks the program itself, which answers in fish's own "word<TAB>description".
# SPDX-License-Identifier: GPL-3.0-or-later

function __migsh_complete
    set -l words (commandline -opc)
    $words[1] --complete $words[2..-1] (commandline -ct) 2>/dev/null
end

complete -c migsh -f -a '(__migsh_complete)'
complete -c migsh -n 'test -z "(__migsh_complete)"' -F
