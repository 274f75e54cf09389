/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program that the batch debugs: waiting threads, a deep stack, structures, loops. main() is
 * deterministic. */
#include <pthread.h>
#include <stdio.h>

enum { WORKERS = 3, ITEMS = 16 };

struct node {
    int key;
    double weight;
    char name[16];
    struct node *next;
};

static struct node items[ITEMS];
static struct node *head;
static volatile long total;
static volatile int watched;
static pthread_barrier_t started, ended;

static void *work(void *argument)
{
    long id = (long)argument;
    pthread_barrier_wait(&started);
    pthread_barrier_wait(&ended);
    return (void *)id;
}

static void push(struct node *n, int key)
{
    n->key = key;
    n->weight = key * 0.5;
    snprintf(n->name, sizeof n->name, "item %d", key);
    n->next = head;
    head = n;
}

static long sum(const struct node *n)
{
    long here = n->key;
    if (n->next == NULL)
        return here;
    here += sum(n->next);
    return here;
}

static int scale(int value, int factor)
{
    int result = value * factor;
    watched += result;
    return result;
}

static int iterate(int times)
{
    int last = 0;
    for (int i = 0; i < times; i++) {
        last = scale(i, 3);
        total += last;
    }
    return last;
}

int main(void)
{
    pthread_t workers[WORKERS];
    pthread_barrier_init(&started, NULL, WORKERS + 1);
    pthread_barrier_init(&ended, NULL, WORKERS + 1);
    for (long i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, work, (void *)i);
    pthread_barrier_wait(&started);
    for (int i = 0; i < ITEMS; i++)
        push(&items[i], i);
    total = sum(head);
    iterate(8);
    pthread_barrier_wait(&ended);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    return total == 0;
}
