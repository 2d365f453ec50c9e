-- SPDX-License-Identifier: GPL-3.0-or-later
-- Proxmox VE's: src/PVE/QemuMigrate.pm (phase2) of qemu-server, with migrate_downtime and migrate_speed of
-- src/PVE/QemuServer.pm, commit e6352be6: 100 ms, doubled after more than five polls, not in a row, that found the rest
-- grown or nothing left; at most what QEMU takes. It polls each second, and ten times a second once the rest is less
-- than what a poll sends on average.
local POLLS <const> = 5
local SLOW <const>, QUICK <const> = 1, 0.1 -- seconds

local function poll(state, memory)
  local rest, sent = state.remaining, state.sent or 0
  if state.elapsed < (memory.next or SLOW) or not rest then
    return nil
  end
  local average = (memory.sent or 0) / ((memory.polls or 0) + 1)
  memory.polls = (memory.polls or 0) + 1
  if sent ~= (memory.sent or 0) then
    if average > 0 and rest < average then
      memory.pause = QUICK
    end
    if rest == 0 or (memory.rest or 0) > 0 and rest > memory.rest then
      memory.grown = (memory.grown or 0) + 1
    end
    memory.rest, memory.sent = rest, sent
  end
  memory.next = state.elapsed + (memory.pause or SLOW)
  if (memory.grown or 0) > POLLS then
    memory.grown = 0
    return { limit_times = 2, why = ("the rest grew %d times"):format(POLLS + 1) }
  end
end

return {
  title = "Proxmox VE's: 100 ms, doubled whenever the rest has grown six times",
  start = { limit = 100 },
  on_pass = poll,
  on_tick = poll,
}
