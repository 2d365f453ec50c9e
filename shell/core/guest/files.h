// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain consists of on its node's disks. Job threads. Everything comes from the domain's XML (inactive, and
// live when it runs), its snapshots' XML, and one look at the files per level of the deepest backing chain. Files are
// only read.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;
struct virt_conn;
struct virt_dom;

// *ret: rows in the order in which they have to be copied, what backs an image before the image; each file once:
//   kind      "disk" (what the XML names), "backing", "nvram", "tpm" (a directory), "save" (managed save), "snapshot"
//             (files that only snapshots name: their overlays, what lies below them, their memory)
//   target    "vda" of the disk it belongs to, or null;  device "disk", "cdrom", "floppy", "lun" or null
//   type      "file", "block", "volume", "network", "dir" … as the XML has it
//   format    as the XML or the overlay above says; null: nobody says
//   path      absolute; null where there is none (a network disk: "name" says its name)
//   pool, volume: whose volume it is, null for none
//   size, allocation: bytes; of a directory: all that is in it.  virtual_size: what the guest sees of an image
//   mtime     when it was last written to, seconds since the epoch
//   owner, group, mode ("0600")
//   was_running: of a managed save, whether it goes on running; absent where that is not known
//   backing, backing_format, relative: what the image itself names (backing as an absolute path), and whether it does
//             so by a relative path; null, null, false where nothing backs it
//   readonly, shareable: of the disk
//   exists    false: it is not there;  null: it cannot be told
//   in_use    a process on the node has it open for writing, or QEMU has it locked
//   problem   why it could not be looked at, or null
// `node` NULL: this machine. ERR_UNSUPPORTED where the node has no qemu-img and there is an image to be looked at.
int guest_files(struct ctx *ctx, struct job *job, struct node *node, struct virt_dom *dom, json_t **ret, struct err *e);

// The same of many guests of one node, in three parts: what each names (libvirt is asked), one look at all of that (the
// node is), and the rows (libvirt again, whose volumes they are).
struct guest_files;
// What libvirt has been asked already; NULL: nothing.
struct guest_known {
    const char *xml;      // of what runs; NULL: nothing does
    const char *inactive; // NULL: it has no definition
    bool saved, has_snapshots;
};
int guest_files_named(struct virt_dom *dom, const struct guest_known *known, struct guest_files **ret, struct err *e);
// The same of a file `image` with a guest's memory (kind "save"), and of the definition in it. `conn` stays open as
// long.
int guest_files_image(struct virt_conn *conn, const char *xml, const char *image, struct guest_files **ret,
                      struct err *e);
int guest_files_seen(struct ctx *ctx, struct job *job, struct node *node, struct guest_files *const *all, size_t n,
                     struct err *e);
json_t *guest_files_rows(struct guest_files *f);
void guest_files_free(struct guest_files *f); // NULL is fine

// The machine that has the files of a hypervisor's guests: *ret is the node, or NULL where the hypervisor is on this
// machine. `uri` is the connection's, `node` the one it leads to, if any; lent. ERR_UNSUPPORTED: on a host that is no
// node and cannot be reached by ssh, which is called `label`.
int guest_machine(struct node *node, const char *uri, const char *label, struct node **ret, struct err *e);

// Points the image `file` at another backing file, of which nothing is read (qemu-img rebase -u): the content must be
// the same. A relative reference stays relative. `root`: by sudo where the login is not root's. *ret: {"file",
// "backing": as written, "backing_format", "relative", "changed"}. ERR_NOT_FOUND: one of the two is not there;
// ERR_STATE: in use.
int guest_rebase(struct ctx *ctx, struct job *job, struct node *node, const char *file, const char *backing,
                 const char *format, bool root, json_t **ret, struct err *e);

// The file with a guest's UEFI variables, by its description, or where the system daemon would have it; NULL: it has
// none. The caller frees.
struct xml_doc;
char *guest_nvram(struct xml_doc *doc, bool system);

// Does the URI lead to a system daemon, whose files are root's?
bool guest_is_system(const char *uri);
// Does it lead to this machine's?
bool guest_is_local(const char *uri);
// `path` as seen from the directory of `file`, both absolute. The caller frees.
char *guest_relative(const char *file, const char *path);
