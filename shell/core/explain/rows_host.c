// SPDX-License-Identifier: GPL-3.0-or-later
// What else a host may lack. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_host[] = {
    {"apparmor", "apparmor=\"DENIED\"", "AppArmor refused something", EXPLAIN_HERE,
     "the line names the profile and the file; libvirt adds files of the definition by itself, others belong into "
     "/etc/apparmor.d/abstractions/libvirt-qemu"},
    {"selinux", "avc:  denied|avc: denied", "SELinux refused something", EXPLAIN_HERE,
     "setsebool -P virt_use_nfs 1 for images on NFS; restorecon, or ausearch -m avc tells the rest"},
    {"apparmor-profile", "cannot load AppArmor profile|virt-aa-helper",
     "AppArmor's profile of the guest cannot be made", EXPLAIN_DEST,
     "exec {N} -- systemctl reload apparmor; is apparmor-utils installed, and /etc/apparmor.d/libvirt there?",
     "systemctl reload apparmor there; is apparmor-utils installed, and /etc/apparmor.d/libvirt there?"},
    {"cgroup",
     "Unable to create cgroup|cgroup * failed|machine-qemu*scope*already exists|Failed to attach machine|systemd "
     "terminate machine|Failed to create controller",
     "systemd or the cgroups do not let libvirt place the guest", EXPLAIN_DEST,
     "systemctl status systemd-machined there; a machine of the same name that is left: machinectl list"},
    {"vgpu", "vhost-user-gpu|find a satisfying virtiofsd", "a helper of QEMU is not installed", EXPLAIN_DEST,
     "install virtiofsd, or qemu-system-gui with vhost-user-gpu"},
    {"limits", "Too many open files|Resource temporarily unavailable", "the host is at a limit of files or processes",
     EXPLAIN_DEST, "raise max_files and max_processes in /etc/libvirt/qemu.conf, or LimitNOFILE of libvirtd"},
    {NULL},
};
