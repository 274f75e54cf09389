/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panic, and the code that stops; see kernel.h. */
#include "tests/kernel/kernel.h"

char version[] = "FreeBSD 14.9-TEST #0: Thu Jan  1 00:00:00 UTC 1970\n    root@crash1\n";
char osrelease[] = "14.9-TEST", kern_ident[] = "TWIN";
const char *panicstr = "page fault", *kdb_why = "panic";
struct thread *kdb_thread = &panicked;
#if defined(__i386__)
int time_uptime = 93784, time_second = 1000093784;
#else
long long time_uptime = 93784, time_second = 1000093784; /* 1 day, 2:03:04 */
#endif
long __stack_chk_guard[8] = {0x1234567};

__attribute__((noinline)) void kdb_enter(const char *why)
{
    kdb_why = why;
    __asm__ volatile(".globl in_kdb_enter\nin_kdb_enter:");
    kdb_why = 0;
}

__attribute__((noinline)) void syscall_enter(int number)
{
    kdb_enter(number != 0 ? "panic" : "break");
    __asm__ volatile(".globl in_syscall_enter\nin_syscall_enter:");
    kdb_why = "return";
}

/* The stack of the panic, by frame pointers: kdb_enter() was called from the module hello, and that
 * from syscall_enter(). tests/kernel/make defines module_return. */
extern char module_return[], in_syscall_enter[];
struct frame {
    struct frame *caller;
    const char *return_address;
} frames[3] = {{&frames[1], module_return}, {&frames[2], in_syscall_enter}, {0, 0}};
