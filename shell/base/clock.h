// SPDX-License-Identifier: GPL-3.0-or-later
// The clocks. Any thread.
#pragma once

#include <stdint.h>

// Monotonic: for how long something took, and deadlines. It stands still while the machine sleeps.
int64_t clock_mono_ns(void);
double clock_mono_ms(void);
double clock_mono_s(void);
// Monotonic, and goes on while the machine sleeps: for what others wait for meanwhile.
double clock_boot_ms(void);
// Since 1970: for people and records. It may jump.
int64_t clock_real_ns(void);
double clock_real_s(void);
// Such a moment as it is shown to the operator, in local time: "2026-11-24 16:01:53". The caller frees.
char *clock_text(double real_s);
char *clock_text_brief(double real_s); // "16:01", or "2026-11-24 16:01" where that is not today
