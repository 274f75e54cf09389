/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The twin's stub: its reply to each request, and its bugs. */
#include "tests/sim/sim_unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/raw.h"

#define DATA "ffffffff81000000"
#define TEXT "ffffffff80200000"

/* Sends requests in one session and checks the replies. */
static void dialogue(enum twin_generation g, const char *const lines[][2], size_t n)
{
    struct raw *r = raw_session(g);
    for (size_t i = 0; i < n; i++) {
        const char *reply = raw_ask(r, lines[i][0]);
        if (strcmp(reply, lines[i][1]) != 0)
            fail_msg("%s: %s instead of %s", lines[i][0], reply, lines[i][1]);
    }
    raw_free(r);
}

#define DIALOGUE(g, lines) dialogue(g, lines, sizeof(lines) / sizeof(lines)[0])

static void known_requests_are_answered(void **state)
{
    static const char *const lines[][2] = {
        {"?", "T05thread:186a1;"},
        {"qSupported", "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+"},
        {"qSupported:swbreak+;xmlRegisters=i386;no-resumed-",
         "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+"},
        {"qSupported:swbreak?", "E16"},
        {"qSupported:x", "E16"},
        {"qC", "QC186a1"},
        {"Hg186a3", "OK"},
        {"qC", "QC186a3"},
        {"Hc0", "OK"},
        {"Hg-1", "OK"},
        {"Hg5", "E02"},
        {"Hg", "E16"},
        {"T186a5", "OK"},
        {"T186a6", "E02"},
        {"T", "E16"},
        {"m" TEXT, "E16"},
        {"m" DATA ",4", "00000000"},
        {"M" DATA ",3:0aFf7e", "OK"},
        {"m" DATA ",4", "0aff7e00"},
        {"m" DATA ",0", ""},
        {"M" DATA ",0:", "OK"},
        {"M" DATA ",2", "E16"},
        {"mffffffff81200000,1", "E05"},
        {"mffffffff811fffff,2", "E05"},
        {"Mffffffff811fffff,2:1122", "E05"},
        {"mffffffff811fffff,1", "11"}, /* the bytes before the hole were written */
        {"p10", "00302080ffffffff"},
        {"p18", "xxxxxxxxxxxxxxxx"},
        {"p", "E16"},
        {"Hg186a1", "OK"},
        {"p10", "00102080ffffffff"},
        {"P10=22112080ffffffff", "OK"},
        {"p10", "22112080ffffffff"},
        {"p12", "13131313"},
    };
    (void)state;
    BOTH(g) DIALOGUE(g, lines);
}

static void unknown_requests_get_an_empty_reply(void **state)
{
    static const char *const lines[][2] = {
        {"X" DATA ",1:a", ""},
        {"Z0," TEXT ",1", ""},
        {"Z1," TEXT ",1", ""},
        {"vCont?", ""},
        {"vMustReplyEmpty", ""},
        {"vKill;1", ""},
        {"qSymbol::", ""},
        {"qAttached", ""},
        {"qTStatus", ""},
        {"qOffsets", ""},
        {"qThreadExtraInfo,186a1", ""},
        {"qRcmd,00", ""},
        {"qXfer:features:read:target.xml:0,ff", ""},
        {"QNonStop:1", ""},
        {"!", ""},
        {"", ""},
    };
    (void)state;
    BOTH(g) DIALOGUE(g, lines);
}

static void only_new_kernels_have_watchpoints(void **state)
{
    static const char *const old[][2] = {{"Z2," DATA ",4", ""}, {"z2," DATA ",4", ""}};
    static const char *const new[][2] = {
        {"Z2," DATA ",4", "OK"}, {"Z3," DATA ",4", "OK"},  {"Z4," DATA ",4", "OK"},
        {"Z2," DATA ",8", "OK"}, {"Z3," DATA ",8", "E10"}, {"z2," DATA ",4", "OK"},
        {"Z3," DATA ",8", "OK"}, {"z4," DATA ",1", "E16"}, {"Z2", "E16"},
        {"z1," DATA ",1", ""},
    };
    (void)state;
    DIALOGUE(TWIN_OLD, old);
    DIALOGUE(TWIN_NEW, new);
}

static void crc_is_mistaken_for_the_current_thread(void **state)
{
    static const char *const lines[][2] = {{"qCRC:" DATA ",10", "QC186a1"}};
    (void)state;
    BOTH(g) DIALOGUE(g, lines);
}

static void the_thread_list_is_sent_once(void **state)
{
    static const char *const all[][2] = {
        {"qsThreadInfo", "E06"},
        {"qfThreadInfo", "m186a1,186a2,186a3,186a4,186a5"},
        {"qsThreadInfo", "l"},
        {"qsThreadInfo", "E06"},
        {"qfThreadInfo", "m186a1,186a2,186a3,186a4,186a5"},
        {"s", "T0510:04102080ffffffff;thread:186a1;"},
        {"qsThreadInfo", "E06"}, /* a stop resets the list */
    };
    struct twin_config config = twin_config(TWIN_NEW);
    (void)state;
    BOTH(g) DIALOGUE(g, all);
    config.threads_a_reply = 1;
    struct raw *r = raw_session_of(&config);
    assert_string_equal(raw_ask(r, "qfThreadInfo"), "m186a1");
    assert_string_equal(raw_ask(r, "qsThreadInfo"), "m186a2");
    for (int i = 0; i < 3; i++)
        raw_ask(r, "qsThreadInfo");
    assert_string_equal(raw_ask(r, "qsThreadInfo"), "l");
    raw_free(r);
}

static void the_xml_thread_list_goes_forward_only(void **state)
{
    (void)state;
    BOTH(g)
    {
        char request[64], document[1024] = "";
        size_t at = 0;
        struct raw *r = raw_session(g);
        char kind;
        assert_string_equal(raw_ask(r, "qXfer:threads:read:x:0,40"), "E00");
        assert_string_equal(raw_ask(r, "qXfer:threads:read::0,4"), "E1c");
        assert_string_equal(raw_ask(r, "qXfer:threads:read::7,40"), "E1d");
        do {
            snprintf(request, sizeof request, "qXfer:threads:read::%zx,40", at);
            const char *reply = raw_ask(r, request);
            kind = *reply;
            assert_true(kind == 'm' || kind == 'l');
            strcat(document, reply + 1);
            at += strlen(reply + 1);
            if (kind == 'm') /* 0x40, less framing and a NUL */
                assert_int_equal(strlen(reply + 1), 0x40 - 4 - 1);
            if (kind == 'm' && at > 0x40)
                assert_string_equal(raw_ask(r, request), "E1d");
        } while (kind == 'm');
        assert_string_equal(raw_ask(r, request), "E1d");
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,40", at);
        assert_string_equal(raw_ask(r, request), "E1d"); /* also after the end */
        assert_non_null(strstr(document, "<threads><thread id=\"186a1\" core=\"0\" "
                                         "name=\"panic _ _test>\">Running</thread>"));
        assert_string_equal(document + at - 20, "g</thread></threads>");
        raw_free(r);
    }
}

static void search_finds_up_to_64_bytes_and_stops_at_a_hole(void **state)
{
    (void)state;
    BOTH(g)
    {
        char request[160], sixty_four[65] = "";
        struct raw *r = raw_session(g);
        memset(sixty_four, 'a', 64);
        machine_write(twin_machine(r->t), MACHINE_DATA + 0x100, "}#\xab", 3);
        machine_write(twin_machine(r->t), MACHINE_DATA + 0x180, sixty_four, 63);
        machine_write(twin_machine(r->t), MACHINE_DATA + 0x200, sixty_four, 64);
        assert_string_equal(raw_ask(r, "qSearch:memory:" DATA ";1000;}]"), "1,ffffffff81000100");
        assert_string_equal(raw_ask(r, "qSearch:memory:" DATA ";100;}]"), "0");
        assert_string_equal(raw_ask(r, "qSearch:memory:" DATA ";400000;zz"), "E05");
        assert_string_equal(raw_ask(r, "qSearch:memory:" DATA ";100;}"), "E16");
        assert_string_equal(raw_ask(r, "qSearch:memory:" DATA), "E16");
        snprintf(request, sizeof request, "qSearch:memory:" DATA ";1000;%sbbb", sixty_four);
        assert_string_equal(raw_ask(r, request), "1,ffffffff81000200");
        raw_free(r);
    }
}

static void a_raw_0xff_is_skipped(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        machine_write(twin_machine(r->t), MACHINE_DATA + 0x100, "AB", 2);
        raw_say(r, raw_frame("qSearch:memory:" DATA ";1000;A\xff"
                             "B"));
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "-"); /* the sender's checksum includes it */
        assert_int_equal(twin_counts(r->t)->bad_sums, 1);
        raw_ask(r, "QStartNoAckMode");
        raw_forget(r);
        raw_say(r, raw_frame("qSearch:memory:" DATA ";1000;A\xff"
                             "B"));
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), raw_frame("1,ffffffff81000100"));
        raw_free(r);
    }
}

static void a_write_of_a_wrong_length_gets_ok_without_effect(void **state)
{
    static const char *const lines[][2] = {
        {"M" DATA ",4:aabbcc", "OK"},
        {"M" DATA ",2:aabbcc", "OK"},
        {"M" DATA ",3:aabbc", "OK"},
        {"m" DATA ",4", "00000000"},
    };
    (void)state;
    BOTH(g) DIALOGUE(g, lines);
}

static void bad_register_writes_get_ok_and_corrupt(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        assert_string_equal(raw_ask(r, "P1=00112233"), "OK");
        assert_string_equal(raw_ask(r, "p1"), "313d303031313232"); /* "1=001122" */
        assert_int_equal(twin_counts(r->t)->corrupted_registers, 1);
        assert_string_equal(raw_ask(r, "Gabcdefgh0123456789"), "OK");
        assert_string_equal(raw_ask(r, "p0"), "6162636465666768");
        assert_string_equal(raw_ask(r, "p10"), "6162636465666768");
        assert_int_equal(twin_counts(r->t)->corrupted_registers, 2);
        assert_string_equal(raw_ask(r, "P1"), "E16");
        raw_free(r);
    }
}

static void other_threads_have_the_registers_of_their_pcb(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    const char *all = raw_ask(r, "g");
    assert_int_equal(strlen(all), 17 * 16 + 7 * 8 + 32 * 16);
    assert_memory_equal(all,
                        "0101010101010101"
                        "0202020202020202",
                        32);
    raw_ask(r, "Hg186a2");
    all = raw_ask(r, "g");
    assert_memory_equal(all,
                        "xxxxxxxxxxxxxxxx"
                        "0302020202020202",
                        32);
    assert_string_equal(raw_ask(r, "P0=1111111111111111"), "OK");
    assert_string_equal(raw_ask(r, "p0"), "xxxxxxxxxxxxxxxx");
    assert_string_equal(raw_ask(r, "P1=1111111111111111"), "OK");
    assert_string_equal(raw_ask(r, "p1"), "1111111111111111");
    assert_int_equal(twin_counts(r->t)->register_writes, 1);
    assert_int_equal(twin_harm(r->t), 0);
    raw_free(r);
}

static void a_read_of_more_than_2048_bytes_overflows_the_buffer(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        assert_int_equal(strlen(raw_ask(r, "m" TEXT ",800")), 4096);
        assert_int_equal(twin_harm(r->t), 0);
        raw_ask(r, "m" TEXT ",801");
        assert_int_equal(twin_counts(r->t)->overflows, 1);
        assert_int_equal(twin_harm(r->t), 1);
        raw_free(r);
    }
}

static void a_request_of_4095_bytes_panics_it(void **state)
{
    static char request[4096];
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        memset(request, 0, sizeof request);
        memset(request, 'v', 4094);
        raw_say_bytes(r, raw_frame(request), 1400);
        raw_run(r, SIM_MS);
        raw_say_bytes(r, raw_frame(request) + 1400, 1400);
        raw_run(r, SIM_MS);
        raw_say(r, raw_frame(request) + 2800);
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "+$#00");
        assert_int_equal(twin_harm(r->t), 0);
        raw_say(r, "+");
        for (int i = 0; i < 4; i++) {
            raw_say_bytes(r, raw_frame(request), 1400); /* a `$` inside is content */
            raw_run(r, SIM_MS);
        }
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->panics, 1);
        assert_int_equal(twin_phase(r->t), TWIN_GONE);
        raw_free(r);
    }
}

static void replies_have_run_lengths_only_if_configured(void **state)
{
    struct twin_config config = twin_config(TWIN_NEW);
    (void)state;
    struct raw *r = raw_session_of(&config);
    raw_say(r, raw_frame("m" DATA ",8"));
    raw_run(r, 5 * SIM_MS);
    assert_string_equal(raw_heard(r) + 1, raw_frame("0000000000000000"));
    raw_free(r);
    config.run_lengths = true;
    r = raw_session_of(&config);
    raw_say(r, raw_frame("m" DATA ",8"));
    raw_run(r, 5 * SIM_MS);
    assert_string_equal(raw_heard(r) + 1, raw_frame("0*,"));
    raw_say(r, "+");
    raw_forget(r);
    assert_int_equal(strlen(raw_ask(r, "m" DATA ",100")), 512);
    assert_int_equal(strlen(raw_ask(r, "m" DATA ",4")),
                     8); /* 7 further ones: a length that is not $ # + - */
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_requests_are_answered),
        cmocka_unit_test(unknown_requests_get_an_empty_reply),
        cmocka_unit_test(only_new_kernels_have_watchpoints),
        cmocka_unit_test(crc_is_mistaken_for_the_current_thread),
        cmocka_unit_test(the_thread_list_is_sent_once),
        cmocka_unit_test(the_xml_thread_list_goes_forward_only),
        cmocka_unit_test(search_finds_up_to_64_bytes_and_stops_at_a_hole),
        cmocka_unit_test(a_raw_0xff_is_skipped),
        cmocka_unit_test(a_write_of_a_wrong_length_gets_ok_without_effect),
        cmocka_unit_test(bad_register_writes_get_ok_and_corrupt),
        cmocka_unit_test(other_threads_have_the_registers_of_their_pcb),
        cmocka_unit_test(a_read_of_more_than_2048_bytes_overflows_the_buffer),
        cmocka_unit_test(a_request_of_4095_bytes_panics_it),
        cmocka_unit_test(replies_have_run_lengths_only_if_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
