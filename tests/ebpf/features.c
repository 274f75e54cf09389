/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program that needs the loader: .data, .rodata and .bss, pointers between them, string
 * literals, calls of static and global functions. CALLX: function pointers, too.
 */
typedef unsigned long u64;

static const int primes[] = {2, 3, 5, 7, 11};
static int counter = 5;
int zeroed[100];
const char *greeting = "hello";
static const char *const words[] = {"ab", "cd"};
static int *pointer = &counter;
int *const middle = &zeroed[50];

__attribute__((noinline)) int twice(int n)
{
    return 2 * n;
}

__attribute__((noinline)) static int thrice(int n)
{
    return twice(n) + n;
}

#ifdef CALLX
static int (*const functions[])(int) = {twice, thrice};
#endif

/* FNV-1a over the bytes of a string. */
__attribute__((noinline)) static unsigned hash(const char *s)
{
    unsigned h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

u64 entry(void)
{
    volatile unsigned divisor = 7;
    u64 sum = 0;
    for (int i = 0; i < 5; i++)
        sum = sum * 31 + primes[i];
    *pointer += 1;
    *middle = counter;
    zeroed[99] = 1;
    sum = sum * 31 + zeroed[50] + zeroed[99];
    sum = sum * 31 + hash(greeting) % divisor;
    sum = sum * 31 + words[1][1];
    sum = sum * 31 + thrice(4);
#ifdef CALLX
    sum = sum * 31 + functions[counter & 1](4);
#else
    sum = sum * 31 + twice(4);
#endif
    return sum;
}
