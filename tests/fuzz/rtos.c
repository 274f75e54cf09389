/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any memory image, with a client that has the symbols of an RTOS. The first byte
 * selects the RTOS (bits 0, 1, 4) and the architecture (2, 3), the rest is memory from 0x20000000
 * on. Lists end, registers are sent, writes and steps are answered, and stops name a thread of the
 * list.
 */
#include "threads/threads.h"

#include <inttypes.h>
#include <string.h>

#include "proto/rsp/rsp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/rtos_stub.h"

enum { BASE = 0x20000000, SIZE = 0x4000, READS_MAX = 40000, THREADS_ASKED = 24 };

static const struct symbol_of {
    unsigned rtos;
    const char *name;
    unsigned offset;
} symbols[] = {
    {0, "pxCurrentTCB", 0},
    {0, "pxReadyTasksLists", 0x40},
    {0, "xDelayedTaskList1", 0xa4},
    {0, "xDelayedTaskList2", 0xb8},
    {0, "xPendingReadyList", 0xcc},
    {0, "xTasksWaitingTermination", 0xe0},
    {0, "xSuspendedTaskList", 0xf4},
    {0, "uxCurrentNumberOfTasks", 0x108},
    {0, "xSchedulerRunning", 0x10c},
    {0, "uxTaskNumber", 0x110},
    {0, "xQueueRegistry", 0x120},
    {1, "_tx_thread_current_ptr", 0},
    {1, "_tx_thread_created_ptr", 4},
    {1, "_tx_thread_created_count", 8},
    {2, "_kernel", 0},
    {2, "_kernel_thread_info_offsets", 0x100},
    {2, "_kernel_thread_info_num_offsets", 0x1f0},
    {3, "ch", 0},
    {3, "ch0", 0},
    {3, "ch_debug", 0x100},
    {4, "sched_active_thread", 0},
    {4, "sched_threads", 0x40},
    {4, "max_threads", 0x3c},
    {4, "_tcb_name_offset", 0x3d},
    {5, "g_running_tasks", 0},
    {5, "g_pidhash", 4},
    {5, "g_npidhash", 8},
    {5, "g_tcbinfo", 0x20},
    {5, "g_statenames", 0xc0},
};

static void ask(struct target *t, const char *request, struct buf *reply)
{
    MUST(target_ask(t, request, reply) == 0);
    MUST(reply->error == 0);
}

/* Answers a qSymbol question by name. */
static void answer(struct target *t, unsigned rtos, struct buf *reply)
{
    struct buf name;
    char request[256], value[16] = "";
    buf_init(&name, 128);
    MUST(rsp_unhex(&name, reply->data + 8, reply->len - 8) == 0);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (symbols[i].rtos == rtos && buf_is(&name, symbols[i].name))
            snprintf(value, sizeof value, "%x", BASE + symbols[i].offset);
    }
    snprintf(request, sizeof request, "qSymbol:%s:%.*s", value, (int)reply->len - 8,
             (const char *)reply->data + 8);
    buf_free(&name);
    ask(t, request, reply);
}

static void ask_about(struct target *t, const char *id, struct buf *reply)
{
    static const char *const after[] = {"g", "p1a", "p21", "p0", "P0=00000000", "g"};
    char request[64];
    snprintf(request, sizeof request, "Hg%s", id);
    ask(t, request, reply);
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++)
        ask(t, after[i], reply);
    snprintf(request, sizeof request, "qThreadExtraInfo,%s", id);
    ask(t, request, reply);
    MUST(reply->len % 2 == 0);
}

/* Checks every thread of the list. Returns true if `wanted` is in it. */
static bool ask_all(struct target *t, struct buf *reply, const char *wanted)
{
    static char text[1024 * 1024];
    bool found = false;
    unsigned n = 0;
    ask(t, "qXfer:threads:read::0,fffff", reply);
    MUST(reply->len > 1 && reply->len < sizeof text && reply->data[0] == 'l');
    memcpy(text, reply->data, reply->len);
    text[reply->len] = '\0';
    for (const char *at = text; (at = strstr(at, "<thread id=\"")) != NULL; at++) {
        char id[32];
        MUST(sscanf(at, "<thread id=\"%31[0-9a-f]\"", id) == 1);
        found = found || strcmp(id, wanted) == 0;
        if (n++ < THREADS_ASKED)
            ask_about(t, id, reply);
    }
    MUST(n > 0);
    return found;
}

static void session(struct target *t, unsigned rtos)
{
    struct buf reply;
    char id[32];
    buf_init(&reply, 1024 * 1024);
    ask(t, "qSupported", &reply);
    ask(t, "qSymbol::", &reply);
    for (unsigned i = 0; i < 100 && buf_starts(&reply, "qSymbol:"); i++)
        answer(t, rtos, &reply);
    MUST(buf_is(&reply, "OK"));
    for (unsigned i = 0; i < 2; i++) {
        ask(t, i == 0 ? "?" : "c", &reply);
        if (buf_is(&reply, RTOS_STUB_STOP)) { /* as it is: no RTOS of this machine */
            buf_free(&reply);
            return;
        }
        buf_addc(&reply, '\0');
        MUST(sscanf((const char *)reply.data, "T05thread:%31[0-9a-f];", id) == 1);
        MUST(ask_all(t, &reply, id));
    }
    ask(t, "vCont;s:3", &reply);
    ask(t, "vCont;s:2;c", &reply);
    buf_addc(&reply, '\0');
    if (sscanf((const char *)reply.data, "T05thread:%31[0-9a-f];", id) == 1) {
        MUST(ask_all(t, &reply, id)); /* the first list after a step has no descriptions */
        MUST(ask_all(t, &reply, id));
    }
    ask(t, "vCont;c:3", &reply);
    buf_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        unsigned n, word;
    } machines[] = {{17, 4}, {33, 4}, {33, 8}, {59, 4}};
    const struct threads_options options = {.rtos = "auto"};
    unsigned choice = size != 0 ? data[0] : 0;
    struct rtos_stub *stub = rtos_stub_new();
    rtos_stub_map(stub, BASE, SIZE);
    rtos_stub_registers(stub, machines[choice >> 2 & 3].n, machines[choice >> 2 & 3].word, 0x500);
    if (size > 1)
        memcpy(rtos_stub_at(stub, BASE, SIZE), data + 1, size - 1 < SIZE ? size - 1 : SIZE);
    for (unsigned i = 0; i < RTOS_STUB_STOPS; i++)
        stub->stops[i] = i < 8 ? "S05" : "S02";
    struct target *t = threads_new(&stub->base, &options);
    MUST(t != NULL);
    session(t, (choice & 3) + (choice >> 2 & 4));
    MUST(threads_reads(t) < READS_MAX);
    target_free(t);
    return 0;
}
