/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any bytes as a session.core. It is refused with a reason; or it is a target that
 * answers every recorded request, and memory only as it is in the file.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/rsp/rsp.h"
#include "record/replay.h"
#include "tests/fuzz/fuzz.h"
#include "tests/requests.h"

enum { READ_MAX = 256 };

static struct target *target;
static struct buf reply;

static void ask(const void *request, size_t len)
{
    struct request r;
    request_parse(&r, request, len);
    if (packet_has_reply(r.packet))
        MUST(target_transact(target, &r, &reply) == 0);
}

/* The same bytes from the file, and an error right behind what is there. */
static void read_memory(const struct recording *r, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < r->memory.n; i++) {
        const struct range *range = &r->memory.list[i];
        size_t n = range->len < READ_MAX ? (size_t)range->len : READ_MAX;
        uint64_t gap, known = recording_known(r, range->address, READ_MAX, &gap);
        char text[64];
        MUST(range->offset <= size && range->len <= size - range->offset && known >= n);
        int len =
            snprintf(text, sizeof text, "m%llx,%x", (unsigned long long)range->address, READ_MAX);
        ask(text, (size_t)len);
        MUST(reply.len == 2 * known);
        for (size_t k = 0; k < n; k++)
            MUST(rsp_hex_byte(reply.data + 2 * k) == data[range->offset + k]);
        if (range->address == 0 || recording_known(r, range->address - 1, 1, &gap) != 0)
            continue;
        len = snprintf(text, sizeof text, "m%llx,1", (unsigned long long)range->address - 1);
        ask(text, (size_t)len);
        MUST(buf_is(&reply, "E0e"));
    }
}

static int ask_recorded(void *context, const struct answer *a)
{
    (void)context;
    ask(a->request.data, a->request.len);
    return 0;
}

static int select_recorded(void *context, const struct answer *a)
{
    struct buf hg;
    (void)context;
    buf_init(&hg, 2 * ANSWER_KEY_MAX);
    (void)buf_adds(&hg, "Hg");
    (void)buf_add(&hg, a->thread.data, a->thread.len);
    ask(hg.data, hg.len);
    ask("g", 1);
    buf_free(&hg);
    return 0;
}

static void use_core(struct recording *r, const uint8_t *data, size_t size)
{
    static const char *const requests[] = {"qSupported:xmlRegisters=i386",
                                           "?",
                                           "qfThreadInfo",
                                           "qsThreadInfo",
                                           "qXfer:features:read:target.xml:0,10",
                                           "qXfer:features:read:target.xml:5,1000000000",
                                           "Hg-1",
                                           "T1",
                                           "QNonStop:0",
                                           "vCont?",
                                           "x",
                                           "m",
                                           "m0,",
                                           "mffffffffffffffff,2",
                                           "c",
                                           "s",
                                           "M0,1:00",
                                           "P0=00",
                                           "Z0,0,1",
                                           "z0,0,1",
                                           "qRcmd,00"};
    target = replay_new(r, NULL);
    MUST(target != NULL);
    buf_init(&reply, TARGET_REPLY_MAX);
    read_memory(r, data, size);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        ask(requests[i], strlen(requests[i]));
    MUST(answers_each(&r->answers, ask_recorded, NULL) == 0);
    MUST(answers_each(&r->answers, select_recorded, NULL) == 0);
    buf_free(&reply);
    target_free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recording *r = malloc(sizeof *r);
    char path[64];
    int fd = memfd_create("core", MFD_CLOEXEC);
    MUST(r != NULL && fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (recording_open(r, path, false) == 0) {
        use_core(r, data, size);
    } else {
        MUST(r->why[0] != '\0');
        free(r);
    }
    close(fd);
    return 0;
}
