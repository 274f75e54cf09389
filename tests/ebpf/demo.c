/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program for tests with debuggers: recursion, locals, a struct, a table, a total. */
struct point {
    int x, y;
};

static int table[4] = {1, 2, 3, 4};
unsigned long total;

__attribute__((noinline)) static int square(int n)
{
    int result = n * n;
    return result; /* mark: in square */
}

__attribute__((noinline)) static int walk(int depth, struct point *p)
{
    int mine = depth * 10;
    p->x += mine; /* mark: in walk */
    if (depth == 0) {
        p->y = square(7);
        return p->y;
    }
    int below = walk(depth - 1, p);
    total += mine;
    return below + mine;
}

int entry(void)
{
    struct point p = {1, 2};
    int sum = walk(4, &p); /* mark: in entry */
    for (int i = 0; i < 4; i++)
        sum += table[i]; /* mark: in loop */
    return sum + p.x;
}
