/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * freebsd/: what it reads from a kernel's memory, by the debug information of files that
 * tests/kernel/make has made: several machines, two layouts, and inconsistent memory.
 */
#include "freebsd/freebsd.h"
#include "freebsd/queries.h"
#include "proto/err.h"
#include "symbols/types.h"
#include "tests/unit/freebsd_world.h"

static const char features[] = "PacketSize=1000;qXfer:libraries:read+;qXfer:libraries-svr4:read+";

/* ---- the same answers on each machine and with each layout ---- */

static void a_moment_is_read_on_every_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        uint64_t moment[QUERY_MOMENT];
        open_kernel(&f, kernels[i]);
        assert_true(freebsd_has_queries(f.target));
        assert_int_equal(query_moment(freebsd_image(f.target), moment), 0);
        assert_int_equal(moment[0], 1000093784);
        assert_int_equal(moment[1], 93784);
        assert_int_equal(moment[2], 0x1234567);
        close_kernel(&f);
    }
}

static void ps_on_every_machine(void **state)
{
    static const char expected[] = "   PID STATE     WAIT       THREADS COMMAND\n"
                                   "     0 sleep     select           2 kernel\n"
                                   "     1 sleep     select           2 init\n"
                                   "    11 run       -                2 idle\n"
                                   "    12 iwait     -                1 intr\n"
                                   "   612 run       -                1 sh?[31m\n"
                                   "   620 zombie    -                0 cron\n";
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        open_kernel(&f, kernels[i]);
        print_message("# %s\n", kernels[i]);
        assert_string_equal(query(&f, "ps"), expected);
        close_kernel(&f);
    }
}

static void threads_on_every_machine(void **state)
{
    static const char expected[] =
        "    TID    PID  CPU STATE     WAIT       COMMAND             NAME\n"
        " 100000      0    0 sleep     select     kernel              swapper\n"
        " 100003      0    1 runq      -          kernel              softirq_0\n"
        " 100002      1    1 sleep     select     init                init\n"
        " 100004      1    1 lock      vm object  init                worker\n"
        " 100005     11    0 canrun    -          idle                idle: cpu0\n"
        " 100006     11    1 run       -          idle                idle: cpu1\n"
        " 100007     12    - iwait     -          intr                swi4: clock (0)\n"
        " 100001    612    0 run       -          sh?[31m             sh\n";
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        open_kernel(&f, kernels[i]);
        assert_string_equal(query(&f, "threads"), expected);
        close_kernel(&f);
    }
}

static void panic_on_every_machine(void **state)
{
    static const char expected[] = "panic        page fault\n"
                                   "reason       panic\n"
                                   "version      FreeBSD 14.9-TEST #0: Thu Jan  1 00:00:00 UTC "
                                   "1970\n"
                                   "kernel       TWIN\n"
                                   "host         crash1.example\n"
                                   "uptime       1d 02:03:04\n"
                                   "thread       100001 (sh) of process 612 (sh?[31m)\n"
                                   "cpu          0\n";
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        open_kernel(&f, kernels[i]);
        assert_string_equal(query(&f, "panic"), expected);
        close_kernel(&f);
    }
}

static void others_on_every_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        open_kernel(&f, kernels[i]);
        assert_string_equal(query(&f, "cpus"),
                            " CPU     TID    PID STATE COMMAND             NAME\n"
                            "   0  100001    612 busy  sh?[31m             sh\n"
                            "   2  100006     11 idle  idle                idle: cpu1\n");
        assert_string_equal(query(&f, "dmesg"), "Copyright\nvtnet0: link up\npanic: page fault\n"
                                                "colour \\x1b[31mred\nKDB: enter: panic\n");
        contains(&f, "modules", "  1    3 0x");
        contains(&f, "modules", "/boot/kernel/kernel\n");
        contains(&f, "modules", "12288 /boot/kernel/hello.ko\n");
        contains(&f, "modules", "/boot/modules/gone.ko\n");
        close_kernel(&f);
    }
}

/* kdb_thread is the thread that a debugger looks at: it does not change who panicked. */
static void panic_shows_the_thread_that_stopped(void **state)
{
    struct fixture f;
    uint64_t other;
    (void)state;
    open_kernel(&f, "amd64");
    f.stub.stop = "T05thread:186a1;";
    ask(f.target, "?", "T05thread:186a1;");
    other = address_of(&f, "blocked");
    memcpy(variable(&f, "kdb_thread", 8), &other, 8);
    contains(&f, "panic", "thread       100001 (sh) of process 612");
    close_kernel(&f);
    open_kernel(&f, "amd64"); /* without a stop, there is nothing better */
    memcpy(variable(&f, "kdb_thread", 8), &other, 8);
    contains(&f, "panic", "thread       100004 (worker) of process 1");
    close_kernel(&f);
}

/* ---- JSON ---- */

static void queries_as_json(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    contains(&f, "ps --json",
             "{\"pid\":612,\"state\":\"run\",\"wait\":\"\",\"threads\":1,\"command\":\"sh?[31m\"}");
    contains(&f, "threads --json", "{\"tid\":100007,\"pid\":12,\"cpu\":null,\"state\":\"iwait\"");
    contains(&f, "panic --json", "{\"panic\":\"page fault\",\"reason\":\"panic\"");
    contains(&f, "panic --json", "\"uptime\":93784,\"tid\":100001,");
    contains(&f, "dmesg --json", "\"colour \\u001b[31mred\"");
    contains(&f, "modules --json", "\"path\":\"/boot/kernel/hello.ko\"}");
    contains(&f, "cpus --json", "{\"cpu\":2,\"tid\":100006,");
    close_kernel(&f);
}

static void dmesg_prints_the_last_lines(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    assert_string_equal(query(&f, "dmesg 2"), "colour \\x1b[31mred\nKDB: enter: panic\n");
    assert_string_equal(query(&f, "dmesg --json 1"), "[\n\"KDB: enter: panic\"]\n");
    contains(&f, "dmesg 1000", "Copyright\n");
    assert_string_equal(query(&f, "dmesg 1 "), "KDB: enter: panic\n");
    assert_string_equal(query(&f, "dmesg 0"), "");
    assert_string_equal(query(&f, "dmesg --json 0"), "[]\n");
    close_kernel(&f);
}

static void refuses(struct fixture *f, const char *line, const char *text)
{
    buf_reset(&f->text);
    assert_int_equal(freebsd_query(f->target, line, &f->text), NETGDB_REFUSED);
    assert_true(buf_is(&f->text, text));
}

static void an_argument_that_is_not_understood_is_refused(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    refuses(&f, "ps --jsn", "ps: '--jsn' is not understood: it takes [--json]\n");
    refuses(&f, "panic --json \x1b[31m",
            "panic: '\\x1b[31m' is not understood: it takes [--json]\n");
    refuses(&f, "dmesg 5x", "dmesg: '5x' is not understood: it takes [--json] [LINES]\n");
    refuses(&f, "dmesg -5", "dmesg: '-5' is not understood: it takes [--json] [LINES]\n");
    refuses(&f, "dmesg 5 --json",
            "dmesg: '5 --json' is not understood: it takes [--json] [LINES]\n");
    close_kernel(&f);
}

static void unknown_queries(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    assert_int_equal(freebsd_query(f.target, "psx", &f.text), NETGDB_UNSUPPORTED);
    assert_int_equal(freebsd_query(f.target, "", &f.text), NETGDB_UNSUPPORTED);
    close_kernel(&f);
}

/* ---- inconsistent memory ---- */

static void a_wrapped_message_buffer(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    /* The youngest byte is the 20th of the fourth round. */
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_wseq", 3 * 128 + 20);
    assert_string_equal(query(&f, "dmesg"),
                        "panic: page fault\ncolour \\x1b[31mred\nKDB: enter: panic\n"
                        "Copyright\nvt\n");
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_wseq", 20);
    assert_string_equal(query(&f, "dmesg"), "Copyright\nvt\n");
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_flags", 2);
    contains(&f, "dmesg", "page fault");
    close_kernel(&f);
}

/* Each read is as long as the stub answers, and the text is read once. */
static void a_message_buffer_of_64_KiB_is_read_in_whole_packets(void **state)
{
    enum { SIZE = 64 * 1024, AT = 0xc0000000, LINE = 64 };
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    uint8_t *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    for (size_t i = LINE - 1; i < SIZE; i += LINE)
        text[i] = '\n';
    f.stub.segments[f.stub.n].address = AT;
    f.stub.segments[f.stub.n].bytes = text;
    f.stub.segments[f.stub.n++].len = SIZE;
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_ptr", AT);
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_size", SIZE);
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_wseq", SIZE - LINE);
    ask(f.target, "qSupported", features); /* tells how long a read may be */
    (void)query(&f, "panic");              /* now the types are known */
    f.stub.reads = 0;
    assert_int_equal(strlen(query(&f, "dmesg")), SIZE - LINE);
    assert_in_range(f.stub.reads, 1, (SIZE - LINE + f.stub.read_max - 1) / f.stub.read_max + 2);
    close_kernel(&f);
}

static void a_damaged_message_buffer(void **state)
{
    static const struct {
        const char *path;
        uint64_t value;
    } damage[] = {{"msgbuf.msg_magic", 1}, {"msgbuf.msg_size", 0}, {"msgbuf.msg_size", 0xffffffff}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        open_kernel(&f, "amd64");
        poke(&f, "message_buffer", "subr_msgbuf.c", damage[i].path, damage[i].value);
        assert_string_equal(query(&f, "dmesg"), "the message buffer cannot be read\n");
        close_kernel(&f);
    }
    struct fixture f;
    open_kernel(&f, "amd64");
    poke(&f, "message_buffer", "subr_msgbuf.c", "msgbuf.msg_ptr", 0x1000);
    contains(&f, "dmesg", "bytes cannot be read]\n");
    close_kernel(&f);
}

static void lists_that_loop(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    poke(&f, "init", "kern_proc.c", "proc.p_list.le_next", address_of(&f, "shell"));
    contains(&f, "ps", "the list of processes does not end after");
    close_kernel(&f);
    open_kernel(&f, "amd64");
    poke(&f, "blocked", "kern_proc.c", "thread.td_plist.tqe_next", address_of(&f, "waiting"));
    contains(&f, "threads", "the list of threads of process 1 does not end after");
    contains(&f, "threads", "swapper");
    close_kernel(&f);
    open_kernel(&f, "amd64");
    poke(&f, "gone_file", "link_elf_obj.c", "elf_file.lf.link.tqe_next",
         address_of(&f, "hello_file"));
    contains(&f, "modules", "the list of modules does not end after");
    close_kernel(&f);
}

static void wild_pointers(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    poke(&f, "init", "kern_proc.c", "proc.p_list.le_next", 0xdead);
    contains(&f, "ps", "the list of processes cannot be read after 5 of them\n");
    poke(&f, "panicked", "kern_proc.c", "thread.td_plist.tqe_next", 0xdead);
    close_kernel(&f);
    open_kernel(&f, "amd64");
    poke(&f, "shell", "kern_proc.c", "proc.p_threads.tqh_first", 0xdead);
    contains(&f, "ps", "612 -         -                0 sh?[31m\n");
    contains(&f, "ps", "the list of threads of process 612 cannot be read after 0 of them\n");
    close_kernel(&f);
    open_kernel(&f, "amd64");
    poke(&f, "waiting", "kern_proc.c", "thread.td_wmesg", 0xdead);
    contains(&f, "ps", "     1 sleep     -                2 init\n");
    close_kernel(&f);
    open_kernel(&f, "amd64");
    poke(&f, "hello_file", "link_elf_obj.c", "elf_file.lf.pathname", 0xdead);
    contains(&f, "modules", "the list of modules cannot be read after 1 of them\n");
    close_kernel(&f);
    open_kernel(&f, "amd64");
    memset(variable(&f, "kdb_thread", 8), 0xee, 8);
    contains(&f, "panic", "uptime");
    memset(variable(&f, "cpuid_to_pcpu", 8), 0xee, 8);
    contains(&f, "cpus", "CPU 0 cannot be read\n");
    close_kernel(&f);
}

/* ---- modules as libraries ---- */

static void read_object(struct fixture *f, const char *object, struct buf *whole)
{
    char request[80];
    struct buf reply;
    buf_init(whole, TEXT_MAX);
    buf_init(&reply, TARGET_REPLY_MAX);
    do {
        (void)snprintf(request, sizeof request, "qXfer:%s:read::%zx,50", object, whole->len);
        assert_int_equal(target_ask(f->target, request, &reply), 0);
        assert_true(reply.len > 1 && (reply.data[0] == 'm' || reply.data[0] == 'l'));
        buf_add(whole, reply.data + 1, reply.len - 1);
    } while (reply.data[0] == 'm');
    buf_addc(whole, 0);
    buf_free(&reply);
}

/* A text without a NUL, the next page of which is not mapped. */
static void a_text_that_ends_with_the_memory_is_shown_in_visible_form(void **state)
{
    static const char raw[] = "\x1b[31mX";
    struct fixture f;
    size_t last = 0, len = sizeof raw - 1;
    (void)state;
    open_kernel(&f, "amd64");
    for (size_t i = 1; i < f.stub.n; i++)
        last = f.stub.segments[i].address > f.stub.segments[last].address ? i : last;
    size_t at = f.stub.segments[last].len - len;
    uint64_t address = f.stub.segments[last].address + at;
    memcpy(f.stub.segments[last].bytes + at, raw, len);
    memcpy(variable(&f, "panicstr", sizeof address), &address, sizeof address);
    contains(&f, "panic", "?[31mX");
    assert_null(strchr(query(&f, "panic"), '\x1b'));
    close_kernel(&f);
}

static void a_relocatable_module(void **state)
{
    struct fixture f;
    struct buf xml;
    char expected[900];
    (void)state;
    open_kernel(&f, "amd64");
    read_object(&f, "libraries", &xml);
    /* .text, .bss, .data: see tests/kernel/hello.c. */
    (void)snprintf(expected, sizeof expected,
                   "<library-list version=\"1.0\">\n<library name=\"%s/hello.ko\">"
                   "<section address=\"0xffffffff80280000\"/>"
                   "<section address=\"0xffffffff81100000\"/>"
                   "<section address=\"0xffffffff81101000\"/></library>\n</library-list>\n",
                   f.modules);
    assert_string_equal((char *)xml.data, expected);
    assert_int_equal(logged(&f.log, "module gone.ko: no file gone.ko was found: modules=DIR"), 1);
    buf_free(&xml);
    read_object(&f, "libraries-svr4", &xml);
    assert_string_equal((char *)xml.data,
                        "<library-list-svr4 version=\"1.0\">\n</library-list-svr4>\n");
    assert_int_equal(logged(&f.log, "2 modules are relocatable"), 1);
    buf_free(&xml);
    close_kernel(&f);
}

static void a_shared_module(void **state)
{
    struct fixture f;
    struct buf xml;
    (void)state;
    open_kernel(&f, "arm64");
    char loaded[720];
    (void)snprintf(loaded, sizeof loaded, "%s/hello.loaded", f.modules);
    kernel_stub_load(&f.stub, loaded);
    read_object(&f, "libraries", &xml);
    assert_non_null(strstr((char *)xml.data,
                           "/hello.ko\"><segment address=\"0xffff0000002c0000\"/></library>\n"));
    buf_free(&xml);
    read_object(&f, "libraries-svr4", &xml);
    assert_non_null(strstr((char *)xml.data, "/hello.ko\" lmid=\"0x0\" lm=\"0x"));
    assert_non_null(
        strstr((char *)xml.data, "l_addr=\"0xffff0000002c0000\" l_ld=\"0xffff0000002c"));
    buf_free(&xml);
    close_kernel(&f);
}

static void a_module_of_another_build(void **state)
{
    struct fixture f;
    struct buf xml;
    (void)state;
    open_kernel(&f, "amd64");
    variable(&f, "hello_sections", 16)[8]++; /* the size of .text */
    read_object(&f, "libraries", &xml);
    assert_null(strstr((char *)xml.data, "hello"));
    assert_int_equal(
        logged(&f.log, "hello.ko: it is of another build: its sections have other sizes"), 1);
    buf_free(&xml);
    close_kernel(&f);
    open_kernel(&f, "arm64");
    read_object(&f, "libraries", &xml); /* its build-id is not in memory: nothing contradicts */
    assert_non_null(strstr((char *)xml.data, "hello"));
    buf_free(&xml);
    close_kernel(&f);
}

static void a_pathname_stays_in_its_directories(void **state)
{
    static const char *const bad[] = {"/../../../../etc/passwd", "", "/boot/..", "/boot/."};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fixture f;
        struct buf xml;
        open_kernel(&f, "amd64");
        strcpy((char *)variable(&f, "hello_path", 22), bad[i]);
        strcpy((char *)variable(&f, "hello_name", 9), "");
        read_object(&f, "libraries", &xml);
        assert_null(strstr((char *)xml.data, "<library name"));
        assert_int_equal(logged(&f.log, "it has no usable pathname"), 1);
        buf_free(&xml);
        close_kernel(&f);
    }
}

/* ---- the client's requests ---- */

static void it_offers_libraries_and_no_thread_list(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    ask(f.target, "qSupported", "PacketSize=1000;qXfer:libraries:read+;qXfer:libraries-svr4:read+");
    assert_int_equal(f.stub.reads, 0);
    close_kernel(&f);
}

static void it_describes_threads(void **state)
{
    struct fixture f;
    char text[200];
    struct buf reply, hex;
    (void)state;
    open_kernel(&f, "amd64");
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_init(&hex, 400);
    assert_int_equal(target_ask(f.target, "qThreadExtraInfo,186a4", &reply), 0);
    (void)snprintf(text, sizeof text, "pid 1 init/worker, lock vm object, last CPU 1");
    buf_addhex(&hex, text, strlen(text));
    assert_int_equal(reply.len, hex.len);
    assert_memory_equal(reply.data, hex.data, hex.len);
    unsigned reads = f.stub.reads;
    assert_int_equal(target_ask(f.target, "qThreadExtraInfo,186a1", &reply), 0);
    assert_int_equal(f.stub.reads, reads);
    ask(f.target, "qThreadExtraInfo,1", ""); /* no such thread: as the stub answers */
    buf_free(&reply);
    buf_free(&hex);
    close_kernel(&f);
}

/* GDB reads the list again before it gets the stop, and the kernel is not resumed by that. */
static void a_module_that_is_loaded_later(void **state)
{
    struct fixture f;
    struct buf xml;
    (void)state;
    open_kernel(&f, "amd64");
    ask(f.target, "c", "T05thread:186a1;"); /* the client has read no list yet */
    read_object(&f, "libraries", &xml);
    buf_free(&xml);
    ask(f.target, "c", "T05thread:186a1;");
    assert_int_equal(f.stub.continued, 2);
    memset(variable(&f, "linker_files", 16) + 8, 0x11, 8); /* tqh_last */
    ask(f.target, "s", "T05thread:186a1;");                /* a step loads nothing */
    ask(f.target, "c", "T05thread:186a1;library:;");
    assert_int_equal(f.stub.continued, 4);
    ask(f.target, "c", "T05thread:186a1;"); /* GDB goes on: it gets the stop */
    assert_int_equal(f.stub.continued, 4);
    ask(f.target, "c", "T05thread:186a1;");
    assert_int_equal(f.stub.continued, 5);
    close_kernel(&f);
}

static void lldb_gets_the_event_with_the_stop(void **state)
{
    struct fixture f;
    struct buf xml;
    (void)state;
    open_kernel(&f, "amd64");
    ask(f.target, "QThreadSuffixSupported", "");
    ask(f.target, "?", "T05thread:186a1;library:;");
    read_object(&f, "libraries", &xml);
    buf_free(&xml);
    memset(variable(&f, "linker_files", 16) + 8, 0x11, 8);
    ask(f.target, "c", "T05thread:186a1;library:;");
    ask(f.target, "c", "T05thread:186a1;");
    assert_int_equal(f.stub.continued, 2);
    close_kernel(&f);
}

/* ---- cost ---- */

static void reads_are_few(void **state)
{
    struct fixture f;
    struct buf xml;
    (void)state;
    open_kernel(&f, "amd64");
    ask(f.target, "qSupported", features); /* tells how long a read may be */
    assert_int_equal(f.stub.reads, 0);
    read_object(&f, "libraries", &xml);
    buf_free(&xml);
    /* The list's head, before and after; two pointers and a name for each of 2 classes; 3 for each
     * of 2 modules, 2 for the kernel. */
    assert_true(f.stub.reads <= 2 + 3 * 2 + 3 * 2 + 2);
    close_kernel(&f);
    open_kernel(&f, "amd64");
    ask(f.target, "qSupported", features);
    (void)query(&f, "ps");
    assert_true(f.stub.reads <= 1 + 6 + 8 + 2); /* processes, threads, two messages */
    close_kernel(&f);
}

static void without_debug_information(void **state)
{
    struct fixture f;
    (void)state;
    open_kernel(&f, "amd64");
    close_kernel(&f);
    const struct symbols_options so = {.file = need_elf("x86"), .have_slide = true};
    struct symbols *symbols = symbols_new(&so);
    const struct freebsd_options options = {.symbols = symbols, .machine = "test"};
    kernel_stub_init(&f.stub);
    buf_init(&f.text, TEXT_MAX);
    struct target *t = freebsd_new(&f.stub.target, &options);
    ask(t, "qSupported", "PacketSize=1000;qXfer:threads:read+");
    ask(t, "qXfer:libraries:read::0,100", "");
    assert_int_equal(freebsd_query(t, "ps", &f.text), NETGDB_REFUSED);
    assert_non_null(memmem(f.text.data, f.text.len, "ps: ", 4));
    assert_int_equal(f.stub.reads, 0);
    target_free(t);
    symbols_free(symbols);
    kernel_stub_done(&f.stub);
    buf_free(&f.text);
}

int main(void)
{
    if (!types_built()) {
        (void)puts("1..0 # SKIP this build reads no debug information");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_read_on_every_machine),
        cmocka_unit_test(ps_on_every_machine),
        cmocka_unit_test(threads_on_every_machine),
        cmocka_unit_test(panic_on_every_machine),
        cmocka_unit_test(others_on_every_machine),
        cmocka_unit_test(panic_shows_the_thread_that_stopped),
        cmocka_unit_test(queries_as_json),
        cmocka_unit_test(dmesg_prints_the_last_lines),
        cmocka_unit_test(an_argument_that_is_not_understood_is_refused),
        cmocka_unit_test(unknown_queries),
        cmocka_unit_test(a_wrapped_message_buffer),
        cmocka_unit_test(a_message_buffer_of_64_KiB_is_read_in_whole_packets),
        cmocka_unit_test(a_damaged_message_buffer),
        cmocka_unit_test(lists_that_loop),
        cmocka_unit_test(wild_pointers),
        cmocka_unit_test(a_text_that_ends_with_the_memory_is_shown_in_visible_form),
        cmocka_unit_test(a_relocatable_module),
        cmocka_unit_test(a_shared_module),
        cmocka_unit_test(a_module_of_another_build),
        cmocka_unit_test(a_pathname_stays_in_its_directories),
        cmocka_unit_test(it_offers_libraries_and_no_thread_list),
        cmocka_unit_test(it_describes_threads),
        cmocka_unit_test(a_module_that_is_loaded_later),
        cmocka_unit_test(lldb_gets_the_event_with_the_stop),
        cmocka_unit_test(reads_are_few),
        cmocka_unit_test(without_debug_information),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
