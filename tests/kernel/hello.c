/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel module that calls kdb_enter(); tests/kernel/make links it. */
void kdb_enter(const char *why);

static int hello_count = 42;
static char hello_text[] = "hello, module";
static int hello_zero[100];

int hello_inner(int depth)
{
    hello_count += depth + hello_zero[0];
    kdb_enter(hello_text);
    __asm__ volatile(".globl hello_return\nhello_return:");
    return hello_count;
}
