-- SPDX-License-Identifier: GPL-3.0-or-later
-- Takes an unfinished workflow back, or what a journal of node changes says was done.
return {
  description = "take back an unfinished undertaking",
  group = "Journals",
  help = [[
Each step that acted is undone, the last one first, until all is as it was. That is refused once a point of no return is
behind it, such as the guest having run on the other host: then it only goes forward (resume ID). What prepare-nodes did
is taken back also when it is done. For a journal of changes of nodes this is journal-revert.
With --forget nothing is undone or done: the journal is closed, and another undertaking may begin with the same
domain. A journal that cannot be read is set aside by that, as ID.jsonl.aside: until then it holds whatever it may have
begun.]],
  example = "rollback 20261121-041914.120-cold-migrate-3fa9c1",
  args = {
    { name = "id", type = "journal", required = true, positional = true,
      help = "which journal, as journal-list names it" },
    { name = "forget", type = "bool", help = "leave everything as it is, and the journal closed" },
  },
  run = function(a)
    local value = mig.transaction_rollback(a.id, a.forget)
    local word = value.file and ("set aside as " .. value.file) or a.forget and "closed, nothing was undone"
      or "taken back"
    return value, ("journal %s: %s\n"):format(value.journal, word)
  end,
}
