/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program whose locals have lists of locations when it is optimized: constants, registers, and
 * places in the stack frame. */
#define NOINLINE __attribute__((noinline))

NOINLINE void fill(int *p, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = i * 3 + 1;
}

NOINLINE int add(const int *p, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += p[i];
    return sum;
}

int entry(void)
{
    int table[20], number = 5, other = 7;
    fill(table, 20);
    fill(&number, 1);
    number += 13083;
    int result = add(&number, 1);
    other += add(table, 20) + add(&other, 1);
    return result + other;
}
