/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays simulated sessions from the command line: one with its trace, or many with a tally.
 *
 *   run --seed 7 --old --loss 0.1 --trace       one session, everything that happens in it
 *   run --seed 1 --sessions 1000 --loss 0.1     a thousand seeds, and a line for each failure
 *   run --seed 7 --cell loss=10,reboot=1        one cell of the matrix (cell.h), with its trace
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cell.h"

struct tally {
    uint64_t failed, wrong, harm, off, sent, received, time;
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

int main(int argc, char **argv)
{
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
    struct play_config c = play_config(1, TWIN_NEW);
    struct cell cell;
    bool old = true, new = true, in_cell = false;
    unsigned sessions = 1;
    int o;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        double number = optarg != NULL ? atof(optarg) : 0;
        switch (o) {
        case SEED:
            c.seed = strtoull(optarg, NULL, 10);
            break;
        case SESSIONS:
            sessions = (unsigned)number;
            break;
        case EXCHANGES:
            c.exchanges = (unsigned)number;
            break;
        case LOSS:
            c.path.loss = number;
            break;
        case DUPLICATE:
            c.path.duplicate = number;
            break;
        case REORDER:
            c.path.reorder = number;
            break;
        case LATE:
            c.path.late_max = (uint64_t)(number * 1e6);
            break;
        case DELAY:
            c.path.delay = (uint64_t)(number * 1e6);
            break;
        case JITTER:
            c.path.jitter = (uint64_t)(number * 1e6);
            break;
        case MTU:
            c.path.mtu = (size_t)number;
            break;
        case OLD:
            new = false;
            break;
        case NEW:
            old = false;
            break;
        case TRACE:
            c.verbose = true;
            break;
        case CELL:
            in_cell = cell_parse(&cell, optarg);
            if (!in_cell) {
                fprintf(stderr, "run: what is the cell '%s'?\n", optarg);
                return 2;
            }
            c.verbose = true;
            break;
        case QUIET:
            c.verbose = false;
            break;
        default:
            fprintf(stderr, "usage: run [--seed N] [--sessions N] [--exchanges N] [--old|--new] "
                            "[--loss P] [--duplicate P] [--reorder P] [--late MS] [--delay MS] "
                            "[--jitter MS] [--mtu N] [--trace] [--cell NAME [--quiet]]\n");
            return 2;
        }
    }
    struct tally t = {0};
    uint64_t first = c.seed, played = 0;
    for (unsigned i = 0; i < sessions; i++) {
        c.seed = first + i;
        for (int g = 0; g < 2; g++) {
            if (g == 0 ? !old : !new)
                continue;
            c.generation = g == 0 ? TWIN_OLD : TWIN_NEW;
            if (in_cell) {
                struct play_config given = c;
                c = cell_config(&cell, given.seed);
                c.exchanges = given.exchanges;
                c.verbose = given.verbose;
                g = 1; /* the cell names the generation */
            }
            struct play_result r = play(&c);
            add(&t, &r, c.seed, c.generation == TWIN_OLD ? "old" : "new");
            played++;
        }
    }
    printf("%llu sessions: %llu failed, %llu wrong replies, harm %llu, %llu with resumes off; "
           "%.2f datagrams sent for one received; %.1f virtual seconds a session\n",
           (unsigned long long)played, (unsigned long long)t.failed, (unsigned long long)t.wrong,
           (unsigned long long)t.harm, (unsigned long long)t.off,
           (double)t.sent / (double)(t.received != 0 ? t.received : 1),
           (double)t.time / 1e9 / (double)played);
    return t.failed + t.wrong + t.harm + t.off == 0 ? 0 : 1;
}
