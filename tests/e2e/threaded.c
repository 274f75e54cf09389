/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three threads, each with its own thread-local value, which call inner(). */
#include <pthread.h>

static __thread int mine;
static pthread_barrier_t together;
volatile int arrived;

static void inner(int number)
{
    arrived += number;
}

static void *work(void *argument)
{
    int number = *(int *)argument;
    mine = 100 * number;
    pthread_barrier_wait(&together);
    if (number == 1)
        inner(mine);
    pthread_barrier_wait(&together);
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    int numbers[3] = {1, 2, 3};
    pthread_barrier_init(&together, NULL, 3);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, &numbers[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return arrived == 100 ? 0 : 1;
}
