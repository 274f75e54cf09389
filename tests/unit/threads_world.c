/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory images and a client; see threads_world.h. */
#include "tests/unit/threads_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rsp/rsp.h"

/* list.h and tasks.c of V9.0 to V11.3. `before`: bytes of the TCB before the list items. */
const struct build builds[] = {
    {"plain", 4, 20, 0, 8, 20, 0, 4, 12, 16, 4, 52, 0, 0},
    {"16-bit ticks", 4, 20, 0, 8, 20, 0, 4, 12, 16, 4, 52, 0, 2},
    {"integrity bytes", 4, 32, 4, 12, 28, 4, 8, 16, 20, 4, 68, 0, 0},
    {"no mini list item", 4, 28, 0, 8, 20, 0, 4, 12, 16, 4, 52, 0, 0},
    {"MPU settings", 4, 20, 0, 8, 20, 0, 4, 12, 16, 4 + 68, 52 + 68, 0, 0},
    {"two cores, affinity", 4, 20, 0, 8, 20, 0, 4, 12, 16, 8, 64, 2, 0},
    {"64 bits", 8, 40, 0, 16, 40, 0, 8, 24, 32, 8, 104, 0, 0},
    {"16-bit ticks, integrity bytes", 4, 28, 4, 12, 24, 2, 4, 12, 16, 4, 60, 0, 2},
    {"MPU settings with a context", 4, 20, 0, 8, 20, 0, 4, 12, 16, 4 + 300, 52 + 300, 0, 0},
    {"64 bits, integrity bytes", 8, 64, 8, 24, 56, 8, 16, 32, 40, 8, 136, 0, 0},
    {"64 bits, 32-bit ticks, integrity bytes", 8, 56, 8, 24, 48, 4, 8, 24, 32, 8, 120, 0, 4},
};
const size_t n_builds = sizeof builds / sizeof builds[0];

static void sink(void *context, enum log_level level, const char *line)
{
    struct world *w = context;
    (void)level;
    if (w->n_lines < WORLD_LINES)
        snprintf(w->lines[w->n_lines++], sizeof w->lines[0], "%s", line);
}

struct world *world_new(bool big, unsigned word)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->stub = rtos_stub_new();
    w->stub->big = big;
    w->stub->word = word;
    w->log = (struct log){.level = LOG_WARN, .sink = sink, .context = w};
    buf_init(&w->reply, TARGET_REPLY_MAX + 1);
    rtos_stub_map(w->stub, DATA, 0x1000);
    rtos_stub_map(w->stub, TCBS, 0x4000);
    rtos_stub_map(w->stub, STACKS, 0x10000);
    rtos_stub_map(w->stub, TEXT, 0x1000);
    return w;
}

void world_free(struct world *w)
{
    if (w->target != NULL)
        target_free(w->target);
    else
        target_free(&w->stub->base);
    buf_free(&w->reply);
    free(w);
}

void world_begin(struct world *w, const char *rtos)
{
    const struct threads_options options = {.rtos = rtos, .log = &w->log};
    w->target = threads_new(&w->stub->base, &options);
    assert_non_null(w->target);
}

void world_symbol(struct world *w, const char *name, uint64_t address)
{
    assert_true(w->n_symbols < WORLD_SYMBOLS);
    snprintf(w->symbols[w->n_symbols].name, sizeof w->symbols[0].name, "%s", name);
    w->symbols[w->n_symbols++].address = address;
}

uint64_t world_address(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_symbols; i++) {
        if (strcmp(w->symbols[i].name, name) == 0)
            return w->symbols[i].address;
    }
    return 0;
}

const char *ask(struct world *w, const char *request)
{
    assert_int_equal(target_ask(w->target, request, &w->reply), 0);
    buf_addc(&w->reply, '\0');
    w->reply.len--;
    return (const char *)w->reply.data;
}

/* Answers the question in w->reply; returns false at the end of the round. */
static bool answer_question(struct world *w)
{
    struct buf name;
    char request[256];
    if (!buf_starts(&w->reply, "qSymbol:") || w->reply.len == 8)
        return false;
    w->questions++;
    buf_init(&name, 128);
    rsp_unhex(&name, w->reply.data + 8, w->reply.len - 8);
    buf_addc(&name, '\0');
    uint64_t address = world_address(w, (const char *)name.data);
    char value[32] = "";
    if (address != 0)
        snprintf(value, sizeof value, "%" PRIx64, address);
    snprintf(request, sizeof request, "qSymbol:%s:%.*s", value, (int)w->reply.len - 8,
             (const char *)w->reply.data + 8);
    buf_free(&name);
    ask(w, request);
    return true;
}

void connect_as_gdb(struct world *w)
{
    ask(w, w->multiprocess ? "qSupported:multiprocess+;swbreak+" : "qSupported:swbreak+");
    ask(w, "qSymbol::");
    while (answer_question(w))
        ;
    assert_true(buf_is(&w->reply, "OK"));
    ask(w, "?");
    rtos_stub_asked(w->stub);
}

const char *list(struct world *w, unsigned size)
{
    static char text[256 * 1024];
    size_t at = 0;
    char request[64];
    do {
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,%x", at, size);
        ask(w, request);
        assert_true(w->reply.len > 0 && w->reply.len <= size + 1u);
        assert_true(at + w->reply.len < sizeof text);
        memcpy(text + at, w->reply.data + 1, w->reply.len - 1);
        at += w->reply.len - 1;
    } while (w->reply.data[0] == 'm');
    assert_int_equal(w->reply.data[0], 'l');
    text[at] = '\0';
    return text;
}

/* Finds the <thread> with this name. */
static const char *find_thread(struct world *w, const char *name)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, " name=\"%s\"", name);
    const char *at = strstr(list(w, 4000), wanted);
    while (at != NULL && *at != '<')
        at--;
    return at;
}

const char *id_of(struct world *w, const char *name)
{
    static char id[8][32];
    static unsigned turn;
    char *out = id[turn++ % 8];
    const char *at = find_thread(w, name);
    out[0] = '\0';
    if (at != NULL)
        sscanf(at, "<thread id=\"%31[^\"]", out);
    return out;
}

const char *state_of(struct world *w, const char *name)
{
    static char state[256];
    const char *at = find_thread(w, name);
    state[0] = '\0';
    if (at != NULL && (at = strchr(at, '>')) != NULL)
        sscanf(at, ">%255[^<]", state);
    return state;
}

unsigned count_threads(struct world *w)
{
    unsigned n = 0;
    for (const char *at = list(w, 4000); (at = strstr(at, "<thread ")) != NULL; at++)
        n++;
    return n;
}

/* ---- FreeRTOS ---- */

static void empty_list(struct world *w, uint64_t at)
{
    const struct build *b = w->build;
    uint64_t end = at + b->end;
    rtos_stub_put(w->stub, at + b->count, 0, b->word);
    rtos_stub_word(w->stub, at + b->count + b->word, end); /* pxIndex */
    rtos_stub_put(w->stub, end + b->value, UINT64_MAX, b->tick != 0 ? b->tick : b->word);
    rtos_stub_word(w->stub, end + b->next, end);
    rtos_stub_word(w->stub, end + b->next + b->word, end);
}

uint64_t freertos_ready(const struct world *w, unsigned priority)
{
    return world_address(w, "pxReadyTasksLists") + priority * w->build->list;
}

void freertos(struct world *w, const struct build *b)
{
    static const char *const lists[] = {"xDelayedTaskList1", "xDelayedTaskList2",
                                        "xPendingReadyList", "xTasksWaitingTermination",
                                        "xSuspendedTaskList"};
    uint64_t at = DATA + 0x40;
    w->build = b;
    world_symbol(w, b->cores != 0 ? "pxCurrentTCBs" : "pxCurrentTCB", DATA);
    world_symbol(w, "pxReadyTasksLists", at);
    for (unsigned i = 0; i < PRIORITIES; i++, at += b->list)
        empty_list(w, at);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++, at += b->list) {
        world_symbol(w, lists[i], at);
        empty_list(w, at);
    }
    world_symbol(w, "uxCurrentNumberOfTasks", at);
    world_symbol(w, "xSchedulerRunning", at + 8);
    world_symbol(w, "uxTaskNumber", at + 16);
    rtos_stub_put(w->stub, at + 8, 1, 4);
}

static void bump(struct world *w, const char *symbol)
{
    uint64_t at = world_address(w, symbol);
    rtos_stub_put(w->stub, at, rtos_stub_get(w->stub, at, 4) + 1, 4);
}

uint64_t freertos_item(const struct world *w, uint64_t tcb, bool event)
{
    return tcb + w->build->before + (event ? w->build->item : 0);
}

/* vListInsertEnd, with pxIndex at the end marker. */
static void insert(struct world *w, uint64_t list, uint64_t item)
{
    const struct build *b = w->build;
    struct rtos_stub *s = w->stub;
    uint64_t end = list + b->end, last = rtos_stub_get(s, end + b->next + b->word, b->word);
    rtos_stub_word(s, item + b->next, end);
    rtos_stub_word(s, item + b->next + b->word, last);
    rtos_stub_word(s, last + b->next, item);
    rtos_stub_word(s, end + b->next + b->word, item);
    rtos_stub_word(s, item + b->container, list);
    rtos_stub_put(s, list + b->count, rtos_stub_get(s, list + b->count, 4) + 1, b->word);
}

uint64_t stack_top(unsigned task)
{
    return STACKS + (task + 1) * STACK;
}

uint64_t freertos_task(struct world *w, const char *name, uint64_t list_at, unsigned priority,
                       uint64_t sp)
{
    const struct build *b = w->build;
    struct rtos_stub *s = w->stub;
    uint64_t tcb = TCBS + w->tasks * 0x200;
    uint64_t state = freertos_item(w, tcb, false), event = freertos_item(w, tcb, true);
    rtos_stub_word(s, tcb, sp);
    rtos_stub_word(s, state + b->owner, tcb);
    rtos_stub_word(s, event + b->owner, tcb);
    rtos_stub_put(s, event + b->item, priority, b->word);
    rtos_stub_word(s, event + b->item + b->word, STACKS + w->tasks * STACK);
    rtos_stub_text(s, tcb + b->name_at, name);
    insert(w, list_at, state);
    bump(w, "uxCurrentNumberOfTasks");
    bump(w, "uxTaskNumber");
    w->tasks++;
    return tcb;
}

void freertos_waits(struct world *w, uint64_t tcb, uint64_t list_at)
{
    insert(w, list_at, freertos_item(w, tcb, true));
}

void freertos_runs(struct world *w, unsigned core, uint64_t tcb)
{
    rtos_stub_word(w->stub, DATA + core * w->build->word, tcb);
}

/* r4 to r11, and r0 to r3, r12, lr, pc, xPSR. */
uint64_t frame_of(struct world *w, unsigned task)
{
    uint64_t sp = stack_top(task) - 128;
    for (unsigned i = 0; i < 14; i++)
        rtos_stub_put(w->stub, sp + 4 * i, 0x1000 * (task + 1) + i, 4);
    rtos_stub_put(w->stub, sp + 56, TEXT + 0x10 * task, 4);
    rtos_stub_put(w->stub, sp + 60, 0x01000000, 4);
    return sp;
}

struct world *three_tasks(bool multiprocess)
{
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    freertos_task(w, "first", freertos_ready(w, 1), 1, frame_of(w, 0));
    freertos_task(w, "second", freertos_ready(w, 2), 2, frame_of(w, 1));
    freertos_task(w, "third", world_address(w, "xDelayedTaskList1"), 3, frame_of(w, 2));
    freertos_runs(w, 0, TCBS);
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    w->multiprocess = multiprocess;
    if (multiprocess) {
        w->stub->stop = "T05thread:p01.01;";
        w->stub->threads = "mp01.01";
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    return w;
}
