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
static long (*const redirect_map)(void *map, u64 key, u64 flags) = (void *)51;
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
MAP(devices, 14, 4, u32, u32);
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

SEC("maps/devices") u64 use_devices(void *context)
{
    u64 key = 0;
    return lookup(&devices, &key) != 0;
}

SEC("xdp/redirect") int send_elsewhere(struct xdp_md *xdp)
{
    (void)xdp;
    return (int)redirect_map(&devices, 1, 0);
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

/* Loops: 1 + 2 + … in two levels. 5 calls of the outer function, of which the last ends the loop.
 */
static long (*const loop)(u32 count, void *function, void *context, u64 flags) = (void *)181;
static long (*const for_each)(void *map, void *function, void *context, u64 flags) = (void *)164;
static long (*const timer_init)(void *timer, void *map, u64 flags) = (void *)169;

struct sums {
    long inner, outer;
};

static long inner_step(u32 i, struct sums *s)
{
    s->inner += i;
    return 0;
}

static __attribute__((noinline)) long outer_step(u32 i, struct sums *s)
{
    loop(4, inner_step, s, 0); /* 6 */
    s->outer += i;
    return i == 4;
}

SEC("loop") long loop_twice(void *context)
{
    struct sums s = {0, 0};
    long calls = loop(100, outer_step, &s, 0); /* 5: 30 and 10 */
    if (loop(1, outer_step, &s, 1) != -22 || loop(1 << 24, outer_step, &s, 0) != -7 ||
        loop(0, outer_step, &s, 0) != 0)
        return 0;
    return calls * 26 + s.inner + s.outer;
}

SEC("loop/nowhere") long loop_nowhere(void *context)
{
    return loop(1, (void *)16, 0, 0);
}

MAP(numbers, 2, 3, u32, u64);
MAP(words, 1, 8, u32, u64);

static long add_value(void *map, const u32 *key, u64 *value, struct sums *s)
{
    s->inner += *key + *value;
    *value = 0;
    return 0;
}

static long add_one(void *map, const u32 *key, u64 *value, struct sums *s)
{
    s->outer++;
    return 1;
}

SEC("each") long visit(void *context)
{
    static void *(*const delete)(void *map, const void *key) = (void *)3;
    struct sums s = {0, 0};
    for (u32 i = 0; i < 3; i++) {
        u64 value = 10 * i;
        update(&numbers, &i, &value, 0);
        update(&words, &i, &value, 0);
    }
    u32 one = 1;
    delete (&words, &one);
    long visited = for_each(&numbers, add_value, &s, 0); /* 3, sum 33 */
    visited += for_each(&words, add_value, &s, 0);       /* 2, sum 22 */
    visited += for_each(&numbers, add_value, &s, 0) - 3; /* sum 3 */
    if (for_each(&numbers, add_one, &s, 0) != 1)
        return 0;
    return visited + s.inner - s.outer + 1;
}

struct {
    UINT(type, 22);
    UINT(max_entries, 2);
    u32 *value;
} queue SEC(".maps");
struct {
    UINT(type, 23);
    UINT(max_entries, 2);
    u32 *value;
} stack SEC(".maps");

static long (*const push)(void *map, const void *value, u64 flags) = (void *)87;
static long (*const pop)(void *map, void *value) = (void *)88;
static long (*const peek)(void *map, void *value) = (void *)89;

/* The values that are left after four were pushed, the last one by force. */
static u32 push_four(void *map)
{
    u32 first = 0, second = 0, none = 7;
    for (u32 i = 1; i <= 4; i++)
        if (push(map, &i, i == 4 ? 2 : 0) != (i == 3 ? -7 : 0))
            return 0;
    if (peek(map, &first) != 0 || pop(map, &second) != 0 || first != second)
        return 0;
    if (pop(map, &second) != 0 || pop(map, &none) != -2 || none != 0)
        return 0;
    return 10 * first + second;
}

SEC("maps/queue") int queues(void *context)
{
    return push_four(&queue) == 24 && push_four(&stack) == 42;
}

struct prefix {
    u32 bits;
    u8 bytes[4];
};
MAP(routes, 11, 8, struct prefix, u32);

static u32 route_of(u8 a, u8 b)
{
    struct prefix p = {32, {a, b, 1, 1}};
    u32 *value = lookup(&routes, &p);
    return value == 0 ? 0 : *value;
}

SEC("maps/trie") int find_routes(void *context)
{
    struct prefix wide = {8, {10, 9, 9, 9}}, narrow = {12, {10, 0x10, 0, 0}}, wrong = {33, {0}};
    u32 one = 1, two = 2;
    if (update(&routes, &wide, &one, 0) != 0 || update(&routes, &narrow, &two, 0) != 0 ||
        update(&routes, &wrong, &one, 0) != -22)
        return 0;
    return route_of(10, 0x1f) == 2 && route_of(10, 0x20) == 1 && route_of(11, 0) == 0;
}

struct inner_map {
    UINT(type, 2);
    UINT(max_entries, 1);
    u32 *key, *value;
} inside SEC(".maps");
struct {
    UINT(type, 12);
    UINT(max_entries, 3);
    UINT(key_size, 4);
    UINT(value_size, 4);
    struct inner_map *values[];
} outside SEC(".maps") = {.values = {[1] = &inside}};

SEC("maps/inner") int use_inner(void *context)
{
    u32 zero = 0, one = 1, value = 42;
    void *map = lookup(&outside, &one);
    if (map == 0 || lookup(&outside, &zero) != 0 || update(map, &zero, &value, 0) != 0)
        return 0;
    u32 *found = lookup(&inside, &zero);
    return found == 0 ? 0 : (int)*found;
}

SEC("timer") long use_timer(void *context)
{
    return timer_init(context, &words, 0);
}
