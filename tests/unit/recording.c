/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings: memory compared with a plain array, exchanges, the file at every moment, and files
 * that are damaged. */
#include "record/recording.h"
#include "tests/unit/unit.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/err.h"

enum { SPACE = 1 << 16 };
#define BASE UINT64_C(0xffffffff80000000)

static char directory[UNIT_PATH], path[UNIT_PATH + 16];
static const struct core_machine amd64 = {EM_X86_64, ELFOSABI_FREEBSD, true, false};

/* ---- helpers ---- */

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(unit_directory(directory, "recording")) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/core", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    char left[sizeof path + 8];
    (void)snprintf(left, sizeof left, "%s.new", path); /* of one that was killed */
    (void)unlink(left);
    (void)unlink(path);
    return rmdir(directory);
}

static void put(struct recording *r, const char *thread, const char *request, const char *reply,
                bool of_stop)
{
    const struct answer a = {of_stop, bytes_of(thread), bytes_of(request), bytes_of(""),
                             bytes_of(reply)};
    assert_true(recording_put(r, &a) >= 0);
}

/* The recorded reply; "none": there is none. */
static const char *get(const struct recording *r, const char *thread, const char *request)
{
    static char text[64];
    struct answer a;
    if (!recording_find(r, bytes_of(thread), request, &a))
        return "none";
    (void)snprintf(text, sizeof text, "%.*s", (int)a.reply.len, (const char *)a.reply.data);
    return text;
}

static void put_text(struct recording *r, uint64_t address, const char *text)
{
    assert_int_equal(recording_put_memory(r, address, text, strlen(text)), 0);
}

/* The recorded memory at an address, as text. */
static const char *memory(const struct recording *r, uint64_t address)
{
    static char text[64];
    size_t n = recording_read(r, address, text, sizeof text - 1);
    text[n] = '\0';
    return text;
}

static void begin(struct recording *r)
{
    assert_int_equal(recording_init(r), 0);
}

/* ---- memory ---- */

/* Puts and reads random ranges, and compares every read with an array. */
static void play_randomly(struct recording *r, unsigned rounds)
{
    static uint8_t bytes[SPACE], read[SPACE];
    static bool known[SPACE];
    uint32_t seed = 1;
    memset(known, 0, sizeof known);
    for (unsigned i = 0; i < rounds; i++) {
        uint8_t data[600];
        seed = seed * 1103515245U + 12345U;
        size_t at = (seed >> 8) % (SPACE - sizeof data), n = (seed >> 4) % sizeof data;
        for (size_t k = 0; k < n; k++)
            data[k] = (uint8_t)(i % 7 == 0 ? seed >> k % 8 : at + k);
        assert_int_equal(recording_put_memory(r, BASE + at, data, n), 0);
        memcpy(bytes + at, data, n);
        memset(known + at, true, n);
    }
    for (size_t at = 0; at < SPACE; at += 97) {
        size_t n = recording_read(r, BASE + at, read, SPACE - at), valid = 0;
        uint64_t gap, counted = recording_known(r, BASE + at, SPACE - at, &gap);
        while (at + valid < SPACE && known[at + valid])
            valid++;
        assert_int_equal(n, valid);
        assert_int_equal(counted, valid);
        assert_memory_equal(read, bytes + at, n);
        for (size_t k = 0; k < gap; k++)
            assert_false(known[at + k]);
    }
}

static void memory_is_what_was_put_and_nothing_else(void **state)
{
    struct recording r;
    (void)state;
    begin(&r);
    play_randomly(&r, 200);
    recording_free(&r);
}

static void a_file_has_the_same_memory(void **state)
{
    struct recording r, file;
    (void)state;
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    play_randomly(&r, 400);
    assert_int_equal(recording_open(&file, path, false), 0);
    assert_int_equal(file.memory.n, r.memory.n);
    static uint8_t a[SPACE], b[SPACE];
    for (size_t i = 0; i < r.memory.n; i++) {
        uint64_t address = r.memory.list[i].address, len = r.memory.list[i].len;
        assert_int_equal(recording_read(&r, address, a, (size_t)len), len);
        assert_int_equal(recording_read(&file, address, b, (size_t)len), len);
        assert_memory_equal(a, b, (size_t)len);
    }
    recording_free(&file);
    recording_free(&r);
}

static void memory_that_continues_is_one_segment(void **state)
{
    static uint8_t page[4096];
    struct recording r;
    (void)state;
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(recording_put_memory(&r, BASE + i * sizeof page, page, sizeof page), 0);
    assert_int_equal(r.memory.n, 1);
    recording_free(&r);
}

static void both_ends_of_the_address_space_work(void **state)
{
    struct recording r;
    uint64_t gap;
    (void)state;
    begin(&r);
    put_text(&r, 0, "low");
    put_text(&r, UINT64_MAX - 3, "high!"); /* its last byte would wrap */
    assert_string_equal(memory(&r, 0), "low");
    assert_string_equal(memory(&r, UINT64_MAX - 3), "high");
    assert_int_equal(recording_known(&r, UINT64_MAX - 1, 100, &gap), 2);
    assert_string_equal(memory(&r, UINT64_MAX - 4), "");
    recording_free(&r);
}

static void without_a_file_memory_is_limited(void **state)
{
    static uint8_t page[4096];
    struct recording r;
    (void)state;
    begin(&r);
    put(&r, "", "qC", "QC1", false);
    for (uint64_t i = 0; i <= RECORDING_BARE_MAX / sizeof page; i++)
        assert_int_equal(recording_put_memory(&r, BASE + i * sizeof page, page, sizeof page), 0);
    assert_int_equal(r.bytes, sizeof page); /* the rest was dropped */
    assert_string_equal(get(&r, "", "qC"), "QC1");
    recording_free(&r);
}

/* ---- exchanges and stops ---- */

static void exchanges_are_found_by_thread_and_request(void **state)
{
    struct recording r;
    (void)state;
    begin(&r);
    put(&r, "1", "g", "one", true);
    put(&r, "2", "g", "two", true);
    put(&r, "2", "g", "zwei", true);
    assert_string_equal(get(&r, "1", "g"), "one");
    assert_string_equal(get(&r, "2", "g"), "zwei");
    assert_string_equal(get(&r, "", "g"), "none");
    assert_string_equal(get(&r, "1", "g1"), "none");
    recording_free(&r);
}

static void a_new_stop_forgets_what_is_of_the_old_one(void **state)
{
    struct recording r, file;
    (void)state;
    for (unsigned saved = 0; saved < 2; saved++) {
        begin(&r);
        if (saved != 0)
            assert_int_equal(recording_save(&r, path, &amd64), 0);
        put(&r, "", "qSupported", "all", false);
        put(&r, "1", "g", "one", true);
        put_text(&r, 0x1000, "memory");
        assert_int_equal(recording_new_stop(&r), 0);
        put_text(&r, 0x1003, "new");
        assert_string_equal(get(&r, "", "qSupported"), "all");
        assert_string_equal(get(&r, "1", "g"), "none");
        assert_string_equal(memory(&r, 0x1000), "");
        assert_string_equal(memory(&r, 0x1003), "new");
        recording_free(&r);
    }
    assert_int_equal(recording_open(&file, path, false), 0);
    assert_string_equal(get(&file, "", "qSupported"), "all");
    assert_string_equal(get(&file, "1", "g"), "none");
    assert_string_equal(memory(&file, 0x1003), "new");
    recording_free(&file);
}

/* ---- files ---- */

static void what_was_recorded_before_is_saved_too(void **state)
{
    struct recording r, file;
    (void)state;
    begin(&r);
    put(&r, "1", "g", "one", true);
    put_text(&r, 0x1000, "before");
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    put_text(&r, 0x1006, " and after");
    put(&r, "2", "g", "two", true);
    assert_int_equal(recording_open(&file, path, false), 0);
    assert_string_equal(memory(&file, 0x1000), "before and after");
    assert_string_equal(get(&file, "1", "g"), "one");
    assert_string_equal(get(&file, "2", "g"), "two");
    recording_free(&file);
    recording_free(&r);
}

static void a_file_of_each_class_and_byte_order_can_be_read(void **state)
{
    static const struct core_machine machines[] = {{EM_386, 0, false, false},
                                                   {EM_PPC, 0, false, true},
                                                   {EM_PPC64, 0, true, true},
                                                   {EM_NONE, 0, true, false}};
    (void)state;
    for (unsigned i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct recording r, file;
        begin(&r);
        assert_int_equal(recording_save(&r, path, &machines[i]), 0);
        put_text(&r, 0x1000, "memory");
        put(&r, "1", "g", "one", true);
        recording_free(&r);
        assert_int_equal(recording_open(&file, path, false), 0);
        assert_int_equal(file.file.machine.machine, machines[i].machine);
        assert_int_equal(file.file.machine.is64, machines[i].is64);
        assert_int_equal(file.file.machine.big, machines[i].big);
        assert_string_equal(memory(&file, 0x1000), "memory");
        assert_string_equal(get(&file, "1", "g"), "one");
        recording_free(&file);
    }
}

static void an_address_that_does_not_fit_is_refused(void **state)
{
    static const struct core_machine x86 = {EM_386, 0, false, false};
    struct recording r;
    (void)state;
    begin(&r);
    put_text(&r, 0xfffffffd, "old0"); /* a read may continue at 0 */
    assert_int_equal(recording_save(&r, path, &x86), 0);
    assert_string_equal(memory(&r, 0xfffffffd), "old");
    assert_int_equal(recording_put_memory(&r, UINT64_C(0x100000000), "x", 1), NETGDB_IO);
    assert_non_null(strstr(r.why, "does not fit"));
    recording_free(&r);
    assert_int_equal(truncate(path, UINT32_MAX - 8), 0); /* nor does an offset */
    assert_int_equal(recording_open(&r, path, true), 0);
    assert_int_equal(recording_put_memory(&r, 0x1000, "memory", 6), NETGDB_IO);
    assert_string_equal(r.why, "File too large");
    recording_free(&r);
}

static void no_more_is_written_than_can_be_read(void **state)
{
    struct answer more = {true, bytes_of("1"), bytes_of("g"), bytes_of(""), bytes_of("two")};
    struct recording r;
    (void)state;
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    put(&r, "1", "g", "one", true);
    const uint64_t notes = r.notes;
    r.notes = RECORDING_NOTES_MAX - 40; /* replaced replies stay in the file */
    assert_int_equal(recording_put(&r, &more), NETGDB_IO);
    recording_free(&r);
    assert_int_equal(recording_open(&r, path, true), 0);
    assert_int_equal(r.notes, notes);
    assert_string_equal(get(&r, "1", "g"), "one");
    recording_free(&r);
}

static void a_file_can_be_continued(void **state)
{
    struct recording r;
    (void)state;
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    put_text(&r, 0x1000, "one");
    put(&r, "", "qC", "QC1", false);
    recording_free(&r);
    assert_int_equal(recording_open(&r, path, true), 0);
    put_text(&r, 0x1003, "two");
    put(&r, "", "qC", "QC2", false);
    recording_free(&r);
    assert_int_equal(recording_open(&r, path, false), 0);
    assert_string_equal(memory(&r, 0x1000), "onetwo");
    assert_string_equal(get(&r, "", "qC"), "QC2");
    recording_free(&r);
}

/* What is new goes to the old file, and what the old one has stays. */
static void a_session_can_continue_a_file(void **state)
{
    struct recording r;
    (void)state;
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    put_text(&r, 0x1000, "one");
    put(&r, "", "qC", "QC1", false);
    recording_free(&r);
    begin(&r);
    put_text(&r, 0x2000, "new");
    put(&r, "", "qC", "QC2", false);
    assert_int_equal(recording_continue(&r, path), 0);
    put(&r, "1", "g", "one", true);
    assert_string_equal(memory(&r, 0x1000), "one");
    recording_free(&r);
    assert_int_equal(recording_open(&r, path, false), 0);
    assert_string_equal(memory(&r, 0x1000), "one");
    assert_string_equal(memory(&r, 0x2000), "new");
    assert_string_equal(get(&r, "", "qC"), "QC2");
    assert_string_equal(get(&r, "1", "g"), "one");
    recording_free(&r);
    begin(&r);
    (void)unlink(path);
    assert_int_equal(recording_continue(&r, path), NETGDB_IO);
    assert_string_equal(r.why, "No such file or directory");
    recording_free(&r);
}

static void write_file(const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void only_a_core_of_ours_is_replaced(void **state)
{
    struct recording r, other;
    struct stat st;
    char real[sizeof path + 8];
    (void)state;
    begin(&r);
    (void)unlink(path);
    write_file("precious", 0600);
    assert_int_equal(recording_save(&r, path, &amd64), NETGDB_IO);
    assert_non_null(strstr(r.why, "not overwritten"));
    write_file("", 0644);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    begin(&other);
    assert_int_equal(recording_save(&other, path, &amd64), NETGDB_IO);
    assert_non_null(strstr(other.why, "another session"));
    recording_free(&r);
    assert_int_equal(recording_save(&other, path, &amd64), 0);
    recording_free(&other);
    begin(&r);
    (void)snprintf(real, sizeof real, "%s.real", path);
    assert_int_equal(rename(path, real), 0);
    assert_int_equal(symlink(real, path), 0);
    assert_int_equal(recording_save(&r, path, &amd64), NETGDB_IO);
    assert_non_null(strstr(r.why, "symbolic link"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(real), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(recording_save(&r, path, &amd64), NETGDB_IO);
    assert_int_equal(rmdir(path), 0);
    recording_free(&r);
}

/* Records without an end: what was put is a count, at an address and in a reply. */
static _Noreturn void record_until_killed(int progress)
{
    struct recording r;
    begin(&r);
    if (recording_save(&r, path, &amd64) != 0)
        _exit(1);
    for (uint64_t i = 0;; i++) {
        char reply[16];
        (void)snprintf(reply, sizeof reply, "%u", (unsigned)i);
        if (i % 500 == 499)
            (void)recording_new_stop(&r);
        if (recording_put_memory(&r, BASE + (i * 7919 % SPACE) * 16, &i, sizeof i) != 0)
            _exit(1);
        put(&r, reply, "g", reply, true);
        if (write(progress, "x", 1) != 1)
            _exit(1);
    }
}

/* Kills it after so many puts. Returns what the file then has. */
static void kill_after(unsigned puts, struct recording *file)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        record_until_killed(ends[1]);
    close(ends[1]);
    for (unsigned i = 0; i < puts; i++)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    assert_int_equal(recording_open(file, path, false), 0);
}

/* The numbers of the registers of one stop. */
struct numbers {
    unsigned n, first, last;
};

static int take_number(void *context, const struct answer *a)
{
    struct numbers *numbers = context;
    char text[16];
    (void)snprintf(text, sizeof text, "%.*s", (int)a->reply.len, (const char *)a->reply.data);
    unsigned number = (unsigned)strtoul(text, NULL, 10);
    if (numbers->n++ == 0)
        numbers->first = number;
    numbers->last = number;
    return 0;
}

static void a_file_is_complete_after_a_kill_at_any_moment(void **state)
{
    (void)state;
    for (unsigned puts = 1; puts < 1200; puts += 37) {
        struct recording file;
        struct numbers numbers = {0};
        kill_after(puts, &file);
        (void)answers_each(&file.answers, take_number, &numbers);
        /* It may have been further on when it was killed, even in a later stop. */
        assert_true(numbers.n == 0 || numbers.last >= puts - 1);
        assert_true(numbers.n == 0 || numbers.last - numbers.first + 1 == numbers.n);
        assert_true(numbers.n == 0 || numbers.first == 0 || numbers.first % 500 == 499);
        for (uint64_t i = numbers.first; numbers.n != 0 && i <= numbers.last; i++) {
            uint64_t value = 0;
            assert_int_equal(recording_read(&file, BASE + (i * 7919 % SPACE) * 16, &value, 8), 8);
            assert_int_equal(value, i);
        }
        recording_free(&file);
        (void)unlink(path);
    }
}

static void a_full_disk_is_an_error_and_the_file_stays_complete(void **state)
{
    static const uint8_t page[4096] = {1};
    struct rlimit limit, low;
    struct recording r, file;
    uint64_t i = 0;
    (void)state;
    begin(&r);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    low = limit;
    low.rlim_cur = 200000;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    while (recording_put_memory(&r, BASE + 2 * i * sizeof page, page, sizeof page) == 0)
        i++;
    assert_string_equal(r.why, "File too large");
    recording_stop_saving(&r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(recording_put_memory(&r, BASE, page, sizeof page), 0); /* in memory */
    recording_free(&r);
    assert_int_equal(recording_open(&file, path, false), 0);
    assert_int_equal(file.memory.n, i);
    recording_free(&file);
}

/* ---- damaged files ---- */

/* Makes a file with two segments of memory and some notes. Returns its size. */
static size_t make_file(void)
{
    struct recording r;
    struct stat st;
    (void)unlink(path);
    begin(&r);
    assert_int_equal(recording_save(&r, path, &amd64), 0);
    put_text(&r, 0x1000, "memory");
    put(&r, "1", "g", "one", true);
    put_text(&r, 0x2000, "more");
    recording_free(&r);
    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

/* Overwrites a number of the i-th program header. */
static void damage_entry(unsigned i, size_t field, uint64_t value)
{
    uint8_t bytes[8];
    struct recording r;
    assert_int_equal(recording_open(&r, path, true), 0);
    core_number_put(bytes, 8, false, value);
    uint64_t at = r.file.table + i * sizeof(Elf64_Phdr) + field;
    assert_int_equal(core_file_write(&r.file, at, bytes, sizeof bytes), 0);
    recording_free(&r);
}

static void is_refused(const char *why)
{
    struct recording r;
    assert_int_equal(recording_open(&r, path, false), NETGDB_PROTO);
    if (strstr(r.why, why) == NULL)
        fail_msg("\"%s\" is not about \"%s\"", r.why, why);
}

static void damaged_files_are_refused_with_a_reason(void **state)
{
    (void)state;
    size_t size = make_file();
    for (size_t n = 0; n < 200; n++) {
        assert_int_equal(truncate(path, (off_t)n), 0);
        is_refused("not a core of netgdb");
        size = make_file();
    }
    assert_int_equal(truncate(path, (off_t)size - 1), 0);
    is_refused("truncated");
    make_file();
    damage_entry(1, offsetof(Elf64_Phdr, p_memsz), 7);
    is_refused("size of a segment");
    make_file();
    damage_entry(1, offsetof(Elf64_Phdr, p_vaddr), UINT64_MAX);
    is_refused("size of a segment");
    make_file();
    damage_entry(1, offsetof(Elf64_Phdr, p_vaddr), 0x2003);
    is_refused("overlap");
    make_file();
    damage_entry(1, offsetof(Elf64_Phdr, p_offset), UINT64_MAX);
    is_refused("truncated");
    make_file();
    damage_entry(0, offsetof(Elf64_Phdr, p_filesz), 30);
    is_refused("note in it is damaged");
    (void)unlink(path);
    struct recording r;
    assert_int_equal(recording_open(&r, path, false), NETGDB_IO);
    assert_string_equal(r.why, "No such file or directory");
    assert_int_equal(recording_open(&r, "/bin/sh", false), NETGDB_PROTO);
    assert_int_equal(recording_open(&r, "/dev/null", false), NETGDB_PROTO);
    assert_string_equal(r.why, "it is not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_what_was_put_and_nothing_else),
        cmocka_unit_test(a_file_has_the_same_memory),
        cmocka_unit_test(memory_that_continues_is_one_segment),
        cmocka_unit_test(both_ends_of_the_address_space_work),
        cmocka_unit_test(without_a_file_memory_is_limited),
        cmocka_unit_test(exchanges_are_found_by_thread_and_request),
        cmocka_unit_test(a_new_stop_forgets_what_is_of_the_old_one),
        cmocka_unit_test(what_was_recorded_before_is_saved_too),
        cmocka_unit_test(a_file_of_each_class_and_byte_order_can_be_read),
        cmocka_unit_test(an_address_that_does_not_fit_is_refused),
        cmocka_unit_test(no_more_is_written_than_can_be_read),
        cmocka_unit_test(a_file_can_be_continued),
        cmocka_unit_test(a_session_can_continue_a_file),
        cmocka_unit_test(only_a_core_of_ours_is_replaced),
        cmocka_unit_test(a_file_is_complete_after_a_kill_at_any_moment),
        cmocka_unit_test(a_full_disk_is_an_error_and_the_file_stays_complete),
        cmocka_unit_test(damaged_files_are_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
