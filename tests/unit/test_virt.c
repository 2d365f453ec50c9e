// SPDX-License-Identifier: GPL-3.0-or-later
// io/xml, io/virt_*, core/domxml, core/names_watch and the rows of all commands, against libvirt's test driver.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/console/ctx.h"
#include "core/console/names_watch.h"
#include "core/guest/domxml.h"
#include "core/watch/neigh.h"
#include "io/job.h"
#include "io/loop.h"
#include "io/virt/event.h"
#include "io/virt/lifecycle.h"
#include "io/virt/list.h"
#include "io/virt/xml.h"
#include "io/xml.h"

static const char guest[] =
    "<domain type='test'><name>guest</name><memory>1024</memory><os><type>hvm</type></os><devices>"
    "<disk type='file'><driver type='qcow2'/><source file='/a b;$(x)'/><target dev='vda' bus='virtio'/></disk>"
    "<disk type='volume' device='cdrom'><source pool='p' volume='v'/><target dev='hda'/><readonly/></disk>"
    "<disk type='block' device='floppy'><target dev='fda'/></disk>"
    "<interface type='network'><source network='default' bridge='virbr0'/><mac address='52:54:00:00:00:01'/>"
    "<model type='virtio'/></interface></devices></domain>";

static struct xml_doc *parsed(const char *text)
{
    struct xml_doc *doc = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(xml_parse(text, &doc, &e), 0);
    return doc;
}

static void refuses_bad_xml(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "line"},
        {"<a>\n<b></a>", "line 2"},
        {"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "DTD"},
        {"<!DOCTYPE a [<!ENTITY x 'xxxxxxxx'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>", "DTD"},
        {"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>", "DTD"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct xml_doc *doc = NULL;
        struct err e = ERR_INIT;
        assert_int_equal(xml_parse(cases[i].text, &doc, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        assert_non_null(strstr(e.msg, cases[i].message));
        assert_null(doc);
        err_release(&e);
    }
}

static const char *text_at(const json_t *list, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void reads_domain_xml(void **state)
{
    (void)state;
    struct xml_doc *doc = parsed(guest);
    json_t *disks = domxml_disks(doc), *ifs = domxml_interfaces(doc);
    assert_int_equal(json_array_size(disks), 3);
    assert_string_equal(text_at(disks, 0, "source"), "/a b;$(x)");
    assert_string_equal(text_at(disks, 0, "device"), "disk");
    assert_string_equal(text_at(disks, 0, "format"), "qcow2");
    assert_true(json_is_false(json_object_get(json_array_get(disks, 0), "readonly")));
    assert_string_equal(text_at(disks, 1, "pool"), "p");
    assert_string_equal(text_at(disks, 1, "source"), "v");
    assert_true(json_is_true(json_object_get(json_array_get(disks, 1), "readonly")));
    assert_true(json_is_null(json_object_get(json_array_get(disks, 2), "source")));
    assert_int_equal(json_array_size(ifs), 1);
    assert_string_equal(text_at(ifs, 0, "source"), "default");
    assert_true(json_is_null(json_object_get(json_array_get(ifs, 0), "interface")));
    char *text = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(xml_query(doc, "count(//disk)", 0, &text, &e), 0);
    assert_string_equal(text, "3\n");
    free(text);
    assert_int_equal(xml_query(doc, "//nothing", 0, &text, &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_int_equal(xml_query(doc, "//[", 0, &text, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    err_release(&e);
    json_decref(disks);
    json_decref(ifs);
    xml_free(doc);
}

static void reads_neighbour_tables(void **state)
{
    (void)state;
    static const char table[] = "Welcome, lladdr 52:54:00:00:00:01 !\n"
                                "192.0.2.7 dev br0 lladdr 52:54:00:00:00:01 REACHABLE\n"
                                "192.0.2.8 dev br0 lladdr 52:54:00:00:00:02 STALE \n"
                                "192.0.2.9 dev br0  FAILED\n"
                                "192.0.2.10 dev br0 lladdr 52:54:00:00:00:01 FAILED\n"
                                "fe80::1 dev br0 lladdr 52:54:00:00:00:01 router STALE\n";
    json_t *found = neigh_parse(table, "52:54:00:00:00:01"), *upper = neigh_parse(table, "52:54:00:00:00:0A");
    assert_int_equal(json_array_size(found), 2);
    assert_string_equal(text_at(found, 0, "address"), "192.0.2.7");
    assert_string_equal(text_at(found, 1, "address"), "fe80::1");
    assert_string_equal(text_at(found, 1, "protocol"), "ipv6");
    assert_int_equal(json_array_size(upper), 0);
    json_decref(found);
    json_decref(upper);
}

// Runs a body on a job's thread and the loop until it has ended.
struct errand {
    void (*body)(struct job *job, void *data);
    void *data;
    bool ended;
};

static void run_errand(struct job *job, void *arg)
{
    struct errand *a = arg;
    a->body(job, a->data);
}

static void errand_ended(struct job *job, void *arg)
{
    (void)job;
    ((struct errand *)arg)->ended = true;
}

static void on_thread(void (*body)(struct job *job, void *data), void *data)
{
    struct errand a = {body, data, false};
    job_start("errand", run_errand, errand_ended, &a, &(struct err)ERR_INIT);
    loop_run_until(&a.ended);
}

enum { MANY = 2000 };

struct listing {
    char uri[64];
    json_t *value;
    uint64_t calls;
    struct err err;
};

static void list_many(struct job *job, void *data)
{
    struct listing *l = data;
    (void)job;
    struct virt_conn *c = NULL;
    if (virt_conn_open(l->uri, false, NULL, NULL, &c, &l->err) < 0)
        return;
    uint64_t before = virt_calls();
    virt_list(c, VIRT_LIST_ACTIVE | VIRT_LIST_INACTIVE, 0, &l->value, &l->err);
    l->calls = virt_calls() - before;
    virt_conn_unref(c);
}

// The count of calls must not grow with the number of domains.
static void lists_many_in_one_call(void **state)
{
    (void)state;
    struct listing l = {.err = ERR_INIT};
    char path[] = "/tmp/migsh-many.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("<node>", f);
    for (int i = 0; i < MANY; i++)
        fprintf(f, "<domain type='test'><name>vm%04d</name><memory>1024</memory><os><type>hvm</type></os></domain>", i);
    fputs("</node>", f);
    fclose(f);
    snprintf(l.uri, sizeof(l.uri), "test://%s", path);
    on_thread(list_many, &l);
    unlink(path);
    assert_int_equal(l.err.code, ERR_NONE);
    assert_int_equal(json_array_size(l.value), MANY);
    assert_true(l.calls <= 2);
    json_decref(l.value);
}

struct happening {
    struct virt_conn *conn;
    struct virt_dom *dom;
    struct virt_sub *sub;
    bool enough;
    size_t n, wanted;
    char seen[8][40];
    struct err err;
};

static void on_event(const json_t *event, void *data)
{
    struct happening *h = data;
    assert_true(job_on_main());
    assert_string_equal(json_string_value(json_object_get(event, "event")), "lifecycle");
    assert_true(json_number_value(json_object_get(event, "time")) > 1e9);
    if (h->n < ARRAY_SIZE(h->seen))
        snprintf(h->seen[h->n], sizeof(h->seen[0]), "%s %s", json_string_value(json_object_get(event, "type")),
                 json_string_value(json_object_get(event, "detail")));
    h->enough = ++h->n == h->wanted;
}

static void make_happen(struct job *job, void *data)
{
    struct happening *h = data;
    (void)job;
    if (virt_conn_open("test:///default", false, NULL, NULL, &h->conn, &h->err) < 0 ||
        virt_dom_lookup(h->conn, "test", &h->dom, &h->err) < 0 ||
        virt_event_subscribe(h->conn, NULL, VIRT_EVENT_LIFECYCLE, on_event, h, &h->sub, &h->err) < 0)
        return;
    (void)(virt_dom_suspend(h->dom, &h->err) < 0 || virt_dom_resume(h->dom, &h->err) < 0 ||
           virt_dom_destroy(h->dom, 0, &h->err) < 0 || virt_dom_start(h->dom, 0, NULL, 0, &h->err) < 0);
}

static void stop_watching(struct job *job, void *data)
{
    struct happening *h = data;
    (void)job;
    virt_event_unsubscribe(h->sub);
    virt_dom_suspend(h->dom, &h->err); // nobody listens any more
    virt_dom_resume(h->dom, &h->err);
    virt_dom_free(h->dom);
    virt_conn_unref(h->conn);
}

static void set_flag(int id, void *data)
{
    loop_remove_timer(id);
    *(bool *)data = true;
}

static void tells_events(void **state)
{
    (void)state;
    struct happening h = {.wanted = 4, .err = ERR_INIT};
    on_thread(make_happen, &h);
    assert_int_equal(h.err.code, ERR_NONE);
    loop_run_until(&h.enough);
    assert_string_equal(h.seen[0], "Suspended Paused");
    assert_string_equal(h.seen[1], "Resumed Unpaused");
    assert_string_equal(h.seen[2], "Stopped Destroyed");
    assert_string_equal(h.seen[3], "Started Booted");
    on_thread(stop_watching, &h);
    bool later = false;
    loop_add_timer(50, set_flag, &later);
    loop_run_until(&later);
    assert_int_equal(h.n, 4);
}

// Two that listen to the same on one connection, and one that comes again at once after it has left.
struct sharing {
    struct happening first, second;
    struct virt_sub *again;
};

static void second_comes(struct job *job, void *data)
{
    struct sharing *s = data;
    struct happening *h = &s->second;
    (void)job;
    if (virt_event_subscribe(s->first.conn, s->first.dom, VIRT_EVENT_LIFECYCLE, on_event, h, &h->sub, &h->err) == 0)
        (void)(virt_dom_suspend(s->first.dom, &h->err) < 0 || virt_dom_resume(s->first.dom, &h->err));
}

static void first_leaves_and_comes_again(struct job *job, void *data)
{
    struct sharing *s = data;
    struct err *e = &s->second.err;
    (void)job;
    virt_event_unsubscribe(s->first.sub);
    if (virt_event_subscribe(s->first.conn, NULL, VIRT_EVENT_LIFECYCLE, on_event, &s->first, &s->again, e) == 0)
        (void)(virt_dom_suspend(s->first.dom, e) < 0 || virt_dom_resume(s->first.dom, e));
    s->first.sub = s->again;
}

static void all_leave(struct job *job, void *data)
{
    struct sharing *s = data;
    virt_event_unsubscribe(s->second.sub);
    stop_watching(job, &s->first);
}

static void tells_all_that_listen(void **state)
{
    (void)state;
    struct sharing s = {.first = {.wanted = 4, .err = ERR_INIT}, .second = {.err = ERR_INIT}};
    on_thread(make_happen, &s.first);
    loop_run_until(&s.first.enough);
    void (*const steps[])(struct job * job, void *data) = {second_comes, first_leaves_and_comes_again};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        s.first = (struct happening){.conn = s.first.conn, .dom = s.first.dom, .sub = s.first.sub, .wanted = 2};
        on_thread(steps[i], &s);
        assert_int_equal(s.second.err.code, ERR_NONE);
        loop_run_until(&s.first.enough);
        assert_int_equal(s.second.n, 2 * (i + 1));
        assert_string_equal(s.second.seen[2 * i + 1], "Resumed Unpaused");
    }
    on_thread(all_leave, &s);
}

struct naming {
    struct ctx *ctx;
    struct virt_conn *conn;
    struct virt_dom *dom;
    struct err err;
};

static void connect_ctx(struct job *job, void *data)
{
    struct naming *n = data;
    ctx_connect(n->ctx, job, "test:///default", &n->conn, &n->err);
}

static void define_guest(struct job *job, void *data)
{
    struct naming *n = data;
    (void)job;
    virt_dom_define(n->conn, guest, false, &n->dom, &n->err);
}

static void undefine_guest(struct job *job, void *data)
{
    struct naming *n = data;
    (void)job;
    virt_dom_undefine(n->dom, 0, &n->err);
    virt_dom_free(n->dom);
    virt_conn_unref(n->conn);
}

static bool knows(struct ctx *ctx, const char *kind, const char *name)
{
    struct strv names = STRV_INIT;
    ctx_names(ctx, kind, NULL, name, &names);
    bool has = strv_has(&names, name);
    strv_release(&names);
    return has;
}

// Until the names are as wanted, or two seconds.
static bool becomes(struct ctx *ctx, const char *kind, const char *name, bool wanted)
{
    for (int i = 0; i < 200 && knows(ctx, kind, name) != wanted; i++) {
        bool later = false;
        loop_add_timer(10, set_flag, &later);
        loop_run_until(&later);
    }
    return knows(ctx, kind, name) == wanted;
}

static void keeps_names_fresh(void **state)
{
    (void)state;
    struct naming n = {.ctx = ctx_new("/nonexistent/nodes"), .err = ERR_INIT};
    names_watch_start(n.ctx);
    on_thread(connect_ctx, &n);
    assert_int_equal(n.err.code, ERR_NONE);
    assert_true(becomes(n.ctx, "domain", "test", true));
    assert_true(becomes(n.ctx, "pool", "default-pool", true));
    on_thread(define_guest, &n);
    assert_true(becomes(n.ctx, "domain", "guest", true));
    on_thread(undefine_guest, &n);
    assert_true(becomes(n.ctx, "domain", "guest", false));
    assert_true(knows(n.ctx, "domain", "test"));
    bool idle = false;
    loop_add_timer(50, set_flag, &idle);
    loop_run_until(&idle);
    while (job_count()) {
        idle = false;
        loop_add_timer(10, set_flag, &idle);
        loop_run_until(&idle);
    }
    assert_true(ctx_free(n.ctx));
}

int main(void)
{
    struct err e = ERR_INIT;
    if (loop_init(&e) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_xml),        cmocka_unit_test(reads_domain_xml),
        cmocka_unit_test(reads_neighbour_tables), cmocka_unit_test(lists_many_in_one_call),
        cmocka_unit_test(tells_events),           cmocka_unit_test(tells_all_that_listen),
        cmocka_unit_test(keeps_names_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
