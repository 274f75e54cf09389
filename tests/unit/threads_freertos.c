/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FreeRTOS in all configurations, detected in memory by symbol addresses alone (as from a client
 * without an ELF file in the session): the tasks, their states and reasons.
 */
#include "tests/unit/threads_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Pushes r4 to r11 and an exception frame of Cortex-M3. */
static uint64_t push_m3(struct world *w, unsigned task, uint32_t pc)
{
    uint64_t sp = stack_top(task) - 64;
    for (unsigned i = 0; i < 16; i++)
        rtos_stub_put(w->stub, sp + 4 * i, 0x100 * task + i, 4);
    rtos_stub_put(w->stub, sp + 4 * 14, pc, 4);
    rtos_stub_put(w->stub, sp + 4 * 15, 0x01000000, 4);
    return sp;
}

/* Six tasks, one in each state. */
static void populate(struct world *w)
{
    uint64_t idle = freertos_task(w, "IDLE", freertos_ready(w, 0), 0, push_m3(w, 0, TEXT));
    uint64_t tcb;
    freertos_task(w, "worker", freertos_ready(w, 2), 2, push_m3(w, 1, TEXT + 4));
    tcb = freertos_task(w, "waiter", world_address(w, "xDelayedTaskList1"), 3,
                        push_m3(w, 2, TEXT + 8));
    rtos_stub_put(w->stub, freertos_item(w, tcb, false) + w->build->value, 1234,
                  w->build->tick != 0 ? w->build->tick : w->build->word);
    freertos_task(w, "later", world_address(w, "xDelayedTaskList2"), 3, push_m3(w, 3, TEXT));
    freertos_task(w, "asleep", world_address(w, "xSuspendedTaskList"), 1, push_m3(w, 4, TEXT));
    freertos_task(w, "gone", world_address(w, "xTasksWaitingTermination"), 1, push_m3(w, 5, TEXT));
    freertos_runs(w, 0, idle);
}

static void begin(struct world *w)
{
    rtos_stub_registers(w->stub, w->stub->word == 8 ? 33 : 17, w->stub->word, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
}

static void every_build_shows_each_task_in_its_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_builds; i++) {
        struct world *w = world_new(false, builds[i].word);
        freertos(w, &builds[i]);
        populate(w);
        begin(w);
        print_message("# %s\n", builds[i].name);
        assert_int_equal(count_threads(w), builds[i].cores == 2 ? 7 : 6); /* a core is idle */
        assert_string_equal(state_of(w, "IDLE"), "Running, priority 0");
        assert_non_null(strstr(state_of(w, "worker"), "Ready, priority 2, "));
        assert_non_null(strstr(state_of(w, "waiter"), "Blocked until tick 1234, priority 3, "));
        assert_non_null(strstr(state_of(w, "later"), "Blocked until tick 0, priority 3, "));
        assert_non_null(strstr(state_of(w, "asleep"), "Suspended, priority 1, "));
        assert_non_null(strstr(state_of(w, "gone"), "Deleted, priority 1, "));
        assert_non_null(strstr(state_of(w, "gone"), ", 1984 bytes of stack left"));
        assert_int_equal(w->n_lines, 0);
        world_free(w);
    }
}

static void big_endian_is_detected_by_the_scheduler_flag(void **state)
{
    (void)state;
    struct world *w = world_new(true, 4);
    freertos(w, &builds[0]);
    populate(w);
    rtos_stub_registers(w->stub, 59, 4, 0x500); /* MicroBlaze */
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), 6);
    assert_string_equal(state_of(w, "IDLE"), "Running, priority 0");
    world_free(w);
}

static void two_cores_run_two_tasks_and_the_list_shows_the_cores(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[5]);
    populate(w);
    freertos_runs(w, 1, TCBS + 0x200);
    w->stub->threads = "m1,2";
    begin(w);
    assert_int_equal(count_threads(w), 6);
    assert_non_null(strstr(list(w, 4000), " core=\"0\" name=\"IDLE\""));
    assert_non_null(strstr(list(w, 4000), " core=\"1\" name=\"worker\""));
    world_free(w);
}

static void a_stop_of_the_second_core_names_its_task(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    char expected[64];
    freertos(w, &builds[5]);
    populate(w);
    freertos_runs(w, 1, TCBS + 0x200);
    w->stub->threads = "m1,2";
    w->stub->stops[0] = "T05thread:02;";
    begin(w);
    snprintf(expected, sizeof expected, "T05thread:%s;", id_of(w, "worker"));
    assert_string_equal(ask(w, "c"), expected);
    world_free(w);
}

static void registers_of_each_core_are_read_from_its_stub_thread(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    char request[64];
    freertos(w, &builds[5]);
    populate(w);
    freertos_runs(w, 1, TCBS + 0x200);
    w->stub->threads = "m1,2";
    begin(w);
    snprintf(request, sizeof request, "Hg%s", id_of(w, "worker"));
    rtos_stub_asked(w->stub);
    assert_string_equal(ask(w, request), "OK");
    assert_string_equal(ask(w, "g"), w->stub->g);
    assert_string_equal(rtos_stub_asked(w->stub), " Hg2 g");
    world_free(w);
}

static void a_core_without_a_task_is_a_separate_thread(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    char expected[64];
    freertos(w, &builds[5]);
    populate(w);
    w->stub->threads = "m1,2";
    w->stub->stops[0] = "T05thread:02;";
    begin(w);
    assert_int_equal(count_threads(w), 7);
    assert_string_equal(state_of(w, "CPU 1"), "No task runs");
    snprintf(expected, sizeof expected, "T05thread:%s;", id_of(w, "CPU 1"));
    assert_string_equal(ask(w, "c"), expected);
    assert_string_equal(ask(w, "g"), w->stub->g);
    world_free(w);
}

static struct world *with_a_reader(bool registered)
{
    struct world *w = world_new(false, 4);
    enum { QUEUE = DATA + 0x800, REGISTRY = DATA + 0x700 };
    freertos(w, &builds[0]);
    populate(w);
    uint64_t tcb =
        freertos_task(w, "reader", world_address(w, "xSuspendedTaskList"), 4, push_m3(w, 6, TEXT));
    uint64_t lists = QUEUE + 36; /* xTasksWaitingToReceive */
    rtos_stub_word(w->stub, lists + 8 + 4, lists + 8);
    rtos_stub_word(w->stub, lists + 8 + 8, lists + 8);
    freertos_waits(w, tcb, lists);
    world_symbol(w, "xQueueRegistry", REGISTRY);
    rtos_stub_text(w->stub, TEXT + 0x100, "rx");
    rtos_stub_word(w->stub, REGISTRY + 8, TEXT + 0x100); /* pcQueueName, xHandle: the second */
    rtos_stub_word(w->stub, REGISTRY + 12, registered ? QUEUE : QUEUE + 4);
    begin(w);
    return w;
}

static void an_endless_wait_is_blocked_and_shows_the_queues_registered_name(void **state)
{
    (void)state;
    struct world *w = with_a_reader(true);
    assert_non_null(strstr(state_of(w, "reader"), "Blocked on queue &quot;rx&quot;, priority 4"));
    world_free(w);
    w = with_a_reader(false);
    assert_non_null(strstr(state_of(w, "reader"), "Blocked on 0x20000824, priority 4"));
    world_free(w);
}

static void a_task_woken_while_the_scheduler_is_suspended_is_ready_and_listed_once(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    freertos_waits(w, TCBS + 2 * 0x200, world_address(w, "xPendingReadyList"));
    begin(w);
    assert_int_equal(count_threads(w), 6);
    assert_non_null(strstr(state_of(w, "waiter"), "Ready, priority 3"));
    world_free(w);
}

static void before_the_scheduler_starts_the_cpu_is_the_only_thread(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    rtos_stub_put(w->stub, world_address(w, "xSchedulerRunning"), 0, 4);
    begin(w);
    assert_int_equal(count_threads(w), 1);
    assert_string_equal(id_of(w, "CPU"), "1");
    assert_string_equal(ask(w, "?"), "T05thread:1;");
    assert_string_equal(ask(w, "g"), w->stub->g);
    world_free(w);
}

static void a_reused_control_block_is_a_new_thread(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    char before[32];
    freertos(w, &builds[0]);
    populate(w);
    begin(w);
    snprintf(before, sizeof before, "%s", id_of(w, "worker"));
    w->stub->stops[0] = w->stub->stops[1] = "S05";
    ask(w, "c");
    assert_string_equal(id_of(w, "worker"), before); /* the same as before */
    rtos_stub_text(w->stub, TCBS + 0x200 + 52, "newcomer");
    rtos_stub_put(w->stub, world_address(w, "uxTaskNumber"), 7, 4);
    freertos_runs(w, 0, TCBS + 0x200);
    const char *stop = ask(w, "c");
    assert_null(strstr(stop, before)); /* the stop reply has the new id */
    assert_string_not_equal(id_of(w, "newcomer"), before);
    assert_string_equal(id_of(w, "worker"), "");
    world_free(w);
}

/* ---- inconsistent memory ---- */

static void expect_corrupt(struct world *w, unsigned threads, const char *name)
{
    assert_int_equal(count_threads(w), threads);
    assert_string_not_equal(id_of(w, name), "");
    assert_int_equal(w->n_lines, 1);
    list(w, 4000);
    assert_int_equal(w->n_lines, 1);
}

static void a_looping_list_keeps_its_consistent_threads(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    uint64_t item = freertos_item(w, TCBS + 0x200, false);
    rtos_stub_word(w->stub, item + 4, item);
    begin(w);
    expect_corrupt(w, 7, "corrupt list pxReadyTasksLists[2]");
    assert_string_not_equal(id_of(w, "worker"), "");
    world_free(w);
}

static void a_wild_pointer_ends_only_its_own_list(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    rtos_stub_word(w->stub, world_address(w, "xDelayedTaskList1") + 8 + 4, 0xdeadbeec);
    begin(w);
    expect_corrupt(w, 6, "corrupt list xDelayedTaskList1");
    assert_string_equal(id_of(w, "waiter"), "");
    world_free(w);
}

static void a_huge_item_count_ends_with_the_list(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    rtos_stub_word(w->stub, world_address(w, "xDelayedTaskList1"), 1000000000);
    begin(w);
    unsigned before = w->stub->reads;
    expect_corrupt(w, 7, "corrupt list xDelayedTaskList1");
    assert_true(w->stub->reads - before < 40);
    world_free(w);
}

static void an_item_of_another_list_is_ignored(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    populate(w);
    rtos_stub_word(w->stub, freertos_item(w, TCBS + 0x200, false) + 16, DATA);
    begin(w);
    expect_corrupt(w, 6, "corrupt list pxReadyTasksLists[2]");
    world_free(w);
}

static void uninitialised_ram_shows_the_cpu_and_the_session_continues(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    freertos(w, &builds[0]);
    memset(rtos_stub_at(w->stub, DATA, 0x1000), 0xa5, 0x1000);
    begin(w);
    assert_int_equal(count_threads(w), 1);
    rtos_stub_put(w->stub, world_address(w, "xSchedulerRunning"), 1, 4);
    w->stub->stops[0] = "S05";
    ask(w, "c");
    assert_true(count_threads(w) >= 1);
    assert_string_equal(ask(w, "g"), w->stub->g);
    world_free(w);
}

static void an_invalid_current_task_is_the_cpu_with_the_id_already_reported(void **state)
{
    (void)state;
    struct world *w = world_new(false, 4);
    char id[32];
    freertos(w, &builds[0]);
    populate(w);
    freertos_runs(w, 0, TCBS + 0x30);
    begin(w);
    assert_int_equal(sscanf(ask(w, "?"), "T05thread:%31[^;]", id), 1);
    assert_string_equal(id_of(w, "CPU"), id);
    assert_string_not_equal(id_of(w, "corrupt list pxCurrentTCB"), "");
    world_free(w);
}

static void an_rtos_that_was_named_and_is_not_there_is_mentioned_once(void **state)
{
    static const char *const names[] = {"RIOT", "FreeRTOS", "auto"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct world *w = world_new(false, builds[0].word);
        freertos(w, &builds[0]);
        populate(w);
        rtos_stub_registers(w->stub, 17, 4, 0x500);
        world_begin(w, names[i]);
        connect_as_gdb(w);
        connect_as_gdb(w);
        unsigned said = 0;
        for (unsigned n = 0; n < w->n_lines; n++)
            said += strstr(w->lines[n], "RIOT: the program does not have its symbols") != NULL;
        assert_int_equal(said, i == 0);
        world_free(w);
    }
}

static const char arm_xml[] =
    "<target><architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/>"
    "<reg name=\"pc\" bitsize=\"32\" regnum=\"15\"/></feature></target>";

static void a_step_ends_with_the_registers_of_the_description(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    for (unsigned i = 0; i < 3; i++)
        w->stub->stops[i] = "S05";
    w->stub->xml = arm_xml;
    rtos_stub_registers(w->stub, 3, 4, 0x500);
    assert_string_equal(ask(w, "vCont;s:2;c"), "T05thread:2;"); /* the client knows no numbers */
    ask(w, "qXfer:features:read:target.xml:0,fff");
    assert_string_equal(ask(w, "vCont;s:2;c"), "T05thread:2;0:00050000;1:01050000;f:02050000;");
    assert_string_equal(ask(w, "c"), "T05thread:2;");
    world_free(w);
}

static const char m_xml[] =
    "<target><architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"sp\" bitsize=\"32\"/><reg name=\"msp\" bitsize=\"32\"/>"
    "<reg name=\"psp\" bitsize=\"32\"/></feature></target>";

static void a_waiting_task_has_the_cpus_msp_and_its_own_psp(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    w->stub->stops[0] = "S05";
    w->stub->xml = m_xml;
    rtos_stub_registers(w->stub, 3, 4, 0x500);
    ask(w, "qXfer:features:read:target.xml:0,fff");
    ask(w, "vCont;s:2;c"); /* the registers are read again */
    assert_int_equal(count_threads(w), 3);
    assert_string_equal(ask(w, "Hg3"), "OK");
    const char *g = ask(w, "g");
    assert_int_equal(strlen(g), 24);
    assert_int_equal(strspn(g, "0123456789abcdef"), 24);
    assert_memory_not_equal(g, "00050000", 8);
    assert_memory_equal(g + 8, "01050000", 8);
    assert_memory_equal(g + 16, g, 8);
    world_free(w);
}

/* Only its type tells the size of a register with 1 bit, and so where the next one is in g. */
static const char bit_xml[] =
    "<target><architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">"
    "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"primask\" bitsize=\"1\" type=\"int8\"/>"
    "<reg name=\"sp\" bitsize=\"32\"/></feature></target>";

static void registers_after_one_of_unknown_size_are_not_guessed(void **state)
{
    (void)state;
    struct world *w = three_tasks(false);
    for (unsigned i = 0; i < 2; i++)
        w->stub->stops[i] = "S05";
    w->stub->xml = bit_xml;
    rtos_stub_registers(w->stub, 3, 4, 0x500);
    ask(w, "qXfer:features:read:target.xml:0,fff");
    assert_string_equal(ask(w, "vCont;s:2;c"), "T05thread:2;0:00050000;");
    assert_int_equal(count_threads(w), 3);
    assert_string_equal(ask(w, "Hg3"), "OK");
    assert_string_equal(ask(w, "g") + 8, "xxxxxxxxxxxxxxxx");
    assert_string_equal(ask(w, "p1"), "E01");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_build_shows_each_task_in_its_state),
        cmocka_unit_test(big_endian_is_detected_by_the_scheduler_flag),
        cmocka_unit_test(two_cores_run_two_tasks_and_the_list_shows_the_cores),
        cmocka_unit_test(a_stop_of_the_second_core_names_its_task),
        cmocka_unit_test(registers_of_each_core_are_read_from_its_stub_thread),
        cmocka_unit_test(a_core_without_a_task_is_a_separate_thread),
        cmocka_unit_test(an_endless_wait_is_blocked_and_shows_the_queues_registered_name),
        cmocka_unit_test(a_task_woken_while_the_scheduler_is_suspended_is_ready_and_listed_once),
        cmocka_unit_test(before_the_scheduler_starts_the_cpu_is_the_only_thread),
        cmocka_unit_test(a_reused_control_block_is_a_new_thread),
        cmocka_unit_test(a_looping_list_keeps_its_consistent_threads),
        cmocka_unit_test(a_wild_pointer_ends_only_its_own_list),
        cmocka_unit_test(a_huge_item_count_ends_with_the_list),
        cmocka_unit_test(an_item_of_another_list_is_ignored),
        cmocka_unit_test(uninitialised_ram_shows_the_cpu_and_the_session_continues),
        cmocka_unit_test(an_invalid_current_task_is_the_cpu_with_the_id_already_reported),
        cmocka_unit_test(an_rtos_that_was_named_and_is_not_there_is_mentioned_once),
        cmocka_unit_test(a_step_ends_with_the_registers_of_the_description),
        cmocka_unit_test(a_waiting_task_has_the_cpus_msp_and_its_own_psp),
        cmocka_unit_test(registers_after_one_of_unknown_size_are_not_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
