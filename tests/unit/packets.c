/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of requests: the entry for real requests, and the range that a request affects. */
#include "tests/unit/unit.h"

#include "proto/rsp/request.h"

#define NAME(id, name, does, repeat, explanation) name,
static const char *const names[] = {PACKETS(NAME)};
enum { NAMES = sizeof names / sizeof names[0] };

/* One request as GDB or LLDB send it for every entry of the table. */
static const struct example {
    const char *request, *name;
} examples[] = {
    {"!", "!"},
    {"?", "?"},
    {"A4,0,6c73", "A"},
    {"Bffff0000,S", "B"},
    {"C05", "C"},
    {"D;1", "D"},
    {"F-1,4", "F"},
    {"G0011", "G"},
    {"Hg0", "H"},
    {"I", "I"},
    {"Mffffffff80001000,2:0102", "M"},
    {"P10=0011223344556677", "P"},
    {"QTinit", "Q"},
    {"QAgent:1", "QAgent"},
    {"QCatchSyscalls:1", "QCatchSyscalls"},
    {"QDisableRandomization:1", "QDisableRandomization"},
    {"QEnvironmentHexEncoded:41", "QEnvironmentHexEncoded"},
    {"QEnvironmentReset", "QEnvironmentReset"},
    {"QEnvironmentUnset:41", "QEnvironmentUnset"},
    {"QListThreadsInStopReply", "QListThreadsInStopReply"},
    {"QNonStop:1", "QNonStop"},
    {"QPassSignals:e;10", "QPassSignals"},
    {"QProgramSignals:0;1", "QProgramSignals"},
    {"QSetWorkingDir:2f", "QSetWorkingDir"},
    {"QStartNoAckMode", "QStartNoAckMode"},
    {"QStartupWithShell:1", "QStartupWithShell"},
    {"QThreadEvents:1", "QThreadEvents"},
    {"QThreadOptions;1:p1.1", "QThreadOptions"},
    {"QThreadSuffixSupported", "QThreadSuffixSupported"},
    {"R00", "R"},
    {"S05", "S"},
    {"T186a5", "T"},
    {"X1000,0:", "X"},
    {"Z0,401000,1", "Z"},
    {"bc", "bc"},
    {"bs", "bs"},
    {"c", "c"},
    {"g", "g"},
    {"i", "i"},
    {"jGetLoadedDynamicLibrariesInfos:{}", "jGetLoadedDynamicLibrariesInfos"},
    {"jLLDBTraceGetBinaryData:{}", "jLLDBTraceGetBinaryData"},
    {"jThreadExtendedInfo:{}", "jThreadExtendedInfo"},
    {"jThreadsInfo", "jThreadsInfo"},
    {"k", "k"},
    {"mffffffff80001000,40", "m"},
    {"p10", "p"},
    {"qTfV", "q"},
    {"qAttached:1", "qAttached"},
    {"qC", "qC"},
    {"qCRC:401000,64", "qCRC"},
    {"qGetTIBAddr:1", "qGetTIBAddr"},
    {"qGetTLSAddr:1,0,0", "qGetTLSAddr"},
    {"qHostInfo", "qHostInfo"},
    {"qMemoryRegionInfo:401000", "qMemoryRegionInfo"},
    {"qOffsets", "qOffsets"},
    {"qP0000001f00000000000186a1", "qP"},
    {"qProcessInfo", "qProcessInfo"},
    {"qRcmd,68656c70", "qRcmd"},
    {"qRegisterInfo0", "qRegisterInfo"},
    {"qSearch:memory:1000;100;abc", "qSearch"},
    {"qSupported:multiprocess+;swbreak+", "qSupported"},
    {"qSymbol::", "qSymbol"},
    {"qTStatus", "qTStatus"},
    {"qThreadExtraInfo,186a5", "qThreadExtraInfo"},
    {"qThreadStopInfo186a5", "qThreadStopInfo"},
    {"qXfer:btrace:read:all:0,ffb", "qXfer"},
    {"qXfer:auxv:read::0,1000", "qXfer:auxv"},
    {"qXfer:exec-file:read:1:0,1000", "qXfer:exec-file"},
    {"qXfer:features:read:target.xml:0,ffb", "qXfer:features"},
    {"qXfer:libraries:read::0,1000", "qXfer:libraries"},
    {"qXfer:libraries-svr4:read::0,1000", "qXfer:libraries-svr4"},
    {"qXfer:memory-map:read::0,1000", "qXfer:memory-map"},
    {"qXfer:osdata:read:processes:0,1000", "qXfer:osdata"},
    {"qXfer:threads:read::0,1000", "qXfer:threads"},
    {"qXfer:traceframe-info:read::0,1000", "qXfer:traceframe-info"},
    {"qfThreadInfo", "qfThreadInfo"},
    {"qsThreadInfo", "qsThreadInfo"},
    {"r", "r"},
    {"s", "s"},
    {"t1000:ff,ff", "t"},
    {"vAttach;1", "vAttach"},
    {"vCont;c:p1.-1", "vCont"},
    {"vCont?", "vCont?"},
    {"vCtrlC", "vCtrlC"},
    {"vFile:open:2f,0,0", "vFile"},
    {"vFile:pread:5,1000,0", "vFile:pread"},
    {"vFlashDone", "vFlashDone"},
    {"vFlashErase:0,1000", "vFlashErase"},
    {"vFlashWrite:0:abc", "vFlashWrite"},
    {"vKill;a410", "vKill"},
    {"vMustReplyEmpty", "vMustReplyEmpty"},
    {"vRun;2f", "vRun"},
    {"vStopped", "vStopped"},
    {"x1000,40", "x"},
    {"z2,401000,8", "z"},
};

static const struct packet *find(const char *request)
{
    return packet_find((const uint8_t *)request, strlen(request));
}

static void real_requests_find_their_entries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        assert_string_equal(find(examples[i].request)->name, examples[i].name);
}

static void every_entry_has_an_example(void **state)
{
    (void)state;
    assert_int_equal(sizeof examples / sizeof examples[0], NAMES);
    for (size_t i = 0; i < NAMES; i++)
        assert_string_equal(names[i], examples[i].name);
}

static void a_longer_name_does_not_match_a_shorter_entry(void **state)
{
    (void)state;
    assert_string_equal(find("qCRC:0,1")->name, "qCRC");
    assert_string_equal(find("qCx")->name, "q");
    assert_string_equal(find("qSupportedX")->name, "q");
    assert_string_equal(find("qXfer:threadsx:read::0,1")->name, "qXfer");
    assert_string_equal(find("vCont")->name, "vCont");
    assert_string_equal(find("vCont;s:1;c")->name, "vCont");
    assert_string_equal(find("vFile:preadx")->name, "vFile");
    assert_string_equal(find("QStartNoAckModes")->name, "Q");
}

static void an_unknown_request_changes_and_must_not_repeat(void **state)
{
    static const char *const unknown[] = {"", "vNew;1", "vContinue", "b", "jFoo", "5", "~"};
    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        const struct packet *p = find(unknown[i]);
        assert_string_equal(p->name, "");
        assert_int_equal(p->effects, PKT_CHANGES);
        assert_int_equal(p->repeat, REPEAT_NEVER);
        assert_non_null(p->explanation);
    }
}

static void an_empty_request_has_data(void **state)
{
    struct request r;
    (void)state;
    request_parse(&r, NULL, 0);
    assert_non_null(r.data);
    assert_non_null(r.rest);
    assert_int_equal(r.len, 0);
    assert_int_equal(r.packet->id, PACKET_UNKNOWN);
}

static void resuming_requests_must_run_exactly_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        const struct packet *p = find(names[i]);
        if ((p->effects & (PKT_RESUMES | PKT_LEAVES)) != 0)
            assert_int_equal(p->repeat, REPEAT_NEVER);
        assert_true(p->effects != PKT_READS || p->repeat == REPEAT_SAFE ||
                    p->repeat == REPEAT_LIST);
    }
    assert_true(find("s")->effects & PKT_RESUMES);
    assert_true(find("vCont;c")->effects & PKT_RESUMES);
    assert_int_equal(find("vCont?")->effects, PKT_READS);
    assert_int_equal(find("m0,1")->effects, PKT_READS);
    assert_true(find("D")->effects & PKT_LEAVES);
}

static void every_entry_has_its_own_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        assert_int_equal(find(examples[i].request)->id, i);
        assert_ptr_equal(packet_of((enum packet_id)i), find(examples[i].request));
    }
    assert_int_equal(find("vNew;1")->id, PACKET_UNKNOWN);
    assert_string_equal(packet_of(PACKET_UNKNOWN)->name, "");
}

/* The numbers of a request, and what comes after them. */
static void expect_numbers(const char *request, unsigned n, uint64_t address, uint64_t length,
                           const char *rest)
{
    const struct request r = request_of(request);
    assert_int_equal(r.numbers, n);
    assert_int_equal(r.len, strlen(request));
    if (n != 0)
        assert_int_equal(r.address, address);
    if (n == 2)
        assert_int_equal(r.length, length);
    assert_int_equal(r.rest_len, strlen(rest));
    assert_memory_equal(r.rest, rest, r.rest_len);
}

static void numbers_are_parsed(void **state)
{
    (void)state;
    expect_numbers("mffffffff80000000,40", 2, UINT64_C(0xffffffff80000000), 0x40, "");
    expect_numbers("m1000,4,", 2, 0x1000, 4, ",");
    expect_numbers("m1000", 1, 0x1000, 0, "");
    expect_numbers("m1000,", 1, 0x1000, 0, ",");
    expect_numbers("m,1", 0, 0, 0, ",1");
    expect_numbers("m", 0, 0, 0, "m");
    expect_numbers("M10,2:0102", 2, 0x10, 2, ":0102");
    expect_numbers("P1f=00", 1, 0x1f, 0, "=00");
    expect_numbers("Z0,401000,1;X1,22", 2, 0x401000, 1, ";X1,22");
    expect_numbers("g", 0, 0, 0, "g");
}

static void object_reads_have_offset_and_length(void **state)
{
    (void)state;
    expect_numbers("qXfer:features:read:target.xml:0,ffb", 2, 0, 0xffb, "target.xml");
    expect_numbers("qXfer:threads:read::10,1000", 2, 0x10, 0x1000, "");
    expect_numbers("qXfer:threads:read:10,1000", 0, 0, 0, "qXfer:threads:read:10,1000");
    expect_numbers("qXfer:threads:read::10,", 0, 0, 0, "");
    expect_numbers("qXfer:threads:read::10,1000:", 0, 0, 0, ":10,1000");
    expect_numbers("qXfer:threads:write::10:00", 0, 0, 0, "qXfer:threads:write::10:00");
}

static void expect_range(const char *request, uint64_t low, uint64_t high)
{
    uint64_t l, h;
    const struct request r = request_of(request);
    request_range(&r, &l, &h);
    assert_true(l == low && h == high);
}

static void writes_affect_their_memory_range(void **state)
{
    (void)state;
    expect_range("M1000,20:00", 0x1000, 0x1020);
    expect_range("X1000,0:", 0x1000, 0x1000);
    expect_range("Mffffffff80000000,4:01020304", UINT64_C(0xffffffff80000000),
                 UINT64_C(0xffffffff80000004));
    expect_range("Mfffffffffffffff0,20:00", UINT64_C(0xfffffffffffffff0), UINT64_MAX);
}

static void register_and_breakpoint_requests_affect_only_their_own(void **state)
{
    (void)state;
    expect_range("P1f=00", 0x1f, 0x20);
    expect_range("Z0,401000,1", 0x401000, 0x401001);
    expect_range("z2,401000,8", 0x401000, 0x401008);
    expect_range("Z0,401000,0", 0x401000, 0x401001); /* also with kind 0 */
}

static void malformed_requests_affect_everything(void **state)
{
    static const char *const all[] = {
        "G00", "Hg1", "qsThreadInfo", "s",    "M",   "Mx,1:00", "M10,", "M10,:",   "P",
        "Z",   "Z0",  "Z0,",          "Z0,x", "M10", "X10:",    "D",    "vRun;2f", ""};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        expect_range(all[i], 0, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_requests_find_their_entries),
        cmocka_unit_test(every_entry_has_an_example),
        cmocka_unit_test(a_longer_name_does_not_match_a_shorter_entry),
        cmocka_unit_test(an_unknown_request_changes_and_must_not_repeat),
        cmocka_unit_test(an_empty_request_has_data),
        cmocka_unit_test(resuming_requests_must_run_exactly_once),
        cmocka_unit_test(every_entry_has_its_own_id),
        cmocka_unit_test(numbers_are_parsed),
        cmocka_unit_test(object_reads_have_offset_and_length),
        cmocka_unit_test(writes_affect_their_memory_range),
        cmocka_unit_test(register_and_breakpoint_requests_affect_only_their_own),
        cmocka_unit_test(malformed_requests_affect_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
