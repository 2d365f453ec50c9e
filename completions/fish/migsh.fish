# fish completion for migsh: asks the program itself, which answers in fish's own "word<TAB>description".
# SPDX-License-Identifier: GPL-3.0-or-later

function __migsh_complete
    set -l words (commandline -opc)
    # The shell's quotes are not part of the word.
    set -l word (commandline -ct)
    if string match -qr '^[\'"]' -- $word
        set word (string sub -s 2 -- $word)
    else if set -l plain (string unescape -- $word)
        set word $plain
    end
    set -l found ($words[1] --complete $words[2..-1] "$word" 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path $word
    end
end

complete -c migsh -f -a '(__migsh_complete)'
