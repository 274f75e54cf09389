/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs as they are written for Linux, one per section: contexts, maps of its types, events,
 * tail calls, external symbols. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define SEC(name) __attribute__((section(name)))
#define UINT(name, value) int(*name)[value]
#define WEAK __attribute__((weak))

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const tail_call)(void *context, void *map, u32 index) = (void *)12;
static long (*const perf_output)(void *context, void *map, u64 flags, void *data,
                                 u64 size) = (void *)25;
static long (*const load_bytes)(void *skb, u32 offset, void *to, u32 size) = (void *)26;
static long (*const adjust_head)(void *xdp, int distance) = (void *)44;
static long (*const fib_lookup)(void *context, void *params, int size, u32 flags) = (void *)69;
static long (*const read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static void *(*const reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*const submit)(void *record, u64 flags) = (void *)132;
static void (*const discard)(void *record, u64 flags) = (void *)133;

struct xdp_md {
    u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

#define MAP(name, type_, entries, key_, value_)                                                    \
    struct {                                                                                       \
        UINT(type, type_);                                                                         \
        UINT(max_entries, entries);                                                                \
        key_ *key;                                                                                 \
        value_ *value;                                                                             \
    } name SEC(".maps")

MAP(per_cpu_hash, 5, 4, u32, u64);
MAP(per_cpu_array, 6, 4, u32, u64);
MAP(recent, 9, 4, u32, u64);
MAP(routes, 11, 4, u64, u64);
struct {
    UINT(type, 27);
    UINT(max_entries, 4096);
} ring SEC(".maps");
struct {
    UINT(type, 4);
    UINT(key_size, 4);
    UINT(value_size, 4);
} perf SEC(".maps");

static u8 *data_of(const struct xdp_md *xdp)
{
    return (u8 *)(u64)xdp->data;
}

/* Drops a packet whose first byte is 0xff, and one that is too short. */
SEC("xdp") int filter(struct xdp_md *xdp)
{
    u8 *end = (u8 *)(u64)xdp->data_end, *p = data_of(xdp);
    if (p + 14 > end)
        return 0;
    return p[0] == 0xff ? 1 : 2;
}

SEC("xdp/head") int remove_head(struct xdp_md *xdp)
{
    u32 before = xdp->data;
    if (adjust_head(xdp, 4) != 0 || adjust_head(xdp, -100) == 0)
        return 0;
    return xdp->data - before == 4 ? 100 + data_of(xdp)[0] : 0;
}

struct sk_buff_head {
    u32 len, pkt_type, mark, queue_mapping, protocol;
    u32 skipped[14];
    u32 data, data_end;
};

SEC("tc") int classify(struct sk_buff_head *skb)
{
    u8 byte = 0;
    if (skb->data_end - skb->data != skb->len || load_bytes(skb, 1, &byte, 1) != 0)
        return -1;
    return load_bytes(skb, 1000, &byte, 1) == 0 ? 0 : skb->protocol == 0x0008 ? 2 : 7;
}

SEC("kprobe/f") int probe(u64 *registers)
{
    u64 value = 5;
    return (int)registers[0] + (read_kernel(&value, sizeof value, (void *)registers[3]) < 0) +
           (int)value;
}

SEC("maps/per_cpu") u64 per_cpu(void *context)
{
    u32 key = 3;
    u64 value = 40, *p;
    update(&per_cpu_hash, &key, &value, 0);
    update(&per_cpu_array, &key, &value, 0);
    p = lookup(&per_cpu_hash, &key);
    if (!p)
        return 0;
    *p += 1;
    p = lookup(&per_cpu_array, &key);
    return p ? *p + *(u64 *)lookup(&per_cpu_hash, &key) : 0;
}

/* The fifth key drops one that was not looked up. */
SEC("maps/lru") u64 lru(void *context)
{
    u64 found = 0;
    for (u32 key = 1; key <= 4; key++)
        update(&recent, &key, &found, 0);
    u32 key = 5;
    update(&recent, &key, &found, 0); /* all were used: drops the first */
    key = 2;
    (void)lookup(&recent, &key);
    key = 6;
    update(&recent, &key, &found, 0); /* drops 3, as 2 was used since */
    for (key = 1; key <= 6; key++)
        if (lookup(&recent, &key))
            found |= 1UL << key;
    return found;
}

SEC("maps/trie") u64 trie(void *context)
{
    u64 key = 0;
    return lookup(&routes, &key) != 0;
}

SEC("events") int send_events(void *context)
{
    u8 text[4] = {'p', 'e', 'r', 'f'};
    u32 *record = reserve(&ring, 8, 0), *other = reserve(&ring, 4, 0);
    if (!record || !other)
        return 0;
    record[0] = 0x11223344;
    record[1] = 0x64636261;
    submit(record, 0);
    discard(other, 0);
    perf_output(context, &perf, 0xffffffff, text, sizeof text);
    return reserve(&ring, 4097, 0) == 0;
}

SEC("events/past") int past(void *context)
{
    u8 *record = reserve(&ring, 5, 0);
    record[5] = 1;
    return 0;
}

int second(void *context);
struct {
    UINT(type, 3);
    UINT(max_entries, 4);
    UINT(key_size, 4);
    int (*values[])(void *);
} programs SEC(".maps") = {.values = {[2] = second}};

SEC("tail") int first(void *context)
{
    tail_call(context, &programs, 1); /* empty: it continues */
    tail_call(context, &programs, 9);
    tail_call(context, &programs, 2);
    return 1;
}

SEC("tail/second") int second(void *context)
{
    static volatile int calls;
    calls++;
    tail_call(context, &programs, 2);
    return 1000 + calls;
}

extern const int CONFIG_HZ SEC(".kconfig");
extern const char CONFIG_NAME[8] SEC(".kconfig");
extern const int CONFIG_WEAK SEC(".kconfig") WEAK;
SEC("kconfig") int config(void *context)
{
    return CONFIG_HZ + CONFIG_NAME[1] + (&CONFIG_WEAK ? 1 : 0);
}

extern const int some_ksym SEC(".ksyms");
SEC("ksym") int read_ksym(void *context)
{
    return some_ksym;
}

extern int some_kfunc(int n) SEC(".ksyms");
SEC("kfunc") int call_kfunc(void *context)
{
    return some_kfunc(1) + 1;
}

SEC("helper") long call_helper(void *context)
{
    return fib_lookup(context, 0, 0, 0) + 1;
}
