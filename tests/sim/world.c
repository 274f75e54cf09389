/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual clock, events, random numbers and failures; see world.h. The trace is in trace.c. */
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/trace.h"

enum { LINE_MAX_BYTES = 512, SPIN_MAX = 1000000 };

struct event {
    uint64_t when, number;
    sim_call *call; /* NULL: cancelled */
    void *context;
};

struct sim_world {
    uint64_t now, ceiling, numbers;
    uint64_t spins; /* calls since the clock last moved */
    struct event *heap;
    size_t events, capacity;
    uint64_t random[4];
    void (*failure)(const char *line);
    struct trace *trace;
    struct sim_net *net;
    struct sim_server *server;
};

void *sim_alloc(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL)
        abort();
    return p;
}

void *sim_realloc(void *p, size_t size)
{
    p = realloc(p, size);
    if (p == NULL)
        abort();
    return p;
}

/* splitmix64 (Steele, Lea, Flood 2014): spreads the seed over the generator's state. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

/* xoshiro256** (Blackman, Vigna 2018). */
uint64_t sim_random(struct sim_world *w)
{
    uint64_t *s = w->random, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t sim_below(struct sim_world *w, uint64_t n)
{
    return sim_random(w) % n; /* the bias of 2^-64 n does not matter here */
}

bool sim_chance(struct sim_world *w, double probability)
{
    if (probability <= 0)
        return false;
    return (double)(sim_random(w) >> 11) * 0x1p-53 < probability;
}

struct sim_world *sim_world_new(uint64_t seed)
{
    struct sim_world *w = sim_alloc(sizeof *w);
    w->now = SIM_START;
    w->ceiling = SIM_START + 86400 * SIM_SECOND;
    for (int i = 0; i < 4; i++)
        w->random[i] = splitmix(&seed);
    w->trace = trace_new();
    w->net = sim_net_new();
    w->server = sim_server_new(w);
    return w;
}

void sim_world_free(struct sim_world *w)
{
    sim_server_free(w->server);
    sim_net_free(w->net);
    trace_free(w->trace);
    free(w->heap);
    free(w);
}

struct sim_net *sim_world_net(const struct sim_world *w)
{
    return w->net;
}

struct sim_server *sim_world_server(const struct sim_world *w)
{
    return w->server;
}

uint64_t sim_now(const struct sim_world *w)
{
    return w->now;
}

static bool before(const struct event *a, const struct event *b)
{
    return a->when != b->when ? a->when < b->when : a->number < b->number;
}

/* Moves the event at `i` of the heap up to its place. */
static void sift_up(struct event *heap, size_t i)
{
    struct event e = heap[i];
    for (; i > 0 && before(&e, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = e;
}

/* Moves the event at the top of a heap of n down to its place. */
static void sift_down(struct event *heap, size_t n)
{
    struct event e = heap[0];
    size_t i = 0;
    for (size_t child = 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &e))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = e;
}

static struct event pop(struct sim_world *w)
{
    struct event top = w->heap[0];
    w->heap[0] = w->heap[--w->events];
    if (w->events > 0)
        sift_down(w->heap, w->events);
    return top;
}

uint64_t sim_at(struct sim_world *w, uint64_t when, sim_call *call, void *context)
{
    if (w->events == w->capacity) {
        w->capacity = w->capacity != 0 ? 2 * w->capacity : 64;
        w->heap = sim_realloc(w->heap, w->capacity * sizeof *w->heap);
    }
    when = when < w->now ? w->now : when;
    w->heap[w->events] = (struct event){when, ++w->numbers, call, context};
    sift_up(w->heap, w->events++);
    return w->numbers;
}

uint64_t sim_after(struct sim_world *w, uint64_t delay, sim_call *call, void *context)
{
    return sim_at(w, w->now + delay, call, context);
}

void sim_cancel(struct sim_world *w, uint64_t event)
{
    for (size_t i = 0; i < w->events; i++) {
        if (w->heap[i].number == event)
            w->heap[i].call = NULL;
    }
    while (w->events > 0 && w->heap[0].call == NULL)
        (void)pop(w);
}

uint64_t sim_next_event(const struct sim_world *w)
{
    return w->events > 0 ? w->heap[0].when : SIM_NEVER;
}

static void move_clock(struct sim_world *w, uint64_t when)
{
    if (when > w->now) {
        w->now = when;
        w->spins = 0;
    }
    if (w->now > w->ceiling)
        sim_fail(w, "virtual time exceeded its limit: a wait for an event that never occurs");
}

bool sim_step(struct sim_world *w)
{
    if (w->events == 0)
        return false;
    struct event e = pop(w);
    while (w->events > 0 && w->heap[0].call == NULL)
        (void)pop(w);
    move_clock(w, e.when);
    sim_spin(w);
    e.call(e.context);
    return true;
}

void sim_run_until(struct sim_world *w, uint64_t when)
{
    while (sim_next_event(w) <= when && sim_step(w))
        ;
    move_clock(w, when);
}

void sim_run_for(struct sim_world *w, uint64_t delay)
{
    sim_run_until(w, w->now + delay);
}

void sim_set_ceiling(struct sim_world *w, uint64_t when)
{
    w->ceiling = when;
}

void sim_spin(struct sim_world *w)
{
    if (++w->spins > SPIN_MAX)
        sim_fail(w, "a million calls while the virtual clock stood still: a loop without a wait");
}

void sim_set_failure(struct sim_world *w, void (*failure)(const char *line))
{
    w->failure = failure;
}

void sim_fail(struct sim_world *w, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    int n = snprintf(line, sizeof line,
                     "simulated world, at %.6f s: ", (double)(w->now - SIM_START) / 1e9);
    va_list args;
    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    sim_trace_print(w);
    w->ceiling = SIM_NEVER; /* the test's teardown may still advance the clock */
    w->spins = 0;
    if (w->failure != NULL)
        w->failure(line);
    fprintf(stderr, "%s\n", line);
    abort();
}

void sim_trace(struct sim_world *w, const struct sim_trace *entry)
{
    trace_add(w->trace, entry);
}

void sim_note(struct sim_world *w, const char *what, const void *data, size_t len)
{
    sim_trace(w, &(struct sim_trace){.time = w->now, .what = what, .data = data, .len = len});
}

void sim_set_trace(struct sim_world *w, void (*call)(void *context, const struct sim_trace *entry),
                   void *context)
{
    trace_call(w->trace, call, context);
}

uint64_t sim_trace_hash(const struct sim_world *w)
{
    return trace_hash(w->trace);
}

void sim_trace_print(const struct sim_world *w)
{
    trace_print(w->trace);
}
