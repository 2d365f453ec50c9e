// SPDX-License-Identifier: GPL-3.0-or-later
// The keys that libvirt knows, and values of their types. Pure. See conf.h. A key missing here cannot be set by migsh.
#include "core/access/conf.h"

#include <stdint.h>
#include <string.h>

#include "base/strv.h"

static const struct conf_key daemon[] = {
    {"listen_tls", CONF_BOOL, CONF_NETWORK | CONF_SOCKET},
    {"listen_tcp", CONF_BOOL, CONF_NETWORK | CONF_SOCKET},
    {"tls_port", CONF_STRING, CONF_NETWORK | CONF_SOCKET},
    {"tcp_port", CONF_STRING, CONF_NETWORK | CONF_SOCKET},
    {"listen_addr", CONF_STRING, CONF_NETWORK | CONF_SOCKET},
    {"unix_sock_group", CONF_STRING, CONF_SOCKET},
    {"unix_sock_ro_perms", CONF_STRING, CONF_SOCKET},
    {"unix_sock_rw_perms", CONF_STRING, CONF_SOCKET},
    {"unix_sock_admin_perms", CONF_STRING, CONF_SOCKET},
    {"unix_sock_dir", CONF_STRING, CONF_SOCKET},
    {"auth_unix_ro", CONF_STRING, 0},
    {"auth_unix_rw", CONF_STRING, 0},
    {"auth_tcp", CONF_STRING, CONF_NETWORK},
    {"auth_tls", CONF_STRING, CONF_NETWORK},
    {"tcp_min_ssf", CONF_UINT, CONF_NETWORK},
    {"key_file", CONF_STRING, CONF_NETWORK},
    {"cert_file", CONF_STRING, CONF_NETWORK},
    {"ca_file", CONF_STRING, CONF_NETWORK},
    {"crl_file", CONF_STRING, CONF_NETWORK},
    {"tls_no_verify_certificate", CONF_BOOL, CONF_NETWORK},
    {"tls_no_sanity_certificate", CONF_BOOL, CONF_NETWORK},
    {"tls_allowed_dn_list", CONF_LIST, CONF_NETWORK},
    {"tls_priority", CONF_STRING, CONF_NETWORK},
    {"sasl_allowed_username_list", CONF_LIST, 0},
    {"access_drivers", CONF_LIST, 0},
    {"min_workers", CONF_UINT, 0},
    {"max_workers", CONF_UINT, 0},
    {"max_clients", CONF_UINT, 0},
    {"max_queued_clients", CONF_UINT, 0},
    {"max_anonymous_clients", CONF_UINT, 0},
    {"max_client_requests", CONF_UINT, 0},
    {"prio_workers", CONF_UINT, 0},
    {"admin_min_workers", CONF_UINT, 0},
    {"admin_max_workers", CONF_UINT, 0},
    {"admin_max_clients", CONF_UINT, 0},
    {"admin_max_queued_clients", CONF_UINT, 0},
    {"admin_max_client_requests", CONF_UINT, 0},
    {"log_level", CONF_UINT, 0},
    {"log_filters", CONF_STRING, 0},
    {"log_outputs", CONF_STRING, 0},
    {"audit_level", CONF_UINT, 0},
    {"audit_logging", CONF_BOOL, 0},
    {"keepalive_interval", CONF_INT, 0},
    {"keepalive_count", CONF_UINT, 0},
    {"keepalive_required", CONF_BOOL, 0},
    {"admin_keepalive_interval", CONF_INT, 0},
    {"admin_keepalive_count", CONF_UINT, 0},
    {"admin_keepalive_required", CONF_BOOL, 0},
    {"host_uuid", CONF_STRING, 0},
    {"host_uuid_source", CONF_STRING, 0},
    {"ovs_timeout", CONF_UINT, 0},
    {NULL, CONF_BOOL, 0},
};

static const struct conf_key qemu[] = {
    {"default_tls_x509_cert_dir", CONF_STRING, 0},
    {"default_tls_x509_verify", CONF_BOOL, 0},
    {"default_tls_x509_secret_uuid", CONF_STRING, 0},
    {"vnc_listen", CONF_STRING, 0},
    {"vnc_auto_unix_socket", CONF_BOOL, 0},
    {"vnc_tls", CONF_BOOL, 0},
    {"vnc_tls_x509_cert_dir", CONF_STRING, 0},
    {"vnc_tls_x509_secret_uuid", CONF_STRING, 0},
    {"vnc_tls_x509_verify", CONF_BOOL, 0},
    {"vnc_password", CONF_STRING, CONF_SECRET},
    {"vnc_sasl", CONF_BOOL, 0},
    {"vnc_sasl_dir", CONF_STRING, 0},
    {"vnc_allow_host_audio", CONF_BOOL, 0},
    {"spice_listen", CONF_STRING, 0},
    {"spice_tls", CONF_BOOL, 0},
    {"spice_tls_x509_cert_dir", CONF_STRING, 0},
    {"spice_auto_unix_socket", CONF_BOOL, 0},
    {"spice_password", CONF_STRING, CONF_SECRET},
    {"spice_sasl", CONF_BOOL, 0},
    {"spice_sasl_dir", CONF_STRING, 0},
    {"chardev_tls", CONF_BOOL, 0},
    {"chardev_tls_x509_cert_dir", CONF_STRING, 0},
    {"chardev_tls_x509_verify", CONF_BOOL, 0},
    {"chardev_tls_x509_secret_uuid", CONF_STRING, 0},
    {"migrate_tls_x509_cert_dir", CONF_STRING, 0},
    {"migrate_tls_x509_verify", CONF_BOOL, 0},
    {"migrate_tls_x509_secret_uuid", CONF_STRING, 0},
    {"migrate_tls_force", CONF_BOOL, 0},
    {"backup_tls_x509_cert_dir", CONF_STRING, 0},
    {"backup_tls_x509_verify", CONF_BOOL, 0},
    {"backup_tls_x509_secret_uuid", CONF_STRING, 0},
    {"vxhs_tls", CONF_BOOL, 0},
    {"vxhs_tls_x509_cert_dir", CONF_STRING, 0},
    {"vxhs_tls_x509_secret_uuid", CONF_STRING, 0},
    {"nbd_tls", CONF_BOOL, 0},
    {"nbd_tls_x509_cert_dir", CONF_STRING, 0},
    {"nbd_tls_x509_secret_uuid", CONF_STRING, 0},
    {"nographics_allow_host_audio", CONF_BOOL, 0},
    {"remote_display_port_min", CONF_UINT, 0},
    {"remote_display_port_max", CONF_UINT, 0},
    {"remote_websocket_port_min", CONF_UINT, 0},
    {"remote_websocket_port_max", CONF_UINT, 0},
    {"security_driver", CONF_STRING, 0},
    {"security_default_confined", CONF_BOOL, 0},
    {"security_require_confined", CONF_BOOL, 0},
    {"user", CONF_STRING, 0},
    {"group", CONF_STRING, 0},
    {"dynamic_ownership", CONF_BOOL, 0},
    {"remember_owner", CONF_BOOL, 0},
    {"cgroup_controllers", CONF_LIST, 0},
    {"cgroup_device_acl", CONF_LIST, 0},
    {"seccomp_sandbox", CONF_INT, 0},
    {"namespaces", CONF_LIST, 0},
    {"save_image_format", CONF_STRING, 0},
    {"dump_image_format", CONF_STRING, 0},
    {"snapshot_image_format", CONF_STRING, 0},
    {"auto_dump_path", CONF_STRING, 0},
    {"auto_dump_bypass_cache", CONF_BOOL, 0},
    {"auto_start_bypass_cache", CONF_BOOL, 0},
    {"hugetlbfs_mount", CONF_STRING, 0},
    {"bridge_helper", CONF_STRING, 0},
    {"pr_helper", CONF_STRING, 0},
    {"slirp_helper", CONF_STRING, 0},
    {"dbus_daemon", CONF_STRING, 0},
    {"set_process_name", CONF_BOOL, 0},
    {"max_processes", CONF_UINT, 0},
    {"max_files", CONF_UINT, 0},
    {"max_core", CONF_LIMIT, 0},
    {"dump_guest_core", CONF_BOOL, 0},
    {"stdio_handler", CONF_STRING, 0},
    {"max_threads_per_process", CONF_UINT, 0},
    {"sched_core", CONF_STRING, 0},
    {"mac_filter", CONF_BOOL, 0},
    {"relaxed_acs_check", CONF_BOOL, 0},
    {"allow_disk_format_probing", CONF_BOOL, 0},
    {"lock_manager", CONF_STRING, 0},
    {"max_queued", CONF_UINT, 0},
    {"keepalive_interval", CONF_INT, 0},
    {"keepalive_count", CONF_UINT, 0},
    {"migration_address", CONF_STRING, 0},
    {"migration_port_min", CONF_UINT, 0},
    {"migration_port_max", CONF_UINT, 0},
    {"migration_host", CONF_STRING, 0},
    {"log_timestamp", CONF_BOOL, 0},
    {"nvram", CONF_LIST, 0},
    {"gluster_debug_level", CONF_UINT, 0},
    {"virtiofsd_debug", CONF_BOOL, 0},
    {"deprecation_behavior", CONF_STRING, 0},
    {"memory_backing_dir", CONF_STRING, 0},
    {"swtpm_user", CONF_STRING, 0},
    {"swtpm_group", CONF_STRING, 0},
    {"clear_emulator_capabilities", CONF_BOOL, 0},
    {"capability_filters", CONF_LIST, 0},
    {"storage_use_nbdkit", CONF_BOOL, 0},
    {"shared_filesystems", CONF_LIST, 0},
    {"auto_shutdown_try_save", CONF_STRING, 0},
    {"auto_shutdown_try_shutdown", CONF_STRING, 0},
    {"auto_shutdown_poweroff", CONF_STRING, 0},
    {"auto_shutdown_wait", CONF_UINT, 0},
    {"auto_shutdown_restore", CONF_BOOL, 0},
    {"auto_save_bypass_cache", CONF_BOOL, 0},
    {NULL, CONF_BOOL, 0},
};

const struct conf_key *conf_keys(enum conf_file file)
{
    return file == CONF_QEMU ? qemu : daemon;
}

const char *conf_type_name(enum conf_type type)
{
    static const char *const names[] = {"0 or 1", "number", "number", "string", "list", "number or unlimited"};
    return names[type];
}

static const struct conf_key *find_key(enum conf_file file, const char *name, struct err *e)
{
    const struct conf_key *keys = conf_keys(file), *k = keys;
    const char *names[ARRAY_SIZE(qemu) + ARRAY_SIZE(daemon)];
    size_t n = 0;
    for (; k->name && strcmp(k->name, name) != 0; k++)
        names[n++] = k->name;
    if (k->name)
        return k;
    const char *near = str_nearest(name, names, n);
    err_set(e, ERR_USAGE, "libvirt has no setting '%s' there", name);
    if (near)
        err_hint(e, "did you mean %s?", near);
    return NULL;
}

// libvirt's strings have no escapes.
static int add_string(struct buf *out, const char *s, size_t n, const struct conf_key *k, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"' || (unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return err_set(e, ERR_USAGE, "%s: libvirt's settings cannot carry '\"' or control characters", k->name);
    }
    buf_addc(out, '"');
    buf_add(out, s, n);
    buf_addc(out, '"');
    return 0;
}

static int add_list(struct buf *out, const char *value, const struct conf_key *k, struct err *e)
{
    buf_adds(out, "[");
    for (const char *s = value; *s;) {
        size_t n = strcspn(s, ",");
        buf_adds(out, s == value ? " " : ", ");
        if (add_string(out, s, n, k, e) < 0)
            return -1;
        s += n + (s[n] == ',');
    }
    buf_adds(out, *value ? " ]" : "]");
    return 0;
}

static int add_number(struct buf *out, const char *value, const struct conf_key *k, struct err *e)
{
    bool minus = k->type == CONF_INT && *value == '-';
    long long n, max = k->type == CONF_BOOL ? 1 : UINT32_MAX;
    if (str_to_int(value + minus, 0, max, &n) < 0)
        return err_set(e, ERR_USAGE, "%s: '%s' is not %s%s", k->name, value, k->type == CONF_BOOL ? "" : "a ",
                       conf_type_name(k->type));
    buf_addf(out, "%s%lld", minus ? "-" : "", n);
    return 0;
}

static int add_value(struct buf *out, const char *value, const struct conf_key *k, struct err *e)
{
    if (k->type == CONF_LIST)
        return add_list(out, value, k, e);
    if (k->type == CONF_STRING || (k->type == CONF_LIMIT && strcmp(value, "unlimited") == 0))
        return add_string(out, value, strlen(value), k, e);
    return add_number(out, value, k, e);
}

int conf_wish_add(struct conf_wishes *w, enum conf_file file, const char *word, bool unset, struct err *e)
{
    size_t n = strcspn(word, "=");
    if (!unset && !word[n]) {
        err_set(e, ERR_USAGE, "'%s' is not KEY=VALUE", word);
        return err_hint(e, "--unset %s makes it a comment", word);
    }
    _cleanup_free_ char *name = unset ? xstrdup(word) : xstrndup(word, n);
    const struct conf_key *k = find_key(file, name, e);
    if (!k)
        return -1;
    for (size_t i = 0; i < w->n; i++) {
        if (w->all[i].key == k)
            return err_set(e, ERR_USAGE, "%s is named twice", k->name);
    }
    if (!unset && (k->flags & CONF_SECRET)) {
        err_set(e, ERR_UNSUPPORTED, "%s is a password, which history and journal would keep", k->name);
        return err_hint(e, "write it into the file on the node");
    }
    _cleanup_buf_ struct buf text = BUF_INIT;
    if (!unset && add_value(&text, word + n + 1, k, e) < 0)
        return -1;
    w->all = xgrow(w->all, w->n, sizeof(*w->all));
    w->all[w->n++] = (struct conf_wish){k, unset ? NULL : buf_steal(&text)};
    return 0;
}

void conf_wishes_release(struct conf_wishes *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->all[i].text);
    free(w->all);
    *w = (struct conf_wishes){NULL, 0};
}
