-- SPDX-License-Identifier: GPL-3.0-or-later
-- What `mig` holds is not named here: its functions are rows of lua/lib/api.lua (tests/lua compares the two), its other
-- names commands that only the binary knows.
std = "lua54"
max_line_length = 120
read_globals = { mig = { other_fields = true } }
files["lua/lib/init.lua"] = { globals = { "mig" } }
-- The one place that changes Lua's own library.
files["lua/lib/sandbox.lua"] = { globals = { "package", "os", "debug", "coroutine", "io" } }
