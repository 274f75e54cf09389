/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps many sessions open for a long time: makes GDB's calls under the preload, sends requests on
 * each session in turn, and after each round detaches some and connects them again. Prints the
 * memory and descriptors of the processes; fails if these grow (verdict.h) or a reply is wrong.
 *
 *   soak SECONDS SESSIONS PORT PROCESS...    kernels at 127.0.1.1, 127.0.1.2 and so on; the nodes
 *                                            that play them, watched all together
 */
#include <dirent.h>
#include <malloc.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/rsp_plain.h"
#include "tests/soak/verdict.h"

enum {
    SESSIONS_MAX = 250,
    REPLY_MS = 60000,
    PAUSE_US = 1000,    /* between two exchanges, for other processes */
    AGAIN_SHARE = 20,   /* one of this many sessions is connected again after each round */
    SAMPLES = 30,       /* printed lines */
    SETTLE_US = 50000,  /* for threads and children of closed sessions to end: */
    SETTLE_TRIES = 100, /* maximum number of these waits */
    KIB_MAX = 1024,     /* allowed rise, for the allocator */
    HEAP_KIB_MAX = 256, /* the same for allocated memory: a session may be ending */
};

struct watched {
    const char *name;
    char *const *ids; /* of processes; NULL: this one */
    int count;
    bool heap; /* memory allocated by malloc, not resident memory */
    long kib_max;
    struct usage samples[SAMPLES];
};

static const char *port;
static int sessions[SESSIONS_MAX];
static unsigned long exchanges, reconnects;

static long seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void die(const char *what, unsigned i)
{
    printf("127.0.1.%u: %s, after %lu exchanges and %lu reconnections\n", i + 1, what, exchanges,
           reconnects);
    exit(1);
}

static void ask(unsigned i, const char *request, const char *expected)
{
    char reply[4096];
    rsp_put(sessions[i], request);
    if (!rsp_get(sessions[i], reply, sizeof reply, REPLY_MS))
        die("no reply", i);
    if (strncmp(reply, expected, strlen(expected)) != 0)
        die(reply, i);
    exchanges++;
}

static void open_session(unsigned i)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char node[64];
    snprintf(node, sizeof node, "netgdb:127.0.1.%u", i + 1);
    if (getaddrinfo(node, port, &hints, &found) != 0)
        die("not looked up", i);
    sessions[i] = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(sessions[i], found->ai_addr, found->ai_addrlen) != 0)
        die("not connected", i);
    freeaddrinfo(found);
    ask(i, "qSupported:xmlRegisters=i386", "");
    ask(i, "?", "T05");
}

static void close_session(unsigned i)
{
    ask(i, "D", "OK");
    close(sessions[i]);
}

/* Adds the usage of a process; -1 descriptors if it has ended. */
static void add(struct usage *h, const char *process)
{
    char path[64];
    long pages = 0, descriptors = -2;
    snprintf(path, sizeof path, "/proc/%s/statm", process);
    FILE *f = fopen(path, "re");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        descriptors = -1;
    if (f != NULL)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        descriptors++;
    if (dir != NULL)
        closedir(dir);
    h->kib += pages * (sysconf(_SC_PAGESIZE) / 1024);
    h->descriptors += descriptors;
}

static struct usage measure(const struct watched *w)
{
    struct usage h = {0, 0};
    if (w->ids == NULL)
        add(&h, "self");
    if (w->heap)
        h.kib = (long)(mallinfo2().uordblks / 1024);
    for (int i = 0; i < w->count; i++)
        add(&h, w->ids[i]);
    return h;
}

/* Takes a sample after the last closed session has ended, or a timeout. */
static void take_sample(struct watched *w, int sample)
{
    for (int i = 0; i < SETTLE_TRIES; i++) {
        usleep(SETTLE_US);
        w->samples[sample] = measure(w);
        if (sample == 0 || w->samples[sample].descriptors == w->samples[sample - 1].descriptors)
            break;
    }
    printf("; %s %ld KiB, %ld descriptors", w->name, w->samples[sample].kib,
           w->samples[sample].descriptors);
}

/* Sends requests until `end` on all sessions; at least one round, else the stubs time out. */
static void work(long end, unsigned count, unsigned *next)
{
    do {
        for (unsigned i = 0; i < count; i++) {
            ask(i, "m1000,4", "01020304");
            usleep(PAUSE_US);
        }
        for (unsigned i = 0; i <= count / AGAIN_SHARE; i++) {
            close_session(*next);
            open_session(*next);
            reconnects++;
            *next = (*next + 1) % count;
        }
    } while (seconds() < end);
}

static bool judge(const struct watched *w)
{
    char text[200];
    bool flat = verdict_flat(w->samples, SAMPLES, w->kib_max, text, sizeof text);
    printf("%s: %s\n", w->name, text);
    return flat;
}

int main(int argc, char **argv)
{
    static struct watched us = {.name = "debugger", .kib_max = KIB_MAX},
                          heap = {.name = "its heap", .heap = true, .kib_max = HEAP_KIB_MAX},
                          nodes = {.name = "nodes", .kib_max = KIB_MAX};
    if (argc < 5)
        return 2;
    long length = atol(argv[1]);
    unsigned count = (unsigned)atoi(argv[2]), next = 0;
    unsigned long warm = 0;
    port = argv[3];
    nodes.ids = argv + 4;
    nodes.count = argc - 4;
    if (count == 0 || count > SESSIONS_MAX)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < count; i++)
        open_session(i);
    long began = seconds();
    for (int sample = 0; sample < SAMPLES; sample++) {
        work(began + length * (sample + 1) / SAMPLES, count, &next);
        printf("%5ld s: %lu exchanges, %lu reconnections", seconds() - began, exchanges,
               reconnects);
        take_sample(&us, sample);
        take_sample(&heap, sample);
        take_sample(&nodes, sample);
        puts("");
        if (sample == (int)verdict_warm(SAMPLES))
            warm = reconnects;
    }
    bool flat = judge(&us);
    flat &= judge(&heap);
    flat &= judge(&nodes);
    printf("when warm: %lu reconnections; a leak of less than %lu bytes in each would not show\n",
           reconnects - warm, HEAP_KIB_MAX * 1024UL / (reconnects - warm + 1));
    for (unsigned i = 0; i < count; i++)
        close_session(i);
    puts(flat ? "flat" : "not flat");
    return flat ? 0 : 1;
}
