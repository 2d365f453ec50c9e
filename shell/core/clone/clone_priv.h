// SPDX-License-Identifier: GPL-3.0-or-later
// What cloning is the same for (clone.c), and what a kind of object has of its own (net.c, pool.c). Job threads.
#pragma once

#include <stdbool.h>
#include <stdlib.h>

#include "core/clone/clone.h"

struct clone {
    const struct clone_ops *ops;
    void *from, *there; // the object on the source, and on the destination; there NULL: not yet
    const struct clone_way *way;
    struct job *job;
    void *own; // the kind's
    // The engine's.
    const char *name;
    char *xml;
    bool active, autostart; // as on the source
    json_t *steps;
    bool defined, started, autostart_set; // what is to be undone
};

struct clone_ops {
    const char *noun, *family;                                  // "network", and "net" of net-info
    int (*essence)(const char *xml, char **ret, struct err *e); // what tells one definition from another
    // What libvirt has for each kind, as io/virt has it: see CLONE_FUNCTIONS_OF().
    const char *(*name)(const void *object);
    void (*free)(void *object);
    int (*lookup)(struct virt_conn *c, const char *name, void **ret, struct err *e);
    int (*config)(void *object, char **ret, struct err *e);
    int (*define)(struct virt_conn *c, const char *xml, void **ret, struct err *e);
    int (*is_active)(void *object, bool *ret, struct err *e);
    int (*is_persistent)(void *object, bool *ret, struct err *e);
    int (*autostart)(void *object, bool *ret, struct err *e);
    int (*set_autostart)(void *object, bool on, struct err *e);
    int (*destroy)(void *object, struct err *e);
    int (*undefine)(void *object, struct err *e);
    // The kind's own; NULL: nothing.
    int (*read)(struct clone *k, struct err *e); // what else is to be known of the source
    // What is defined instead of k->xml; *ret stays NULL: that.
    int (*definition)(struct clone *k, char **ret, struct err *e);
    int (*start)(struct clone *k, struct err *e); // never NULL
    bool (*undo_start)(struct clone *k);          // after the stop: what start() did beside; false: it is left
};

// Functions of the ops that call io/virt's virt_KIND_…(), and the rows that name them.
#define CLONE_FUNCTIONS_OF(kind)                                                                                       \
    static const char *kind##_name(const void *o)                                                                      \
    {                                                                                                                  \
        return virt_##kind##_name(o);                                                                                  \
    }                                                                                                                  \
    static void kind##_free(void *o)                                                                                   \
    {                                                                                                                  \
        virt_##kind##_free(o);                                                                                         \
    }                                                                                                                  \
    static int kind##_lookup(struct virt_conn *c, const char *text, void **ret, struct err *e)                         \
    {                                                                                                                  \
        struct virt_##kind *o = NULL;                                                                                  \
        int r = virt_##kind##_lookup(c, text, &o, e);                                                                  \
        *ret = o;                                                                                                      \
        return r;                                                                                                      \
    }                                                                                                                  \
    static int kind##_config(void *o, char **ret, struct err *e)                                                       \
    {                                                                                                                  \
        return virt_##kind##_xml(o, true, ret, e);                                                                     \
    }                                                                                                                  \
    static int kind##_define(struct virt_conn *c, const char *xml, void **ret, struct err *e)                          \
    {                                                                                                                  \
        struct virt_##kind *o = NULL;                                                                                  \
        int r = virt_##kind##_define(c, xml, false, &o, e);                                                            \
        *ret = o;                                                                                                      \
        return r;                                                                                                      \
    }                                                                                                                  \
    static int kind##_is_active(void *o, bool *ret, struct err *e)                                                     \
    {                                                                                                                  \
        return virt_##kind##_is_active(o, ret, e);                                                                     \
    }                                                                                                                  \
    static int kind##_is_persistent(void *o, bool *ret, struct err *e)                                                 \
    {                                                                                                                  \
        return virt_##kind##_is_persistent(o, ret, e);                                                                 \
    }                                                                                                                  \
    static int kind##_autostart(void *o, bool *ret, struct err *e)                                                     \
    {                                                                                                                  \
        return virt_##kind##_autostart(o, ret, e);                                                                     \
    }                                                                                                                  \
    static int kind##_set_autostart(void *o, bool on, struct err *e)                                                   \
    {                                                                                                                  \
        return virt_##kind##_set_autostart(o, on, e);                                                                  \
    }                                                                                                                  \
    static int kind##_destroy(void *o, struct err *e)                                                                  \
    {                                                                                                                  \
        return virt_##kind##_destroy(o, e);                                                                            \
    }                                                                                                                  \
    static int kind##_undefine(void *o, struct err *e)                                                                 \
    {                                                                                                                  \
        return virt_##kind##_undefine(o, e);                                                                           \
    }
#define CLONE_ROWS_OF(kind)                                                                                            \
    .name = kind##_name, .free = kind##_free, .lookup = kind##_lookup, .config = kind##_config,                        \
    .define = kind##_define, .is_active = kind##_is_active, .is_persistent = kind##_is_persistent,                     \
    .autostart = kind##_autostart, .set_autostart = kind##_set_autostart, .destroy = kind##_destroy,                   \
    .undefine = kind##_undefine

int clone_run(struct clone *k, json_t **ret, struct err *e);

// For the ops. A step was done on the destination; "failed to VERB …" before an error, -1.
void clone_did(struct clone *k, const char *step, const char *told);
int clone_failed(const struct clone *k, const char *verb, struct err *e);
// One step back: r is what came of it, e its error, which is told and released. `told`: "stopped".
bool clone_undone(const struct clone *k, const char *told, int r, struct err *e);
