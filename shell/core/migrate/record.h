// SPDX-License-Identifier: GPL-3.0-or-later
// The journal of a plain migration, so that log and report know of it, and a console that was killed in the middle
// leaves one that says so. It has no lock and is no workflow: what keeps a second migration of the guest from beginning
// is libvirt's own job on it, which every console meets, and whoever moves a guest asks all hosts where it is; a record
// would keep away nobody else, and what libvirt goes on with by itself it could neither continue nor take back. A job's
// thread.
#pragma once

#include <jansson.h>

#include "base/err.h"

struct journal;
struct migrate_request;

// NULL where it cannot be written, which is said: the guest moves all the same.
struct journal *migrate_record_begin(const struct migrate_request *rq);
// Takes the journal over (NULL: nothing). result: migrate_run()'s, NULL where it failed, by `why`.
void migrate_record_end(struct journal *j, const json_t *result, const struct err *why);
