/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules for a decorator between GDB and a single-threaded stub, one test per rule, with three
 * FreeRTOS tasks on a Cortex-M stub. The tests also check the requests that the stub gets.
 */
#include "tests/unit/threads_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"

/* Sends a request with the id of a thread in place of '@'. */
static const char *ask_of(struct world *w, const char *request, const char *name)
{
    char text[256];
    const char *at = strchr(request, '@');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - request), request, id_of(w, name), at + 1);
    rtos_stub_asked(w->stub);
    return ask(w, text);
}

static void rule_1_ids_are_small_never_reused_and_in_the_clients_format(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    assert_string_equal(id_of(w, "first"), "2");
    assert_string_equal(id_of(w, "second"), "3");
    assert_string_equal(id_of(w, "third"), "4");
    w->stub->stops[0] = "S05";
    ask(w, "c");
    rtos_stub_text(w->stub, TCBS + 0x200 + 52, "other"); /* a new task at the same address */
    assert_string_equal(id_of(w, "other"), "5");
    world_free(w);
    w = three_tasks(true);
    assert_string_equal(id_of(w, "second"), "p1.3");
    assert_string_equal(ask(w, "?"), "T05thread:p1.2;");
    rtos_stub_asked(w->stub);
    ask(w, "Hgp1.2");
    assert_string_equal(rtos_stub_asked(w->stub), " Hgp1.1");
    world_free(w);
}

static void rule_2_the_list_is_advertised_and_sent_in_both_formats(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    assert_non_null(strstr(ask(w, "qSupported:swbreak+"), ";qXfer:threads:read+"));
    char whole[4096];
    snprintf(whole, sizeof whole, "%s", list(w, 4000));
    assert_string_equal(list(w, 7), whole);
    assert_string_equal(ask(w, "qfThreadInfo"), "m2,3,4");
    assert_string_equal(ask(w, "qsThreadInfo"), "l");
    /* "third (Blocked until tick 0, priority 3, 1920 bytes of stack left)" */
    const char *extra = ask(w, "qThreadExtraInfo,4");
    assert_memory_equal(extra, "74686972642028426c6f636b6564", 28);
    assert_string_equal(ask(w, "qThreadExtraInfo,63"), "6e6f2073756368207468726561"
                                                       "64");
    world_free(w);
}

static void rule_3_H_is_forwarded_with_the_stubs_id_or_not_at_all(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "Hg0"), "OK");
    assert_string_equal(rtos_stub_asked(w->stub), " Hg1");
    assert_string_equal(ask(w, "Hc-1"), "OK");
    assert_string_equal(rtos_stub_asked(w->stub), " Hc1");
    assert_string_equal(ask(w, "Hg2"), "OK");
    assert_string_equal(rtos_stub_asked(w->stub), " Hg1");
    assert_string_equal(ask(w, "Hg3"), "OK");
    assert_string_equal(rtos_stub_asked(w->stub), "");
    assert_string_equal(ask(w, "Hg63"), "E01");
    ask(w, "Hg3");
    w->stub->stops[0] = "S05";
    ask(w, "c"); /* a resume clears the selection */
    assert_string_equal(ask(w, "g"), w->stub->g);
    world_free(w);
}

static void rule_4_every_stop_names_a_thread_of_the_list(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    static const char *const stops[][2] = {
        {"S05", "T05thread:2;"},
        {"T05", "T05thread:2;"},
        {"T0507:00000000;thread:1;core:0;", "T05thread:2;07:00000000;core:0;"},
        {"T02swbreak:;thread:01;threads:1;", "T02thread:2;swbreak:;"},
        {"W00", "W00"},
        {"X09", "X09"},
        {"N", "N"},
        {"E08", "E08"},
    };
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        w->stub->stops[i] = stops[i][0];
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        assert_string_equal(ask(w, "c"), stops[i][1]);
    assert_string_equal(ask(w, "qC"), "QC2");
    assert_string_equal(ask(w, "?"), "T05thread:2;");
    assert_string_equal(ask(w, "T2"), "OK");
    assert_string_equal(ask(w, "T4"), "OK");
    assert_string_equal(ask(w, "T63"), "E01");
    world_free(w);
}

static void rule_5_g_has_the_stubs_length_and_x_for_unsaved_registers(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    rtos_stub_put(w->stub, stack_top(1) - 128 + 56, TEXT + 0x11, 4); /* a Thumb pc */
    assert_string_equal(ask(w, "g"), w->stub->g);
    ask(w, "Hg3");
    assert_int_equal(strlen(ask(w, "g")), 17 * 8);
    assert_memory_equal((const char *)w->reply.data + 15 * 8, "10100000", 8);
    assert_memory_equal((const char *)w->reply.data, "08200000", 8); /* r0 */
    assert_string_equal(ask(w, "p1a"), "xxxxxxxxxxxxxxxx"); /* d0: no FPU registers are saved */
    assert_string_equal(ask(w, "p3"), "0b200000");
    assert_string_equal(ask(w, "pff"), "E01");
    world_free(w);
}

static void rule_6_writes_change_the_saved_context_and_never_the_cpu(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    uint64_t sp = stack_top(1) - 128;
    ask(w, "Hg3");
    ask(w, "g");
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "P4=78563412"), "OK");
    assert_int_equal(rtos_stub_get(w->stub, sp, 4), 0x12345678);
    assert_string_equal(ask(w, "p4"), "78563412");
    assert_string_equal(ask(w, "Pd=00000020"), "E01");          /* SP */
    assert_string_equal(ask(w, "P1a=0000000000000000"), "E01"); /* no FPU registers are saved */
    char g[256] = "G";
    snprintf(g + 1, sizeof g - 1, "%s", ask(w, "g"));
    memcpy(g + 1 + 5 * 8, "efbeadde", 8);
    memcpy(g + 1 + 6 * 8, "xxxxxxxx", 8);
    assert_string_equal(ask(w, g), "OK");
    assert_int_equal(rtos_stub_get(w->stub, sp + 4, 4), 0xdeadbeef);
    assert_int_equal(rtos_stub_get(w->stub, sp + 8, 4), 0x2002);
    memcpy(g + 1 + 13 * 8, "efbeadde", 8);
    memcpy(g + 1 + 5 * 8, "11111111", 8);
    assert_string_equal(ask(w, g), "E01"); /* it changes SP: nothing is written */
    assert_int_equal(rtos_stub_get(w->stub, sp + 4, 4), 0xdeadbeef);
    const char *asked = rtos_stub_asked(w->stub);
    assert_null(strstr(asked, " P"));
    assert_null(strstr(asked, " G"));
    ask(w, "Hg2");
    assert_string_equal(ask(w, "P4=78563412"),
                        "OK"); /* the stub writes those of the running thread */
    assert_non_null(strstr(rtos_stub_asked(w->stub), " P4=78563412"));
    world_free(w);
    w = three_tasks(false);
    w->stub->p = ""; /* a stub without p and P */
    ask(w, "Hg3");
    assert_string_equal(ask(w, "P4=78563412"), "");
    world_free(w);
}

static void on_resume(struct rtos_stub *s, unsigned n)
{
    if (n == 1) { /* the second task gets the CPU, and stops at its breakpoint */
        rtos_stub_put(s, DATA, TCBS + 0x200, 4);
        rtos_stub_register(s, 15, 4, TEXT + 0x10);
    }
}

static void rule_7_the_stub_gets_only_its_own_ids_and_a_waiting_thread_steps(void **state)
{
    (void)state;
    struct world *w = three_tasks(true);
    w->stub->on_resume = on_resume;
    for (unsigned i = 0; i < 8; i++)
        w->stub->stops[i] = "T05thread:p01.01;";
    list(w, 4000);
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "vCont;s:p1.2;c"), "T05thread:p1.2;");
    assert_string_equal(rtos_stub_asked(w->stub), " vCont;s:p1.1;c");
    list(w, 4000);
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "vCont;s:p1.3"), "T05thread:p1.3;");
    assert_string_equal(rtos_stub_asked(w->stub), " Z0,1010,2 vCont;c g z0,1010,2 vCont;s:p1.1");
    assert_int_equal(w->stub->resumes, 3);
    assert_string_equal(ask(w, "vCont;s:p1.63"), "E01");
    w->stub->no_points = "01";
    assert_string_equal(ask(w, "vCont;s:p1.4"), "E01"); /* the stub rejects the breakpoint */
    assert_string_equal(ask(w, "vCont;c:p1.4"), "E01"); /* only a waiting thread */
    assert_int_equal(w->stub->resumes, 3);
    world_free(w);
}

/* Runs to a breakpoint, steps off it, and runs to the second task's own. */
static void on_resume_from_a_breakpoint(struct rtos_stub *s, unsigned n)
{
    static const uint16_t pc[] = {0x80, 0x82, 0x10, 0x12};
    rtos_stub_register(s, 15, 4, TEXT + pc[n]);
    if (n == 2)
        rtos_stub_put(s, DATA, TCBS + 0x200, 4);
}

static void rule_7_a_run_first_steps_off_the_breakpoint_at_the_pc(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->on_resume = on_resume_from_a_breakpoint;
    for (unsigned i = 0; i < 4; i++)
        w->stub->stops[i] = "T05thread:1;";
    ask(w, "Z1,1080,3");
    ask(w, "c");
    list(w, 4000);
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "vCont;s:3"), "T05thread:3;");
    assert_string_equal(rtos_stub_asked(w->stub), " Z0,1010,2 g z1,1080,3 vCont;s:1 Z1,1080,3 g"
                                                  " vCont;c g z0,1010,2 vCont;s:1");
    world_free(w);
}

/* One step of a thread by a breakpoint of the client's at 0x1014, as GDB steps RISC-V: another
 * thread reaches the breakpoint before the thread has the CPU, and again before the thread does. */
static void on_resume_of_a_locked_thread(struct rtos_stub *s, unsigned n)
{
    static const uint16_t pc[] = {0x14, 0x16, 0x10, 0x14, 0x16, 0x10, 0x14};
    rtos_stub_register(s, 15, 4, TEXT + pc[n]);
    rtos_stub_put(s, DATA, TCBS + (n == 2 || n >= 5 ? 0x200 : 0), 4);
}

static void rule_7_a_waiting_thread_continues_while_the_others_are_held(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->on_resume = on_resume_of_a_locked_thread;
    for (unsigned i = 0; i < 7; i++)
        w->stub->stops[i] = "T05thread:1;";
    ask(w, "Z0,1014,2");
    list(w, 4000);
    rtos_stub_asked(w->stub);
    /* The stop of a thread that GDB did not expect has its registers, so only the start is
     * compared. */
    assert_memory_equal(ask(w, "vCont;c:3"), "T05thread:3;", 12);
    assert_string_equal(rtos_stub_asked(w->stub),
                        " Z0,1010,2 vCont;c g z0,1014,2 vCont;s:1 Z0,1014,2 g vCont;c g"
                        " z0,1010,2 vCont;c g Z0,1010,2 z0,1014,2 vCont;s:1 Z0,1014,2 g vCont;c g"
                        " z0,1010,2 vCont;c");
    assert_int_equal(w->stub->resumes, 7);
    world_free(w);
}

static void rule_7_an_interrupt_ends_a_continue_while_the_others_are_held(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->stops[0] = "T02thread:1;";
    ask(w, "Hc3");
    rtos_stub_asked(w->stub);
    assert_memory_equal(ask(w, "c"), "T02thread:2;", 12);
    assert_string_equal(rtos_stub_asked(w->stub), " Z0,1010,2 c z0,1010,2 g");
    w->stub->stops[1] = "T05thread:1;";
    assert_string_equal(ask(w, "vCont;c:3;c:4"), "T05thread:2;"); /* two of them are not held */
    assert_string_equal(rtos_stub_asked(w->stub), " vCont;c");
    world_free(w);
}

static void rule_8_acknowledgements_are_not_handled_here(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    rtos_stub_asked(w->stub);
    ask(w, "QStartNoAckMode"); /* rsp_server and stream_target handle it */
    assert_string_equal(rtos_stub_asked(w->stub), " QStartNoAckMode");
    world_free(w);
}

static void rule_9_a_stop_is_one_read_and_a_list_with_backtraces_few(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->stops[0] = w->stub->stops[1] = "S05";
    list(w, 4000);
    ask(w, "Hg3");
    ask(w, "g"); /* the layout is known by now */
    unsigned before = w->stub->reads;
    ask(w, "c");
    assert_int_equal(w->stub->reads - before, 1);
    ask(w, "g");
    ask(w, "?");
    ask(w, "qC");
    assert_int_equal(w->stub->reads - before, 1);
    before = w->stub->reads;
    list(w, 4000);
    for (unsigned i = 3; i <= 4; i++) {
        char request[16];
        snprintf(request, sizeof request, "Hg%u", i);
        ask(w, request);
        ask(w, "g");
        ask(w, "g");
    }
    list(w, 4000);
    assert_true(w->stub->reads - before <= 6 + 2 * 3);
    before = w->stub->reads;
    ask(w, "M20000f00,1:00"); /* a write drops cached memory */
    list(w, 4000);
    assert_true(w->stub->reads > before);
    world_free(w);
}

static void rule_9_a_step_reads_the_current_pointer_alone(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    for (unsigned i = 0; i < 4; i++)
        w->stub->stops[i] = "S05";
    list(w, 4000);
    ask(w, "c");
    unsigned before = w->stub->reads;
    assert_string_equal(ask(w, "vCont;s:2;c"), "T05thread:2;");
    assert_string_equal(ask(w, "vCont;s:2"), "T05thread:2;");
    assert_int_equal(w->stub->reads - before, 2);
    assert_int_equal(w->stub->read_address, DATA);
    assert_int_equal(w->stub->read_len, 4);
    /* The first list after a step has no descriptions, the second has. */
    before = w->stub->reads;
    assert_non_null(strstr(list(w, 4000), "<thread id=\"2\" core=\"0\" name=\"first\"></thread>"));
    assert_int_equal(w->stub->reads - before, 1);
    assert_non_null(strstr(list(w, 4000), "name=\"second\">Ready, priority 2, "));
    /* If a task was created, the first has them too. */
    ask(w, "s");
    freertos_task(w, "fourth", freertos_ready(w, 2), 2, frame_of(w, 3));
    assert_non_null(strstr(list(w, 4000), "name=\"fourth\">Ready, priority 2, "));
    assert_int_equal(count_threads(w), 4);
    world_free(w);
}

static void rule_10_every_walk_ends_and_the_session_continues(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->stops[0] = "S05";
    ask(w, "c");
    rtos_stub_word(w->stub, freertos_item(w, TCBS, false) + 4, freertos_item(w, TCBS, false));
    rtos_stub_word(w->stub, freertos_ready(w, 1), 0x3b9aca00);
    unsigned before = w->stub->reads;
    assert_int_equal(count_threads(w), 4);
    assert_string_not_equal(id_of(w, "corrupt list pxReadyTasksLists[1]"), "");
    assert_true(w->stub->reads - before < 1100);
    assert_string_equal(ask(w, "g"), w->stub->g);
    assert_int_equal(w->n_lines, 1);
    ask_of(w, "Hg@", "corrupt list pxReadyTasksLists[1]");
    assert_int_equal(strspn(ask(w, "g"), "x"), 17 * 8);
    world_free(w);
}

static void rule_11_without_debug_information_the_layout_comes_from_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_builds; i++) { /* each with its own sizes and offsets */
        struct world *w = world_new(false, builds[i].word);
        freertos(w, &builds[i]);
        freertos_task(w, "only", freertos_ready(w, 4), 4, stack_top(0) - 128);
        freertos_runs(w, 0, TCBS);
        rtos_stub_registers(w->stub, builds[i].word == 8 ? 33 : 17, builds[i].word, 0x500);
        world_begin(w, "auto");
        connect_as_gdb(w);
        assert_string_equal(state_of(w, "only"), "Running, priority 4");
        world_free(w);
    }
}

static void rule_12_the_saved_context_is_chosen_by_score_alone(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    /* The same stack with EXC_RETURN: another context, without any option. */
    for (unsigned i = 1; i < 3; i++) {
        uint64_t sp = stack_top(i) - 128;
        memmove(rtos_stub_at(w->stub, sp + 36, 32), rtos_stub_at(w->stub, sp + 32, 32), 32);
        rtos_stub_put(w->stub, sp + 32, 0xfffffffd, 4);
    }
    ask(w, "Hg3");
    ask(w, "g");
    assert_memory_equal((const char *)w->reply.data, "08200000", 8);
    assert_memory_equal((const char *)w->reply.data + 15 * 8, "10100000", 8);
    world_free(w);
}

/* ---- further tests ---- */

static void symbols_are_asked_for_before_the_stubs_own_round(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    assert_true(w->questions >= 11);
    world_free(w);
    w = world_new(false, 4);
    freertos(w, &builds[0]);
    w->stub->symbol_question = "qSymbol:666f6f"; /* foo */
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    ask(w, "qSupported");
    const char *question = ask(w, "qSymbol::");
    assert_string_equal(question, "qSymbol:707843757272656e74544342"); /* pxCurrentTCB */
    assert_string_equal(ask(w, "qSymbol::626172"), "OK"); /* not our question: forwarded */
    ask(w, "qSymbol::");
    for (unsigned i = 0; i < 64 && !buf_is(&w->reply, "qSymbol:666f6f"); i++) {
        char answer[256];
        snprintf(answer, sizeof answer, "qSymbol::%s", (const char *)w->reply.data + 8);
        ask(w, answer);
    }
    assert_true(buf_is(&w->reply, "qSymbol:666f6f")); /* the stub's question comes after ours */
    assert_string_equal(ask(w, "qSymbol:10:666f6f"), "OK");
    world_free(w);
}

static void without_an_rtos_requests_pass_and_a_missing_xml_list_is_created(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    w->stub->stops[0] = "T05thread:01;";
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_string_equal(ask(w, "?"), "T05thread:01;");
    assert_string_equal(ask(w, "qC"), "QC1");
    assert_string_equal(ask(w, "qfThreadInfo"), "m1");
    assert_string_equal(list(w, 4000),
                        "<?xml version=\"1.0\"?>\n<threads>\n<thread id=\"1\"/>\n</threads>\n");
    assert_string_equal(ask(w, "vCont;c:1"), "T05thread:01;");
    assert_int_equal(w->stub->reads, 0);
    world_free(w);
}

static void a_register_of_an_unknown_size_is_not_written(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->xml = "<architecture>arm</architecture><reg name='r4' bitsize='36' regnum='4'/>"
                   "<reg name='r5' bitsize='32'/>";
    w->stub->p = "00000000";
    ask(w, "qXfer:features:read:target.xml:0,fff");
    ask_of(w, "Hg@", "second");
    assert_string_equal(ask(w, "P5=78563412"), "OK");
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, "P4="), "E01");
    assert_null(strchr(rtos_stub_asked(w->stub), 'M'));
    world_free(w);
}

/* GDB then reads the list of the stub itself. */
static void a_list_of_the_stub_is_copied_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
    w->stub->more_threads = 500;
    assert_int_equal(count_threads(w), 501);
    w->stub->more_threads = 1100;
    assert_string_equal(ask(w, "qXfer:threads:read::0,fa0"), "E01");
    w->stub->more_threads = 1;
    assert_string_equal(ask(w, "qfThreadInfo"), "m1");
    assert_string_equal(ask(w, "qsThreadInfo"), "m7");
    assert_string_equal(ask(w, "qsThreadInfo"), "l");
    world_free(w);
}

static void a_thread_known_to_gdb_before_the_symbols_keeps_its_id(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    freertos_task(w, "first", freertos_ready(w, 1), 1, frame_of(w, 0));
    freertos_task(w, "second", freertos_ready(w, 2), 2, frame_of(w, 1));
    freertos_runs(w, 0, TCBS + 0x200);
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    ask(w, "qSupported");
    assert_string_equal(ask(w, "?"), "T05thread:01;");
    connect_as_gdb(w);
    assert_string_equal(id_of(w, "second"), "1");
    assert_string_equal(id_of(w, "first"), "2");
    world_free(w);
}

static void a_new_program_and_a_restart_forget_everything(void **state)
{
    static const char *const requests[] = {"vFlashErase:0,1000", "R00", "vRun;", "k"};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct world *w = three_tasks(false);
        list(w, 4000);
        w->stub->stops[0] = "S05";
        ask(w, requests[i]);
        ask(w, "c");
        assert_string_equal(id_of(w, "first"), "5"); /* forgotten, and ids are not reused */
        world_free(w);
    }
}

static void a_rebooted_kernel_is_reported_and_detected_again(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    list(w, 4000);
    w->stub->stops[0] = "S05";
    w->stub->result = NETGDB_REPLACED;
    assert_int_equal(target_ask(w->target, "c", &w->reply), NETGDB_REPLACED);
    bool final;
    assert_int_equal(target_recv(w->target, &w->reply, &final, 0), 0);
    assert_true(buf_is(&w->reply, "T05thread:5;"));
    world_free(w);
}

static void names_with_markup_are_escaped_in_the_list(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    rtos_stub_text(w->stub, TCBS + 52, "<a&\"b}#$*>");
    assert_non_null(strstr(list(w, 4000), "name=\"&lt;a&amp;&quot;b}]}\x03}\x04}\x0a&gt;\""));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_ids_are_small_never_reused_and_in_the_clients_format),
        cmocka_unit_test(rule_2_the_list_is_advertised_and_sent_in_both_formats),
        cmocka_unit_test(rule_3_H_is_forwarded_with_the_stubs_id_or_not_at_all),
        cmocka_unit_test(rule_4_every_stop_names_a_thread_of_the_list),
        cmocka_unit_test(rule_5_g_has_the_stubs_length_and_x_for_unsaved_registers),
        cmocka_unit_test(rule_6_writes_change_the_saved_context_and_never_the_cpu),
        cmocka_unit_test(rule_7_the_stub_gets_only_its_own_ids_and_a_waiting_thread_steps),
        cmocka_unit_test(rule_7_a_run_first_steps_off_the_breakpoint_at_the_pc),
        cmocka_unit_test(rule_7_a_waiting_thread_continues_while_the_others_are_held),
        cmocka_unit_test(rule_7_an_interrupt_ends_a_continue_while_the_others_are_held),
        cmocka_unit_test(rule_8_acknowledgements_are_not_handled_here),
        cmocka_unit_test(rule_9_a_stop_is_one_read_and_a_list_with_backtraces_few),
        cmocka_unit_test(rule_9_a_step_reads_the_current_pointer_alone),
        cmocka_unit_test(rule_10_every_walk_ends_and_the_session_continues),
        cmocka_unit_test(rule_11_without_debug_information_the_layout_comes_from_memory),
        cmocka_unit_test(rule_12_the_saved_context_is_chosen_by_score_alone),
        cmocka_unit_test(symbols_are_asked_for_before_the_stubs_own_round),
        cmocka_unit_test(a_register_of_an_unknown_size_is_not_written),
        cmocka_unit_test(a_list_of_the_stub_is_copied_as_a_whole_or_not_at_all),
        cmocka_unit_test(without_an_rtos_requests_pass_and_a_missing_xml_list_is_created),
        cmocka_unit_test(a_thread_known_to_gdb_before_the_symbols_keeps_its_id),
        cmocka_unit_test(a_new_program_and_a_restart_forget_everything),
        cmocka_unit_test(a_rebooted_kernel_is_reported_and_detected_again),
        cmocka_unit_test(names_with_markup_are_escaped_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
