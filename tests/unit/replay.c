/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session is recorded and replayed: a target that changes whenever it may, and what is left of it
 * in the recording. */
#include "record/replay.h"
#include "tests/requests.h"
#include "tests/unit/unit.h"

#include <elf.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proto/err.h"
#include "record/exchange.h"
#include "record/recorder.h"
#include "record/registers.h"

/* A stub: memory is its addresses' low bytes plus `turn`, which each resume increments. */
struct stub {
    struct target target;
    struct buf request;
    uint8_t turn, written; /* what was written at 0x1000; 0: nothing */
    char thread[8];
    unsigned listed;
    bool binary; /* it offers binary-upload */
    bool amd64;  /* `g` has that many registers */
    unsigned asked_g;
    bool reboots; /* at the next continue */
};

static struct stub stub;
static struct log quiet;
static char path[UNIT_PATH + 16], directory[UNIT_PATH];

static int stub_send(struct target *t, const struct request *r)
{
    (void)t;
    return buf_set(&stub.request, r->data, r->len);
}

static int read_stub(const struct request *r, struct buf *reply)
{
    for (uint64_t i = 0; i < r->length; i++) {
        uint8_t byte = (uint8_t)(r->address + i + stub.turn);
        if (r->address + i >= 0x2000)
            return i == 0 ? buf_sets(reply, "E0e") : 0;
        if (r->address + i == 0x1000 && stub.written != 0)
            byte = stub.written;
        (void)buf_addhex(reply, &byte, 1);
    }
    return reply->error;
}

static int read_stub_registers(const struct request *r, struct buf *reply)
{
    const char *thread = r->len > 1 ? (const char *)r->data + strlen("g;thread:") : stub.thread;
    stub.asked_g++;
    for (unsigned i = 0; stub.amd64 && i < 164; i++)
        (void)buf_printf(reply, "%02x", stub.turn);
    return stub.amd64 ? reply->error : buf_printf(reply, "%02x%.1s%.1s", stub.turn, thread, thread);
}

/* The objects of qXfer; an empty reply to every other request. */
static int read_stub_object(const struct request *r, struct buf *reply)
{
    switch (r->packet->id) {
    case PACKET_qXfer_libraries:
        return buf_sets(reply, "l<library-list/>");
    case PACKET_qXfer_features:
        return buf_sets(reply, r->address == 0 ? "m<target>" : "l</target>");
    case PACKET_qXfer_threads:
        return buf_sets(reply, "l<threads>\n<thread id=\"p1.1\" core=\"0\" name=\"a id=1\"/>\n"
                               "<thread core=\"1\" id=\"2\">Sleeping</thread>\n"
                               "<thread id=\"1,2\"/><thread id=\"\"/></threads>");
    case PACKET_qXfer: /* siginfo */
        return buf_printf(reply, "l%u", stub.turn);
    default:
        return 0;
    }
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct request r;
    (void)t;
    (void)watch;
    request_parse(&r, stub.request.data, stub.request.len);
    *final = true;
    buf_reset(reply);
    switch (r.packet->id) {
    case PACKET_m:
        return read_stub(&r, reply);
    case PACKET_x: /* the escape of 0x7d, and a short read */
        return buf_sets(reply, r.address == 0x2000   ? "E0e"
                               : r.address == 0x1f00 ? "bxyz"
                                                     : "b}]12");
    case PACKET_M:
        stub.written = 0x77;
        return buf_sets(reply, "OK");
    case PACKET_H:
        (void)snprintf(stub.thread, sizeof stub.thread, "%.*s", (int)r.len - 2,
                       (const char *)r.data + 2);
        return buf_sets(reply, "OK");
    case PACKET_P:
        stub.turn++;
        return buf_sets(reply, "OK");
    case PACKET_g:
        return read_stub_registers(&r, reply);
    case PACKET_stop_reason:
        return buf_sets(reply, "T05thread:1;");
    case PACKET_p:
        return buf_printf(reply, "%02x00", stub.turn);
    case PACKET_s:
        stub.turn++;
        return buf_printf(reply, "T05thread:%u;", stub.turn);
    case PACKET_c:
        (void)buf_sets(&stub.request, "?");
        return stub.reboots ? NETGDB_REPLACED : buf_sets(reply, "W00");
    case PACKET_qfThreadInfo:
        stub.listed = 0;
        return buf_sets(reply, "m1,2");
    case PACKET_qsThreadInfo:
        return buf_sets(reply, stub.listed++ == 0 ? "m3" : "l");
    case PACKET_qThreadExtraInfo:
    case PACKET_qOffsets:
        return buf_sets(reply, "61");
    case PACKET_qRcmd:
        *final = stub.listed++ > 100;
        return buf_sets(reply, *final ? "OK" : "O6f75740a");
    case PACKET_qSupported:
        return buf_printf(reply, "PacketSize=1000;QPassSignals+%s",
                          stub.binary ? ";binary-upload+" : "");
    default:
        return read_stub_object(&r, reply);
    }
}

static void stub_free(struct target *t)
{
    (void)t;
    buf_free(&stub.request);
}

/* The session: recorder and chain. */
static struct recorder *recorder;
static struct target *front;
static struct buf reply;

static int begin(void **state)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv, .free = stub_free};
    (void)state;
    stub = (struct stub){.target = {.ops = &ops}, .thread = "1"};
    buf_init(&stub.request, 1024);
    buf_init(&reply, TARGET_REPLY_MAX);
    recorder = recorder_new(&quiet);
    assert_non_null(recorder);
    front = recorder_memory_new(&stub.target, recorder);
    front = recorder_exchanges_new(front, recorder);
    assert_non_null(front);
    assert_non_null(mkdtemp(unit_directory(directory, "replay")));
    (void)snprintf(path, sizeof path, "%s/core", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    target_free(front);
    recorder_free(recorder);
    buf_free(&reply);
    (void)unlink(path);
    return rmdir(directory);
}

static const char *ask(struct target *t, const char *request)
{
    static char text[256];
    assert_int_equal(target_ask(t, request, &reply), 0);
    (void)snprintf(text, sizeof text, "%.*s", (int)reply.len, (const char *)reply.data);
    return text;
}

static void live(const char *request)
{
    (void)ask(front, request);
}

static void save(void)
{
    char why[256];
    if (recorder_save(recorder, path, why, sizeof why) != 0)
        fail_msg("%s", why);
}

/* What is in the file now, as a target. */
static struct target *replay(void)
{
    struct recording *r = malloc(sizeof *r);
    assert_non_null(r);
    assert_int_equal(recording_open(r, path, false), 0);
    struct target *t = replay_new(r, &quiet);
    assert_non_null(t);
    return t;
}

static void is(struct target *t, const char *request, const char *expected)
{
    assert_string_equal(ask(t, request), expected);
}

static void what_was_asked_is_answered_again(void **state)
{
    (void)state;
    save();
    live("qSupported:one+");
    live("?");
    live("qfThreadInfo");
    live("qsThreadInfo");
    live("qsThreadInfo");
    live("qXfer:features:read:target.xml:0,8");
    live("qXfer:features:read:target.xml:8,ff");
    live("g");
    live("Hg2");
    live("g");
    live("m10,4");
    live("m1ffe,4");
    struct target *t = replay();
    is(t, "qSupported:another+;list+", "PacketSize=1000;QPassSignals+");
    is(t, "?", "T05thread:1;");
    is(t, "qfThreadInfo", "m1,2");
    is(t, "qsThreadInfo", "m3");
    is(t, "qsThreadInfo", "l");
    is(t, "qXfer:features:read:target.xml:0,fff", "l<target></target>");
    is(t, "qXfer:features:read:target.xml:3,4", "mrget");
    is(t, "qXfer:features:read:other.xml:0,4", "E01");
    is(t, "g", "0011");
    is(t, "Hg2", "OK");
    is(t, "g", "0022");
    is(t, "Hg3", "OK");
    is(t, "g", "E.the recorded session did not read these registers");
    is(t, "Hg-1", "OK");
    is(t, "g", "0011");
    is(t, "g;thread:2;", "0022"); /* LLDB's */
    is(t, "m10,4", "10111213");
    is(t, "m11,2", "1112");
    is(t, "m12,4", "1213"); /* what is there */
    is(t, "m14,1", "E0e");
    is(t, "mf,2", "E0e");
    is(t, "m1ffe,10", "feff");
    is(t, "QPassSignals:1", "OK"); /* it was offered */
    is(t, "QNonStop:1", "");
    target_free(t);
}

/* A session without the kernel's file lists threads as an object, one with it by qfThreadInfo. */
static void a_list_of_threads_is_made_of_their_object(void **state)
{
    (void)state;
    save();
    live("qXfer:threads:read::0,1000");
    struct target *t = replay();
    is(t, "qfThreadInfo", "mp1.1,2");
    is(t, "qsThreadInfo", "l");
    is(t, "qfThreadInfo", "mp1.1,2");
    is(t, "qsThreadInfo", "l");
    target_free(t);
}

static void changes_are_refused(void **state)
{
    static const char *const requests[] = {"M10,1:00", "P0=00",   "G00",     "c",        "s", "C05",
                                           "vCont;c",  "Z0,10,1", "vRun;00", "vAttach;1"};
    (void)state;
    save();
    live("?");
    live("m10,1");
    struct target *t = replay();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_true(strncmp(ask(t, requests[i]), "E.this is a recorded session", 28) == 0);
    is(t, "m10,1", "10");
    is(t, "X10,1:0", "");
    is(t, "z0,10,1", "OK");
    assert_int_equal(leave_with(t, "D", &reply), 0);
    assert_true(buf_is(&reply, "OK"));
    target_free(t);
}

static void the_core_is_of_the_last_stop(void **state)
{
    (void)state;
    save();
    live("?");
    live("qfThreadInfo");
    live("qsThreadInfo");
    live("qsThreadInfo");
    live("g");
    live("m10,4");
    live("qXfer:siginfo:read::0,10");
    live("s");
    live("m20,1");
    struct target *t = replay();
    is(t, "?", "T05thread:1;");
    is(t, "m10,4", "E0e"); /* it may have changed */
    is(t, "m20,1", "21");
    is(t, "g", "E.the recorded session did not read these registers");
    is(t, "qXfer:siginfo:read::0,10", "E01");
    is(t, "qfThreadInfo", "m1,2"); /* a client that connects needs it */
    target_free(t);
    live("c"); /* the program ends: the last stop stays */
    t = replay();
    is(t, "m20,1", "21");
    target_free(t);
}

/* The kernel that panics next has other threads, and its modules at other addresses. */
static void nothing_of_the_kernel_before_a_reboot_is_replayed(void **state)
{
    static const char *const of_boot[] = {"qXfer:threads:read::0,fff",
                                          "qXfer:libraries:read::0,fff", "qThreadExtraInfo,1",
                                          "qOffsets", EXCHANGE_BUILD_ID};
    const struct request run = request_of("c");
    bool final;
    (void)state;
    save();
    recorder_fact(recorder, EXCHANGE_PEER, "kernel");
    recorder_fact(recorder, EXCHANGE_BUILD_ID, "aa");
    live("qSupported");
    for (unsigned i = 0; i < 4; i++)
        live(of_boot[i]);
    live("s");
    struct target *t = replay();
    is(t, "qThreadExtraInfo,1", "61"); /* a step changes none of them */
    target_free(t);
    stub.reboots = true;
    assert_int_equal(target_transact(front, &run, &reply), NETGDB_REPLACED);
    assert_int_equal(target_recv(front, &reply, &final, 0), 0);
    t = replay();
    for (unsigned i = 0; i < 5; i++)
        assert_true(*ask(t, of_boot[i]) == '\0' || buf_is(&reply, "E01"));
    is(t, "qSupported", "PacketSize=1000;QPassSignals+");
    is(t, EXCHANGE_PEER, "kernel");
    target_free(t);
}

static void what_is_written_is_recorded(void **state)
{
    (void)state;
    save();
    live("?");
    live("m1000,2");
    live("g");
    live("M1000,1:77");
    live("P0=01");
    struct target *t = replay();
    is(t, "m1000,2", "7701");
    is(t, "g", "0111"); /* read again */
    target_free(t);
}

/* LLDB names the thread in each request, and selects none. */
static void registers_are_read_again_of_the_thread_that_was_written(void **state)
{
    (void)state;
    save();
    live("?");
    live("g;thread:1;");
    live("g;thread:2;");
    live("P0=01;thread:2;");
    struct target *t = replay();
    is(t, "g;thread:1;", "0011");
    is(t, "g;thread:2;", "0122");
    target_free(t);
}

/* Also before the session is saved: the core has the registers as they are then. */
static void registers_written_before_a_save_are_read_again(void **state)
{
    (void)state;
    live("?");
    live("g");
    live("p5");
    live("P5=0102");
    live("P6=00");
    assert_int_equal(stub.asked_g, 1); /* not after each */
    live("qRcmd,73617665");
    assert_int_equal(stub.asked_g, 2);
    live("qRcmd,73617665");
    assert_int_equal(stub.asked_g, 2);
    save();
    struct target *t = replay();
    is(t, "g", "0211");
    is(t, "p5", "0102");
    target_free(t);
}

static void registers_are_read_again_before_another_thread_is_selected(void **state)
{
    (void)state;
    live("?");
    live("g");
    live("P5=0102");
    live("Hg2");
    live("g");
    save();
    struct target *t = replay();
    is(t, "g", "0111");
    is(t, "Hg2", "OK");
    is(t, "g", "0122");
    target_free(t);
}

/* Other readers of the core see what was written, and each thread once. */
static void the_note_of_registers_follows_a_write(void **state)
{
    static const struct core_machine freebsd = {EM_X86_64, ELFOSABI_FREEBSD, true, false};
    uint8_t file[64 * 1024];
    unsigned notes = 0;
    (void)state;
    stub.amd64 = true;
    recorder_set_machine(recorder, &freebsd);
    save();
    live("?");
    live("g");
    live("Hg2");
    live("g");
    live("P0=01"); /* the stub's registers change */
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(file, 1, sizeof file, f);
    (void)fclose(f);
    for (size_t i = 0; i + 232 <= n; i++) {
        if (memcmp(file + i, "FreeBSD", 8) != 0)
            continue;
        const uint8_t *data = file + i + 8;
        uint64_t thread = core_number_get(data + 40, 4, false);
        assert_int_equal(thread, ++notes);
        assert_int_equal(data[48], thread == 2 ? 1 : 0); /* r15: of stub.turn */
    }
    assert_int_equal(notes, 2);
}

static void binary_reads_are_recorded(void **state)
{
    (void)state;
    stub.binary = true;
    save();
    live("qSupported");
    live("x10,3");
    live("x1f00,4"); /* one byte less than asked for */
    live("x2000,3");
    struct target *t = replay();
    is(t, "m10,4", "7d3132");
    is(t, "m1f00,4", "78797a");
    is(t, "m2000,1", "E0e");
    is(t, "x10,4", "b}]12");
    is(t, "x2000,1", "E0e");
    target_free(t);
}

/* LLDB asks `x` of a stub that does not offer it to GDB. */
static void a_replay_offers_only_what_was_offered(void **state)
{
    (void)state;
    save();
    live("qSupported");
    live("m10,4");
    struct target *t = replay();
    is(t, "x10,4", "");
    target_free(t);
}

static void what_came_before_is_saved(void **state)
{
    (void)state;
    live("qSupported");
    live("?");
    live("g");
    live("m10,4");
    save();
    struct target *t = replay();
    is(t, "qSupported", "PacketSize=1000;QPassSignals+");
    is(t, "g", "0011");
    is(t, "m10,4", "10111213");
    target_free(t);
}

/* Whatever part of a new core does not fit, a failure is said, and a success is one. */
static void a_save_succeeds_as_a_whole(void **state)
{
    static const struct core_machine freebsd = {EM_X86_64, ELFOSABI_FREEBSD, true, false};
    static char g[329], why[256];
    struct rlimit size;
    unsigned saved = 0;
    (void)state;
    memset(g, 'a', sizeof g - 1);
    for (unsigned i = 0; i < 60; i++) { /* more than the first area of notes has room for */
        char id[8];
        (void)snprintf(id, sizeof id, "%x", i + 1);
        const struct answer a = {true, bytes_of(id), bytes_of("g"), bytes_of(""), bytes_of(g)};
        assert_int_equal(recorder_answer(recorder, &a), ANSWER_NEW);
    }
    recorder_set_machine(recorder, &freebsd);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &size), 0);
    const rlim_t before = size.rlim_cur;
    for (unsigned limit = 0; limit < 131072; limit += 256) {
        size.rlim_cur = limit;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &size), 0);
        int rc = recorder_save(recorder, path, why, sizeof why);
        assert_int_equal(rc == 0, recording_is_saved(recorder_recording(recorder)));
        assert_true(rc == 0 || strstr(why, "File too large") != NULL);
        saved += rc == 0;
        recording_stop_saving(recorder_recording(recorder));
        (void)unlink(path);
    }
    size.rlim_cur = before;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &size), 0);
    assert_in_range(saved, 1, 511);
}

static void console_output_is_given_line_by_line(void **state)
{
    bool final = false;
    unsigned lines = 0;
    (void)state;
    save();
    stub.listed = 99;
    live("qRcmd,61");
    struct target *t = replay();
    assert_int_equal(send_bytes(t, "qRcmd,61", 8), 0);
    while (!final) {
        assert_int_equal(target_recv(t, &reply, &final, 0), 0);
        assert_true(buf_is(&reply, final ? "OK" : "O6f75740a"));
        lines += !final;
    }
    assert_int_equal(lines, 2);
    is(t, "qRcmd,62", "E01");
    target_free(t);
}

/* rip is at 136 of FreeBSD's struct reg, which is at 48; rax at 112, a register without a value 0.
 */
static void registers_are_in_the_order_of_each_system(void **state)
{
    static const struct core_machine freebsd = {EM_X86_64, ELFOSABI_FREEBSD, true, false};
    static const struct core_machine linux_abi = {EM_X86_64, ELFOSABI_NONE, true, false};
    static const struct core_machine other = {EM_RISCV, ELFOSABI_NONE, true, false};
    char g[2 * 164 + 1];
    const char *name;
    size_t head;
    struct buf note;
    (void)state;
    buf_init(&note, 1024);
    for (unsigned i = 0; i < 164; i++)
        (void)snprintf(g + 2 * i, 3, "%02x", i < 8 ? 0xaa : i);
    memcpy(g + 2 * 128, "xxxxxxxxxxxxxxxx", 16);
    assert_true(registers_note(&freebsd, 0x1234, (const uint8_t *)g, 328, &note, &name, &head));
    assert_string_equal(name, "FreeBSD");
    assert_int_equal(head, 48);
    assert_int_equal(note.len, 224);
    assert_int_equal(core_number_get(note.data + 40, 4, false), 0x1234);
    assert_int_equal(note.data[48 + 112], 0xaa);
    assert_int_equal(core_number_get(note.data + 48 + 136, 8, false), 0);
    assert_int_equal(note.data[48 + 160], 56); /* rsp, the eighth */
    assert_true(registers_note(&linux_abi, 1, (const uint8_t *)g, 328, &note, &name, &head));
    assert_string_equal(name, "CORE");
    assert_int_equal(head, 112);
    assert_int_equal(note.len, 336);
    assert_int_equal(note.data[112 + 80], 0xaa);
    assert_int_equal(note.data[112 + 152], 56);
    assert_false(registers_note(&freebsd, 1, (const uint8_t *)g, 326, &note, &name, &head));
    assert_false(registers_note(&other, 1, (const uint8_t *)g, 328, &note, &name, &head));
    buf_free(&note);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_was_asked_is_answered_again),
        TEST(a_list_of_threads_is_made_of_their_object),
        TEST(a_list_of_threads_is_made_of_their_object),
        TEST(changes_are_refused),
        TEST(the_core_is_of_the_last_stop),
        TEST(nothing_of_the_kernel_before_a_reboot_is_replayed),
        TEST(what_is_written_is_recorded),
        TEST(registers_are_read_again_of_the_thread_that_was_written),
        TEST(registers_written_before_a_save_are_read_again),
        TEST(registers_are_read_again_before_another_thread_is_selected),
        TEST(the_note_of_registers_follows_a_write),
        TEST(binary_reads_are_recorded),
        TEST(a_replay_offers_only_what_was_offered),
        TEST(what_came_before_is_saved),
        TEST(a_save_succeeds_as_a_whole),
        TEST(console_output_is_given_line_by_line),
        TEST(registers_are_in_the_order_of_each_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
