/* SPDX-License-Identifier: GPL-3.0-or-later */
/* General queries of the stub, GDB's and LLDB's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/stub.h"
#include "proto/rsp/rsp.h"

static bool has(const struct stub_args *a, const char *word)
{
    return memmem(a->at, a->len, word, strlen(word)) != NULL;
}

static void reply_supported(struct stub *s, struct stub_args a)
{
    stub_connected(s);
    s->swbreak = has(&a, "swbreak+");
    s->hwbreak = has(&a, "hwbreak+");
    (void)buf_printf(&s->reply,
                     "PacketSize=%x;swbreak+;hwbreak+;vContSupported+;qXfer:threads:read+;"
                     "qXfer:memory-map:read+",
                     EBPF_PACKET_MAX);
    if (s->arch->kind == EBPF_ARCH_AARCH64)
        stub_text(s, ";qXfer:features:read+;qXfer:exec-file:read+");
}

/* Only with --arch aarch64: other registers are not that machine's. */
static void triple(struct stub *s)
{
    if (s->arch->kind != EBPF_ARCH_AARCH64)
        return;
    stub_text(s, "triple:");
    (void)buf_addhex(&s->reply, "aarch64-unknown-none", 20);
    stub_text(s, ";");
}

static void host_info(struct stub *s)
{
    triple(s);
    stub_text(s, "ptrsize:8;endian:little;watchpoint_exceptions_received:after;");
}

static void process_info(struct stub *s)
{
    stub_text(s, "pid:1;parent-pid:0;");
    triple(s);
    stub_text(s, "ostype:none;endian:little;ptrsize:8;");
}

static void monitor(struct stub *s, struct stub_args a)
{
    struct buf command;
    buf_init(&command, 4096);
    if (rsp_unhex(&command, a.at, a.len) == 0 && buf_addc(&command, 0) == 0)
        stub_monitor(s, (const char *)command.data);
    else
        stub_error(s, STUB_EINVAL);
    buf_free(&command);
}

static void program_name(struct stub *s)
{
    const char *name = stub_image(s)->name;
    (void)buf_addhex(&s->reply, name, strlen(name));
}

/* The distance from the addresses in the linked ELF to those in the machine. */
static void offsets(struct stub *s)
{
    uint64_t bias = stub_image(s)->bias;
    if (bias == 0)
        stub_text(s, "Text=0;Data=0;Bss=0");
    else
        (void)buf_printf(&s->reply, "TextSeg=%" PRIx64, bias);
}

void stub_query(struct stub *s, struct stub_args a)
{
    if (stub_take_text(&a, "Supported"))
        reply_supported(s, a);
    else if (stub_take_text(&a, "Xfer:"))
        stub_xfer(s, a);
    else if (stub_take_text(&a, "Rcmd,"))
        monitor(s, a);
    else if (stub_take_text(&a, "RegisterInfo"))
        stub_register_info(s, a);
    else if (stub_take_text(&a, "MemoryRegionInfo:"))
        stub_region_info(s, a);
    else if (stub_take_text(&a, "HostInfo"))
        host_info(s);
    else if (stub_take_text(&a, "ProcessInfo"))
        process_info(s);
    else if (stub_take_text(&a, "Offsets"))
        offsets(s);
    else if (stub_take_text(&a, "Attached"))
        stub_text(s, "0");
    else if (stub_take_text(&a, "Symbol:"))
        stub_text(s, "OK");
    else if (stub_take_text(&a, "fThreadInfo"))
        stub_text(s, s->state == STUB_ENDED ? "l" : "m1");
    else if (stub_take_text(&a, "sThreadInfo"))
        stub_text(s, "l");
    else if (stub_take_text(&a, "ThreadExtraInfo,"))
        program_name(s);
    else if (stub_take_text(&a, "ThreadStopInfo"))
        stub_stop_reply(s);
    else if (stub_take(&a, 'C') && a.len == 0)
        stub_text(s, "QC1");
}

void stub_set(struct stub *s, struct stub_args a)
{
    if (stub_take_text(&a, "ThreadSuffixSupported") || stub_take_text(&a, "ListThreadsInStopReply"))
        s->lldb = true; /* only LLDB sends these; neither is supported */
    else if (stub_take_text(&a, "EnableErrorStrings"))
        s->lldb = true;
}
