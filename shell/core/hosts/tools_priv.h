// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, which says more: a test of plans.
#pragma once

extern const char hosts_verify[]; // $1 what getent is to print, $2 wanted, $3 … names
