-- SPDX-License-Identifier: GPL-3.0-or-later
-- What virsh does without options: nothing. The limit is what the source has, 300 ms if nobody changed it.
return { title = "as virsh: nothing is done, the limit stays as it is" }
