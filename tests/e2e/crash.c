/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A FreeBSD kernel to examine: code that is never executed, data, and the stack of a panic. Linked
 * at test time, at the addresses of tests/sim/registers.h; see crash.sh.
 */
#ifndef VERSION
#define VERSION "14.0-STABLE"
#endif

char version[] = "FreeBSD " VERSION " #0: Thu Jan  1 00:00:00 UTC 1970\n    root@test:GENERIC\n";
const char *panicstr = "a test";
long ticks = 4711;

/* Addresses in the code, for the frames below and the pc. */
extern char in_panic[], behind_panic[], behind_startup[];

struct frame {
    const struct frame *caller;
    const char *back;
};

/* Before it are the callee's locals. */
struct {
    long locals[64];
    struct frame frames[3];
} stack = {{0}, {{&stack.frames[1], behind_panic}, {&stack.frames[2], behind_startup}, {0, 0}}};

#define PLACE(name) __asm__ volatile(".globl " #name "\n" #name ":")

void panic(const char *why)
{
    panicstr = why;
    PLACE(in_panic);
    for (;;)
        ticks++;
}

void mi_startup(void)
{
    panic("a test");
    PLACE(behind_panic);
    ticks = 0;
}

int main(void)
{
    mi_startup();
    PLACE(behind_startup);
    return 0;
}
