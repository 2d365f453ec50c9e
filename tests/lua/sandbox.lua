-- SPDX-License-Identifier: GPL-3.0-or-later
-- What scripts may load and reach.  is a directory of our own.
local check = dofile(arg[0]:match "^(.*)/" .. "/check.lua")
local test, equal, match, raises = check.test, check.equal, check.match, check.raises
local dir = os.getenv "MIGSH_TEST_DIR"

local function write(name, text, mode)
  local path = dir .. "/" .. name
  local f = assert(io.open(path, "w"))
  f:write(text)
  f:close()
  os.execute(("chmod %s '%s'"):format(mode, path))
  return path
end

test("no path is relative, and the environment adds none", function()
  for path in (package.path .. ";" .. package.cpath):gmatch "[^;]+" do
    match(path, "^/")
  end
  equal(package.path:find("from-the-environment", 1, true), nil)
  equal(package.cpath:find("from-the-environment", 1, true), nil)
end)

test("a trusted module is loaded, from a recipe directory", function()
  equal(require("helpers.mymodule").answer, 42)
end)

test("what others can write is refused: module, dofile, loadfile", function()
  raises("unsafe", "can be written by others", require, "helpers.badmodule")
  local path = write("bad.lua", "return 1", "666")
  raises("unsafe", "can be written by others", dofile, path)
  raises("unsafe", "can be written by others", loadfile, path)
  equal(dofile(write("good.lua", "return 7", "600")), 7)
  raises("failed", "near", dofile, write("syntax.lua", "return +", "600"))
  raises("not-found", "none.lua", dofile, dir .. "/none.lua")
end)

test("bytecode is refused", function()
  local code = string.dump(function() return 1 end)
  local fn, err = load(code, "x", "b")
  equal(fn, nil)
  match(err, "binary chunk")
  fn, err = loadfile(write("byte.lua", code, "600"), "b")
  equal(fn, nil)
  match(err, "binary chunk")
end)

test("the process cannot be ended, nor the hook removed", function()
  raises("usage", "would skip every clean%-up", os.exit, 0)
  equal(debug.sethook, nil)
  equal(debug.getregistry, nil)
  equal(os.setlocale, nil)
  equal(package.loadlib, nil)
end)

test("libraries of migsh are there by require", function()
  equal(type(require("migsh.report").migration), "function")
end)

test("what a script sets is its own: globals, the library's tables, mig, string's methods", function()
  local leak = "a_global"
  _ENV[leak] = 1
  equal(_G, _ENV)
  equal(rawget(_G, leak), 1)
  local format = string.format
  rawset(string, "format", nil)
  rawset(mig.start, "nothing", 1)
  equal(("%d"):format(3), "3")
  equal(dofile(write("own.lua", "return a_global, string.format, load('return a_global')()", "600")), 1)
  rawset(string, "format", format)
  equal(getmetatable(""), false)
end)

test("a module is loaded once, and sees the globals of who required it", function()
  write("recipes/helpers/shared.lua", "seen = (seen or 0) + 1; return {text = string.format('%d', seen)}", "600")
  local shared = require "helpers.shared"
  equal(shared.text, "1")
  equal(require("helpers.shared"), shared)
  equal(package.loaded["helpers.shared"], shared)
  equal(require "string", string)
  equal(_ENV.seen, 1)
  raises("not-found", "module 'helpers.none' not found.*no file '/.*helpers/none.lua'", require, "helpers.none")
  write("recipes/helpers/waits.lua", "mig.sleep(1)", "600")
  raises("usage", "nothing can be waited for while a file is being loaded", require, "helpers.waits")
end)

test("a pipe is no module, and is not waited for", function()
  os.execute(("mkfifo -m 600 '%s/recipes/helpers/pipe.lua'"):format(dir))
  raises("unsafe", "not a regular file", require, "helpers.pipe")
end)

test("io.write goes the way of print, and files are still files", function()
  io.write("# written", " ", 1, "\n")
  local path = dir .. "/out"
  local f <close> = assert(io.open(path, "w"))
  io.output(f)
  io.write("x", 1)
  io.output(io.stdout)
  f:close()
  equal(assert(io.open(path)):read "a", "x1")
end)
