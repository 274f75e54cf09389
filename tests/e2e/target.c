/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program that the end-to-end tests debug: recursion, locals, structures, strings, memory.
 *
 *   target [spin | done FILE | write FILE]
 *
 * It runs while keep_running is set (spin), creates FILE at its end (done), or writes `block` to
 * FILE and exits (write).
 */
#include <stdio.h>
#include <string.h>

struct point {
    int x, y;
    const char *name;
};

struct point origin = {3, 4, "origin"};
volatile int counter = 0;
volatile int keep_running = 1;
volatile unsigned long ticks = 0;
unsigned char block[1 << 20]; /* dumped and restored */

static int factorial(int n)
{
    int result;
    if (n <= 1)
        return 1;
    result = n * factorial(n - 1);
    return result;
}

static void fill(void)
{
    unsigned int seed = 12345;
    for (size_t i = 0; i < sizeof block; i++) {
        seed = seed * 1103515245u + 12345u;
        block[i] = (unsigned char)(seed >> 16);
    }
}

static int count(int times)
{
    int sum = 0;
    for (int i = 0; i < times; i++) {
        counter++;
        sum += counter;
    }
    return sum;
}

static void spin(void)
{
    while (keep_running)
        ticks++;
}

static int save(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    size_t n = fwrite(data, 1, len, file);
    return fclose(file) == 0 && n == len ? 0 : 1;
}

int main(int argc, char **argv)
{
    int product, sum;
    fill();
    product = factorial(6);
    sum = count(3);
    origin.x += sum;
    if (argc > 1 && strcmp(argv[1], "spin") == 0)
        spin();
    if (argc > 2 && strcmp(argv[1], "write") == 0)
        return save(argv[2], block, sizeof block);
    if (argc > 2 && strcmp(argv[1], "done") == 0 && save(argv[2], "done\n", 5) != 0)
        return 1;
    return product == 720 && sum == 6 ? 0 : 1;
}
