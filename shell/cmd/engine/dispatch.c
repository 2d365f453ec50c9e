// SPDX-License-Identifier: GPL-3.0-or-later
// From words to a command's value. Main thread, but for run_job() and below it. See dispatch.h.
#include "cmd/engine/dispatch.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/confirm.h"
#include "cmd/engine/render.h"
#include "cmd/engine/table.h"
#include "core/console/out.h"
#include "core/console/script.h"
#include "core/console/settings.h"
#include "core/console/silence.h"
#include "core/explain/explain.h"
#include "io/job.h"
#include "io/loop.h"
#include "io/virt/conn.h"

struct cmd_run {
    struct cmd_call call;
    struct job *job;
    struct script_run *script;
    cmd_done_fn *done;
    void *data;
    struct err err;
    char *text;
    double started, ended;
    bool cancelled;
};

const struct cmd_def *cmd_run_def(const struct cmd_run *run)
{
    return run->call.def;
}

json_t *cmd_run_result(const struct cmd_run *run)
{
    return run->call.result;
}

const char *cmd_run_text(const struct cmd_run *run)
{
    return run->text;
}

const struct err *cmd_run_err(const struct cmd_run *run)
{
    return &run->err;
}

int cmd_run_status(const struct cmd_run *run)
{
    return run->call.status ? run->call.status : err_exit_status(run->err.code);
}

double cmd_run_seconds(const struct cmd_run *run)
{
    return run->ended - run->started;
}

const char *cmd_run_node(const struct cmd_run *run)
{
    return run->call.where.uri ? target_label(&run->call.where) : NULL;
}

static const struct view *view_of(const struct cmd_call *c)
{
    return c->view ? c->view : &c->def->view;
}

const char *cmd_run_empty(const struct cmd_run *run)
{
    const struct cmd_call *c = &run->call;
    bool empty = view_of(c)->kind == VIEW_TABLE && json_is_array(c->result) && !json_array_size(c->result);
    return empty && !err_is_set(&run->err) ? c->def->view.empty : NULL;
}

void cmd_run_render(const struct cmd_run *run, const struct render_how *how, struct buf *out)
{
    const struct cmd_call *c = &run->call;
    struct render_how wanted = *how;
    wanted.vertical |= c->vertical;
    wanted.human |= c->human;
    if (run->text) {
        size_t from = out->len;
        buf_adds(out, run->text);
        paint_marks(how->paint, buf_str(out), from);
    } else if (!(c->def->recipe && err_is_set(&run->err))) { // an inner command's value is not its
        render_how(view_of(c), c->def->flags & CMD_EACH, c->result, &wanted, out);
    }
}

static void run_free(struct cmd_run *run)
{
    cmd_call_release(&run->call);
    err_release(&run->err);
    free(run->text);
    free(run);
}

// A hint from the rows of explanations, where nobody gave one. The command line's own mistakes have none, but for what
// libvirt calls an invalid argument of a migration.
static void explain_by_rows(const struct cmd_call *c, struct err *e)
{
    const struct opt_val *dest = cmd_val(c, "desturi"), *guest = cmd_val(c, "domain");
    bool migrates = dest && dest->given && c->conn;
    if (!err_is_set(e) || (e->code == ERR_USAGE && !migrates))
        return;
    struct explain_names names = {.node = c->where.node ? c->where.node->name : NULL, .guest = guest ? guest->s : NULL};
    if (migrates) {
        names.source = target_label(&c->where);
        names.dest = target_label(&dest->target);
    }
    explain_fill(e, &names);
}

// Who has no node yet, and no libvirt here, does not know where to begin.
static void explain(const struct cmd_call *c, struct err *e)
{
    explain_by_rows(c, e);
    if (e->code != ERR_UNREACHABLE || !(c->def->flags & CMD_CONN) || c->conn || c->where.uri)
        return;
    if (inventory_is_empty(ctx_inventory(c->ctx)))
        err_hint(e, "node-add NAME USER@HOST adds a host to the inventory, connect URI goes to one without it%s%s",
                 e->hint ? "; here " : "", e->hint ? e->hint : "");
}

static void finish(void *data)
{
    struct cmd_run *run = data;
    run->ended = clock_mono_s();
    if (!run->cancelled)
        explain(&run->call, &run->err);
    run->done(run, run->data);
    run_free(run);
}

// A listing waits SILENCE_MS for a node that gives no answer, once others have; and only so long for one for which
// somebody has waited SILENCE_MS already.
static const double KNOWN_MS = 1200;

struct each {
    struct cmd_call *c;
    struct node **nodes;
    struct cmd_call *subs;
    struct err *errs;
    struct silence_group group;
};

struct each_wait {
    const struct silence_group *group;
    double patience_ms;
};

static bool is_enough(double waited_ms, void *data)
{
    const struct each_wait *w = data;
    return w->group->slowest_ms > 0 && waited_ms > silence_group_patience(w->group, w->patience_ms, SILENCE_SLOWER);
}

static void each_one(struct job *job, size_t i, void *arg)
{
    struct each *x = arg;
    struct cmd_call *sub = &x->subs[i];
    *sub = *x->c; // the values are shared and only read
    sub->job = job;
    sub->conn = NULL;
    sub->result = NULL;
    sub->where = (struct target){node_ref(x->nodes[i]), xstrdup(x->nodes[i]->uri)};
    double waited;
    silence_since(sub->where.uri, &waited);
    struct each_wait w = {&x->group, waited >= SILENCE_MS ? KNOWN_MS : SILENCE_MS};
    if (ctx_connect_unless(sub->ctx, job, sub->where.uri, is_enough, &w, &sub->conn, &x->errs[i]) < 0)
        return;
    silence_group_answered(&x->group);
    sub->def->run(sub, &x->errs[i]);
}

static void merge_value(json_t *all, const char *node, json_t *value)
{
    if (json_is_array(value)) {
        size_t k;
        json_t *item;
        json_array_foreach(value, k, item)
        {
            if (json_is_object(item))
                json_object_set_new(item, "node", json_text(node));
            json_array_append(all, item);
        }
    } else if (json_is_object(value)) {
        json_object_set_new(value, "node", json_text(node));
        json_array_append(all, value);
    } else if (value) {
        json_array_append_new(all, json_pack("{s:o, s:O}", "node", json_text(node), "value", value));
    }
}

// The command on several nodes at once. Nodes that fail do not stop the others; they are told of, and the status tells.
static int run_each(struct cmd_call *c, struct node **nodes, size_t n, struct err *e)
{
    struct each x = {.c = c, .nodes = nodes, .subs = xcalloc(n, sizeof(*x.subs)), .errs = xcalloc(n, sizeof(*x.errs))};
    silence_group_begin(&x.group);
    job_each(c->job, n, each_one, &x);
    c->result = json_array();
    for (size_t i = 0; i < n; i++) {
        merge_value(c->result, nodes[i]->name, x.subs[i].result);
        if (x.subs[i].view)
            c->view = x.subs[i].view; // chosen by the options, which are the same for all
        if (err_is_set(&x.errs[i])) {
            err_wrap(&x.errs[i], "node %s", nodes[i]->name);
            explain(&x.subs[i], &x.errs[i]);
            err_join(e, &x.errs[i]);
        }
        json_decref(x.subs[i].result);
        virt_conn_unref(x.subs[i].conn);
        target_release(&x.subs[i].where);
        err_release(&x.errs[i]);
    }
    free(x.subs);
    free(x.errs);
    if (!(c->def->flags & CMD_STOP_IS_END) && job_cancelled(c->job)) {
        err_release(e);
        return job_check(c->job, e);
    }
    return err_is_set(e) ? -1 : 0;
}

static bool names_domain(const struct cmd_call *c)
{
    for (size_t i = 0; c->def->opts && c->def->opts[i].name; i++) {
        if (c->def->opts[i].type == OPT_DOMAIN && c->vals[i].given)
            return true;
    }
    return false;
}

static int run_body(struct cmd_call *c, struct err *e)
{
    if ((c->def->flags & CMD_EACH) && !names_domain(c)) {
        struct node **nodes;
        size_t n = cmd_targets(c, &nodes);
        int r = n ? run_each(c, nodes, n, e) : 0;
        node_list_free(nodes, n);
        if (n)
            return r;
    }
    if (cmd_resolve(c, e) < 0 || confirm(c, e) < 0)
        return -1;
    return c->def->run(c, e);
}

static void run_job(struct job *job, void *arg)
{
    struct cmd_run *run = arg;
    run->call.job = job;
    run_body(&run->call, &run->err);
}

static void job_ended(struct job *job, void *arg)
{
    (void)job;
    struct cmd_run *run = arg;
    run->job = NULL;
    finish(run);
}

static void recipe_ended(void *data, json_t *result, const char *text, const struct err *err)
{
    struct cmd_run *run = data;
    run->script = NULL;
    run->call.result = json_incref(result);
    run->text = xstrdup(text);
    if (err)
        err_copy(&run->err, err);
    loop_post(finish, run); // a recipe may end before run_recipe() has returned
}

// A bound value as the recipe sees it.
static json_t *value_to_json(const struct opt_def *o, const struct opt_val *v)
{
    if (o->type == OPT_WORDS || (o->flags & OPTF_MULTI)) {
        json_t *list = json_array();
        for (size_t i = 0; i < v->list.n; i++)
            json_array_append_new(list, json_text(v->list.s[i]));
        return list;
    }
    if (o->type == OPT_BOOL)
        return json_boolean(v->b);
    if (!v->s)
        return NULL;
    switch (o->type) {
    case OPT_INT:
        return json_integer(v->i);
    case OPT_DURATION:
        return json_real(v->ms);
    case OPT_SIZE:
        return json_integer((json_int_t)v->bytes);
    default:
        return json_text(v->s);
    }
}

// What was given of another command's row, for the recipe to hand on: true, or as it was typed.
static json_t *value_to_pass(const struct opt_def *o, const struct opt_val *v)
{
    if (!v->given)
        return NULL;
    if (o->type == OPT_BOOL || o->type == OPT_WORDS || (o->flags & OPTF_MULTI))
        return value_to_json(o, v);
    return json_text(v->s);
}

static json_t *recipe_args(const struct cmd_call *c)
{
    json_t *args = json_object(), *passed = c->def->passed ? json_object() : NULL;
    for (size_t i = 0; c->def->opts[i].name; i++) {
        const struct opt_def *o = &c->def->opts[i];
        bool own = !passed || o < c->def->passed;
        json_t *value = own ? value_to_json(o, &c->vals[i]) : value_to_pass(o, &c->vals[i]);
        if (value)
            json_object_set_new(own ? args : passed, o->name, value);
    }
    if (passed)
        json_object_set_new(args, "passed", passed);
    return args;
}

static int start_recipe(struct cmd_run *run, struct err *e)
{
    const struct script_ops *ops = script_ops();
    if (!ops)
        return err_set(e, ERR_UNSUPPORTED, "%s is a recipe, and this migsh runs none", run->call.def->name);
    json_t *args = recipe_args(&run->call);
    run->script = ops->run_recipe(run->call.def->recipe, args, recipe_ended, run, e);
    json_decref(args);
    return run->script ? 0 : -1;
}

// virsh's habit, and everybody's: "CMD --help" is "help CMD".
static struct cmd_run *start_help(struct ctx *ctx, const char *name, cmd_done_fn *done, void *data, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_add(&words, "help");
    strv_add(&words, name);
    err_release(e);
    return cmd_start(ctx, &words, 0, done, data, e);
}

struct cmd_run *cmd_start(struct ctx *ctx, const struct strv *words, unsigned how, cmd_done_fn *done, void *data,
                          struct err *e)
{
    const struct cmd_def *def;
    if (cmd_lookup(words->s[0], how & CMD_TYPED, &def, e) < 0)
        return NULL;
    const struct cmd_def *other = def->other && def->other(words) ? cmd_find(def->other(words)) : NULL;
    def = other ? other : def;
    struct cmd_run *run = xnew(struct cmd_run);
    run->call.ctx = ctx;
    run->call.def = def;
    run->call.asks = how & CMD_TYPED && settings()->confirm;
    run->call.led_away = how & CMD_LED_AWAY;
    run->done = done;
    run->data = data;
    run->started = clock_mono_s();
    if (cmd_bind(&run->call, words, e) < 0 || (def->recipe && start_recipe(run, e) < 0)) {
        bool help = run->call.help;
        run_free(run);
        return help ? start_help(ctx, def->name, done, data, e) : NULL;
    }
    if (def->recipe)
        return run;
    if (def->flags & CMD_MAIN) {
        def->run(&run->call, &run->err);
        loop_post(finish, run);
    } else {
        run->job = job_start(def->name, run_job, job_ended, run, e);
        if (!run->job) {
            run_free(run);
            return NULL;
        }
    }
    return run;
}

void cmd_cancel(struct cmd_run *run)
{
    if (run->cancelled)
        return;
    run->cancelled = true;
    if (run->job)
        job_cancel(run->job);
    else if (run->script)
        script_ops()->cancel(run->script);
}
