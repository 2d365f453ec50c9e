-- SPDX-License-Identifier: GPL-3.0-or-later
-- Command lines that a text shows to the operator, as they are typed at the prompt: whatever a name or path holds.
local admin = require "lib.admin"
local line = {}

function line.word(text)
  return text:find "^[%w._/@:+=,-]+$" and text or admin.quote(text)
end

-- A command of these words.
function line.of(...)
  local words = { ... }
  for i, text in ipairs(words) do
    words[i] = line.word(text)
  end
  return table.concat(words, " ")
end

-- A text with command lines in it, by string.format: its words are quoted where the prompt wants that.
function line.format(format, ...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = type(words[i]) == "string" and line.word(words[i]) or words[i]
  end
  return format:format(table.unpack(words, 1, words.n))
end

-- The one that removes a file of a node as root, who need not be the one that logs in there.
function line.remove(node, path)
  if mig.node(node).user == "root" then
    return line.of("exec", node, "--", "rm", "-f", "--", path)
  end
  return line.of("exec", node, "--", "sudo", "rm", "-f", "--", path)
end

return line
