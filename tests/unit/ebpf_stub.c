/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub of the eBPF machine, packet by packet, with each register layout. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>

#include "ebpf/target.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/ebpf/asm.h"
#include "tests/requests.h"

enum { INPUT = 16 };

/* entry: calls f(3), which stores its argument to the input, loads it, and returns its double. */
static const uint64_t program[] = {
    MOV_X(6, 1),          /* 0x10000000 */
    MOV_K(1, 3),          /* 08 */
    MOV_X(2, 6),          /* 10 */
    CALL_LOCAL(1),        /* 18 */
    EXIT,                 /* 20 */
    STX(BPF_DW, 2, 8, 1), /* 28 f */
    LDX(BPF_DW, 0, 2, 8), /* 30 */
    ALU_X(BPF_ADD, 0, 1), /* 38 */
    EXIT,                 /* 40 */
};
static const uint64_t endless[] = {ALU_K(BPF_ADD, 0, 1), JA(-2)};
static const uint64_t faulty[] = {MOV_K(0, 7), LDX(BPF_DW, 1, 10, 0), EXIT};
static const uint64_t printing[] = {MOV_X(6, 1), CALL_HELPER(1004), MOV_X(1, 6), CALL_HELPER(1004),
                                    EXIT};

/* An io with a stopped clock; an event comes after `wakes` waits. */
struct test_io {
    struct io io;
    unsigned waits, wakes;
};

static uint64_t test_now(struct io *io)
{
    (void)io;
    return 0;
}

static unsigned test_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct test_io *t = (struct test_io *)io;
    (void)deadline;
    return ++t->waits >= t->wakes ? reasons : 0;
}

static const struct io_ops test_ops = {.now = test_now, .wait = test_wait};

struct fixture {
    struct test_io io;
    struct ebpf_image *image[2];
    struct target *target;
    struct buf reply;
    char text[8192];
};

static const uint8_t input[INPUT] = "ab\0cdefghijklmn";

static struct fixture *open_layout(enum ebpf_arch_kind arch, const uint64_t *code, size_t bytes,
                                   uint64_t budget)
{
    static struct fixture f;
    f = (struct fixture){.io = {.wakes = UINT32_MAX}};
    io_init(&f.io.io, &test_ops);
    buf_init(&f.reply, TARGET_REPLY_MAX);
    assert_int_equal(ebpf_image_from_code(&f.image[0], (const uint8_t *)code, bytes), 0);
    assert_int_equal(ebpf_image_from_code(&f.image[1], (const uint8_t *)faulty, sizeof faulty), 0);
    struct ebpf_target_options o = {
        .images = f.image,
        .count = 2,
        .arch = arch,
        .io = &f.io.io,
        .machine = {.budget = budget, .input = input, .input_size = INPUT}};
    assert_int_equal(ebpf_target_new(&f.target, &o), 0);
    return &f;
}

static struct fixture *open_program(void)
{
    return open_layout(EBPF_ARCH_AARCH64, program, sizeof program, EBPF_NO_BUDGET);
}

static void close_fixture(struct fixture *f)
{
    target_free(f->target);
    ebpf_image_free(f->image[0]);
    ebpf_image_free(f->image[1]);
    buf_free(&f->reply);
}

/* The reply to a request, after the output that came before it in brackets. */
static const char *ask_bytes(struct fixture *f, const void *request, size_t len)
{
    struct buf all;
    bool final = false;
    buf_init(&all, sizeof f->text - 1);
    assert_int_equal(send_bytes(f->target, request, len), 0);
    while (!final) {
        assert_int_equal(target_recv(f->target, &f->reply, &final, 0), 0);
        if (!final) {
            assert_int_equal(f->reply.data[0], 'O');
            (void)buf_addc(&all, '[');
            assert_int_equal(rsp_unhex(&all, f->reply.data + 1, f->reply.len - 1), 0);
            (void)buf_addc(&all, ']');
        } else
            (void)buf_add(&all, f->reply.data, f->reply.len);
    }
    assert_int_equal(all.error, 0);
    memcpy(f->text, all.data != NULL ? all.data : (const uint8_t *)"", all.len);
    f->text[all.len] = 0;
    buf_free(&all);
    return f->text;
}

static const char *ask(struct fixture *f, const char *request)
{
    return ask_bytes(f, request, strlen(request));
}

#define EXPECT(f, request, reply) assert_string_equal(ask(f, request), reply)
#define CONTAINS(f, request, part)                                                                 \
    do {                                                                                           \
        if (strstr(ask(f, request), part) == NULL)                                                 \
            fail_msg("%s: no %s in %s", request, part, (f)->text);                                 \
    } while (0)

static const char *monitor(struct fixture *f, const char *command)
{
    char request[512] = "qRcmd,";
    for (size_t i = 0; command[i] != 0; i++)
        sprintf(request + 6 + 2 * i, "%02x", (unsigned char)command[i]);
    struct buf text;
    buf_init(&text, sizeof f->text - 1);
    (void)ask(f, request);
    assert_int_equal(rsp_unhex(&text, (uint8_t *)f->text, strlen(f->text)), 0);
    memcpy(f->text, text.data, text.len);
    f->text[text.len] = 0;
    buf_free(&text);
    return f->text;
}

static void a_program_starts_stopped_at_its_first_instruction(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    CONTAINS(f, "qSupported:swbreak+;hwbreak+", "qXfer:features:read+");
    EXPECT(f, "?", "T05thread:1;1d:c00f007000000000;1f:0080006000000000;20:0000001000000000;");
    EXPECT(f, "qC", "QC1");
    EXPECT(f, "vMustReplyEmpty", "");
    EXPECT(f, "qfThreadInfo", "m1");
    EXPECT(f, "qsThreadInfo", "l");
    EXPECT(f, "Hg0", "OK");
    EXPECT(f, "Hc-1", "OK");
    EXPECT(f, "Hg7", "E16");
    EXPECT(f, "qOffsets", "Text=0;Data=0;Bss=0");
    EXPECT(f, "qSymbol::", "OK");
    close_fixture(f);
}

static void steps_and_the_exit_status_with_all_of_r0(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    CONTAINS(f, "s", "20:0800001000000000;");
    CONTAINS(f, "vCont;s:1", "20:1000001000000000;");
    CONTAINS(f, "vCont;r10000010,10000020:1", "20:2800001000000000;"); /* into the call */
    CONTAINS(f, "s10000040", "20:2000001000000000;"); /* at another address: f's exit */
    EXPECT(f, "s", "[code: r0 = 0x0 (0) after 6 instructions\n]W00");
    close_fixture(f);
    f = open_program();
    EXPECT(f, "c", "[code: r0 = 0x6 (6) after 9 instructions\n]W06");
    EXPECT(f, "p22", "0600000000000000"); /* the state can still be read */
    EXPECT(f, "qfThreadInfo", "l");
    CONTAINS(f, "qXfer:threads:read::0,1000", "<threads>\n</threads>");
    EXPECT(f, "T1", "E16");
    EXPECT(f, "c", "E16");
    close_fixture(f);
}

static void writing_the_pc_is_the_inverse_of_reading_it(void **state)
{
    static const char *const values[] = {"2800001000000000", "0100000000000000",
                                         "ffffffffffffffff"};
    (void)state;
    struct fixture *f = open_program();
    for (size_t i = 0; i < 3; i++) {
        char request[64];
        snprintf(request, sizeof request, "P20=%s", values[i]);
        EXPECT(f, request, "OK");
        EXPECT(f, "p20", values[i]);
    }
    /* an invalid pc is a fault when the program is resumed, and does not change */
    CONTAINS(f, "c", "no instruction at 0xffffffffffffffff");
    assert_non_null(strstr(f->text, "]T0b"));
    EXPECT(f, "p20", "ffffffffffffffff");
    close_fixture(f);
}

static void writing_all_registers_is_the_inverse_of_reading_them(void **state)
{
    static const enum ebpf_arch_kind archs[] = {EBPF_ARCH_AARCH64, EBPF_ARCH_BPF, EBPF_ARCH_SBPF};
    static const size_t bytes[] = {33 * 8 + 4 + 13 * 8, 88, 96};
    static const size_t pc_at[] = {32 * 8, 84, 88};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = open_layout(archs[i], program, sizeof program, EBPF_NO_BUDGET);
        char request[1024] = "G", all[1024];
        assert_int_equal(strlen(ask(f, "g")), 2 * bytes[i]);
        strcpy(all, f->text);
        strcat(request, all);
        EXPECT(f, request, "OK");
        EXPECT(f, "g", all);
        memcpy(request + 1 + 2 * pc_at[i], "08", 2); /* another pc */
        memcpy(request + 1, "efcdab", 6);            /* another r0 */
        EXPECT(f, request, "OK");
        assert_memory_equal(ask(f, "g"), request + 1, 16);
        assert_int_equal(ebpf_target_machine(f->target)->pc, 0x10000008);
        assert_int_equal(ebpf_target_machine(f->target)->reg[0], 0xabcdef);
        EXPECT(f, "G00", "E16");
        close_fixture(f);
    }
}

static void names_for_the_same_register_agree(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    EXPECT(f, "P3=1122334455667788", "OK"); /* x3 */
    EXPECT(f, "p25", "1122334455667788");   /* r3 */
    EXPECT(f, "P25=0100000000000000", "OK");
    EXPECT(f, "p3", "0100000000000000");
    EXPECT(f, "P1f=0070006000000000", "OK");  /* sp */
    EXPECT(f, "pa", "0070006000000000");      /* x10 */
    EXPECT(f, "P1d=0000000000000000", "E05"); /* x29 cannot be written */
    EXPECT(f, "Pc=0100000000000000", "E05");  /* nor a register that eBPF does not have */
    EXPECT(f, "p2f", "E16");
    EXPECT(f, "P3=11", "E16");
    close_fixture(f);
}

static void the_register_layout_of_gdb_for_bpf_has_88_bytes(void **state)
{
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_BPF, program, sizeof program, EBPF_NO_BUDGET);
    if (strstr(ask(f, "qSupported:xmlRegisters=bpf"), "features") != NULL)
        fail_msg("there is no description for this architecture: %s", f->text);
    EXPECT(f, "?", "T05thread:1;0a:00800060;0b:00000010;");
    EXPECT(f, "pa", "00800060");
    EXPECT(f, "pb", "00000010");
    EXPECT(f, "P1=efbeadde00000000", "OK");
    EXPECT(f, "p1", "efbeadde00000000");
    EXPECT(f, "pc", "E16");
    EXPECT(f, "Z0,10000028,0", "OK");
    EXPECT(f, "c", "T05thread:1;0a:007e0060;0b:28000010;");
    /* The upper half of r10, which has no place in g, stays. */
    ebpf_target_machine(f->target)->reg[10] = 0x200001000;
    char request[256] = "G";
    strcat(request, ask(f, "g"));
    EXPECT(f, request, "OK");
    assert_int_equal(ebpf_target_machine(f->target)->reg[10], 0x200001000);
    close_fixture(f);
}

static void the_register_layout_seed_has_96_bytes_and_counts_down(void **state)
{
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_SBPF, program, sizeof program, 100);
    EXPECT(f, "?", "T05thread:1;0a:0080006000000000;0b:0000001000000000;");
    EXPECT(f, "pc", "6400000000000000");
    CONTAINS(f, "s", "T05");
    EXPECT(f, "pc", "6300000000000000"); /* also while stepping */
    EXPECT(f, "qRegisterInfoa",
           "name:sp;bitsize:64;offset:80;encoding:uint;format:hex;set:General Purpose Registers;"
           "gcc:10;ehframe:10;dwarf:10;generic:sp;");
    EXPECT(f, "qRegisterInfoc",
           "name:remaining;bitsize:64;offset:96;encoding:uint;format:hex;set:General Purpose "
           "Registers;gcc:12;ehframe:12;dwarf:12;");
    EXPECT(f, "qRegisterInfod", "E2d");
    EXPECT(f, "Pc=0300000000000000", "OK");
    CONTAINS(f, "c", "budget");
    CONTAINS(f, "?", "T18"); /* SIGXCPU */
    EXPECT(f, "Pc=ff00000000000000", "OK");
    CONTAINS(f, "C18", "]W06");
    /* LLDB must not take these registers for an aarch64's. */
    EXPECT(f, "qHostInfo", "ptrsize:8;endian:little;watchpoint_exceptions_received:after;");
    EXPECT(f, "qProcessInfo", "pid:1;parent-pid:0;ostype:none;endian:little;ptrsize:8;");
    close_fixture(f);
}

static void memory_is_read_and_written_or_an_error_returned(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    EXPECT(f, "m50000000,4", "61620063");
    EXPECT(f, "M50000000,3:010203", "OK");
    EXPECT(f, "m50000000,4", "01020363");
    EXPECT(f, "m10000000,8", "bf16000000000000");
    EXPECT(f, "m0,4", "E0e");
    EXPECT(f, "m50001000,1", "E0e");
    EXPECT(f, "m50000ffe,8", "0000"); /* the bytes that are mapped */
    EXPECT(f, "mffffffffffffffff,4", "E0e");
    EXPECT(f, "M0,1:00", "E0e");
    EXPECT(f, "M50000ffe,4:01020304", "E0e"); /* all or nothing */
    EXPECT(f, "m50000ffe,2", "0000");
    EXPECT(f, "M70000000,1:00", "E0e"); /* the shadow call stack is read-only */
    EXPECT(f, "m5000000g,1", "E16");
    EXPECT(f, "M50000000,2:01", "E16");
    assert_string_equal(ask_bytes(f, "X50000000,3:\x7d\x03y}\x5d", 17), "OK");
    EXPECT(f, "m50000000,3", "23797d");
    EXPECT(f, "X50000000,0:", "OK");
    close_fixture(f);
}

static void written_code_is_executed(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    EXPECT(f, "M10000038,8:b700000063000000", "OK"); /* r0 = 99 instead of the sum */
    CONTAINS(f, "c", "]W63");
    close_fixture(f);
}

static void breakpoints_of_any_kind_stop_before_their_instruction(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    CONTAINS(f, "qSupported:swbreak+;hwbreak+", "swbreak+");
    EXPECT(f, "Z0,10000030,4", "OK");
    EXPECT(f, "Z0,10000030,4", "OK"); /* a second time has no effect */
    EXPECT(f, "Z1,10000038,999", "OK");
    EXPECT(f, "Z0,10000004,4", "E0e");
    EXPECT(f, "Z0,50000000,4", "E0e");
    EXPECT(f, "Z5,10000030,4", "");
    CONTAINS(f, "c", "20:3000001000000000;swbreak:;");
    CONTAINS(f, "c", "20:3800001000000000;hwbreak:;"); /* ignored the one at pc */
    EXPECT(f, "z0,10000030,4", "OK");
    EXPECT(f, "z0,10000030,4", "E16");
    CONTAINS(f, "c", "W06");
    close_fixture(f);
}

static void watchpoints_stop_after_the_access(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    EXPECT(f, "Z2,50000008,8", "OK");
    CONTAINS(f, "c", "20:3000001000000000;watch:50000008;");
    EXPECT(f, "z2,50000008,8", "OK");
    EXPECT(f, "Z3,5000000b,1", "OK"); /* a byte in the middle */
    EXPECT(f, "Z3,5000000b,1", "OK"); /* a second time has no effect */
    CONTAINS(f, "c", "20:3800001000000000;rwatch:5000000b;");
    EXPECT(f, "z3,5000000b,1", "OK");
    EXPECT(f, "z3,5000000b,1", "E16");
    EXPECT(f, "Z4,8,8", "E0e");
    EXPECT(f, "R", ""); /* restart; R has no reply, here an empty one */
    EXPECT(f, "Z4,50000000,10", "OK");
    CONTAINS(f, "c", "20:3000001000000000;awatch:50000008;");
    CONTAINS(f, "c", "20:3800001000000000;awatch:50000008;");
    CONTAINS(f, "c", "W06");
    close_fixture(f);
}

static void faults_stop_with_the_state_intact(void **state)
{
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_AARCH64, faulty, sizeof faulty, EBPF_NO_BUDGET);
    EXPECT(f, "c",
           "[code: read from 0x60008000: nothing is mapped there\n]T0bthread:1;1d:c00f007000000000;"
           "1f:0080006000000000;20:0800001000000000;");
    EXPECT(f, "p0", "0700000000000000");
    CONTAINS(f, "?", "T0b");
    CONTAINS(f, "c", "T0b"); /* it faults again */
    CONTAINS(f, "C0b", "T0b");
    EXPECT(f, "Pa=0070006000000000", "OK"); /* corrected by the debugger */
    CONTAINS(f, "c", "W07");
    close_fixture(f);
}

static void ctrl_c_stops_an_endless_program(void **state)
{
    bool final;
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_AARCH64, endless, sizeof endless, EBPF_NO_BUDGET);
    f->io.wakes = 3;
    assert_int_equal(send_bytes(f->target, "c", 1), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_int_equal(f->io.waits, 3);
    assert_true(ebpf_target_machine(f->target)->executed < 4 * EBPF_SLICE);
    assert_int_equal(target_interrupt(f->target), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, IO_ON_CLIENT), 0);
    assert_true(final);
    assert_true(buf_starts(&f->reply, "T02thread:1;"));
    CONTAINS(f, "?", "T02"); /* also in a range that is never left */
    f->io.waits = 0;
    const char step[] = "vCont;r10000000,10000010:1";
    assert_int_equal(send_bytes(f->target, step, sizeof step - 1), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_int_equal(target_interrupt(f->target), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, 0), 0);
    assert_true(buf_starts(&f->reply, "T02"));
    close_fixture(f);
}

static void output_is_sent_before_the_stop_reply(void **state)
{
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_AARCH64, printing, sizeof printing, EBPF_NO_BUDGET);
    CONTAINS(f, "c", "[ab\n][ab\n][code: r0 = 0x3 (3) after 5 instructions\n]W03");
    close_fixture(f);
    f = open_layout(EBPF_ARCH_AARCH64, printing, sizeof printing, EBPF_NO_BUDGET);
    assert_int_equal(ebpf_machine_poke(ebpf_target_machine(f->target), 0x50000000, "\x1b", 1), 1);
    CONTAINS(f, "c", "[\\x1bb\n]");
    close_fixture(f);
}

static void a_detached_program_runs_and_the_next_connection_gets_the_next_one(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    EXPECT(f, "Z0,10000030,4", "OK");
    assert_int_equal(leave_with(f->target, "D", &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    assert_int_equal(ebpf_target_run_on(f->target, 0, NULL, NULL), 0);
    assert_true(ebpf_target_machine(f->target)->exited); /* its breakpoint was removed */
    CONTAINS(f, "qSupported", "PacketSize");
    CONTAINS(f, "?", "T05");
    CONTAINS(f, "c", "nothing is mapped"); /* the second program */
    close_fixture(f);
}

static void a_connection_stops_a_detached_program(void **state)
{
    (void)state;
    struct fixture *f = open_layout(EBPF_ARCH_AARCH64, endless, sizeof endless, EBPF_NO_BUDGET);
    f->io.wakes = 1;
    assert_int_equal(leave_with(f->target, "D", &f->reply), 0);
    assert_int_equal(ebpf_target_run_on(f->target, IO_ON_TARGET, NULL, NULL), NETGDB_AGAIN);
    uint64_t executed = ebpf_target_machine(f->target)->executed;
    assert_true(executed >= EBPF_SLICE);
    CONTAINS(f, "qSupported", "PacketSize");
    CONTAINS(f, "?", "T02");
    assert_int_equal(ebpf_target_run_on(f->target, IO_ON_TARGET, NULL, NULL), 0);
    assert_int_equal(ebpf_target_machine(f->target)->executed, executed);
    close_fixture(f);
}

static void kill_and_vrun_restart_the_program(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    CONTAINS(f, "s", "T05");
    EXPECT(f, "vKill;1", "OK");
    CONTAINS(f, "qSupported", "PacketSize");
    CONTAINS(f, "?", "20:0000001000000000;"); /* the same program */
    EXPECT(f, "!", "OK");
    CONTAINS(f, "c", "W06");
    CONTAINS(f, "vRun;", "T05thread:1;");
    EXPECT(f, "m50000008,1", "68"); /* its memory, too */
    CONTAINS(f, "c", "W06");
    close_fixture(f);
}

static void descriptions_files_and_maps_are_read_in_chunks(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    CONTAINS(f, "qXfer:features:read:target.xml:0,2000", "<architecture>aarch64</architecture>");
    CONTAINS(f, "qXfer:features:read:target.xml:0,2000", "name=\"executed\" bitsize=\"64\"");
    EXPECT(f, "qXfer:features:read:target.xml:0,5", "m<?xml");
    EXPECT(f, "qXfer:features:read:target.xml:ffffff,5", "l");
    EXPECT(f, "qXfer:features:read:other.xml:0,5", "");
    EXPECT(f, "qXfer:features:read:target.xml:", "E16");
    CONTAINS(f, "qXfer:memory-map:read::0,1000", "<memory type=\"ram\" start=\"0x10000000\"");
    CONTAINS(f, "qXfer:memory-map:read::0,1000", "<memory type=\"rom\" start=\"0x70000000\"");
    CONTAINS(f, "qXfer:threads:read::0,1000", "<thread id=\"1\" name=\"code\"/>");
    EXPECT(f, "qMemoryRegionInfo:10000010",
           "start:10000000;size:1000;permissions:rx;name:74657874;");
    EXPECT(f, "qMemoryRegionInfo:0", "start:0;size:10000000;");
    EXPECT(f, "vFile:setfs:0", "F0");
    EXPECT(f, "vFile:open:2f6574632f706173737764,0,0", "F-1,2"); /* another file */
    EXPECT(f, "vFile:pread:3,10,0", "F-1,9");                    /* not open */
    CONTAINS(f, "qHostInfo", "triple:616172636836342d");         /* aarch64- */
    CONTAINS(f, "qHostInfo", "ptrsize:8;endian:little");
    CONTAINS(f, "qRegisterInfo20", "generic:pc;");
    CONTAINS(f, "qRegisterInfo1d", "generic:fp;");
    close_fixture(f);
}

static void monitor_commands(void **state)
{
    (void)state;
    struct fixture *f = open_program();
    assert_non_null(strstr(monitor(f, "help"), "monitor budget"));
    assert_string_equal(
        monitor(f, "disassemble 0x10000028 3"),
        "   0x10000028:\t*(u64 *)(r2 + 8) = r1\n   0x10000030:\tr0 = *(u64 *)(r2 + 8)\n"
        "   0x10000038:\tr0 += r1\n");
    assert_non_null(strstr(monitor(f, "dis"), "=> 0x10000000:\tr6 = r1"));
    assert_non_null(strstr(monitor(f, "maps"), "r-x  text"));
    assert_string_equal(monitor(f, "budget 2"), "0 instructions run, 2 of 2 left\n");
    CONTAINS(f, "c", "the budget of 2 instructions is used up");
    assert_non_null(strstr(monitor(f, "status"), "the budget of 2"));
    assert_string_equal(monitor(f, "budget off"), "2 instructions run, no budget\n");
    assert_non_null(strstr(monitor(f, "budget many"), "not a number"));
    assert_non_null(strstr(monitor(f, "frobnicate"), "unknown command"));
    assert_non_null(strstr(monitor(f, "disassemble nowhere"), "no symbol"));
    CONTAINS(f, "c", "W06");
    close_fixture(f);
}

static void malformed_requests_get_an_error_or_an_empty_reply(void **state)
{
    static const char *const requests[] = {"",
                                           "m",
                                           "m1",
                                           "m1,",
                                           "M",
                                           "M1,1",
                                           "X",
                                           "Z",
                                           "Z0",
                                           "Z0,",
                                           "Z0,1",
                                           "p",
                                           "pzz",
                                           "P",
                                           "P0",
                                           "P0=",
                                           "G",
                                           "C",
                                           "S",
                                           "C;",
                                           "cz",
                                           "vCont;",
                                           "vCont;x",
                                           "vCont;r",
                                           "vCont;r1",
                                           "vCont;C",
                                           "H",
                                           "T",
                                           "T9",
                                           "qRcmd,z",
                                           "vFile:open:",
                                           "vFile:pread:",
                                           "vFile:fstat:9",
                                           "vFile:close:3",
                                           "qXfer:memory-map:read::",
                                           "qMemoryRegionInfo:",
                                           "qRegisterInfo",
                                           "y"};
    (void)state;
    struct fixture *f = open_program();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const char *reply = ask(f, requests[i]);
        if (reply[0] != 0 && reply[0] != 'E' && strncmp(reply, "F-1,", 4) != 0)
            fail_msg("%s was answered %s", requests[i], reply);
    }
    CONTAINS(f, "c", "W06");
    close_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_starts_stopped_at_its_first_instruction),
        cmocka_unit_test(steps_and_the_exit_status_with_all_of_r0),
        cmocka_unit_test(writing_the_pc_is_the_inverse_of_reading_it),
        cmocka_unit_test(writing_all_registers_is_the_inverse_of_reading_them),
        cmocka_unit_test(names_for_the_same_register_agree),
        cmocka_unit_test(the_register_layout_of_gdb_for_bpf_has_88_bytes),
        cmocka_unit_test(the_register_layout_seed_has_96_bytes_and_counts_down),
        cmocka_unit_test(memory_is_read_and_written_or_an_error_returned),
        cmocka_unit_test(written_code_is_executed),
        cmocka_unit_test(breakpoints_of_any_kind_stop_before_their_instruction),
        cmocka_unit_test(watchpoints_stop_after_the_access),
        cmocka_unit_test(faults_stop_with_the_state_intact),
        cmocka_unit_test(ctrl_c_stops_an_endless_program),
        cmocka_unit_test(output_is_sent_before_the_stop_reply),
        cmocka_unit_test(a_detached_program_runs_and_the_next_connection_gets_the_next_one),
        cmocka_unit_test(a_connection_stops_a_detached_program),
        cmocka_unit_test(kill_and_vrun_restart_the_program),
        cmocka_unit_test(descriptions_files_and_maps_are_read_in_chunks),
        cmocka_unit_test(monitor_commands),
        cmocka_unit_test(malformed_requests_get_an_error_or_an_empty_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
