/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of a hostile target, and the parts that reach gdb: guard.h, visible.h. */
#include "proto/guard.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/io.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"
#include "tests/requests.h"

enum { SAID_MAX = 64 };

/* A target that replies with scripted packets; `asked` has the requests it received. */
struct fixture {
    struct target target;
    struct target *front;
    struct buf said[SAID_MAX];
    bool output[SAID_MAX];
    unsigned says, next;
    struct buf asked, reply, lines;
    unsigned line_count;
    struct log log;
};

static struct fixture *of(struct target *t)
{
    return (struct fixture *)((char *)t - offsetof(struct fixture, target));
}

static int next_send(struct target *t, const struct request *r)
{
    return buf_printf(&of(t)->asked, "[%.*s]", (int)r->len, (const char *)r->data);
}

static int next_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct fixture *f = of(t);
    (void)watch;
    assert_true(f->next < f->says);
    *final = !f->output[f->next];
    const struct buf *b = &f->said[f->next++];
    return buf_set(reply, b->data, b->len);
}

static void next_free(struct target *t)
{
    (void)t;
}

static void take_line(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    assert_int_equal(level, LOG_WARN);
    buf_adds(&f->lines, line);
    f->line_count++;
}

static int begin(void **state, bool fileio)
{
    static const struct target_ops ops = {.send = next_send, .recv = next_recv, .free = next_free};
    struct fixture *f = test_calloc(1, sizeof *f);
    f->target.ops = &ops;
    f->log = (struct log){LOG_WARN, "crash1", take_line, f};
    f->front = guard_new(&f->target, fileio, &f->log);
    assert_non_null(f->front);
    struct buf *bufs[] = {&f->asked, &f->reply, &f->lines};
    for (unsigned i = 0; i < 3; i++)
        buf_init(bufs[i], TARGET_REPLY_MAX);
    for (unsigned i = 0; i < SAID_MAX; i++)
        buf_init(&f->said[i], TARGET_REPLY_MAX);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return begin(state, false);
}

static int setup_fileio(void **state)
{
    return begin(state, true);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->next, f->says);
    target_free(f->front);
    struct buf *bufs[] = {&f->asked, &f->reply, &f->lines};
    for (unsigned i = 0; i < 3; i++)
        buf_free(bufs[i]);
    for (unsigned i = 0; i < SAID_MAX; i++)
        buf_free(&f->said[i]);
    test_free(f);
    return 0;
}

static void will_say(struct fixture *f, const void *text, size_t len, bool output)
{
    assert_true(f->says < SAID_MAX);
    f->output[f->says] = output;
    assert_int_equal(buf_set(&f->said[f->says++], text, len), 0);
}

static void says(struct fixture *f, const char *text)
{
    will_say(f, text, strlen(text), false);
}

/* Returns `first` followed by the text in hexadecimal. */
static void says_hex(struct fixture *f, const char *first, const char *text, bool output)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_adds(&b, first);
    buf_addhex(&b, text, strlen(text));
    will_say(f, b.data, b.len, output);
    buf_free(&b);
}

static void ask(struct fixture *f, const char *request)
{
    assert_int_equal(send_bytes(f->front, request, strlen(request)), 0);
}

static int hear(struct fixture *f)
{
    bool final;
    return target_recv(f->front, &f->reply, &final, IO_ON_CLIENT);
}

static void expect(struct fixture *f, const char *text)
{
    assert_int_equal(hear(f), 0);
    if (!buf_is(&f->reply, text))
        fail_msg("gdb gets \"%.*s\" instead of \"%s\"", (int)f->reply.len,
                 (const char *)f->reply.data, text);
}

/* Decodes the hexadecimal text of the reply after `skip` bytes. */
static void expect_hex(struct fixture *f, size_t skip, const char *text)
{
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(hear(f), 0);
    assert_true(f->reply.len >= skip);
    assert_int_equal(rsp_unhex(&b, f->reply.data + skip, f->reply.len - skip), 0);
    if (!buf_is(&b, text))
        fail_msg("gdb prints \"%.*s\" instead of \"%s\"", (int)b.len, (const char *)b.data, text);
    buf_free(&b);
}

/* ---- files ---- */

static const char *const files[] = {"Fopen,1000/9,241,1a4",  "Funlink,1000/9",
                                    "Frename,1000/9,2000/9", "Fwrite,1,1000,40",
                                    "Fsystem,1000/20",       "Fstat,1000/9,2000"};

static void a_file_request_is_refused_and_the_target_continues(void **state)
{
    struct fixture *f = *state;
    ask(f, "vCont;c");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        says(f, files[i]);
        assert_int_equal(hear(f), NETGDB_AGAIN); /* the serve loop polls the client */
    }
    says(f, "T05");
    expect(f, "T05");
    assert_true(buf_is(&f->asked, "[vCont;c][F-1,1][F-1,1][F-1,1][F-1,1][F-1,1][F-1,1]"));
    assert_int_equal(f->line_count, 1); /* logged once */
    assert_true(buf_starts(&f->lines, "netgdb: crash1: the target asks for files"));
}

static void a_wrong_reply_to_the_refusal_is_an_error(void **state)
{
    static const char *const requests[] = {"?", "g", "m1000,4", "vRun;61", "qRcmd,00", "D", "!"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        ask(f, requests[i]);
        says(f, files[0]);
        expect(f, "E01");
    }
    assert_null(memmem(f->asked.data, f->asked.len, "F-1", 3));
}

static void fileio_on_passes_file_requests(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    says(f, "Fopen,1000/9,0,0");
    expect(f, "Fopen,1000/9,0,0");
    ask(f, "F3");
    says(f, "T05");
    expect(f, "T05");
    assert_int_equal(f->line_count, 0);
}

static void files_of_the_target_can_be_read(void **state)
{
    struct fixture *f = *state;
    ask(f, "vFile:open:2f,0,0");
    says(f, "F5");
    expect(f, "F5");
    ask(f, "vFile:pread:5,3,0");
    says(f, "F3;\x1b[m");
    expect(f, "F3;\x1b[m"); /* contents of a file */
}

/* ---- text ---- */

static void console_output_is_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    says_hex(f, "O",
             "a\tb\nc\r\x1b]0;title\x07 \x9b"
             "31m \xc2\x9b"
             "31m \xc3\xa4 \xff\x7f",
             true);
    expect_hex(f, 1, "a\tb\nc\\x0d\\x1b]0;title\\x07 \\x9b31m \\xc2\\x9b31m \xc3\xa4 \\xff\\x7f");
    assert_int_equal(f->reply.data[0], 'O');
    says(f, "T05");
    expect(f, "T05");
}

static void monitor_replies_are_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "qRcmd,00");
    says_hex(f, "O", "\x1b[2J", true);
    says_hex(f, "", "\x1b[2J", false);
    expect_hex(f, 1, "\\x1b[2J");
    expect_hex(f, 0, "\\x1b[2J");
    ask(f, "qRcmd,00");
    says(f, "OK");
    expect(f, "OK");
    ask(f, "qRcmd,00");
    says(f, "no \x1b digits");
    expect(f, "E01");
}

static void thread_names_are_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "qThreadExtraInfo,1");
    says_hex(f, "", "idle\x1b[8m", false);
    expect_hex(f, 0, "idle\\x1b[8m");
    ask(f, "qThreadStopInfo1");
    says(f, "T05name:\x1bi;");
    expect(f, "T05name:?i;");
    ask(f, "qXfer:threads:read::0,1000");
    says(f, "m<thread id=\"1\" name=\"a}\x3b[m \xc2\x9bm \xc3\xa4\"/>"); /* }; is an ESC */
    expect(f, "m<thread id=\"1\" name=\"a?[m ??m \xc3\xa4\"/>");
}

/* XML permits references to U+007F to U+009F, of which U+009B begins an escape sequence. */
static void references_to_control_characters_are_replaced(void **state)
{
    struct fixture *f = *state;
    ask(f, "qXfer:threads:read::0,1000");
    says(f, "m<thread id=\"1\" name=\"a&}\x03x9b;31m&}\x03" /* }\x03: a '#' */
            "00155;&}\x03x7F; &}\x03"
            "39;&amp;&}\x03xe4;&}\x03"
            "10;&}\x03x1000000009b;\"/>");
    expect(f, "m<thread id=\"1\" name=\"a??????31m??????????????"
              " &}\x03"
              "39;&amp;&}\x03xe4;&}\x03"
              "10;&}\x03x1000000009b;\"/>");
}

/* A part ends before a character or a reference that it has not whole: gdb asks for that again. */
static void no_character_is_divided(void **state)
{
    static const char *const ends[] = {"\xc2", "\xc2\xc2", "&\xc2",    "&}\x03x9&}\x03x9",
                                       "&",    "&}\x03",   "&}\x03x9", "&am"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char part[64];
        ask(f, "qXfer:threads:read::0,10");
        (void)snprintf(part, sizeof part, "m<a n=\"%s", ends[i]);
        says(f, part);
        expect(f, "m<a n=\"");
        ask(f, "qXfer:threads:read::6,10");
        says(f, "l\xc2\x9b&}\x03x9b;\"/>");
        expect(f, "l????????\"/>");
        ask(f, "qXfer:threads:read::0,1");
        (void)snprintf(part, sizeof part, "m%s", ends[i]);
        says(f, part);
        expect(f, "E01"); /* nothing would be left */
        part[0] = 'l';
        ask(f, "qXfer:threads:read::0,1");
        says(f, part);
        expect(f, part);
    }
    assert_int_equal(f->line_count, 1);
}

/* In ISO-8859-1 a byte is such a character, and two are that end in one. */
static void documents_are_in_utf8(void **state)
{
    static const char *const begins[] = {"", "\xef\xbb\xbf"};
    struct fixture *f = *state;
    char text[160];
    for (size_t i = 0; i < 2; i++) {
        ask(f, "qXfer:threads:read::0,1000");
        (void)snprintf(text, sizeof text, "l%s<?xml version=\"1.0\" encoding='ISO-8859-1'?><a/>",
                       begins[i]);
        says(f, text);
        (void)snprintf(text, sizeof text, "l%s<?xml version=\"1.0\"                      ?><a/>",
                       begins[i]);
        expect(f, text);
        ask(f, "qXfer:threads:read::0,1000");
        (void)snprintf(text, sizeof text, "m%s<?xml version=\"1.0\" enc", begins[i]);
        says(f, text);
        expect(f, "E01");
        ask(f, "qXfer:threads:read::0,1000");
        (void)snprintf(text, sizeof text, "m%s<?", begins[i]);
        says(f, text);
        expect(f, "E01");
    }
    ask(f, "qXfer:threads:read::0,1000");
    says(f, "l<reg name=\"a\" encoding=\"uint\"/>");
    expect(f, "l<reg name=\"a\" encoding=\"uint\"/>");
}

/* LLDB prints the strings of JSON, with their escapes decoded. */
static void json_is_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "jThreadsInfo");
    says(f,
         "[{\"name\":\"a\\u001b[31m\\u009Bm\\b\\r\\u00e9\\\\u001b \x1b \xc2\x9b \xc3\xa4\\n\"}]]");
    expect(f, "[{\"name\":\"a??????[31m??????m????\\u00e9\\\\u001b ? ?? \xc3\xa4\\n\"}]]");
    ask(f, "jThreadsInfo");
    says(f, "[\"\\u001");
    expect(f, "[\"\\u001");
    ask(f, "jThreadsInfo");
    says(f, "E45");
    expect(f, "E45");
}

/* LLDB prints hexadecimal fields, decoded up to the first byte that is none. */
static void lldbs_fields_are_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    /* The last one is JSON: "\u001b". */
    says(f, "T051b:00001b0a;name:1b1b;hexname:611b5b;description:61c29b 7f1BZ1b;hexname:1;"
            "jstopinfo:225c753030316222;");
    expect(f, "T051b:00001b0a;name:1b1b;hexname:613f5b;description:613f3f 3f3fZ1b;hexname:1;"
              "jstopinfo:223f3f3f3f3f3f22;");
    ask(f, "qMemoryRegionInfo:0");
    says(f, "start:1b;size:1b;name:2f611b;error:61090a1b");
    expect(f, "start:1b;size:1b;name:2f613f;error:61090a3f");
    ask(f, "?");
    says(f, "T05name:a};[m;"); /* }; is an ESC to LLDB, in each packet */
    expect(f, "T05name:a?;[m;");
    ask(f, "qMemoryRegionInfo:0");
    says(f, "E45;611b5b");
    expect(f, "E45;613f5b");
}

/* LLDB prints the answer to `process plugin packet send`, and uses what this table does not have.
 */
static void replies_to_unknown_requests_are_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "_M100,rw");
    says(f, "1000\x1b[m\x9b}[");
    expect(f, "1000?[m??[");
    ask(f, "vAttachWait;61");
    says(f, "T05name:\x1b;hexname:1b;");
    expect(f, "T05name:?;hexname:3f;");
    ask(f, "jModulesInfo:[]");
    says(f, "[{\"file_path\":\"\\u001b\x1b\"}]]");
    expect(f, "[{\"file_path\":\"???????\"}]]");
}

/* The end of a program, a queue, and a machine have names, too. */
static void lldbs_other_fields_are_in_visible_form(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    says(f, "W00;description:1b5b6d");
    expect(f, "W00;description:3f5b6d");
    ask(f, "c");
    says(f, "X9;process:1b;description:1b");
    expect(f, "X9;process:1b;description:3f");
    ask(f, "?");
    says(f, "T05qname:1b;triple:1b;");
    expect(f, "T05qname:3f;triple:1b;");
    ask(f, "qHostInfo"); /* not a stop */
    says(f, "X:1;triple:1b");
    expect(f, "X:1;triple:3f");
    ask(f, "qTStatus"); /* gdb prints these */
    says(f, "T0;tstop:1b41:0;username:1b;notes:1b;");
    expect(f, "T0;tstop:3f41:0;username:3f;notes:3f;");
    ask(f, "qHostInfo");
    says(f, "triple:781b;distribution_id:1b;ptrsize:8;");
    expect(f, "triple:783f;distribution_id:3f;ptrsize:8;");
}

static void error_texts_are_in_visible_form(void **state)
{
    static const char *const requests[] = {"m1,1", "x1,1", "vRun;61", "qXfer:auxv:read::0,1"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        ask(f, requests[i]);
        says(f, "E.no \x1b[5mway\x9b");
        expect(f, "E.no ?[5mway?");
    }
}

static void binary_replies_are_unchanged(void **state)
{
    static const char *const requests[] = {"x1000,4", "qXfer:auxv:read::0,1", "vFile:readlink:2f",
                                           "jLLDBTraceGetBinaryData:{}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        ask(f, requests[i]);
        says(f, "l\x1b\x7f\x80");
        expect(f, "l\x1b\x7f\x80");
    }
}

/* A reply of maximum length in which every byte becomes four characters. */
static void endless_output_is_truncated(void **state)
{
    struct fixture *f = *state;
    struct buf b;
    buf_init(&b, TARGET_REPLY_MAX);
    buf_adds(&b, "O");
    for (size_t i = 0; i < 80000; i++)
        buf_adds(&b, "1b");
    ask(f, "c");
    will_say(f, b.data, b.len, true);
    assert_int_equal(hear(f), 0);
    assert_true(f->reply.len <= TARGET_REPLY_MAX);
    buf_free(&b);
}

/* ---- descriptions ---- */

static void a_description_with_entities_is_refused(void **state)
{
    struct fixture *f = *state;
    ask(f, "qXfer:features:read:target.xml:0,1000");
    says(f, "m<!DOCTYPE target SYSTEM \"gdb-target.dtd\">");
    expect(
        f,
        "m<!DOCTYPE target SYSTEM \"gdb-target.dtd\">"); /* the start of gdbserver's description */
    ask(f, "qXfer:features:read:target.xml:0,1000");
    says(f, "l<!DOCTYPE target [<!ENTITY a \"aaaa\">]>");
    expect(f, "E01");
    assert_int_equal(f->line_count, 1);
}

static void entities_are_found_across_chunks(void **state)
{
    static const char text[] = "<!ENTITY a \"b\">";
    struct fixture *f = *state;
    for (size_t cut = 2; cut < 8; cut++) {
        char request[64], part[64];
        ask(f, "qXfer:features:read:target.xml:0,10");
        (void)snprintf(part, sizeof part, "m%.*s", (int)cut, text);
        says(f, part);
        expect(f, part);
        (void)snprintf(request, sizeof request, "qXfer:features:read:target.xml:%zx,10", cut);
        ask(f, request);
        (void)snprintf(part, sizeof part, "l%s", text + cut);
        says(f, part);
        expect(f, "E01");
    }
}

static void an_endless_description_is_refused(void **state)
{
    struct fixture *f = *state;
    char request[64];
    ask(f, "qXfer:features:read:target.xml:3fffff,10");
    says(f, "m<");
    expect(f, "m<");
    (void)snprintf(request, sizeof request, "qXfer:features:read:target.xml:%x,10",
                   GUARD_DOCUMENT_MAX);
    ask(f, request);
    says(f, "m<");
    expect(f, "E01");
    ask(f, "qXfer:auxv:read::500000,10"); /* not XML */
    says(f, "m<");
    expect(f, "m<");
}

/* ---- visible.h ---- */

static void each_invisible_byte_of_a_line_is_replaced(void **state)
{
    char line[] = "a\x1b\n\x7f\xc2\x9b\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc0\xaf\xed\x80";
    (void)state;
    visible_line(line);
    assert_string_equal(line, "a?????\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80????");
}

static void characters_that_utf8_excludes_are_replaced(void **state)
{
    static const struct {
        const char *line, *shown;
    } cases[] = {
        {"\xed\x9f\xbf", "\xed\x9f\xbf"},         /* U+D7FF */
        {"\xed\xa0\x80", "???"},                  /* U+D800, a surrogate */
        {"\xed\xbf\xbf", "???"},                  /* U+DFFF */
        {"\xee\x80\x80", "\xee\x80\x80"},         /* U+E000 */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* U+10FFFF */
        {"\xf4\x90\x80\x80", "????"},             /* U+110000 */
        {"\xe0\x9f\xbf", "???"},                  /* overlong */
        {"\xf0\x8f\xbf\xbf", "????"},             /* overlong */
        {"\xc2\x9f", "??"},                       /* U+009F, a control character */
        {"\xc2\xa0", "\xc2\xa0"},                 /* U+00A0 */
    };
    char line[8];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(line, cases[i].line);
        visible_line(line);
        assert_string_equal(line, cases[i].shown);
    }
}

static void text_is_truncated_after_a_whole_byte(void **state)
{
    char out[8];
    (void)state;
    assert_int_equal(visible_text(out, sizeof out, (const uint8_t *)"ab\x1b\x1b", 4), 3);
    assert_string_equal(out, "ab\\x1b");
    assert_int_equal(visible_text(out, sizeof out, NULL, 0), 0);
    assert_string_equal(out, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_request_is_refused_and_the_target_continues),
        TEST(a_wrong_reply_to_the_refusal_is_an_error),
        cmocka_unit_test_setup_teardown(fileio_on_passes_file_requests, setup_fileio, teardown),
        TEST(files_of_the_target_can_be_read),
        TEST(console_output_is_in_visible_form),
        TEST(monitor_replies_are_in_visible_form),
        TEST(thread_names_are_in_visible_form),
        TEST(references_to_control_characters_are_replaced),
        TEST(no_character_is_divided),
        TEST(documents_are_in_utf8),
        TEST(json_is_in_visible_form),
        TEST(lldbs_fields_are_in_visible_form),
        TEST(lldbs_other_fields_are_in_visible_form),
        TEST(replies_to_unknown_requests_are_in_visible_form),
        TEST(error_texts_are_in_visible_form),
        TEST(binary_replies_are_unchanged),
        TEST(endless_output_is_truncated),
        TEST(a_description_with_entities_is_refused),
        TEST(entities_are_found_across_chunks),
        TEST(an_endless_description_is_refused),
        cmocka_unit_test(each_invisible_byte_of_a_line_is_replaced),
        cmocka_unit_test(characters_that_utf8_excludes_are_replaced),
        cmocka_unit_test(text_is_truncated_after_a_whole_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
