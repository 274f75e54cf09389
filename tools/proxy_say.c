/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output of `netgdb proxy`: text, or one JSON object per line; see proxy.h. */
#include <arpa/inet.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/herald.h"
#include "proto/json.h"
#include "tools/proxy.h"

enum { LIST_ROW_MAX = 4096, COMMAND_MAX = PROXY_ADDRESS + 16 };

#define LIST_FORMAT "%-15s %-4s %-5s %-19s  %-28s %9s %6s  %s\n"

/* ---- one line each ---- */

static void print_line(struct proxy *p, struct buf *line)
{
    if (buf_addc(line, 0) == 0)
        logqueue_sink(p->printed, LOG_INFO, (const char *)line->data);
    buf_free(line);
}

void say_out(void *context, enum log_level level, const char *line)
{
    (void)level;
    (void)fprintf(context, "%s\n", line);
    (void)fflush(context);
}

/* Begins {"event":EVENT,"host":HOST. */
static void json_begin(struct buf *out, const char *event, const struct endpoint *s)
{
    buf_init(out, LIST_ROW_MAX);
    buf_printf(out, "{\"event\":\"%s\"", event);
    if (s != NULL) {
        buf_adds(out, ",\"host\":");
        json_add_text(out, s->name);
    }
}

static const char *target_remote(const struct listen_socket *d, char text[COMMAND_MAX])
{
    (void)snprintf(text, COMMAND_MAX, "target remote %s", d->address);
    return text;
}

static void json_gdb(struct buf *out, const struct listen_socket *d,
                     const struct listen_socket *observers)
{
    char text[COMMAND_MAX];
    if (d != NULL) {
        buf_printf(out, ",\"port\":%u,\"gdb\":", d->port);
        json_add_text(out, target_remote(d, text));
    }
    if (observers != NULL && observers->fd >= 0) {
        buf_printf(out, ",\"observe_port\":%u,\"observe\":", observers->port);
        json_add_text(out, target_remote(observers, text));
    }
}

/* Prints what to type in gdb: if the proxy listens on all addresses, a line for each of them. */
static void print_targets(struct proxy *p, const struct listen_socket *d)
{
    bool every = d->port != 0 && sockets_is_any(&p->listen);
    uint32_t own[LOCAL_ADDRESSES];
    unsigned n = every ? local_addresses(own) : 1;
    for (unsigned i = 0; i < n; i++) {
        char address[PROXY_ADDRESS];
        struct buf line;
        if (every)
            listen_socket_name(p, d->port, own[i], address);
        buf_init(&line, LIST_ROW_MAX);
        buf_printf(&line, "(gdb) target remote %s%s", every ? address : d->address,
                   d->observes ? "   # only to observe" : "");
        print_line(p, &line);
    }
}

static void print_socket(struct proxy *p, const char *event, const struct endpoint *s,
                         const struct listen_socket *d, const struct listen_socket *observers)
{
    struct buf line;
    if (!p->options->json) {
        if (d != NULL)
            print_targets(p, d);
        if (observers != NULL && observers->fd >= 0)
            print_targets(p, observers);
        return;
    }
    json_begin(&line, event, s);
    if (s != NULL)
        buf_printf(&line, ",\"session_port\":%u,\"stop\":\"%s\"", s->own.port, s->stop);
    json_gdb(&line, d, observers);
    buf_adds(&line, "}");
    print_line(p, &line);
}

static const char *power_of_client(const struct proxy_options *o)
{
    const struct transport *t = o->target.kind == OPTIONS_STREAM ? o->target.transport : NULL;
    return t != NULL && t->target != NULL ? "read the recorded memory"
                                          : "control the kernels and read their memory";
}

void say_who(const struct proxy *p)
{
    const struct proxy_options *o = p->options;
    struct stat st;
    if (o->stdio)
        return;
    if (p->listen.len == 0) {
        bool group =
            p->directory[0] != '\0' && stat(p->directory, &st) == 0 && (st.st_mode & S_IXGRP) != 0;
        char text[1024];
        struct group found, *g = NULL;
        if (group)
            (void)getgrgid_r(st.st_gid, &found, text, sizeof text, &g);
        log_info(&p->log, "who can connect: processes of this user%s%s, and root's",
                 g != NULL ? " and of group " : "", g != NULL ? g->gr_name : "");
    } else if (o->tls.on) {
        log_info(&p->log, "who can connect: anyone who proves by TLS to have a key of %s",
                 o->tls.keys.psk != NULL ? o->tls.keys.psk : o->tls.keys.ca);
    } else if (sockets_is_loopback(&p->listen)) {
        log_warn(&p->log, "who can connect: every user of this machine; they can %s",
                 power_of_client(o));
    } else {
        log_warn(&p->log, "who can connect: anyone who can reach %s; they can %s", o->listen,
                 power_of_client(o));
    }
}

void say_target_socket(struct proxy *p)
{
    print_socket(p, "listen", NULL, &p->target_socket, &p->target_observers);
}

void say_herald(struct proxy *p)
{
    uint32_t own[LOCAL_ADDRESSES] = {0};
    unsigned n = 1;
    char ip[NET_ADDR_TEXT];
    if (p->hosts.ip[0] != 0)
        own[0] = local_address_towards(p->hosts.ip[0]);
    else
        n = local_addresses(own);
    for (unsigned i = 0; i < n; i++) {
        struct buf line;
        const char *text = own[i] != 0 ? net_ip_text(own[i], ip) : "SERVER";
        buf_init(&line, LIST_ROW_MAX);
        if (p->options->json)
            buf_printf(&line, "{\"event\":\"herald\",\"db\":\"netgdb -s %s\"}", text);
        else
            buf_printf(&line, "db> netgdb -s %s", text);
        print_line(p, &line);
    }
}

/* Limits lines that any sender of datagrams can cause: after a burst, one per second. */
static bool passes_limit(struct proxy *p)
{
    uint64_t now = io_fds_now(), more = (now - p->said.since) / IO_SECOND;
    if (more != 0) {
        p->said.left =
            more < PROXY_BURST - p->said.left ? p->said.left + (unsigned)more : PROXY_BURST;
        p->said.since = now;
    }
    if (p->said.left == 0) {
        p->said.left_out++;
        return false;
    }
    p->said.left--;
    if (p->said.left_out != 0)
        log_warn(&p->log,
                 "%lu kernels or clients that came or went were not logged: 'netgdb ls' has all",
                 p->said.left_out);
    p->said.left_out = 0;
    return true;
}

void log_refusal(struct proxy *p, const char *why)
{
    char more[LOG_MORE];
    pthread_mutex_lock(&p->lock);
    bool passes = log_limit_allows(&p->full, io_fds_now(), more);
    pthread_mutex_unlock(&p->lock);
    if (passes)
        log_error(&p->log, "a client cannot be served: %s%s", why, more);
}

void say_kernel(struct proxy *p, const struct endpoint *s)
{
    if (!passes_limit(p))
        return;
    log_info(&s->log, "a kernel is waiting (%s), session port %u",
             s->stop[0] != '\0' ? s->stop : "taken over", s->own.port);
    print_socket(p, "kernel", s, s->socket, s->observers_socket);
}

void say_gone(struct proxy *p, const struct endpoint *s)
{
    struct buf line;
    if (!passes_limit(p))
        return;
    log_info(&s->log, "the session on port %u has ended", s->own.port);
    if (!p->options->json)
        return;
    json_begin(&line, "gone", s);
    buf_printf(&line, ",\"session_port\":%u}", s->own.port);
    print_line(p, &line);
}

void say_client(struct proxy *p, const struct endpoint *s, const struct client *c,
                const char *event)
{
    struct buf line;
    if (c->stand_in || !passes_limit(p))
        return;
    log_info(&s->log, "%s %s", c->who, event);
    if (!p->options->json)
        return;
    json_begin(&line, event, s);
    buf_printf(&line, ",\"session_port\":%u,\"client\":\"%s\"}", s->own.port, c->who);
    print_line(p, &line);
}

/* ---- profiles ---- */

/* Logs the lines of a profile, each with the host as prefix. */
static void log_lines(const struct log *log, char *text)
{
    for (char *line = strtok_r(text, "\n", &text); line != NULL; line = strtok_r(NULL, "\n", &text))
        log_info(log, "%s", line);
}

void say_profile(struct proxy *p, struct endpoint *s)
{
    struct buf text;
    if (p->options->json) {
        json_begin(&text, "profile", s);
        buf_printf(&text, ",\"session_port\":%u,", s->own.port);
        profile_json(&s->profile, &text);
        buf_adds(&text, "}");
        print_line(p, &text);
        return;
    }
    buf_init(&text, LIST_ROW_MAX);
    profile_text(&s->profile, &text);
    if (buf_addc(&text, 0) == 0)
        log_lines(&s->log, (char *)text.data);
    buf_free(&text);
}

static bool was_debugged(struct endpoint *s)
{
    pthread_mutex_lock(&s->profile.lock);
    bool was = s->profile.clients != 0;
    pthread_mutex_unlock(&s->profile.lock);
    return was;
}

void say_profiles(struct proxy *p)
{
    struct endpoint *s;
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (s, &p->endpoints[i], entries) {
            if (was_debugged(s))
                say_profile(p, s);
        }
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- the list ---- */

struct row {
    const char *generation;
    char since[24], state[PROXY_WHO + 40], rtt[24], loss[16];
    double rtt_ms, loss_percent;
};

static const char *state_without_client(const struct endpoint *s)
{
    return s->state == ENDPOINT_RUNNING ? "running" : "parked";
}

static void fill_row(struct row *r, struct endpoint *s)
{
    static const char *const generations[] = {"-", "13", "14+"};
    struct tm tm;
    pthread_mutex_lock(&s->profile.lock);
    bool known = s->profile.has_link;
    r->generation = generations[known ? s->profile.generation : LINK_GENERATION_UNKNOWN];
    r->rtt_ms = known ? (double)s->profile.srtt / 1e6 : 0;
    r->loss_percent = known ? profile_loss(&s->profile) / 10.0 : 0;
    pthread_mutex_unlock(&s->profile.lock);
    (void)snprintf(r->rtt, sizeof r->rtt, known ? "%.3f" : "-", r->rtt_ms);
    (void)snprintf(r->loss, sizeof r->loss, known ? "%.1f" : "-", r->loss_percent);
    (void)strftime(r->since, sizeof r->since, "%Y-%m-%d %H:%M:%S", localtime_r(&s->since, &tm));
    const struct client *c = endpoint_client(s);
    int n = snprintf(r->state, sizeof r->state, "%s%s",
                     c != NULL ? "attached " : state_without_client(s), c != NULL ? c->who : "");
    if (s->observers != 0)
        (void)snprintf(r->state + n, sizeof r->state - (size_t)n, ", %u observer%s", s->observers,
                       s->observers == 1 ? "" : "s");
}

static void list_text(struct endpoint *s, const struct row *r, bool verbose, struct buf *out)
{
    buf_printf(out, LIST_FORMAT, s->name, r->generation, s->stop[0] != '\0' ? s->stop : "-",
               r->since, r->state, r->rtt, r->loss, s->socket != NULL ? s->socket->address : "-");
    if (s->observers_socket != NULL)
        buf_printf(out, "    to observe: %s\n", s->observers_socket->address);
    if (!verbose)
        return;
    struct buf text;
    buf_init(&text, LIST_ROW_MAX);
    profile_text(&s->profile, &text);
    if (buf_addc(&text, 0) == 0) {
        char *rest = (char *)text.data;
        for (char *line = strtok_r(rest, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
            buf_printf(out, "    %s\n", line);
    }
    buf_free(&text);
}

static void list_json(struct endpoint *s, const struct row *r, bool verbose, struct buf *out)
{
    char text[COMMAND_MAX];
    const struct client *c = endpoint_client(s);
    buf_adds(out, "{\"host\":");
    json_add_text(out, s->name);
    buf_printf(out,
               ",\"generation\":\"%s\",\"stop\":\"%s\",\"since\":%lld,\"session_port\":%u,"
               "\"port\":%u,\"state\":\"%s\",\"client\":\"%s\",\"observers\":%u,\"rtt_ms\":%.3f,"
               "\"loss_percent\":%.1f",
               r->generation, s->stop, (long long)s->since, s->own.port,
               s->socket != NULL ? s->socket->port : 0,
               c != NULL ? "attached" : state_without_client(s), c != NULL ? c->who : "",
               s->observers, r->rtt_ms, r->loss_percent);
    if (s->socket != NULL) {
        buf_adds(out, ",\"gdb\":");
        json_add_text(out, target_remote(s->socket, text));
    }
    if (s->observers_socket != NULL) {
        buf_adds(out, ",\"observe\":");
        json_add_text(out, target_remote(s->observers_socket, text));
    }
    if (verbose) {
        buf_adds(out, ",\"profile\":{");
        profile_json(&s->profile, out);
        buf_adds(out, "}");
    }
    buf_adds(out, "}\n");
}

void say_list(struct proxy *p, bool json, bool verbose, struct buf *out)
{
    struct endpoint *s;
    if (!json)
        buf_printf(out, LIST_FORMAT, "HOST", "GEN", "STOP", "SINCE", "STATE", "RTT/ms", "LOSS/%",
                   "TARGET REMOTE");
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (s, &p->endpoints[i], entries) {
            struct row row;
            fill_row(&row, s);
            if (json)
                list_json(s, &row, verbose, out);
            else
                list_text(s, &row, verbose, out);
        }
    }
}
