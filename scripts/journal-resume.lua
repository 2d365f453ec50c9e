-- SPDX-License-Identifier: GPL-3.0-or-later
-- Goes on with a workflow that failed or whose console ended; `resume ID` comes here, too.
local function text_of(value)
  return ("journal %s: %s\n"):format(value.journal, value.state)
end

return {
  description = "go on with an unfinished undertaking",
  group = "Journals",
  help = [[
What its journal says is done is not done again; a step whose end nobody saw is looked at on the nodes first; then it
goes on to its end. That is refused where somebody has gone on without it, so that neither host's copy may be touched,
and while a node does not answer (--force continues without its answer). journal-list names what is unfinished. resume
with an id does the same.]],
  example = "journal-resume 20261121-041914.120-cold-migrate-3fa9c1\nresume 20261121-041914.120-cold-migrate-3fa9c1",
  args = {
    { name = "id", type = "journal", required = true, positional = true,
      help = "which journal, as journal-list names it" },
    { name = "force", type = "bool", help = "even if a node of the inventory does not answer" },
  },
  run = function(a)
    local value, text = mig.transaction_resume(a.id, a.force)
    return value, text or text_of(value)
  end,
}
