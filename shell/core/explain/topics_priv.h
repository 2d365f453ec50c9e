// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of topics/, made C data by lua/embed.c.
#pragma once

#include "core/explain/topics.h"

extern const struct explain_topic_text explain_topic_texts[]; // a NULL name ends them
