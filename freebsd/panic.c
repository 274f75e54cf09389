/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The panic of a kernel and facts about it. Sources: sys/kern/kern_shutdown.c (panicstr),
 * sys/kern/subr_kdb.c (kdb_why, kdb_thread), sys/conf/newvers.sh (version, osrelease),
 * sys/kern/kern_jail.c (prison0), sys/kern/kern_tc.c (time_uptime,
 * time_second), sys/kern/stack_protector.c (__stack_chk_guard).
 */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "freebsd/queries.h"
#include "freebsd/tasks.h"

enum { LINE_MAX_BYTES = 256, UPTIME_TEXT = 40, THREAD_TEXT = 160 };

/* The string that a pointer variable points to; "" if it is null or cannot be read. */
static int string_at(struct image *im, const char *pointer, char *text, size_t size)
{
    uint64_t address;
    text[0] = '\0';
    int rc = image_pointer(im, pointer, &address);
    if (rc == 0 && address != 0)
        rc = image_line(im, address, text, size);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

/* The first line of a character array. */
static int string_of(struct image *im, const char *array, char *text, size_t size)
{
    uint64_t address;
    text[0] = '\0';
    if (!image_variable(im, array, &address))
        return 0;
    int rc = image_line(im, address, text, size);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

static int host_name(struct image *im, char *text, size_t size)
{
    uint64_t prison;
    text[0] = '\0';
    if (!image_variable(im, "prison0", &prison))
        return 0;
    int rc = image_text(im, prison, PRISON_HOSTNAME, text, size);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

/* A time_t has 8 bytes everywhere but on i386. */
static int time_of(struct image *im, const char *name, uint64_t *seconds)
{
    const struct elf_ident *ident = symbols_ident(im->symbols);
    bool is_i386 = ident != NULL && ident->machine == EM_386;
    return image_number(im, name, is_i386 ? 4 : 8, seconds);
}

int query_moment(struct image *im, uint64_t moment[QUERY_MOMENT])
{
    int rc = time_of(im, "time_second", &moment[0]);
    if (rc == 0)
        rc = time_of(im, "time_uptime", &moment[1]);
    if (rc == 0)
        rc = image_pointer(im, "__stack_chk_guard", &moment[2]);
    return rc;
}

static void uptime_text(uint64_t s, char text[UPTIME_TEXT])
{
    (void)snprintf(text, UPTIME_TEXT, "%" PRIu64 "d %02u:%02u:%02u", s / 86400,
                   (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static int print_string(struct image *im, struct output *out, const char *name,
                        int (*read)(struct image *, const char *, char *, size_t),
                        const char *variable)
{
    char text[LINE_MAX_BYTES];
    int rc = read(im, variable, text, sizeof text);
    if (rc == 0 && text[0] != '\0')
        output_pair(out, name, text, false);
    return rc;
}

static int print_uptime(struct image *im, struct output *out)
{
    uint64_t seconds;
    char text[UPTIME_TEXT];
    int rc = time_of(im, "time_uptime", &seconds);
    if (rc != 0)
        return rc == IMAGE_UNREADABLE ? 0 : rc;
    if (out->json)
        (void)snprintf(text, sizeof text, "%" PRIu64, seconds);
    else
        uptime_text(seconds, text);
    output_pair(out, "uptime", text, true);
    return 0;
}

static void print_owner(struct output *out, const struct kernel_thread *t, const struct process *p)
{
    char number[UPTIME_TEXT], text[THREAD_TEXT];
    if (!out->json) {
        (void)snprintf(text, sizeof text, "%" PRId64 " (%s) of process %" PRId64 " (%s)", t->tid,
                       t->name, p->pid, p->command);
        output_pair(out, "thread", text, false);
    } else {
        (void)snprintf(number, sizeof number, "%" PRId64, t->tid);
        output_pair(out, "tid", number, true);
        output_pair(out, "thread", t->name, false);
        (void)snprintf(number, sizeof number, "%" PRId64, p->pid);
        output_pair(out, "pid", number, true);
        output_pair(out, "command", p->command, false);
    }
    (void)snprintf(number, sizeof number, "%d", t->cpu);
    if (t->cpu >= 0)
        output_pair(out, "cpu", number, true);
}

/*
 * The thread that stopped. kdb_thread is the one that the debugger looks at, so it is used only if
 * no CPU runs the thread of the last stop.
 */
static int find_thread(struct image *im, struct kernel_thread *t)
{
    uint64_t thread, most = 0;
    int rc = image_number(im, "mp_maxid", 4, &most);
    for (uint64_t id = 0; rc == 0 && im->stopped != 0 && id <= most && id < CPUS_MAX; id++) {
        rc = cpu_thread(im, id, &thread);
        if (rc == 0 && thread != 0)
            rc = task_read_thread(im, thread, t);
        if (rc == 0 && thread != 0 && t->tid == im->stopped)
            return 0;
    }
    if (rc == 0 || rc == IMAGE_UNREADABLE)
        rc = image_pointer(im, "kdb_thread", &thread);
    return rc == 0 ? task_read_thread(im, thread, t) : rc;
}

static int print_panicked_thread(struct image *im, struct output *out)
{
    struct kernel_thread t;
    struct process p;
    uint64_t proc = 0;
    int rc = find_thread(im, &t);
    if (rc == 0)
        rc = image_get(im, t.address, THREAD_PROC, &proc);
    if (rc == 0)
        rc = task_read_process(im, proc, &p);
    if (rc == 0)
        print_owner(out, &t, &p);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

static int print_host(struct image *im, struct output *out)
{
    char text[LINE_MAX_BYTES];
    int rc = host_name(im, text, sizeof text);
    if (rc == 0 && text[0] != '\0')
        output_pair(out, "host", text, false);
    return rc;
}

static int print_panic(struct image *im, struct output *out)
{
    char text[LINE_MAX_BYTES];
    int rc = string_at(im, "panicstr", text, sizeof text);
    if (rc == 0 && (text[0] != '\0' || !out->json))
        output_pair(out, "panic", text[0] != '\0' ? text : "none: the kernel has not panicked",
                    false);
    return rc;
}

int query_panic(struct image *im, const char *argument, struct output *out)
{
    (void)argument;
    output_begin_list(out);
    int rc = print_panic(im, out);
    if (rc == 0)
        rc = print_string(im, out, "reason", string_at, "kdb_why");
    if (rc == 0)
        rc = print_string(im, out, "version", string_of, "version");
    if (rc == 0)
        rc = print_string(im, out, "kernel", string_of, "kern_ident");
    if (rc == 0)
        rc = print_host(im, out);
    if (rc == 0)
        rc = print_uptime(im, out);
    if (rc == 0)
        rc = print_panicked_thread(im, out);
    output_end_list(out);
    return rc;
}

int query_summary(struct image *im, const char *machine, char *line, size_t size)
{
    char release[64], panic[LINE_MAX_BYTES];
    uint64_t cpus = 0;
    int rc = string_of(im, "osrelease", release, sizeof release);
    if (rc == 0)
        rc = string_at(im, "panicstr", panic, sizeof panic);
    if (rc == 0)
        rc = image_number(im, "mp_ncpus", 4, &cpus);
    if (rc != 0 && rc != IMAGE_UNREADABLE)
        return rc;
    (void)snprintf(line, size, "FreeBSD %s%s%s, %s%s", release, release[0] != '\0' ? " " : "",
                   machine, panic[0] != '\0' ? "panic: " : "no panic", panic);
    size_t len = strlen(line);
    if (cpus != 0)
        (void)snprintf(line + len, size - len, ", %" PRIu64 " CPU%s", cpus, cpus == 1 ? "" : "s");
    return 0;
}
