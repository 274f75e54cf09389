/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with CO-RE relocations. -DKERNEL compiles other types of the same names instead: those
 * of the kernel, for --btf. r1 points to an array of 64 numbers, 0 to 63, of 4 bytes.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#ifdef KERNEL

enum state { NONE, IDLE = 5, RUNNING = 17 };
struct inner {
    u32 a, added, b;
};
struct task {
    u64 added[3];
    struct {
        u32 pid; /* at 24 */
        union {
            u32 other;
            u32 group; /* at 28 */
        };
    };
    struct inner in[4]; /* at 32: in[1].b is at 52 */
    u16 shorter;        /* at 80 */
    u32 flag : 3, level : 6;
};
struct task task;
enum state state;
int use(struct inner *i, struct task *t, enum state s)
{
    return (int)i->b + (int)t->pid + (int)s;
}

#else

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inner {
    u32 a, b;
};
struct task {
    u32 pid, group;
    struct inner in[4];
    u32 shorter;
    u32 level : 6;
    u32 gone;
};
struct task___flavour {
    u32 group;
};
struct absent {
    u32 x;
};
#pragma clang attribute pop
enum state { NONE, IDLE = 1, RUNNING = 2, GONE = 3 };

enum { SIZE = 1, EXISTS = 2, LEFT = 4, RIGHT = 5 };
#define INFO(field, what) __builtin_preserve_field_info(field, what)
#define SEC(name) __attribute__((section("core/" name)))

SEC("offsets") u32 offsets(struct task *t)
{
    return t->pid + 100 * t->group + 10000 * t->in[1].b +
           1000000 * ((struct task___flavour *)t)->group;
}

SEC("size") u32 size(struct task *t)
{
    return t->shorter + (u32)INFO(t->shorter, SIZE) * 100;
}

SEC("exists") int exists(struct task *t)
{
    return (int)INFO(t->pid, EXISTS) + 2 * (int)INFO(t->gone, EXISTS) +
           4 * (int)INFO(((struct absent *)t)->x, EXISTS);
}

SEC("bits") u64 bits(struct task *t)
{
    return INFO(t->level, LEFT) * 1000 + INFO(t->level, RIGHT);
}

SEC("types") u64 types(void)
{
    return __builtin_preserve_type_info(*(struct inner *)0, 1) * 100 +
           __builtin_preserve_type_info(*(struct absent *)0, 0) * 10 +
           __builtin_preserve_type_info(*(struct task *)0, 0);
}

SEC("enums") u64 enums(void)
{
    return __builtin_preserve_enum_value(*(enum state *)RUNNING, 1) * 100 +
           __builtin_preserve_enum_value(*(enum state *)GONE, 0) * 10 +
           __builtin_preserve_enum_value(*(enum state *)IDLE, 0);
}

SEC("gone") u32 gone(struct task *t)
{
    return t->gone;
}

#endif
