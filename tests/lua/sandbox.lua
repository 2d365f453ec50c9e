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

test("globals of a script are its own", function()
  local leak = "a_global"
  _ENV[leak] = 1
  equal(rawget(_G, leak), nil)
  equal(_ENV[leak], 1)
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
