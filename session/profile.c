/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profile of a session; see profile.h. */
#include "session/profile.h"

#include <stdio.h>
#include <string.h>

void profile_init(struct profile *p)
{
    *p = (struct profile){0};
    pthread_mutex_init(&p->lock, NULL);
}

void profile_free(struct profile *p)
{
    pthread_mutex_destroy(&p->lock);
}

void profile_client(struct profile *p)
{
    pthread_mutex_lock(&p->lock);
    p->clients++;
    pthread_mutex_unlock(&p->lock);
}

/* Copies the start of a request in printable form. */
static void show_request(char text[PROFILE_SHOWN], const uint8_t *request, size_t len)
{
    size_t n = len < PROFILE_SHOWN - 1 ? len : PROFILE_SHOWN - 1;
    for (size_t i = 0; i < n; i++) {
        bool plain =
            request[i] > ' ' && request[i] < 0x7f && request[i] != '"' && request[i] != '\\';
        text[i] = plain ? (char)request[i] : '.';
    }
    text[n] = '\0';
}

static struct profile_cause causes(const struct profile *p)
{
    struct profile_cause all = {.retransmitted = p->link.retransmitted, .repeated = p->asked_again};
    for (int i = 0; i < NETGDB_DELAYS; i++)
        all.delayed += p->stats.delayed[i].ns;
    return all;
}

/* The causes of the request that has just ended. A new session begins at 0. */
static struct profile_cause take_cause(struct profile *p)
{
    const struct profile_cause now = causes(p), then = p->before;
    bool same = now.delayed >= then.delayed && now.retransmitted >= then.retransmitted &&
                now.repeated >= then.repeated;
    p->before = now;
    if (!same)
        return now;
    return (struct profile_cause){now.delayed - then.delayed,
                                  now.retransmitted - then.retransmitted,
                                  now.repeated - then.repeated};
}

static void keep_slow(struct profile *p, uint64_t took, const uint8_t *request, size_t len,
                      const struct packet *packet, const struct profile_cause *cause)
{
    unsigned at = PROFILE_SLOWEST;
    while (at > 0 && p->slowest[at - 1].took < took)
        at--;
    if (at == PROFILE_SLOWEST)
        return;
    memmove(&p->slowest[at + 1], &p->slowest[at],
            (PROFILE_SLOWEST - 1 - at) * sizeof p->slowest[0]);
    p->slowest[at].took = took;
    p->slowest[at].explanation = packet->explanation;
    p->slowest[at].cause = *cause;
    show_request(p->slowest[at].text, request, len);
}

void profile_request(struct profile *p, uint64_t asked, uint64_t took, const uint8_t *request,
                     size_t len, const struct packet *packet)
{
    pthread_mutex_lock(&p->lock);
    p->requests++;
    p->asking += asked;
    const struct profile_cause cause = take_cause(p);
    if ((packet->effects & PKT_RESUMES) != 0) {
        p->running += took;
    } else {
        p->answering += took;
        keep_slow(p, took, request, len, packet, &cause);
    }
    pthread_mutex_unlock(&p->lock);
}

void profile_note_link(struct profile *p, const struct target *netgdb)
{
    const struct link *l = netgdb_target_link(netgdb);
    const struct netgdb_stats *s = netgdb_target_stats(netgdb);
    pthread_mutex_lock(&p->lock);
    p->has_link = true;
    p->generation = l->generation;
    p->stats = *s;
    p->asked_again = s->asked_again + s->repeated_requests;
    p->srtt = l->srtt;
    p->lateness = link_lateness(l);
    p->link = l->counters;
    pthread_mutex_unlock(&p->lock);
}

unsigned profile_loss(const struct profile *p)
{
    uint64_t sent = p->stats.requests * 2 + p->link.retransmitted; /* a request and a '+' each */
    return sent == 0 ? 0 : (unsigned)(p->link.retransmitted * 1000 / sent);
}

void profile_observers(struct profile *p, unsigned observers)
{
    pthread_mutex_lock(&p->lock);
    p->observers = observers;
    pthread_mutex_unlock(&p->lock);
}

static double seconds(uint64_t ns)
{
    return (double)ns / 1e9;
}

static double delayed_ms(const struct profile *p, enum netgdb_delay what)
{
    return (double)p->stats.delayed[what].ns / 1e6;
}

static unsigned long long delayed(const struct profile *p, enum netgdb_delay what)
{
    return (unsigned long long)p->stats.delayed[what].n;
}

/* Prints the reasons for delays. NETGDB_LOG=debug logs each delay. */
static void delays_text(const struct profile *p, struct buf *out)
{
    buf_printf(out,
               "delayed so that nothing runs twice: %llu requests (%.1f ms), %llu '+' (%.1f ms); "
               "%llu waited for a duplicate to end (%.1f ms)\n",
               delayed(p, NETGDB_DELAY_REQUEST), delayed_ms(p, NETGDB_DELAY_REQUEST),
               delayed(p, NETGDB_DELAY_ACK), delayed_ms(p, NETGDB_DELAY_ACK),
               delayed(p, NETGDB_DELAY_DUPLICATE), delayed_ms(p, NETGDB_DELAY_DUPLICATE));
}

static void link_text(const struct profile *p, struct buf *out)
{
    const struct link_counters *l = &p->link;
    unsigned loss = profile_loss(p);
    buf_printf(
        out, "round trips %llu, %.3f ms each on the way; duplicates arrive up to %.0f ms late\n",
        (unsigned long long)p->stats.requests, (double)p->srtt / 1e6, (double)p->lateness / 1e6);
    buf_printf(out, "datagrams %llu out, %llu in; bytes %llu out, %llu in\n",
               (unsigned long long)l->sent, (unsigned long long)l->received,
               (unsigned long long)l->bytes_out, (unsigned long long)l->bytes_in);
    buf_printf(out,
               "retransmitted %llu (%u.%u %%), duplicates received %llu, stale replies %llu, "
               "repeated requests %llu\n",
               (unsigned long long)l->retransmitted, loss / 10, loss % 10,
               (unsigned long long)l->duplicates, (unsigned long long)p->stats.stale_replies,
               (unsigned long long)p->asked_again);
    delays_text(p, out);
    if (l->stray_acks + l->impossible != 0)
        buf_printf(
            out,
            "impossible for a kernel: %llu acks of datagrams never sent, %llu other datagrams\n",
            (unsigned long long)l->stray_acks, (unsigned long long)l->impossible);
}

static void cause_text(const struct profile_cause *c, struct buf *out)
{
    if (c->delayed != 0)
        buf_printf(out, "; delayed %.1f ms so that nothing runs twice", (double)c->delayed / 1e6);
    if (c->retransmitted != 0)
        buf_printf(out, "; %llu retransmissions", (unsigned long long)c->retransmitted);
    if (c->repeated != 0)
        buf_printf(out, "; repeated %llu times", (unsigned long long)c->repeated);
}

void profile_text(struct profile *p, struct buf *out)
{
    pthread_mutex_lock(&p->lock);
    buf_printf(out,
               "requests %llu of %u client%s; waited %.3f s for replies, %.3f s for stops, "
               "%.3f s for the debugger\n",
               (unsigned long long)p->requests, p->clients, p->clients == 1 ? "" : "s",
               seconds(p->answering), seconds(p->running), seconds(p->asking));
    if (p->observers != 0)
        buf_printf(out, "%u observer%s: looks between the requests of the debugger\n", p->observers,
                   p->observers == 1 ? "" : "s");
    if (p->has_link)
        link_text(p, out);
    for (unsigned i = 0; i < PROFILE_SLOWEST && p->slowest[i].took != 0; i++) {
        buf_printf(out, "slowest %u: %.3f s %s (%s)", i + 1, seconds(p->slowest[i].took),
                   p->slowest[i].text, p->slowest[i].explanation);
        cause_text(&p->slowest[i].cause, out);
        buf_adds(out, "\n");
    }
    pthread_mutex_unlock(&p->lock);
}

static void link_json(const struct profile *p, struct buf *out)
{
    const struct link_counters *l = &p->link;
    buf_printf(out,
               ",\"round_trips\":%llu,\"rtt_ms\":%.3f,\"late_ms\":%.3f,\"datagrams_out\":%llu,"
               "\"datagrams_in\":%llu,\"bytes_out\":%llu,\"bytes_in\":%llu,\"retransmitted\":%llu,"
               "\"duplicates\":%llu,\"stale_replies\":%llu,\"repeated_requests\":%llu,"
               "\"stray_acks\":%llu,\"impossible\":%llu,\"delayed_requests\":%llu,"
               "\"delayed_requests_ms\":%.1f,\"delayed_acks\":%llu,\"delayed_acks_ms\":%.1f,"
               "\"delayed_by_duplicates\":%llu,\"delayed_by_duplicates_ms\":%.1f",
               (unsigned long long)p->stats.requests, (double)p->srtt / 1e6,
               (double)p->lateness / 1e6, (unsigned long long)l->sent,
               (unsigned long long)l->received, (unsigned long long)l->bytes_out,
               (unsigned long long)l->bytes_in, (unsigned long long)l->retransmitted,
               (unsigned long long)l->duplicates, (unsigned long long)p->stats.stale_replies,
               (unsigned long long)p->asked_again, (unsigned long long)l->stray_acks,
               (unsigned long long)l->impossible, delayed(p, NETGDB_DELAY_REQUEST),
               delayed_ms(p, NETGDB_DELAY_REQUEST), delayed(p, NETGDB_DELAY_ACK),
               delayed_ms(p, NETGDB_DELAY_ACK), delayed(p, NETGDB_DELAY_DUPLICATE),
               delayed_ms(p, NETGDB_DELAY_DUPLICATE));
}

void profile_json(struct profile *p, struct buf *out)
{
    pthread_mutex_lock(&p->lock);
    buf_printf(
        out,
        "\"requests\":%llu,\"clients\":%u,\"observers\":%u,\"answering_s\":%.6f,\"running_s\":%.6f,"
        "\"asking_s\":%.6f",
        (unsigned long long)p->requests, p->clients, p->observers, seconds(p->answering),
        seconds(p->running), seconds(p->asking));
    if (p->has_link)
        link_json(p, out);
    buf_adds(out, ",\"slowest\":[");
    for (unsigned i = 0; i < PROFILE_SLOWEST && p->slowest[i].took != 0; i++)
        buf_printf(out,
                   "%s{\"s\":%.6f,\"request\":\"%s\",\"what\":\"%s\",\"delayed_ms\":%.1f,"
                   "\"retransmitted\":%llu,\"repeated\":%llu}",
                   i == 0 ? "" : ",", seconds(p->slowest[i].took), p->slowest[i].text,
                   p->slowest[i].explanation, (double)p->slowest[i].cause.delayed / 1e6,
                   (unsigned long long)p->slowest[i].cause.retransmitted,
                   (unsigned long long)p->slowest[i].cause.repeated);
    buf_adds(out, "]");
    pthread_mutex_unlock(&p->lock);
}
