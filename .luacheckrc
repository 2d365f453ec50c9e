-- SPDX-License-Identifier: GPL-3.0-or-later
-- The public functions of `mig` are named, so that one that is not documented in lua/lib/api.lua fails (tests/lua
-- compares the two); every other name is a command's and known to the binary only.
std = "lua54"
max_line_length = 120
read_globals = {
  mig = {
    other_fields = true,
    fields = {
      "all", "array", "ask", "current", "domain", "error", "fail", "fetch", "guest_address", "job",
      "journal_begin", "journal_open", "journal_set_aside", "journals", "json_decode", "json_encode", "line", "ms", "node", "nodes",
      "notice", "null", "progress", "render", "sha256", "sleep", "spawn", "start", "text_file", "timeout",
      "transaction", "transaction_judge", "transaction_resume", "transaction_rollback", "try", "undo", "warn",
      "watch_start", "xml", "xml_host", "xml_map", "xml_map_entries", "xml_map_path", "xml_mark", "xml_marked",
      "xml_unmarked",
    },
  },
}
files["lua/lib/init.lua"] = { globals = { "mig" } }
-- The one place that changes Lua's own library.
files["lua/lib/sandbox.lua"] = { globals = { "package", "os", "debug", "coroutine", "io" } }
