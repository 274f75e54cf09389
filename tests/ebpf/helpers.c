/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two programs in separate sections, helper functions, a hash map defined by BTF, and one by
 * bpf_map_def. */
typedef unsigned int u32;
typedef unsigned long u64;

#define SEC(name) __attribute__((section(name), used))

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const delete)(void *map, const void *key) = (void *)3;
static u64 (*const ktime)(void) = (void *)5;
static long (*const print)(const char *format, u32 size, ...) = (void *)6;
static u32 (*const random)(void) = (void *)7;
extern void *memset(void *p, int byte, u64 size);
extern int memcmp(const void *a, const void *b, u64 size);

#ifdef BTF_MAPS
struct {
    int (*type)[1];
    int (*max_entries)[4];
    u32 *key;
    u64 *value;
} counts SEC(".maps");
#else
struct {
    u32 type, key_size, value_size, max_entries, flags;
} counts SEC("maps") = {1, sizeof(u32), sizeof(u64), 4, 0};
#endif

/* Inserts 1 to 8 into a map of 4 entries: the last 4 fail, and deleted entries are not found. */
SEC("program/maps") u64 use_maps(void)
{
    u64 sum = 0;
    for (u32 key = 1; key <= 8; key++) {
        u64 value = key * 100;
        if (update(&counts, &key, &value, 0) != 0)
            sum += 1;
    }
    u32 key = 2;
    if (delete (&counts, &key) == 0)
        sum += 10;
    for (key = 1; key <= 8; key++) {
        u64 *value = lookup(&counts, &key);
        if (value)
            sum += *value;
    }
    return sum; /* 4 + 10 + 100 + 300 + 400 */
}

SEC("program/print") u64 use_printing(void)
{
    char a[16], b[16];
    memset(a, 7, sizeof a);
    memset(b, 7, sizeof b);
    static const char format[] = "sum %d, %s, %lx\n";
    print(format, sizeof format, -5, "text", 0x123456789abcUL);
    u64 before = ktime();
    return (memcmp(a, b, sizeof a) == 0) + 2 * (random() != random()) + 4 * (ktime() >= before);
}
