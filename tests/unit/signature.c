/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of panics: the same bug has the same one, another bug another. */
#include "tests/unit/unit.h"

#include "freebsd/signature.h"

#include <string.h>

static void addresses_and_numbers_are_left_out(void **state)
{
    static const struct {
        const char *message, *text;
    } cases[] = {
        {"page fault", "page fault"},
        {"Fatal trap 12: page fault while in kernel mode",
         "Fatal trap #: page fault while in kernel mode"},
        {"general protection fault, cpuid = 3; apic id = 03",
         "general protection fault, cpuid = #; apic id = #"},
        {"Duplicate free of 0xfffff80003a1b000 from zone 0xfffffe00(malloc-64)",
         "Duplicate free of # from zone #(malloc-#)"},
        {"bad pte fffff80003a1b000 at deadbeef", "bad pte # at deadbeef"},
        {"em0: watchdog, ada0p2", "em#: watchdog, ada#p#"},
        {"", ""},
    };
    char text[SIGNATURE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        signature_begin(text, cases[i].message);
        assert_string_equal(text, cases[i].text);
    }
}

static void add(char text[SIGNATURE_TEXT_MAX], unsigned *frames, const char *line)
{
    signature_add(text, frames, line, strlen(line));
}

static void functions_of_frames_are_added(void **state)
{
    char text[SIGNATURE_TEXT_MAX];
    unsigned frames = 0;
    (void)state;
    signature_begin(text, "p");
    add(text, &frames, "#0  kdb_enter (why=0x60 <error: Cannot access memory>) at a.c:19");
    add(text, &frames, "#1  0xffffffff80280030 in hello_inner (depth=-1) at hello.c:12");
    add(text, &frames, "        locals = 3");
    add(text, &frames, "#2  0xffffffff80205000 in ?? ()");
    add(text, &frames, "#3  <signal handler called>");
    add(text, &frames, "#12 main () at b.c:1");
    add(text, &frames, "");
    add(text, &frames, "#");
    add(text, &frames, "#4");
    add(text, &frames, "#5  0xffffffff80205000");
    add(text, &frames, "(More stack frames follow...)");
    assert_string_equal(text, "p | kdb_enter < hello_inner < <signal < main");
    assert_int_equal(frames, 4);
    for (int i = 0; i < SIGNATURE_FRAMES; i++)
        add(text, &frames, "#1  x ()");
    assert_int_equal(frames, SIGNATURE_FRAMES);
}

static void the_text_has_a_limit(void **state)
{
    char message[2000], line[2000], text[SIGNATURE_TEXT_MAX];
    unsigned frames = 0;
    (void)state;
    memset(message, 'x', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    signature_begin(text, message);
    assert_int_equal(strlen(text), SIGNATURE_TEXT_MAX / 2 - 1);
    memcpy(line, message, sizeof line);
    memcpy(line, "#1  ", 4);
    signature_add(text, &frames, line, sizeof line - 1);
    signature_add(text, &frames, line, sizeof line - 1);
    assert_int_equal(strlen(text), SIGNATURE_TEXT_MAX - 1);
}

static void ids_differ(void **state)
{
    char a[SIGNATURE_ID_MAX], b[SIGNATURE_ID_MAX];
    (void)state;
    signature_id("", a);
    assert_string_equal(a, "cbf29ce484222325"); /* FNV-1a's own test vectors */
    signature_id("foobar", a);
    assert_string_equal(a, "85944171f73967e8");
    signature_id("fooba", b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_numbers_are_left_out),
        cmocka_unit_test(functions_of_frames_are_added),
        cmocka_unit_test(the_text_has_a_limit),
        cmocka_unit_test(ids_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
