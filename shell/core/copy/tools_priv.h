// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more; see priv.h for the framing.
#pragma once

// With $1 = path, $2 = target (copy_target(), or as copy_path says); behind copy_path:
extern const char copy_path[];     // sets $r to the target; defines reach, identity, pin
extern const char copy_reader[];   // $4 "zstd" or "": ranges "OFFSET LENGTH [z]" on stdin, framed bytes out; a
                                   // line "fresh": zeros need not be told; "scan": look for zeros in the data;
                                   // "is IDENTITY" is handed on
extern const char copy_writer[];   // $3 "lock" or ""; $4 "zstd" or "": framed bytes in; "@ready", "@done DATA READ"
extern const char copy_tool[];     // $3 algorithm: sets $tool, for the two below
extern const char copy_digester[]; // units "OFFSET LENGTH [OFFSET LENGTH …]" on stdin, "@DIGEST" for each
extern const char copy_whole[];    // "@DIGEST" of all of it
extern const char copy_direct[];   // $1 reader's command, $2 port, $3 user, $4 host, $5 writer's command

// Facts, for node_ask(); what has to be before them in LOOK(), as they say.
extern const char copy_facts[]; // defines real, kind, facts, used
extern const char copy_means[]; // defines tools, show_map
extern const char copy_ours[];  // defines ours
extern const char copy_source[];
extern const char copy_dest[];
extern const char copy_again[];
extern const char copy_mark[];
extern const char copy_unmark[];
extern const char copy_seen[];
extern const char copy_peek[];
extern const char copy_sample[];
extern const char copy_part[];
extern const char copy_target_map[];
extern const char copy_finish[];

// What a copy that was cut off has left, see copy_script() in copy.h.
extern const char copy_end[];
extern const char copy_forget[];
extern const char copy_parts[];
