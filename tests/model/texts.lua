-- SPDX-License-Identifier: GPL-3.0-or-later
-- The fake mig's texts: lists, lines, files in memory, JSON.
return function(fake)
  local mig = fake.mig

  function mig.array(t)
    return t
  end

  function mig.line(text)
    return (tostring(text):gsub("%c", "?"))
  end

  local TextFile = { __tostring = function(f)
    return f.path
  end, __close = function(f)
    fake.console().world.admin_files[f.path] = nil
  end }

  function mig.text_file(text)
    local w = fake.console().world
    w.n_tmp = (w.n_tmp or 0) + 1
    local path = "/memory/" .. w.n_tmp
    w.admin_files[path] = { content = { text = text }, size = #text, users = {} }
    return setmetatable({ path = path }, TextFile)
  end

  function mig.memo() end -- nothing was asked before

  function mig.guest_address()
    return true
  end

  function mig.sha256(text)
    return fake.console().world:digest { content = { text = text } }
  end

  -- The only JSON there is here was put into a file by the model, which keeps what it says.
  function mig.json_decode(text)
    local value = fake.console().world.json[text] or fake.broken("json_decode of %s", text)
    return fake.copy(value)
  end

  -- As it comes out of a file: a function in it would be a mistake.
  function fake.copy(value)
    if type(value) == "function" or type(value) == "userdata" and value ~= mig.null or type(value) == "thread" then
      fake.broken("a %s was put into a journal", type(value))
    elseif type(value) ~= "table" then
      return value
    end
    local out = {}
    for key, item in pairs(value) do
      out[key] = fake.copy(item)
    end
    return out
  end
end
