/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program for Solana, for the tests with debuggers. Its result is 51 + 7 * the first byte. */
typedef unsigned long u64;

extern void sol_log_(const char *text, u64 length);
extern u64 sol_get_clock_sysvar(void *clock);

struct point {
    long x, y;
};

static const long table[4] = {1, 2, 3, 5};

__attribute__((noinline)) long scale(struct point *p, long by)
{
    long before = p->x;
    p->x *= by; /* mark: in scale */
    p->y *= by;
    return before;
}

__attribute__((noinline)) long walk(long depth)
{
    long mine = 10 * depth;
    if (depth == 0)
        return table[3];
    return walk(depth - 1) + mine;
}

#ifdef CLOCK
u64 entrypoint(const unsigned char *input)
{
    u64 clock[5];
    return sol_get_clock_sysvar(clock) + input[0];
}
#else
u64 entrypoint(const unsigned char *input)
{
    struct point p = {3, 4};
    sol_log_("hello from a program", 20);
    long sum = walk(3); /* 65 */
    long before = scale(&p, input[0]);
    return (u64)(p.x + p.y + sum + before - 17);
}
#endif
