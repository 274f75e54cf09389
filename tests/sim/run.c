/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays simulated sessions from the command line: one with its trace, or many with a tally.
 *
 *   run --seed 7 --old --loss 0.1 --trace       one session, with all its events
 *   run --seed 1 --sessions 1000 --loss 0.1     a thousand seeds, and a line for each failure
 *   run --seed 7 --cell loss=10,reboot=1        one cell of the matrix (cell.h), with its trace
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cell.h"

struct tally {
    uint64_t played, failed, wrong, harm, off, sent, received, time;
};

static bool is_bad(const struct play_result *r)
{
    return !r->finished || !play_is_safe(r);
}

static void add(struct tally *t, const struct play_result *r, uint64_t seed, const char *generation)
{
    t->failed += !r->finished;
    t->wrong += r->wrong;
    t->harm += r->harm;
    t->off += r->finished && r->resumes_off != 0;
    t->sent += r->sent;
    t->received += r->received;
    t->time += r->time;
    if (is_bad(r))
        printf("seed %llu %s: %s%s, %u wrong, harm %llu, resumes off by %lld, kernel gave up %llu; "
               "%s; %s\n",
               (unsigned long long)seed, generation, r->connected ? "" : "not connected, ",
               r->finished ? "finished" : "not finished", r->wrong, (unsigned long long)r->harm,
               (long long)r->resumes_off, (unsigned long long)r->gave_up, r->complaint, r->line);
}

enum {
    SEED = 256,
    SESSIONS,
    EXCHANGES,
    LOSS,
    DUPLICATE,
    REORDER,
    LATE,
    MTU,
    OLD,
    NEW,
    TRACE,
    DELAY,
    JITTER,
    CELL,
    QUIET
};

struct run {
    struct play_config config;
    struct cell cell;
    bool old, new, in_cell;
    unsigned sessions;
};

/* An option about the network. Returns whether it is one. */
static bool set_path(struct play_config *c, int option, double number)
{
    switch (option) {
    case LOSS:
        c->path.loss = number;
        return true;
    case DUPLICATE:
        c->path.duplicate = number;
        return true;
    case REORDER:
        c->path.reorder = number;
        return true;
    case LATE:
        c->path.late_max = (uint64_t)(number * 1e6);
        return true;
    case DELAY:
        c->path.delay = (uint64_t)(number * 1e6);
        return true;
    case JITTER:
        c->path.jitter = (uint64_t)(number * 1e6);
        return true;
    case MTU:
        c->path.mtu = (size_t)number;
        return true;
    default:
        return false;
    }
}

/* Returns whether the option is known and valid. */
static bool set(struct run *r, int option, const char *argument)
{
    switch (option) {
    case SEED:
        r->config.seed = strtoull(argument, NULL, 10);
        return true;
    case SESSIONS:
        r->sessions = (unsigned)atoi(argument);
        return true;
    case EXCHANGES:
        r->config.exchanges = (unsigned)atoi(argument);
        return true;
    case OLD:
    case NEW:
        *(option == OLD ? &r->new : &r->old) = false;
        return true;
    case TRACE:
    case QUIET:
        r->config.verbose = option == TRACE;
        return true;
    case CELL:
        r->config.verbose = true;
        r->in_cell = cell_parse(&r->cell, argument);
        if (!r->in_cell)
            fprintf(stderr, "run: unknown cell '%s'\n", argument);
        return r->in_cell;
    default:
        return argument != NULL && set_path(&r->config, option, atof(argument));
    }
}

static bool read_options(struct run *r, int argc, char **argv)
{
    static const struct option options[] = {{"seed", 1, NULL, SEED},
                                            {"sessions", 1, NULL, SESSIONS},
                                            {"exchanges", 1, NULL, EXCHANGES},
                                            {"loss", 1, NULL, LOSS},
                                            {"duplicate", 1, NULL, DUPLICATE},
                                            {"reorder", 1, NULL, REORDER},
                                            {"late", 1, NULL, LATE},
                                            {"mtu", 1, NULL, MTU},
                                            {"old", 0, NULL, OLD},
                                            {"new", 0, NULL, NEW},
                                            {"delay", 1, NULL, DELAY},
                                            {"jitter", 1, NULL, JITTER},
                                            {"trace", 0, NULL, TRACE},
                                            {"cell", 1, NULL, CELL},
                                            {"quiet", 0, NULL, QUIET},
                                            {NULL, 0, NULL, 0}};
    int o;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!set(r, o, optarg))
            return false;
    }
    return true;
}

/* The cell's configuration, with the length of a session from the command line. */
static struct play_config configure(const struct run *r, uint64_t seed, enum twin_generation g)
{
    struct play_config c = r->config;
    if (r->in_cell) {
        c = cell_config(&r->cell, seed);
        c.exchanges = r->config.exchanges;
        c.verbose = r->config.verbose;
    } else {
        c.seed = seed;
        c.generation = g;
    }
    return c;
}

static void play_one(struct tally *t, const struct play_config *c)
{
    struct play_result result = play(c);
    t->played++;
    add(t, &result, c->seed, c->generation == TWIN_OLD ? "old" : "new");
}

/* A cell has the generation in its name. */
static void play_all(struct tally *t, const struct run *r)
{
    for (uint64_t seed = r->config.seed; seed < r->config.seed + r->sessions; seed++) {
        struct play_config old = configure(r, seed, TWIN_OLD), new = configure(r, seed, TWIN_NEW);
        if (r->old)
            play_one(t, &old);
        if (r->new && !(r->in_cell && r->old))
            play_one(t, &new);
    }
}

int main(int argc, char **argv)
{
    struct run r = {.config = play_config(1, TWIN_NEW), .old = true, .new = true, .sessions = 1};
    struct tally t = {0};
    if (!read_options(&r, argc, argv)) {
        fprintf(stderr, "usage: run [--seed N] [--sessions N] [--exchanges N] [--old|--new] "
                        "[--loss P] [--duplicate P] [--reorder P] [--late MS] [--delay MS] "
                        "[--jitter MS] [--mtu N] [--trace] [--cell NAME [--quiet]]\n");
        return 2;
    }
    play_all(&t, &r);
    printf("%llu sessions: %llu failed, %llu wrong replies, harm %llu, %llu with resumes off; "
           "%.2f datagrams sent for one received; %.1f virtual seconds per session\n",
           (unsigned long long)t.played, (unsigned long long)t.failed, (unsigned long long)t.wrong,
           (unsigned long long)t.harm, (unsigned long long)t.off,
           (double)t.sent / (double)(t.received != 0 ? t.received : 1),
           (double)t.time / 1e9 / (double)t.played);
    return t.failed + t.wrong + t.harm + t.off == 0 ? 0 : 1;
}
