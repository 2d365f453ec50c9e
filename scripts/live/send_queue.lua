-- SPDX-License-Identifier: GPL-3.0-or-later
-- What the source's kernel keeps of the memory that QEMU has given it to send. QEMU counts that as sent, so when the
-- guest stops it waits for all of it on top of the downtime limit: up to tcp_wmem's 4 MiB, 34 ms of 1 Gbit/s. With a
-- bound on what is not sent yet, sockets take no more than the network does; it costs no throughput, as what is under
-- way is not counted. A parameter of the whole host, so it is set for as long as the migration runs.
local sysctl = require "lib.sysctl"
local send_queue = {}

local KEY <const> = "net.ipv4.tcp_notsent_lowat"
local MOST <const> = 65536 -- bytes

-- job.queue becomes the bound that the source had, as text, where there is something to set.
function send_queue.choose(job, case)
  local now = case.source.notsent_lowat
  local bytes = math.tointeger(tonumber(now))
  job.queue = bytes and (bytes < 0 or bytes > MOST) and now or nil
end

local UNBOUND <const> = { ["4294967295"] = true, ["-1"] = true } -- the kernel's default, and what older ones called it

function send_queue.title(job)
  local was = UNBOUND[job.queue] and "unbounded" or job.queue
  return job.queue and ("at most %d KiB unsent on %s, was %s"):format(MOST // 1024, job.source, was) or "as it is"
end

-- A step of a workflow. It is no reason to stay that this cannot be set. What has the value already has it from an
-- attempt before, or from a migration beside this one: whichever ends first puts it back.
function send_queue.set(job)
  if not job.queue then
    return nil, true
  end
  local state, why = sysctl.swap(job.source, KEY, job.queue, MOST)
  if state == "refused" then
    mig.warn(mig.line(("%s: %s stays %s, so the guest may stand still for longer: %s"):format(job.source, KEY,
      job.queue, why)))
  end
  return { set = state == "swapped" or state == "other" and why == tostring(MOST) }, state ~= "swapped"
end

-- Unless somebody else has set it since.
function send_queue.put_back(job)
  local state, why
  if job.queue then
    state, why = sysctl.swap(job.source, KEY, MOST, job.queue)
  end
  if state == "refused" then
    mig.warn(mig.line(("%s: %s stays %d: %s (it was %s)"):format(job.source, KEY, MOST, why, job.queue)))
  end
end

return send_queue
