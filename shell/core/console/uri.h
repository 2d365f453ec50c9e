// SPDX-License-Identifier: GPL-3.0-or-later
// What a libvirt URI would have this machine do. Pure.
#pragma once

// The part of it that names a program to run, here or on the host (libvirt's transport ext, parameters command and
// netcat), or NULL. The caller does not free.
const char *uri_program(const char *uri);
