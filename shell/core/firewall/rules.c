// SPDX-License-Identifier: GPL-3.0-or-later
// Which of a ruleset's chains may drop what comes in. Pure. See firewall.h.
//
// A ruleset is a graph here, {CHAIN: {"drops": bool, "to": [CHAIN]}}: what a rule matches is not judged, so a chain
// that drops one thing alone counts. A rule too many in front of it, for few addresses and ports, does no harm; one too
// few does.
#include <string.h>

#include "base/json.h"
#include "core/firewall/firewall.h"

static json_t *chain_at(json_t *graph, const char *name)
{
    json_t *chain = json_object_get(graph, name);
    if (!chain) {
        chain = json_pack("{s:b, s:[]}", "drops", 0, "to");
        json_object_set_new(graph, name, chain);
    }
    return chain;
}

static bool may_drop(const json_t *graph, const char *name, json_t *seen)
{
    const json_t *chain = json_object_get(graph, name);
    if (!chain || json_object_get(seen, name))
        return false;
    json_object_set_new(seen, name, json_true());
    if (json_is_true(json_object_get(chain, "drops")))
        return true;
    size_t i;
    json_t *to;
    json_array_foreach(json_object_get(chain, "to"), i, to)
    {
        if (may_drop(graph, json_string_value(to), seen))
            return true;
    }
    return false;
}

static bool drops(const json_t *graph, const char *name)
{
    json_auto_t *seen = json_object();
    return may_drop(graph, name, seen);
}

// --- nft

// "FAMILY TABLE CHAIN", or NULL: it has no such names.
static char *nft_name(const json_t *of, const char *chain)
{
    const char *family = json_text_at(of, "family"), *table = json_text_at(of, "table");
    return family && table && chain ? xasprintf("%s %s %s", family, table, chain) : NULL;
}

static void add_jump(json_t *chain, const json_t *rule, const json_t *verdict)
{
    _cleanup_free_ char *to = nft_name(rule, json_text_at(verdict, "target"));
    if (to)
        json_array_append_new(json_object_get(chain, "to"), json_text(to));
}

// The values of a verdict map are verdicts too, wherever they stand in it.
static void add_verdicts(json_t *chain, const json_t *rule, const json_t *value)
{
    const char *key;
    size_t i;
    json_t *v;
    json_array_foreach(value, i, v) add_verdicts(chain, rule, v);
    json_object_foreach((json_t *)value, key, v)
    {
        if (strcmp(key, "drop") == 0 || strcmp(key, "reject") == 0)
            json_object_set_new(chain, "drops", json_true());
        else if (strcmp(key, "jump") == 0 || strcmp(key, "goto") == 0)
            add_jump(chain, rule, v);
        else if (strcmp(key, "xt") == 0 && json_text_at(v, "name") && strcmp(json_text_at(v, "name"), "REJECT") == 0)
            json_object_set_new(chain, "drops", json_true());
        else
            add_verdicts(chain, rule, v);
    }
}

// A prerouting chain that drops one thing or other is there against forged addresses: only one that lets nothing pass
// unasked is in the way.
static bool is_in_the_way(const json_t *chain, const json_t *graph, const char *name)
{
    const char *type = json_text_at(chain, "type"), *hook = json_text_at(chain, "hook"),
               *policy = json_text_at(chain, "policy"), *family = json_text_at(chain, "family");
    if (!type || !hook || strcmp(type, "filter") != 0 ||
        !(strcmp(family, "ip") == 0 || strcmp(family, "ip6") == 0 || strcmp(family, "inet") == 0))
        return false;
    bool closed = policy && strcmp(policy, "drop") == 0;
    return (strcmp(hook, "input") == 0 && (closed || drops(graph, name))) ||
           (strcmp(hook, "prerouting") == 0 && closed);
}

static bool is_skipped(const json_t *chain, const struct strv *skip)
{
    const char *table = json_text_at(chain, "table");
    _cleanup_free_ char *full = xasprintf("%s %s", json_text_at(chain, "family"), table);
    return strv_has(skip, table) || strv_has(skip, full);
}

static void take_chain(json_t *graph, json_t *bases, json_t *chain)
{
    _cleanup_free_ char *name = nft_name(chain, json_text_at(chain, "name"));
    if (!name)
        return;
    chain_at(graph, name);
    if (json_text_at(chain, "hook"))
        json_object_set(bases, name, chain);
}

static void take_rule(json_t *graph, const json_t *rule)
{
    _cleanup_free_ char *name = nft_name(rule, json_text_at(rule, "chain"));
    if (name)
        add_verdicts(chain_at(graph, name), rule, json_object_get(rule, "expr"));
}

int firewall_nft_doors(const char *json, const struct strv *skip, struct strv *ret, struct err *e)
{
    json_error_t bad;
    json_auto_t *root = json_loads(json, 0, &bad), *graph = json_object(), *bases = json_object();
    const json_t *list = json_object_get(root, "nftables");
    size_t i;
    json_t *item;
    if (!json_is_array(list))
        return err_set(e, ERR_UNSUPPORTED, "its nft does not tell its rules as JSON");
    json_array_foreach(list, i, item)
    {
        if (json_object_get(item, "chain"))
            take_chain(graph, bases, json_object_get(item, "chain"));
        else if (json_object_get(item, "rule"))
            take_rule(graph, json_object_get(item, "rule"));
    }
    const char *name;
    json_object_foreach(bases, name, item)
    {
        if (!is_skipped(item, skip) && is_in_the_way(item, graph, name))
            strv_add(ret, name);
    }
    return 0;
}

// --- iptables

// The word behind `option` in a rule of `iptables -S`; the caller frees.
static char *word_behind(const char *rule, const char *option)
{
    const char *at = strstr(rule, option);
    return at ? xstrndup(at + strlen(option), strcspn(at + strlen(option), " ")) : NULL;
}

bool firewall_iptables_drops(const struct strv *rules)
{
    json_auto_t *graph = json_object();
    for (size_t i = 0; i < rules->n; i++) {
        const char *rule = rules->s[i];
        _cleanup_free_ char *name = word_behind(rule, rule[0] == '-' && rule[1] == 'A' ? "-A " : "-P "),
                            *to = word_behind(rule, " -j "), *there = to ? NULL : word_behind(rule, " -g ");
        if (!name)
            continue;
        json_t *chain = chain_at(graph, name);
        if ((to && (strcmp(to, "DROP") == 0 || strcmp(to, "REJECT") == 0)) ||
            (str_starts(rule, "-P ") && str_ends(rule, " DROP")))
            json_object_set_new(chain, "drops", json_true());
        else if (to || there)
            json_array_append_new(json_object_get(chain, "to"), json_text(to ? to : there));
    }
    return drops(graph, "INPUT");
}
