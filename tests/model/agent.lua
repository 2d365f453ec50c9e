-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a guest's agent is asked for, for the fake `mig` (fake.lua): each guest has one, and a clock that stands still.
return function(fake)
  local mig, find, need_active, changing = fake.mig, fake.find, fake.need_active, fake.changing

  function mig.domtime(args)
    local node, d = find(args[1])
    need_active(d)
    if args.time then
      changing("domtime on " .. node.name, function()
        d.active.clock = args.time
      end)
      return nil
    end
    return { seconds = d.active.clock or 0, nanoseconds = 0 }
  end

  function mig.guest_agent_timeout(args)
    local _, d = find(args[1])
    need_active(d)
  end

  function mig.domfstrim(args)
    local node, d = find(args[1])
    need_active(d)
    changing("domfstrim on " .. node.name, function() end)
  end
end
