/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a firewall's rules do with a datagram; see doctor.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/doctor.h"

enum {
    RULE_MAX = 1024, /* bytes of a rule; longer ones are cut */
    NAME_MAX_BYTES = 128,
    JUMPS_MAX = 8, /* chains that jump to each other */
};

enum matches { MATCHES_NO, MATCHES_MAYBE, MATCHES_YES };

/* What a rule or a chain does: a verdict of nft(8), or none: the next rule decides. */
enum action { ACTION_NONE, ACTION_ACCEPT, ACTION_DROP, ACTION_JUMP, ACTION_RETURN };

struct rule {
    enum matches matches;
    enum action action;
    char chain[NAME_MAX_BYTES]; /* of ACTION_JUMP; an unknown one counts as a condition */
    bool last;                  /* goto: the rules after this one are not for its datagrams */
};

/* A rule as text: words from left to right. */
struct words {
    char text[RULE_MAX];
    char *next;
};

static void words_init(struct words *w, const char *line, size_t len)
{
    (void)snprintf(w->text, sizeof w->text, "%.*s", (int)(len < RULE_MAX ? len : RULE_MAX - 1),
                   line);
    w->next = w->text;
}

/* The next word, "" after the last; a text in quotation marks or a { set } is one word. */
static const char *words_next(struct words *w)
{
    char *start = w->next + strspn(w->next, " \t"), *end;
    if (*start == '"')
        end = strchr(start + 1, '"');
    else if (*start == '{')
        end = strchr(start, '}');
    else
        end = start + strcspn(start, " \t") - (*start != '\0');
    if (end == NULL)
        end = start + strlen(start) - 1;
    w->next = end + 1;
    if (*start == '\0')
        w->next = start;
    else if (*w->next != '\0')
        *w->next++ = '\0';
    return start;
}

/* Whether the next word is this one. */
static bool word_follows(const struct words *w, const char *word)
{
    const char *start = w->next + strspn(w->next, " \t");
    size_t len = strlen(word);
    return strncmp(start, word, len) == 0 && strchr(" \t", start[len]) != NULL;
}

static bool word_is(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(word, *list) == 0)
            return true;
    }
    return false;
}

/* Whether a port is in "20025", "20000-20100", "20000:20100" or "{ 53, 20000-20100 }". */
static enum matches match_port(const char *text, uint16_t port)
{
    bool number = false;
    for (text += strcspn(text, "0123456789"); *text != '\0'; text += strcspn(text, "0123456789")) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if ((*end == '-' || *end == ':') && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (port >= first && port <= last)
            return MATCHES_YES;
        text = end;
        number = true;
    }
    return number ? MATCHES_NO : MATCHES_MAYBE; /* a name or a set that is defined elsewhere */
}

/* A state of connections: the first datagram of a kernel is new. */
static enum matches match_state(const char *text)
{
    return strcasestr(text, "new") != NULL || strcasestr(text, "untracked") != NULL ? MATCHES_YES
                                                                                    : MATCHES_NO;
}

static enum matches match_interface(const char *text)
{
    return strcmp(text, "lo") == 0 || strcmp(text, "\"lo\"") == 0 ? MATCHES_NO : MATCHES_MAYBE;
}

static enum matches negate(enum matches m)
{
    return m == MATCHES_MAYBE ? m : MATCHES_YES - m;
}

static void add_match(struct rule *r, enum matches m)
{
    if (m < r->matches)
        r->matches = m;
}

/* ---- nft ---- */

static enum matches match_protocol(const char *text)
{
    return strstr(text, "udp") != NULL || strcmp(text, "17") == 0 ? MATCHES_YES : MATCHES_NO;
}

enum field { FIELD_PORT, FIELD_STATE, FIELD_INTERFACE, FIELD_PROTOCOL };

/* What follows a field: VALUE, "!= VALUE", or a verdict map, which is left for take_action. */
static enum matches match_value(enum field field, struct words *w, uint16_t port)
{
    bool negated = word_follows(w, "!=");
    if (word_follows(w, "vmap"))
        return MATCHES_MAYBE;
    if (negated)
        (void)words_next(w);
    const char *value = words_next(w);
    enum matches m = field == FIELD_PORT        ? match_port(value, port)
                     : field == FIELD_STATE     ? match_state(value)
                     : field == FIELD_INTERFACE ? match_interface(value)
                                                : match_protocol(value);
    return negated ? negate(m) : m;
}

/* A condition that begins with this word. */
static enum matches match_nft(const char *word, struct words *w, uint16_t port)
{
    static const char *const others[] = {"tcp", "icmp", "icmpv6", "sctp", "dccp", "ip6", NULL};
    if (word_is(word, others))
        return MATCHES_NO;
    if (strcmp(word, "udp") == 0 || strcmp(word, "th") == 0)
        return strcmp(words_next(w), "dport") == 0 ? match_value(FIELD_PORT, w, port)
                                                   : MATCHES_MAYBE;
    if (strcmp(word, "ct") == 0 && strcmp(words_next(w), "state") == 0)
        return match_value(FIELD_STATE, w, port);
    if (strcmp(word, "iif") == 0 || strcmp(word, "iifname") == 0)
        return match_value(FIELD_INTERFACE, w, port);
    if (strcmp(word, "meta") == 0 || strcmp(word, "ip") == 0) {
        const char *field = words_next(w);
        if (strcmp(field, "l4proto") == 0 || strcmp(field, "protocol") == 0)
            return match_value(FIELD_PROTOCOL, w, port);
    }
    return MATCHES_MAYBE;
}

/* "counter packets 0 bytes 0", "log prefix "…"" and "comment "…"" are no conditions. */
static bool skip_statement(const char *word, struct words *w)
{
    static const char *const fields[] = {"packets", "bytes", "prefix", "comment", NULL};
    static const char *const alone[] = {"counter", "log", NULL};
    if (word_is(word, fields)) {
        (void)words_next(w);
        return true;
    }
    return word_is(word, alone);
}

/* An action; false: the word is none. */
static bool take_action(const char *word, struct words *w, struct rule *r)
{
    static const char *const drops[] = {"drop", "reject", NULL};
    static const char *const jumps[] = {"jump", "goto", "vmap", "queue", NULL};
    if (strcmp(word, "accept") == 0)
        r->action = ACTION_ACCEPT;
    else if (word_is(word, drops))
        r->action = ACTION_DROP;
    else if (strcmp(word, "return") == 0)
        r->action = ACTION_RETURN;
    else if (word_is(word, jumps))
        r->action = ACTION_JUMP;
    else
        return false;
    r->last = strcmp(word, "goto") == 0;
    if (r->action == ACTION_JUMP)
        (void)snprintf(r->chain, sizeof r->chain, "%s", words_next(w));
    return true;
}

static struct rule parse_nft(const char *line, size_t len, uint16_t port)
{
    struct rule r = {.matches = MATCHES_YES};
    struct words w = {.next = NULL};
    words_init(&w, line, len);
    for (const char *word; r.action == ACTION_NONE && *(word = words_next(&w)) != '\0';) {
        if (!skip_statement(word, &w) && !take_action(word, &w, &r))
            add_match(&r, match_nft(word, &w, port));
    }
    return r;
}

/* ---- iptables ---- */

/* The value of an option, "" if it has none. */
static const char *option_value(struct words *w)
{
    return word_follows(w, "!") || w->next[strspn(w->next, " \t")] == '-' ? "" : words_next(w);
}

static enum action iptables_action(const char *target)
{
    static const char *const drops[] = {"DROP", "REJECT", NULL};
    static const char *const none[] = {"LOG", "", NULL};
    if (strcmp(target, "ACCEPT") == 0)
        return ACTION_ACCEPT;
    if (strcmp(target, "RETURN") == 0)
        return ACTION_RETURN;
    return word_is(target, drops) ? ACTION_DROP : word_is(target, none) ? ACTION_NONE : ACTION_JUMP;
}

static struct rule parse_iptables(const char *line, size_t len, uint16_t port)
{
    static const char *const harmless[] = {"-m", "--comment", "--log-prefix", "--reject-with",
                                           NULL};
    struct rule r = {.matches = MATCHES_YES};
    struct words w = {.next = NULL};
    bool negated = false;
    words_init(&w, line, len);
    (void)words_next(&w); /* -A */
    (void)words_next(&w); /* CHAIN */
    for (const char *word; *(word = words_next(&w)) != '\0';) {
        enum matches m = MATCHES_YES;
        if (strcmp(word, "!") == 0) {
            negated = true;
            continue;
        }
        const char *value = option_value(&w);
        if (strcmp(word, "-p") == 0)
            m = match_protocol(value);
        else if (strcmp(word, "--dport") == 0 || strcmp(word, "--dports") == 0)
            m = match_port(value, port);
        else if (strcmp(word, "--ctstate") == 0 || strcmp(word, "--state") == 0)
            m = match_state(value);
        else if (strcmp(word, "-i") == 0)
            m = match_interface(value);
        else if (strcmp(word, "-j") == 0 || strcmp(word, "-g") == 0)
            (void)snprintf(r.chain, sizeof r.chain, "%s", value);
        else if (!word_is(word, harmless))
            m = MATCHES_MAYBE;
        r.last |= strcmp(word, "-g") == 0;
        add_match(&r, negated ? negate(m) : m);
        negated = false;
    }
    r.action = iptables_action(r.chain);
    return r;
}

/* ---- chains ---- */

/* The rules of a firewall in either form. */
struct ruleset {
    bool nft;
    uint16_t port;
    const char *text;
    char *line; /* the deciding rule */
    size_t size;
};

/* What the rules so far do; `depends`: a condition may have decided otherwise. */
struct outcome {
    enum action action;
    bool depends;
};

static const char *next_line(const char *line)
{
    line = strchr(line, '\n');
    return line != NULL ? line + 1 : NULL;
}

static size_t line_length(const char *line)
{
    return strcspn(line, "\n");
}

static void keep_line(const struct ruleset *s, const char *line)
{
    line += strspn(line, " \t");
    (void)snprintf(s->line, s->size, "%.*s", (int)line_length(line), line);
}

static struct outcome run_chain(const struct ruleset *s, const char *first, unsigned depth);

/* The rules of a chain: of nft, the line after "chain NAME {" of the same table. */
static const char *find_chain(const struct ruleset *s, const char *from, const char *name)
{
    char head[NAME_MAX_BYTES + 16];
    (void)snprintf(head, sizeof head, s->nft ? "\tchain %s {" : "-A %s ", name);
    const char *table = s->text;
    for (const char *line = s->text; s->nft && line != NULL && line < from; line = next_line(line))
        table = strncmp(line, "table ", 6) == 0 ? line : table;
    for (const char *line = table; line != NULL; line = next_line(line)) {
        if (s->nft && line != table && strncmp(line, "table ", 6) == 0)
            return NULL;
        if (strncmp(line, head, strlen(head)) == 0)
            return s->nft ? next_line(line) : line;
    }
    return NULL;
}

/* A rule whose end is cut off may do anything. */
static struct rule parse_rule(const struct ruleset *s, const char *line)
{
    size_t len = line_length(line);
    struct rule r = s->nft ? parse_nft(line, len, s->port) : parse_iptables(line, len, s->port);
    if (len >= RULE_MAX && r.action == ACTION_NONE)
        r.action = ACTION_JUMP;
    return r;
}

static struct outcome run_rule(const struct ruleset *s, const char *line, unsigned depth)
{
    struct rule r = parse_rule(s, line);
    struct outcome o = {.action = r.action};
    if (r.matches == MATCHES_NO)
        return (struct outcome){.action = ACTION_NONE};
    if (r.action == ACTION_JUMP) {
        const char *chain =
            depth < JUMPS_MAX && r.matches == MATCHES_YES ? find_chain(s, line, r.chain) : NULL;
        if (chain != NULL)
            o = run_chain(s, chain, depth + 1);
        else
            r.matches = MATCHES_MAYBE;
        if (o.action == ACTION_NONE && r.last)
            o.action = ACTION_RETURN;
    }
    if (r.matches == MATCHES_MAYBE && o.action != ACTION_NONE) {
        keep_line(s, line);
        o = (struct outcome){.action = ACTION_NONE, .depends = true};
    } else if ((r.action == ACTION_ACCEPT || r.action == ACTION_DROP) && !o.depends) {
        keep_line(s, line);
    }
    return o;
}

/* Whether the line is a rule of the chain that begins at `first`. */
static bool is_rule(const struct ruleset *s, const char *first, const char *line)
{
    if (!s->nft) {
        size_t head = 3 + strcspn(first + 3, " ");
        return strncmp(first, line, head + 1) == 0;
    }
    line += strspn(line, " \t");
    return strncmp(line, "type ", 5) != 0;
}

static struct outcome run_chain(const struct ruleset *s, const char *first, unsigned depth)
{
    struct outcome sum = {.action = ACTION_NONE};
    for (const char *line = first; line != NULL; line = next_line(line)) {
        if (s->nft && strncmp(line, "\t}", 2) == 0)
            break;
        if (!is_rule(s, first, line))
            continue;
        struct outcome o = run_rule(s, line, depth);
        sum.depends |= o.depends;
        sum.action = o.action;
        if (o.action != ACTION_NONE)
            break;
    }
    if (sum.action == ACTION_RETURN)
        sum.action = ACTION_NONE; /* the chain before, or the policy, decides */
    return sum;
}

static enum firewall result_of(struct outcome o)
{
    return o.depends                 ? FIREWALL_DEPENDS
           : o.action == ACTION_DROP ? FIREWALL_DROPS
                                     : FIREWALL_ACCEPTS;
}

/* A chain of this hook: its rules, then its policy. */
static enum firewall run_nft_chain(const struct ruleset *s, const char *type)
{
    struct outcome o = run_chain(s, type, 0);
    char line[RULE_MAX];
    if (o.action != ACTION_NONE)
        return result_of(o);
    (void)snprintf(line, sizeof line, "%.*s", (int)line_length(type), type);
    o.action = strstr(line, "policy drop") != NULL ? ACTION_DROP : ACTION_ACCEPT;
    if (o.action == ACTION_DROP && !o.depends)
        keep_line(s, type);
    return result_of(o);
}

/* A datagram must be accepted by each base chain; of tables for IPv6 or bridges it sees none. */
enum firewall firewall_nft(const char *rules, uint16_t port, char *line, size_t size)
{
    const struct ruleset s = {.nft = true, .port = port, .text = rules, .line = line, .size = size};
    enum firewall worst = FIREWALL_ACCEPTS;
    bool ours = false;
    char kept[RULE_MAX] = "";
    line[0] = '\0';
    for (const char *at = rules; at != NULL; at = next_line(at)) {
        char head[RULE_MAX];
        (void)snprintf(head, sizeof head, "%.*s", (int)line_length(at), at);
        if (strncmp(head, "table ", 6) == 0)
            ours = strncmp(head, "table ip ", 9) == 0 || strncmp(head, "table inet ", 11) == 0;
        if (!ours || strstr(head, "type filter hook ") == NULL ||
            (strstr(head, "hook input ") == NULL && strstr(head, "hook prerouting ") == NULL))
            continue;
        line[0] = '\0';
        enum firewall f = run_nft_chain(&s, at);
        if (f > worst) {
            worst = f;
            (void)snprintf(kept, sizeof kept, "%s", line);
        }
    }
    (void)snprintf(line, size, "%s", kept);
    return worst;
}

enum firewall firewall_iptables(const char *rules, uint16_t port, char *line, size_t size)
{
    const struct ruleset s = {.port = port, .text = rules, .line = line, .size = size};
    const char *first = find_chain(&s, rules, "INPUT");
    struct outcome o = {.action = ACTION_NONE};
    line[0] = '\0';
    if (first != NULL)
        o = run_chain(&s, first, 0);
    if (o.action == ACTION_NONE) {
        const char *policy = strstr(rules, "-P INPUT DROP");
        o.action = policy != NULL ? ACTION_DROP : ACTION_ACCEPT;
        if (policy != NULL && !o.depends)
            keep_line(&s, policy);
    }
    return result_of(o);
}
