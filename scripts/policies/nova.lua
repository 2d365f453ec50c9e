-- SPDX-License-Identifier: GPL-3.0-or-later
-- OpenStack Nova's: nova/virt/libvirt/migration.py (downtime_steps, update_downtime, should_trigger_timeout_action) and
-- driver.py (_live_migration_monitor), with the defaults of nova/conf/libvirt.py (live_migration_downtime, _steps,
-- _delay, _completion_timeout; its action is to abort), commit 00a030403f. Nova counts the disks that are copied, too;
-- here it is the guest's memory alone.
local DOWNTIME <const>, STEPS <const> = 500, 10 -- ms
local DELAY <const>, TIMEOUT <const> = 75, 800 -- seconds for each GiB
local LEAST <const> = 2 -- GiB that count at least

local base <const> = DOWNTIME / STEPS
local offset <const> = (DOWNTIME - base) / STEPS

local function poll(state)
  if not state.memory then
    return nil
  end
  local gib = math.max(LEAST, state.memory / 2 ^ 30)
  if state.elapsed > TIMEOUT * gib // 1 then
    return { abort = ("not completed after %d s"):format(TIMEOUT * gib // 1) }
  end
  local step = math.ceil(state.elapsed / (DELAY * gib // 1)) - 1 -- the last whose time is over, not just reached
  if step >= 0 then
    step = math.min(step, STEPS)
    return { limit = (base + offset * step) // 1, why = ("step %d of %d"):format(step, STEPS) }
  end
end

return {
  title = "OpenStack Nova's: 50 to 500 ms in steps by the guest's size, given up after 800 s a GiB",
  start = { limit = base // 1 },
  on_pass = poll,
  on_tick = poll,
}
