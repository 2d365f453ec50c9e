// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

// Facts, for node_ask().
extern const char nfs_packages[];    // the package manager
extern const char nfs_export_look[]; // $1 directory; behind the two above and below
extern const char nfs_listening[];   // defines listening
extern const char nfs_mounted[];     // defines mounted
extern const char nfs_place_look[];  // $1 directory, $2 as a mount table has it; behind nfs_packages, nfs_mounted
extern const char nfs_show_look[];   // $@ addresses
extern const char nfs_adopt_look[];  // $1 directory, $2 the copy aside
extern const char nfs_test_write[];  // $1 directory, $2 token, $3 this node's number; these three behind qemu_user
extern const char nfs_test_read[];   // $1 directory, $2 token, $3 … the others' numbers
extern const char nfs_test_clean[];  // $1 directory, $2 token

// Commands of plans.
extern const char nfs_directory_undo[];  // $1 directory, $2 how many
extern const char nfs_keep_sum[];        // defines keep_sum, for the two below
extern const char nfs_reload_exportfs[]; // $1 file
extern const char nfs_reload_ganesha[];  // $1 file
extern const char nfs_start[];           // $1 names of services; behind nfs_listening
extern const char nfs_umount[];          // $1 directory; may tell a note
extern const char nfs_aside[];           // $1 directory, $2 aside
extern const char nfs_aside_undo[];
extern const char nfs_adopt_alone[]; // defines alone, for the two below; behind lock_place
extern const char nfs_adopt_copy[];  // $1 directory, $2 aside, $3 list
extern const char nfs_adopt_undo[];
extern const char nfs_aside_drop[]; // $1 directory, $2 aside, $3 list
