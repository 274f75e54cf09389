/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts helper threads; see thread.h. */
#include "io/thread.h"

#include <locale.h>
#include <pthread.h>
#include <signal.h>

int thread_start(void *(*run)(void *), void *argument)
{
    sigset_t every, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    sigfillset(&every);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_sigmask(SIG_SETMASK, &every, &before);
    error = pthread_create(&thread, &attributes, run, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return error;
}

static locale_t plain; /* 0: no memory */

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

void thread_print_c_numbers(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_plain);
    if (plain != (locale_t)0)
        (void)uselocale(plain);
}
