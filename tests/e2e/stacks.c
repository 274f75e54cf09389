/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program for measurements of the cache: it has threads with deep stacks, and writes its own
 * memory between stops.
 *
 *   stacks [THREADS [FRAMES]]     THREADS threads including main (9), about FRAMES frames each (20)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct node {
    int key;
    struct node *next;
};

enum { THREADS_MAX = 1024 };

static volatile long ids[THREADS_MAX]; /* of the waiting threads */
static volatile int waiting;
static volatile int rounds = 5;
static volatile long counter;
static volatile char scratch[8192];
static struct node *head;
unsigned char block[16 << 20]; /* dumped */

/* As gdb shows it, from proc(5)'s link to PID/task/ID. */
static long thread_id(void)
{
    char link[64] = "";
    const char *slash =
        readlink("/proc/thread-self", link, sizeof link - 1) > 0 ? strrchr(link, '/') : NULL;
    return slash != NULL ? strtol(slash + 1, NULL, 10) : 0;
}

static void wait_here(void)
{
    ids[__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST)] = thread_id();
    for (;;)
        pause();
}

/* Whether a thread sleeps (state in stat, proc(5)). */
static int sleeps(long id)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", id);
    FILE *file = id != 0 ? fopen(path, "r") : NULL;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state == 'S';
}

/* Changes its data, its heap and its stack with each round. */
static void bottom(void)
{
    volatile long local = counter * 3;
    counter++;
    for (unsigned i = 0; i < sizeof scratch; i += 64)
        scratch[i] = (char)(i + (unsigned)counter);
    head->key += (int)local;
}

static int descend(int frames, volatile long *above)
{
    volatile long here = *above + frames;
    int keep = frames + 1;
    if (frames > 0)
        return descend(frames - 1, &here) + keep;
    while (rounds-- > 0)
        bottom();
    return keep;
}

static int sleep_deep(int frames, volatile long *above)
{
    volatile long here = *above + frames;
    int keep = frames + 1;
    if (frames > 0)
        return sleep_deep(frames - 1, &here) + keep;
    wait_here();
    return keep;
}

static void *work(void *argument)
{
    volatile long start = 7;
    sleep_deep(*(int *)argument, &start);
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 9, frames = argc > 2 ? atoi(argv[2]) : 20, less;
    volatile long start = 1;
    pthread_t id;
    head = calloc(1, sizeof *head);
    less = frames - 5; /* the rest are frames of the C library */
    for (int i = 1; i < threads; i++)
        pthread_create(&id, NULL, work, &less);
    for (int i = 0; i < threads - 1; i++) {
        while (!sleeps(ids[i]))
            usleep(1000);
    }
    descend(frames - 3, &start); /* main, bottom */
    return 0;
}
