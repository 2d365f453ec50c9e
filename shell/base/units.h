// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as people read them. Pure.
#pragma once

enum { UNITS_TEXT = 48 };
// "1.50 MiB", with so many digits. 1024 of each make one of the next, as virsh counts.
void units_bytes(double n, int digits, char ret[UNITS_TEXT]);
// "0.77 ms", "775 ms", "12.34 s": how a measured duration is written, wherever people read it.
const char *units_duration(double ms, char ret[UNITS_TEXT]); // ret
// How much of something is done, in percent as virsh counts: 100 is for the end only. 0 where that cannot be told.
int units_percent(double left, double total);
