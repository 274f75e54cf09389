/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures the cost of the link's delays in virtual time, which is the same on every machine:
 * sessions with the kernel twin, each compared with the minimum for any server. A row has a kind of
 * session, its cost and its limit.
 *
 *   pace           checks the limits; a test of `make check`
 *   pace --seeds N each row is the median of N sessions (default 9)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/play.h"

enum { FIRST = 64, REQUESTS = 1400, SEEDS_MAX = 101, THINK = 30 * SIM_US };

static unsigned seeds = 9;
static bool missed;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, seeds, sizeof *values, compare);
    return values[seeds / 2];
}

static struct play_config session(uint64_t seed, enum twin_generation generation,
                                  enum sim_gdb_asks asks, unsigned exchanges)
{
    struct play_config c = play_config(4 * seed, generation); /* without the cache: see play.c */
    c.exchanges = exchanges;
    c.asks = asks;
    c.think = THINK;
    return c;
}

static struct play_result run(const struct play_config *c)
{
    struct play_result r = play(c);
    if (!r.finished || !play_is_safe(&r)) {
        printf("# a session failed: seed %llu: %s; %s\n", (unsigned long long)c->seed, r.complaint,
               r.line);
        missed = true;
    }
    return r;
}

static void row(const char *name, enum twin_generation generation, double cost, double bar)
{
    static unsigned number;
    bool holds = cost <= bar;
    missed |= !holds;
    printf("%s %u - %s, %s: %.2f (at most %.2f)\n", holds ? "ok" : "not ok", ++number, name,
           generation == TWIN_OLD ? "13.x" : "14.x", cost, bar);
}

/* ---- a clean path, relative to the kernel's own sends ---- */

/* After the path has proven clean. */
static double steady_cost(uint64_t seed, enum twin_generation g, enum sim_gdb_asks asks)
{
    struct play_config head = session(seed, g, asks, FIRST + 6);
    struct play_config all = session(seed, g, asks, FIRST + 6 + REQUESTS);
    head.threads = all.threads = asks == SIM_GDB_STEPI ? 200 : 0;
    const struct play_result a = run(&head), b = run(&all);
    return (double)(b.time - a.time) / (double)(b.sending - a.sending);
}

static double first_cost(uint64_t seed, enum twin_generation g, enum sim_gdb_asks asks)
{
    struct play_config none = session(seed, g, asks, 0), first = session(seed, g, asks, FIRST);
    const struct play_result a = run(&none), b = run(&first);
    return (double)(b.time - a.time) / (double)(b.sending - a.sending);
}

/*
 * ---- pauses, relative to the same session without pauses ----
 *
 * A request waits for the kernel's '+', its reply and its ack of our '+'. If 5 % of these are 21 ms
 * late, with 3.6 ms per request, the ratio is 1.9 for any server. If later datagrams wait too, the
 * ack of the request is a fourth (13.x: acks twice), and the ratio is 2.2 (2.8).
 */

static struct play_config paused(uint64_t seed, enum twin_generation g, double chance, bool alone)
{
    struct play_config c = session(seed, g, SIM_GDB_ANYTHING, REQUESTS);
    c.think = 3 * SIM_MS;
    c.only_kernel_pauses = true;
    if (alone) {
        c.path.reorder = chance;
        c.path.late_min = 12 * SIM_MS;
        c.path.late_max = 30 * SIM_MS;
        return c;
    }
    c.path.pause = chance;
    c.path.pause_min = 12 * SIM_MS;
    c.path.pause_max = 30 * SIM_MS;
    return c;
}

static double pause_cost(uint64_t seed, enum twin_generation g, double chance, bool alone)
{
    struct play_config with = paused(seed, g, chance, alone);
    struct play_config without = paused(seed, g, 0, alone);
    const struct play_result a = run(&with), b = run(&without);
    if (a.asked_again > (alone ? REQUESTS / 200 : 0) ||
        a.retransmitted != 0) { /* an overtaken ack may be of a duplicate */
        printf("# seed %llu: %llu repeated, %llu retransmitted\n", (unsigned long long)seed,
               (unsigned long long)a.asked_again, (unsigned long long)a.retransmitted);
        missed = true;
    }
    return (double)a.time / (double)b.time;
}

/* ---- loss, relative to the time of the kernel's own retransmissions ---- */

static double loss_cost(uint64_t seed, enum twin_generation g, double loss, bool worse)
{
    struct play_config with = session(seed, g, SIM_GDB_ANYTHING, REQUESTS);
    struct play_config without = with;
    with.path.loss = loss;
    with.path.duplicate = worse ? 0.2 : 0;
    with.path.reorder = worse ? 0.1 : 0;
    const struct play_result a = run(&with), b = run(&without);
    if (worse) /* every server must read and acknowledge duplicates of the network */
        return (double)a.time / (double)(b.time - b.sending + a.sending);
    double a_send = (double)a.replied / (double)a.replies;
    return (double)a.time / ((double)(b.time - b.sending) + (double)b.messages * a_send);
}

/* ---- the rows ---- */

static void clean_rows(enum twin_generation g)
{
    static const struct {
        const char *name;
        enum sim_gdb_asks asks;
        double bar;
    } rows[] = {
        {"a read / the kernel's own sends", SIM_GDB_READS, 1.1},
        {"a write / the kernel's own sends", SIM_GDB_WRITES, 1.3},
        {"a step / the kernel's own sends", SIM_GDB_STEPS, 1.6},
        {"a stepi with 200 threads / the kernel's own sends", SIM_GDB_STEPI, 1.4},
    };
    double costs[SEEDS_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned s = 0; s < seeds; s++)
            costs[s] = steady_cost(s, g, rows[i].asks);
        row(rows[i].name, g, median(costs), rows[i].bar);
    }
    for (unsigned s = 0; s < seeds; s++)
        costs[s] = first_cost(s, g, SIM_GDB_READS);
    row("the first 64 requests / the kernel's own sends", g, median(costs), 1.5);
}

static void pause_rows(enum twin_generation g)
{
    static const struct {
        const char *name;
        double chance, bar;
        bool alone;
    } rows[] = {{"0.2 % of the kernel's datagrams 12 to 30 ms late / none", 0.002, 1.1, true},
                {"1 % of the kernel's datagrams 12 to 30 ms late / none", 0.01, 1.3, true},
                {"5 % of the kernel's datagrams 12 to 30 ms late / none", 0.05, 2.1, true},
                {"0.2 % 12 to 30 ms late, and all later ones / none", 0.002, 1.1, false},
                {"1 % 12 to 30 ms late, and all later ones / none", 0.01, 1.45, false},
                {"5 % 12 to 30 ms late, and all later ones / none", 0.05, 3.1, false}};
    double costs[SEEDS_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned s = 0; s < seeds; s++)
            costs[s] = pause_cost(s, g, rows[i].chance, rows[i].alone);
        row(rows[i].name, g, median(costs), rows[i].bar);
    }
}

static void loss_rows(enum twin_generation g)
{
    static const struct {
        const char *name;
        double loss;
        bool worse;
        double bar;
    } rows[] = {{"5 % loss / the kernel's own retransmissions", 0.05, false, 1.5},
                {"10 % loss / the kernel's own retransmissions", 0.1, false, 1.5},
                {"10 % loss, 20 % duplicates, 10 % reordering / the same", 0.1, true, 2.5}};
    double costs[SEEDS_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned s = 0; s < seeds; s++)
            costs[s] = loss_cost(s, g, rows[i].loss, rows[i].worse);
        row(rows[i].name, g, median(costs), rows[i].bar);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        seeds = (unsigned)atoi(argv[2]);
    if (seeds == 0 || seeds > SEEDS_MAX || (argc != 1 && argc != 3)) {
        fprintf(stderr, "usage: pace [--seeds N]\n");
        return 2;
    }
    for (int i = 0; i < 2; i++) {
        const enum twin_generation g = i == 0 ? TWIN_NEW : TWIN_OLD;
        clean_rows(g);
        pause_rows(g);
        loss_rows(g);
    }
    printf("1..28\n");
    return missed ? 1 : 0;
}
