/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plays cells of the matrix, each with many seeds, and prints a table with the results for each
 * level of each factor and for each loss rate.
 *
 *   matrix              every pair of levels of two factors, the rest clean; then a walk over
 *                       every pattern of losses among the first datagrams of a session
 *   matrix --cell NAME  one cell with many seeds
 *   matrix --grid       every combination of all levels, one seed each (a sample: --every N)
 *   matrix --bars       long sessions, one row for a loss rate
 *   matrix --timer      the same sessions with the measured and with a fixed retransmission timer
 *
 * It fails if a session was not safe (wrong replies, harm, a failure without a line, or a HERALD
 * that was not accepted afterwards), unless the network delivered duplicates more than 5 ms late,
 * or lost more than one datagram in ten while a session was taken over. It also fails if a session
 * failed in a cell where none may, unless a duplicate was later than a request's delay on a clean
 * path. NETGDB_SIM_MATRIX: seeds per pair (default 155). NETGDB_SIM_WALK: datagrams of the walk
 * (default 13; check-long: 16).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/link/link.h"
#include "tests/sim/cell.h"

enum { THREADS = 2, COMPLAINTS = 20, SLICE = 10, GENERATION = 10, FIXED = 18 };

struct tally {
    uint64_t played, failed, wrong, harm, off, other, late, late_failed, late_harm, late_wrong,
        late_unnoticed;
    uint64_t sent, received, retransmitted, time, messages;
};

struct job {
    struct cell cell;
    uint64_t seed;
    unsigned seeds, exchanges;
    bool walks;
    unsigned long losses; /* of the walk: one bit per datagram */
};

static struct {
    pthread_mutex_t lock;
    struct tally all, level[CELL_FACTORS][CELL_LEVELS_MAX];
    unsigned complaints;
    bool bad, timer;
    unsigned long next; /* of the jobs */
    unsigned long every;
    unsigned seeds, exchanges;
    unsigned walk;
    uint64_t seed;
    struct cell cell;
    bool (*job)(unsigned long number, struct job *job);
} matrix = {.lock = PTHREAD_MUTEX_INITIALIZER, .every = 1, .seed = 1};

/* ---- cells ---- */

static bool pair_job(unsigned long number, struct job *job)
{
    job->cell = cell_clean();
    for (unsigned a = 0; a < CELL_FACTORS; a++) {
        for (unsigned b = a + 1; b < CELL_FACTORS; b++) {
            unsigned long n = cell_factors[a].levels * cell_factors[b].levels;
            if (number < n) {
                job->cell.level[a] = cell_factors[a].level[number % cell_factors[a].levels];
                job->cell.level[b] = cell_factors[b].level[number / cell_factors[a].levels];
                return true;
            }
            number -= n;
        }
    }
    return false;
}

static bool grid_job(unsigned long number, struct job *job)
{
    number *= matrix.every;
    job->seed += number;
    job->cell = cell_clean();
    for (int i = FIXED - 1; i >= 0; i--) {
        const struct cell_factor *f = &cell_factors[i];
        job->cell.level[i] = f->level[number % f->levels];
        number /= f->levels;
    }
    return number == 0;
}

/* Loss rates, each with a part of the seeds. */
static bool bar_job(unsigned long number, struct job *job)
{
    const struct cell_factor *loss = &cell_factors[0];
    unsigned long slices = (matrix.seeds + SLICE - 1) / SLICE;
    job->cell = cell_clean();
    job->cell.level[0] = loss->level[number / 2 / slices % loss->levels];
    job->cell.level[GENERATION] = cell_factors[GENERATION].level[number % 2];
    job->seed += number / 2 % slices * SLICE;
    job->seeds = SLICE;
    return number < 2 * slices * loss->levels;
}

static bool cell_job(unsigned long number, struct job *job)
{
    job->cell = matrix.cell;
    job->seed += number * SLICE;
    job->seeds = SLICE;
    return number * SLICE < matrix.seeds;
}

static bool walk_job(unsigned long number, struct job *job)
{
    job->cell = cell_clean();
    job->cell.level[GENERATION] = cell_factors[GENERATION].level[number % 2];
    job->seeds = 1;
    job->exchanges = 1;
    job->walks = true;
    job->losses = number / 2;
    return number < 2UL << matrix.walk;
}

static enum sim_fate lose_some(void *context, const struct sim_datagram *d, uint64_t *late)
{
    const struct job *job = context;
    (void)late;
    return d->id <= matrix.walk && (job->losses >> (d->id - 1) & 1) != 0 ? SIM_LOSE : SIM_DEFAULT;
}

/* ---- results ---- */

static void add(struct tally *t, const struct play_result *r)
{
    bool other = r->silent || r->deaf || r->stuck;
    t->played++;
    t->failed += !r->finished && !r->late;
    t->wrong += r->late ? 0 : r->wrong;
    t->harm += r->late ? 0 : r->harm;
    t->off += !r->late && r->resumes_off != 0;
    t->other += other;
    t->late += r->late;
    t->late_failed += r->late && !r->finished;
    t->late_harm += r->late && (r->harm != 0 || r->resumes_off != 0);
    t->late_wrong += r->late && r->wrong != 0;
    t->late_unnoticed +=
        r->late && r->finished && (r->harm != 0 || r->resumes_off != 0 || r->wrong != 0);
    t->sent += r->sent;
    t->received += r->received;
    t->retransmitted += r->retransmitted;
    t->time += r->time;
    t->messages += r->messages;
}

static void complain(const struct job *job, uint64_t seed, const struct play_result *r)
{
    char name[CELL_NAME_MAX];
    if (matrix.complaints++ >= COMPLAINTS)
        return;
    cell_name(&job->cell, name);
    if (job->walks)
        printf("losses 0x%lx: ", job->losses);
    printf("run --seed %llu --exchanges %u --cell %s: %s%s%s%s%s, %u wrong, harm %llu, resumes off "
           "by %lld; %s; %s\n",
           (unsigned long long)seed, job->exchanges, name, r->connected ? "" : "not connected, ",
           r->finished ? "finished" : "not finished", r->silent ? ", silent" : "",
           r->deaf ? ", deaf" : "", r->stuck ? ", stuck" : "", r->wrong,
           (unsigned long long)r->harm, (long long)r->resumes_off, r->complaint, r->line);
    fflush(stdout);
}

/*
 * Whether no session may fail: the path loses at most one datagram in ten and recovers. If our
 * clock jumps during a delay, the delay is too short for a path with late duplicates.
 */
static bool must_finish(const struct play_config *c)
{
    if (c->jump_by != 0 && (c->path.duplicate > 0 || c->path.reorder > 0))
        return false;
    return c->gdb != PLAY_GDB_KILLED && c->judge == NULL && c->path.loss <= 0.1 &&
           c->path.bursts.to_bad <= 0 && c->path.truncate <= 0 && c->block_for < 10 * SIM_SECOND &&
           c->jump_by < 10 * SIM_SECOND && c->path.jitter < SIM_SECOND &&
           c->path.late_max <= 5 * SIM_MS;
}

static void record(const struct job *job, const struct play_config *c, const struct play_result *r)
{
    bool later = r->late && c->path.late_max > LINK_LATENESS_CLEAN;
    bool known = later || (c->gdb == PLAY_GDB_KILLED && c->path.loss > 0.1);
    bool bad = (!known && !play_is_safe(r)) || r->silent || r->deaf || r->stuck ||
               (!r->finished && !r->late && must_finish(c));
    pthread_mutex_lock(&matrix.lock);
    add(&matrix.all, r);
    for (unsigned f = 0; f < CELL_FACTORS; f++) {
        for (unsigned l = 0; l < cell_factors[f].levels; l++) {
            double off = cell_factors[f].level[l] - job->cell.level[f];
            if (off > -1e-9 && off < 1e-9)
                add(&matrix.level[f][l], r);
        }
    }
    if (bad)
        complain(job, c->seed, r);
    matrix.bad |= bad;
    pthread_mutex_unlock(&matrix.lock);
}

static void play_job(struct job *job)
{
    for (unsigned i = 0; i < job->seeds; i++) {
        struct play_config c = cell_config(&job->cell, job->seed + i);
        c.exchanges = job->exchanges;
        c.judge = job->walks ? lose_some : NULL;
        c.judge_context = job;
        struct play_result r = play(&c);
        record(job, &c, &r);
    }
}

static bool take_job(struct job *job)
{
    pthread_mutex_lock(&matrix.lock);
    *job = (struct job){.seed = matrix.seed, .seeds = matrix.seeds, .exchanges = matrix.exchanges};
    bool more = matrix.job(matrix.next++, job);
    pthread_mutex_unlock(&matrix.lock);
    return more;
}

static void *work(void *unused)
{
    struct job job;
    (void)unused;
    while (take_job(&job))
        play_job(&job);
    return NULL;
}

/* ---- the table ---- */

static void print_row(const char *name, const struct tally *t)
{
    double received = t->received != 0 ? (double)t->received : 1;
    printf("%-16s %9llu %7llu %7llu %6llu %6llu %6llu | %8llu %7llu %7llu %6llu %9llu | %5.2f "
           "%7.2f %6.0f\n",
           name, (unsigned long long)t->played, (unsigned long long)t->failed,
           (unsigned long long)t->wrong, (unsigned long long)t->harm, (unsigned long long)t->off,
           (unsigned long long)t->other, (unsigned long long)t->late,
           (unsigned long long)t->late_failed, (unsigned long long)t->late_wrong,
           (unsigned long long)t->late_harm, (unsigned long long)t->late_unnoticed,
           (double)(t->sent - t->retransmitted) / received,
           (double)t->time / 1e9 / (double)(t->played != 0 ? t->played : 1),
           (double)t->messages / (double)(t->played != 0 ? t->played : 1));
}

static void print_table(void)
{
    printf("\n%-16s %9s %7s %7s %6s %6s %6s | later than the delayed '+'                 | sent/  "
           "seconds  "
           "msgs\n"
           "%-16s %9s %7s %7s %6s %6s %6s | %8s %7s %7s %6s %9s | recvd     each   each\n",
           "", "sessions", "failed", "wrong", "harm", "steps", "other", "", "", "", "replies", "",
           "off", "", "sessions", "failed", "wrong", "harm", "unnoticed");
    for (unsigned f = 0; f < CELL_FACTORS; f++) {
        for (unsigned l = 0; l < cell_factors[f].levels; l++) {
            char name[40];
            if (matrix.level[f][l].played == 0 || matrix.level[f][l].played == matrix.all.played)
                continue;
            snprintf(name, sizeof name, "%s %g %s", cell_factors[f].name, cell_factors[f].level[l],
                     cell_factors[f].unit);
            print_row(name, &matrix.level[f][l]);
        }
    }
    print_row("all", &matrix.all);
}

/* ---- the benefit of measured round trips ---- */

static void print_timer_row(const char *name)
{
    const struct tally *t = &matrix.all;
    double played = t->played != 0 ? (double)t->played : 1;
    printf("%-32s %8llu %6llu %9.2f %8.0f %8.0f\n", name, (unsigned long long)t->played,
           (unsigned long long)t->failed, (double)t->time / 1e9 / played,
           (double)t->messages / played, (double)t->retransmitted / played);
}

static void play_all(void);

static void compare_timers(void)
{
    static const char *const cells[] = {
        "clean",           "delay=30", "delay=100", "delay=30,loss=5", "delay=100,loss=10",
        "jitter=5,loss=5", "loss=10",  "loss=20"};
    printf("%-32s %8s %6s %9s %8s %8s\n%-32s %8s %6s %9s %8s %8s\n", "", "sessions", "failed",
           "seconds", "kernel's", "sent", "", "", "", "each", "messages", "again");
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        for (int fixed = 0; fixed < 2; fixed++) {
            char name[CELL_NAME_MAX];
            (void)cell_parse(&matrix.cell, cells[i]);
            matrix.cell.level[FIXED] = fixed;
            cell_name(&matrix.cell, name);
            play_all();
            print_timer_row(name);
        }
    }
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static bool configure(int argc, char **argv)
{
    matrix.job = pair_job;
    matrix.seeds = from_environment("NETGDB_SIM_MATRIX", 155);
    matrix.walk = from_environment("NETGDB_SIM_WALK", 13);
    matrix.exchanges = 25;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--grid") == 0) {
            matrix.job = grid_job;
            matrix.seeds = 1;
        } else if (strcmp(argv[i], "--bars") == 0) {
            matrix.job = bar_job;
            matrix.exchanges = 500; /* each has two messages of the kernel */
        } else if (strcmp(argv[i], "--timer") == 0) {
            matrix.job = cell_job;
            matrix.timer = true;
        } else if (strcmp(argv[i], "--cell") == 0 && i + 1 < argc) {
            matrix.job = cell_job;
            if (!cell_parse(&matrix.cell, argv[++i]))
                return false;
        } else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc) {
            matrix.every = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            matrix.seeds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--exchanges") == 0 && i + 1 < argc) {
            matrix.exchanges = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            matrix.seed = strtoull(argv[++i], NULL, 10);
        } else {
            return false;
        }
    }
    return matrix.every != 0;
}

static void play_all(void)
{
    pthread_t threads[THREADS];
    memset(matrix.level, 0, sizeof matrix.level);
    memset(&matrix.all, 0, sizeof matrix.all);
    matrix.next = 0;
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    if (!configure(argc, argv)) {
        fprintf(stderr, "usage: matrix [--grid [--every N] | --bars | --timer | --cell NAME] "
                        "[--seeds N] [--seed N] "
                        "[--exchanges N]\n");
        return 2;
    }
    bool check = matrix.job == pair_job;
    if (matrix.timer) {
        compare_timers();
        return matrix.bad ? 1 : 0;
    }
    if (check)
        printf("1..2\n");
    play_all();
    print_table();
    if (check) {
        printf("%s 1 - pairs of factors\n", matrix.bad ? "not ok" : "ok");
        matrix.job = walk_job;
        bool pairs = matrix.bad;
        matrix.bad = false;
        play_all();
        print_table();
        printf("%s 2 - every pattern of losses at the start\n", matrix.bad ? "not ok" : "ok");
        matrix.bad |= pairs;
    }
    return matrix.bad ? 1 : 0;
}
