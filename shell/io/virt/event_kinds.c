// SPDX-License-Identifier: GPL-3.0-or-later
// What each kind of domain event brings: libvirt's callbacks as values, in virsh's words. Main thread, called by
// libvirt out of the loop. Must not block or call libvirt beyond reading the lent domain's name.
#include "base/buf.h"
#include "base/json.h"
#include "io/virt/event_priv.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

static const char *word(const char *const *words, size_t n, int i)
{
    return i >= 0 && (size_t)i < n && words[i] ? words[i] : "unknown";
}
#define WORD(words, i) word(words, ARRAY_SIZE(words), i)

static void set_text(json_t *v, const char *key, const char *text)
{
    json_object_set_new(v, key, json_text(text));
}

enum { DETAILS = 9 };
static const struct {
    const char *type;
    const char *details[DETAILS];
} lifecycle[] = {
    [VIR_DOMAIN_EVENT_DEFINED] = {"Defined", {"Added", "Updated", "Renamed", "Snapshot"}},
    [VIR_DOMAIN_EVENT_UNDEFINED] = {"Undefined", {"Removed", "Renamed"}},
    [VIR_DOMAIN_EVENT_STARTED] = {"Started", {"Booted", "Migrated", "Restored", "Snapshot", "Event wakeup"}},
    [VIR_DOMAIN_EVENT_SUSPENDED] = {"Suspended",
                                    {"Paused", "Migrated", "I/O Error", "Watchdog", "Restored", "Snapshot", "API error",
                                     "Post-copy", "Post-copy Error"}},
    [VIR_DOMAIN_EVENT_RESUMED] = {"Resumed", {"Unpaused", "Migrated", "Snapshot", "Post-copy", "Post-copy Error"}},
    [VIR_DOMAIN_EVENT_STOPPED] = {"Stopped",
                                  {"Shutdown", "Destroyed", "Crashed", "Migrated", "Saved", "Failed", "Snapshot"}},
    [VIR_DOMAIN_EVENT_SHUTDOWN] = {"Shutdown", {"Finished", "Guest request", "Host request"}},
    [VIR_DOMAIN_EVENT_PMSUSPENDED] = {"PMSuspended", {"Memory", "Disk"}},
    [VIR_DOMAIN_EVENT_CRASHED] = {"Crashed", {"Panicked", "Crashloaded"}},
};

static void on_lifecycle(virConnectPtr c, virDomainPtr dom, int event, int detail, void *sub)
{
    (void)c;
    bool known = event >= 0 && (size_t)event < ARRAY_SIZE(lifecycle);
    const char *type = known ? lifecycle[event].type : "unknown";
    const char *why = known ? word(lifecycle[event].details, DETAILS, detail) : "unknown";
    json_t *v = virt_event_begin("lifecycle", dom);
    set_text(v, "type", type);
    set_text(v, "detail", why);
    virt_event_deliver(sub, v, ": %s %s", type, why);
}

// Kinds that say no more than that they happened; libvirt does not tell the callback its kind, hence one for each.
#define PLAIN(fn, name)                                                                                                \
    static void fn(virConnectPtr c, virDomainPtr dom, void *sub)                                                       \
    {                                                                                                                  \
        (void)c;                                                                                                       \
        virt_event_deliver(sub, virt_event_begin(name, dom), "%s", "");                                                \
    }
PLAIN(on_reboot, "reboot")
PLAIN(on_control_error, "control-error")

// The reason is unused by libvirt, always 0.
#define PLAIN_WITH_REASON(fn, name)                                                                                    \
    static void fn(virConnectPtr c, virDomainPtr dom, int reason, void *sub)                                           \
    {                                                                                                                  \
        (void)c;                                                                                                       \
        (void)reason;                                                                                                  \
        virt_event_deliver(sub, virt_event_begin(name, dom), "%s", "");                                                \
    }
PLAIN_WITH_REASON(on_pm_wakeup, "pm-wakeup")
PLAIN_WITH_REASON(on_pm_suspend, "pm-suspend")
PLAIN_WITH_REASON(on_pm_suspend_disk, "pm-suspend-disk")

#define DEVICE(fn, name)                                                                                               \
    static void fn(virConnectPtr c, virDomainPtr dom, const char *alias, void *sub)                                    \
    {                                                                                                                  \
        (void)c;                                                                                                       \
        json_t *v = virt_event_begin(name, dom);                                                                       \
        set_text(v, "device", alias);                                                                                  \
        virt_event_deliver(sub, v, ": %s", alias);                                                                     \
    }
DEVICE(on_device_added, "device-added")
DEVICE(on_device_removed, "device-removed")
DEVICE(on_device_removal_failed, "device-removal-failed")

static void on_rtc(virConnectPtr c, virDomainPtr dom, long long offset, void *sub)
{
    (void)c;
    json_t *v = virt_event_begin("rtc-change", dom);
    json_object_set_new(v, "utc_offset_s", json_integer(offset));
    virt_event_deliver(sub, v, ": %lld", offset);
}

static void on_watchdog(virConnectPtr c, virDomainPtr dom, int action, void *sub)
{
    static const char *const actions[] = {"none", "pause", "reset", "poweroff", "shutdown", "debug", "inject-nmi"};
    (void)c;
    json_t *v = virt_event_begin("watchdog", dom);
    set_text(v, "action", WORD(actions, action));
    virt_event_deliver(sub, v, ": %s", WORD(actions, action));
}

static const char *const io_actions[] = {"none", "pause", "report"};

static json_t *io_error(const char *kind, virDomainPtr dom, const char *path, const char *alias, int action)
{
    json_t *v = virt_event_begin(kind, dom);
    set_text(v, "path", path);
    set_text(v, "device", alias);
    set_text(v, "action", WORD(io_actions, action));
    return v;
}

static void on_io_error(virConnectPtr c, virDomainPtr dom, const char *path, const char *alias, int action, void *sub)
{
    (void)c;
    virt_event_deliver(sub, io_error("io-error", dom, path, alias, action), ": %s (%s) %s", path, alias,
                       WORD(io_actions, action));
}

static void on_io_error_reason(virConnectPtr c, virDomainPtr dom, const char *path, const char *alias, int action,
                               const char *reason, void *sub)
{
    (void)c;
    json_t *v = io_error("io-error-reason", dom, path, alias, action);
    set_text(v, "reason", reason);
    virt_event_deliver(sub, v, ": %s (%s) %s due to %s", path, alias, WORD(io_actions, action), reason);
}

static json_t *graphics_address(const virDomainEventGraphicsAddress *a, struct buf *text)
{
    static const char *const families[] = {"ipv4", "ipv6", "unix"};
    json_t *v = json_object();
    set_text(v, "family", WORD(families, a->family));
    set_text(v, "node", a->node);
    set_text(v, "service", a->service);
    buf_addf(text, "[%s %s %s]", WORD(families, a->family), a->node ? a->node : "", a->service ? a->service : "");
    return v;
}

static void on_graphics(virConnectPtr c, virDomainPtr dom, int phase, const virDomainEventGraphicsAddress *local,
                        const virDomainEventGraphicsAddress *remote, const char *auth,
                        const virDomainEventGraphicsSubject *subject, void *sub)
{
    static const char *const phases[] = {"connect", "initialize", "disconnect"};
    (void)c;
    _cleanup_buf_ struct buf text = BUF_INIT;
    json_t *v = virt_event_begin("graphics", dom);
    set_text(v, "phase", WORD(phases, phase));
    buf_addf(&text, ": %s local", WORD(phases, phase));
    json_object_set_new(v, "local", graphics_address(local, &text));
    buf_adds(&text, " remote");
    json_object_set_new(v, "remote", graphics_address(remote, &text));
    set_text(v, "auth", auth);
    buf_addf(&text, " %s", auth ? auth : "");
    json_t *identities = json_array();
    for (int i = 0; subject && i < subject->nidentity; i++) {
        json_t *id = json_object();
        set_text(id, "type", subject->identities[i].type);
        set_text(id, "name", subject->identities[i].name);
        json_array_append_new(identities, id);
        buf_addf(&text, "\n\tsubject %s: %s", subject->identities[i].type, subject->identities[i].name);
    }
    json_object_set_new(v, "subject", identities);
    virt_event_deliver(sub, v, "%s", buf_str(&text));
}

static void block_job(const char *kind, virDomainPtr dom, const char *disk, int type, int status,
                      struct virt_source *from)
{
    static const char *const types[] = {"unknown",      "Block Pull",          "Block Copy",
                                        "Block Commit", "Active Block Commit", "Backup"};
    static const char *const statuses[] = {"completed", "failed", "canceled", "ready"};
    json_t *v = virt_event_begin(kind, dom);
    set_text(v, "disk", disk);
    set_text(v, "type", WORD(types, type));
    set_text(v, "status", WORD(statuses, status));
    virt_event_deliver(from, v, ": %s for %s %s", WORD(types, type), disk, WORD(statuses, status));
}

static void on_block_job(virConnectPtr c, virDomainPtr dom, const char *disk, int type, int status, void *sub)
{
    (void)c;
    block_job("block-job", dom, disk, type, status, sub);
}

static void on_block_job_2(virConnectPtr c, virDomainPtr dom, const char *disk, int type, int status, void *sub)
{
    (void)c;
    block_job("block-job-2", dom, disk, type, status, sub);
}

static void on_disk_change(virConnectPtr c, virDomainPtr dom, const char *from, const char *to, const char *alias,
                           int reason, void *sub)
{
    static const char *const reasons[] = {"changed", "dropped"};
    (void)c;
    json_t *v = virt_event_begin("disk-change", dom);
    set_text(v, "device", alias);
    set_text(v, "from", from);
    set_text(v, "to", to);
    set_text(v, "reason", WORD(reasons, reason));
    virt_event_deliver(sub, v, " disk %s: %s -> %s: %s", alias, from ? from : "", to ? to : "", WORD(reasons, reason));
}

static void on_tray_change(virConnectPtr c, virDomainPtr dom, const char *alias, int reason, void *sub)
{
    static const char *const reasons[] = {"opened", "closed"};
    (void)c;
    json_t *v = virt_event_begin("tray-change", dom);
    set_text(v, "device", alias);
    set_text(v, "reason", WORD(reasons, reason));
    virt_event_deliver(sub, v, " disk %s: %s", alias, WORD(reasons, reason));
}

static void on_balloon(virConnectPtr c, virDomainPtr dom, unsigned long long actual, void *sub)
{
    (void)c;
    json_t *v = virt_event_begin("balloon-change", dom);
    json_object_set_new(v, "actual_kib", json_integer((json_int_t)actual));
    virt_event_deliver(sub, v, ": %lluKiB", actual);
}

static void params_event(const char *kind, virDomainPtr dom, const virTypedParameter *params, int n,
                         struct virt_source *from)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    json_t *v = virt_event_begin(kind, dom), *values = virt_params_json(params, n), *value;
    const char *key;
    json_object_foreach(values, key, value)
    {
        char *s = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        buf_addf(&text, "\n\t%s: %s", key, json_is_string(value) ? json_string_value(value) : s ? s : "");
        free(s);
    }
    json_object_set_new(v, "params", values);
    virt_event_deliver(from, v, ":%s", buf_str(&text));
}

static void on_tunable(virConnectPtr c, virDomainPtr dom, virTypedParameterPtr params, int n, void *sub)
{
    (void)c;
    params_event("tunable", dom, params, n, sub);
}

static void on_job_completed(virConnectPtr c, virDomainPtr dom, virTypedParameterPtr params, int n, void *sub)
{
    (void)c;
    params_event("job-completed", dom, params, n, sub);
}

static void on_agent(virConnectPtr c, virDomainPtr dom, int state, int reason, void *sub)
{
    static const char *const states[] = {"unknown", "connected", "disconnected"};
    static const char *const reasons[] = {"unknown", "domain started", "channel event"};
    (void)c;
    json_t *v = virt_event_begin("agent-lifecycle", dom);
    set_text(v, "state", WORD(states, state));
    set_text(v, "reason", WORD(reasons, reason));
    virt_event_deliver(sub, v, ": state: '%s' reason: '%s'", WORD(states, state), WORD(reasons, reason));
}

static void on_iteration(virConnectPtr c, virDomainPtr dom, int iteration, void *sub)
{
    (void)c;
    json_t *v = virt_event_begin("migration-iteration", dom);
    json_object_set_new(v, "iteration", json_integer(iteration));
    virt_event_deliver(sub, v, ": iteration: '%d'", iteration);
}

static void on_metadata(virConnectPtr c, virDomainPtr dom, int type, const char *uri, void *sub)
{
    static const char *const types[] = {"description", "title", "element"};
    (void)c;
    json_t *v = virt_event_begin("metadata-change", dom);
    set_text(v, "type", WORD(types, type));
    set_text(v, "uri", uri);
    virt_event_deliver(sub, v, ": type %s, uri %s", WORD(types, type), uri ? uri : "");
}

static void on_block_threshold(virConnectPtr c, virDomainPtr dom, const char *dev, const char *path,
                               unsigned long long threshold, unsigned long long excess, void *sub)
{
    (void)c;
    json_t *v = virt_event_begin("block-threshold", dom);
    set_text(v, "disk", dev);
    set_text(v, "path", path);
    json_object_set_new(v, "threshold_bytes", json_integer((json_int_t)threshold));
    json_object_set_new(v, "excess_bytes", json_integer((json_int_t)excess));
    virt_event_deliver(sub, v, ": dev: %s(%s) %llu %llu", dev, path ? path : "", threshold, excess);
}

static void on_memory_failure(virConnectPtr c, virDomainPtr dom, int recipient, int action, unsigned flags, void *sub)
{
    static const char *const recipients[] = {"hypervisor", "guest"};
    static const char *const actions[] = {"ignore", "inject", "fatal", "reset"};
    (void)c;
    bool required = flags & VIR_DOMAIN_MEMORY_FAILURE_ACTION_REQUIRED;
    bool recursive = flags & VIR_DOMAIN_MEMORY_FAILURE_RECURSIVE;
    json_t *v = virt_event_begin("memory-failure", dom);
    set_text(v, "recipient", WORD(recipients, recipient));
    set_text(v, "action", WORD(actions, action));
    json_object_set_new(v, "action_required", json_boolean(required));
    json_object_set_new(v, "recursive", json_boolean(recursive));
    virt_event_deliver(sub, v, ":\n\trecipient: %s\n\taction: %s\n\tflags:%s%s", WORD(recipients, recipient),
                       WORD(actions, action), required ? " action required" : "", recursive ? " recursive" : "");
}

static void on_memory_size(virConnectPtr c, virDomainPtr dom, const char *alias, unsigned long long size, void *sub)
{
    (void)c;
    json_t *v = virt_event_begin("memory-device-size-change", dom);
    set_text(v, "device", alias);
    json_object_set_new(v, "size_kib", json_integer((json_int_t)size));
    virt_event_deliver(sub, v, ":\n\talias: %s\n\tsize: %llu", alias, size);
}

#define ROW(id, name, fn) [VIR_DOMAIN_EVENT_ID_##id] = {name, VIR_DOMAIN_EVENT_CALLBACK(fn)}
const struct virt_event_row virt_event_rows[] = {
    ROW(LIFECYCLE, "lifecycle", on_lifecycle),
    ROW(REBOOT, "reboot", on_reboot),
    ROW(RTC_CHANGE, "rtc-change", on_rtc),
    ROW(WATCHDOG, "watchdog", on_watchdog),
    ROW(IO_ERROR, "io-error", on_io_error),
    ROW(GRAPHICS, "graphics", on_graphics),
    ROW(IO_ERROR_REASON, "io-error-reason", on_io_error_reason),
    ROW(CONTROL_ERROR, "control-error", on_control_error),
    ROW(BLOCK_JOB, "block-job", on_block_job),
    ROW(DISK_CHANGE, "disk-change", on_disk_change),
    ROW(TRAY_CHANGE, "tray-change", on_tray_change),
    ROW(PMWAKEUP, "pm-wakeup", on_pm_wakeup),
    ROW(PMSUSPEND, "pm-suspend", on_pm_suspend),
    ROW(BALLOON_CHANGE, "balloon-change", on_balloon),
    ROW(PMSUSPEND_DISK, "pm-suspend-disk", on_pm_suspend_disk),
    ROW(DEVICE_REMOVED, "device-removed", on_device_removed),
    ROW(BLOCK_JOB_2, "block-job-2", on_block_job_2),
    ROW(TUNABLE, "tunable", on_tunable),
    ROW(AGENT_LIFECYCLE, "agent-lifecycle", on_agent),
    ROW(DEVICE_ADDED, "device-added", on_device_added),
    ROW(MIGRATION_ITERATION, "migration-iteration", on_iteration),
    ROW(JOB_COMPLETED, "job-completed", on_job_completed),
    ROW(DEVICE_REMOVAL_FAILED, "device-removal-failed", on_device_removal_failed),
    ROW(METADATA_CHANGE, "metadata-change", on_metadata),
    ROW(BLOCK_THRESHOLD, "block-threshold", on_block_threshold),
    ROW(MEMORY_FAILURE, "memory-failure", on_memory_failure),
    ROW(MEMORY_DEVICE_SIZE_CHANGE, "memory-device-size-change", on_memory_size),
};
