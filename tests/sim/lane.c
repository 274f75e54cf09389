/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the lane would give, and whether it can be trusted: reads of a kernel twin in no-ack mode
 * between two stops, told apart by their length, against the plain link. An experiment: the product
 * has no lane. HACKING.md says why, with this program's numbers.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/rsp.h"
#include "tests/sim/machine.h"
#include "tests/sim/rig.h"

enum { BLOCK_MAX = 2048, TEXT = MACHINE_TEXT_SIZE, PATIENCE = 40 };
#define WRITE_RETRY (300 * IO_MS)

struct lane {
    struct rig *r;
    struct link *link;
    struct io *io;
    struct rsp_parser parser;
    unsigned lengths; /* so many different ones, from `block` up */
    size_t block;
    unsigned long reads, wrong, lost;
    size_t fed;        /* bytes that the kernel's buffer has had since it was empty */
    uint64_t entering; /* time that was spent in enter() */
};

/* Waits once; false when the kernel is silent for too long. */
static bool pump(struct lane *l, uint64_t deadline)
{
    uint64_t retry = link_deadline(l->link), limit = l->link->heard + PATIENCE * IO_SECOND;
    uint64_t until = deadline < retry ? deadline : retry;
    (void)io_wait(l->io, until < limit ? until : limit, IO_ON_TARGET);
    return link_input(l->link) == 0 && link_tick(l->link) == 0 && io_now(l->io) < limit;
}

/* The next packet of the kernel into the parser; false when there is none. */
static bool next_packet(struct lane *l)
{
    const uint8_t *data = l->link->stream.data;
    size_t left = l->link->stream.len, all = left;
    enum rsp_event event;
    do
        event = rsp_parse(&l->parser, &data, &left);
    while (event != RSP_MORE && event != RSP_PACKET);
    buf_drop(&l->link->stream, all - left);
    return event == RSP_PACKET;
}

static bool send(struct lane *l, const char *content)
{
    struct buf packet;
    buf_init(&packet, 100);
    rsp_frame(&packet, (const uint8_t *)content, strlen(content));
    if (l->fed > 3000) { /* let it empty its buffer */
        uint64_t until = io_now(l->io) + 2 * IO_MS;
        while (io_now(l->io) < until && pump(l, until))
            ;
        l->fed = 0;
    }
    l->fed += packet.len;
    bool good = link_send(l->link, packet.data, packet.len, 0, packet.len) == 0;
    buf_free(&packet);
    return good;
}

/* Whether these digits are the machine's text from there on. */
static bool is_text(const struct buf *reply, uint64_t at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (rsp_hex_byte(reply->data + 2 * i) != machine_text_byte(at + i))
            return false;
    }
    return true;
}

static bool read_block(struct lane *l, uint64_t at)
{
    char request[40];
    size_t len = l->block + l->reads++ % l->lengths;
    snprintf(request, sizeof request, "m%llx,%zx", (unsigned long long)at, len);
    if (!send(l, request))
        return false;
    for (;;) {
        while (next_packet(l)) {
            if (l->parser.content.len != 2 * len)
                continue;
            link_proved(l->link);
            l->wrong += !is_text(&l->parser.content, at, len);
            return true;
        }
        if (!pump(l, IO_NEVER))
            return false;
    }
}

static bool plus(struct lane *l)
{
    uint64_t due = link_copies_gone(l->link);
    while (io_now(l->io) < due) {
        if (!pump(l, due))
            return false;
    }
    if (link_send(l->link, "+", 1, 0, 1) != 0)
        return false;
    while (link_acks(l->link) == 0) {
        if (!pump(l, IO_NEVER))
            return false;
    }
    link_proved(l->link);
    return true;
}

/* The end of a lane: a step, of whose replies only a T counts. */
static bool step(struct lane *l)
{
    if (!send(l, "s"))
        return false;
    if (l->link->tx.retry < io_now(l->io) + WRITE_RETRY)
        l->link->tx.retry = io_now(l->io) + WRITE_RETRY;
    for (;;) {
        while (next_packet(l)) {
            if (l->parser.content.len != 0 && l->parser.content.data[0] == 'T') {
                link_proved(l->link);
                return plus(l);
            }
        }
        if (!pump(l, IO_NEVER))
            return false;
    }
}

/*
 * The path is clean meanwhile, and the time does not count: a request of this kind would need rules
 * of its own.
 */
static bool enter(struct lane *l)
{
    struct sim_path *to_kernel = sim_path(l->r->w, RIG_KERNEL_IP, SIM_TO_KERNEL);
    struct sim_path *to_server = sim_path(l->r->w, RIG_KERNEL_IP, SIM_TO_SERVER);
    const struct sim_path faults = *to_kernel;
    uint64_t start = sim_now(l->r->w);
    uint64_t quiet = io_now(l->io) + 100 * IO_MS;
    while (io_now(l->io) < quiet && pump(l, quiet))
        ;
    to_kernel->loss = to_kernel->duplicate = to_kernel->reorder = 0;
    to_server->loss = to_server->duplicate = to_server->reorder = 0;
    bool good = target_ask(l->r->target, "QStartNoAckMode", &l->r->reply) == 0 &&
                buf_is(&l->r->reply, "OK");
    quiet = io_now(l->io) + 10 * IO_MS;
    while (good && io_now(l->io) < quiet)
        good = pump(l, quiet);
    *to_kernel = *to_server = faults;
    l->fed = 0;
    l->entering += sim_now(l->r->w) - start;
    return good;
}

struct result {
    double seconds, rate;
    unsigned long sessions, failed, wrong, off;
};

static void play_lane(struct rig *r, unsigned blocks, unsigned lengths, struct result *result)
{
    struct lane l = {.r = r,
                     .link = r->kernel->link,
                     .io = r->kernel->io,
                     .lengths = lengths,
                     .block = 2040 - lengths};
    unsigned steps = 0;
    bool good = true;
    rsp_parser_init(&l.parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    uint64_t start = sim_now(r->w);
    for (unsigned i = 0; good && i < blocks; i++) {
        if (i % 256 == 0)
            good = enter(&l);
        good = good && read_block(&l, MACHINE_TEXT + (uint64_t)i * 1987 % (TEXT - BLOCK_MAX));
        if (good && (i % 256 == 255 || i + 1 == blocks)) {
            good = step(&l);
            steps += good;
        }
    }
    result->failed += !good;
    result->wrong += l.wrong;
    result->off += good && twin_counts(r->twin)->steps != steps;
    result->seconds += (double)(sim_now(r->w) - start - l.entering) / 1e9;
    rsp_parser_free(&l.parser);
}

static void play_plain(struct rig *r, unsigned blocks, struct result *result)
{
    uint64_t start = sim_now(r->w);
    bool good = true;
    for (unsigned i = 0; good && i < blocks; i++) {
        char request[40];
        uint64_t at = MACHINE_TEXT + (uint64_t)i * 1987 % (TEXT - BLOCK_MAX);
        snprintf(request, sizeof request, "m%llx,%x", (unsigned long long)at, BLOCK_MAX);
        good = rig_try(r, request) == 0;
        if (good)
            result->wrong += !is_text(&r->reply, at, BLOCK_MAX);
    }
    result->failed += !good;
    result->seconds += (double)(sim_now(r->w) - start) / 1e9;
}

/* Sessions of so many blocks. 0 lengths: the plain link. */
static struct result play(const struct sim_path *path, enum twin_generation g, unsigned blocks,
                          unsigned lengths, unsigned sessions)
{
    struct result result = {.sessions = sessions};
    for (unsigned i = 0; i < sessions; i++) {
        struct rig *r = rig_new(g);
        for (unsigned skip = 0; skip < i; skip++)
            (void)sim_random(r->w);
        rig_connect(r);
        rig_warm_up(r);
        *sim_path(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL) = *path;
        *sim_path(r->w, RIG_KERNEL_IP, SIM_TO_SERVER) = *path;
        if (lengths != 0)
            play_lane(r, blocks, lengths, &result);
        else
            play_plain(r, blocks, &result);
        rig_free(r);
    }
    size_t block = lengths != 0 ? 2040 - lengths : BLOCK_MAX;
    result.rate = (double)(block * blocks) * sessions / result.seconds / 1e6;
    return result;
}

static void row(const char *name, const struct sim_path *path, unsigned blocks, unsigned sessions)
{
    static const unsigned lengths[] = {0, 8, 56};
    for (int g = 0; g < 2; g++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            struct result r =
                play(path, g == 0 ? TWIN_NEW : TWIN_OLD, blocks, lengths[i], sessions);
            char kind[30] = "plain link";
            if (lengths[i] != 0)
                snprintf(kind, sizeof kind, "lane, %u lengths", lengths[i]);
            printf("%-34s %s %-18s %8.3f %8lu %7lu %7lu %7lu\n", name, g == 0 ? "14" : "13", kind,
                   r.rate, r.sessions, r.failed, r.wrong, r.off);
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned sessions = argc > 1 ? (unsigned)atoi(argv[1]) : 20;
    const struct sim_path clean = {.delay = 50 * SIM_US, .late_max = 5 * SIM_MS, .mtu = 1500};
    static const struct {
        const char *name;
        double loss, duplicate, reorder;
        uint64_t late;
    } cells[] = {{"loss 1 %", 0.01, 0, 0, 5},
                 {"loss 10 %", 0.1, 0, 0, 5},
                 {"first copies, 0.1 %, 5 ms", 0, 0.001, 0, 5},
                 {"first copies, 0.1 %, 30 ms", 0, 0.001, 0, 30},
                 {"the same and loss 5 %", 0.05, 0.001, 0, 30},
                 {"reordering 0.1 %, 30 ms, loss 5 %", 0.05, 0, 0.001, 30},
                 {"copies 20 %, 5 ms", 0, 0.2, 0, 5},
                 {"copies 20 %, 30 ms, loss 5 %", 0.05, 0.2, 0, 30}};
    printf("%-34s %s %-18s %8s %8s %7s %7s %7s\n", "path", "  ", "", "MB/s", "sessions", "failed",
           "wrong", "steps");
    row("clean, 16 MiB", &clean, 8192, 1);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        struct sim_path path = clean;
        path.loss = cells[i].loss;
        path.duplicate = cells[i].duplicate;
        path.reorder = cells[i].reorder;
        path.late_max = cells[i].late * SIM_MS;
        row(cells[i].name, &path, 1024, sessions);
    }
    return 0;
}
