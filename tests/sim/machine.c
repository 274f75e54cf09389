/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, registers, threads and watchpoints of the simulated machine; see machine.h. */
#include "tests/sim/machine.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"

enum { SIGEMT_NUMBER = 7, SIGSEGV_NUMBER = 11, SIGTRAP_NUMBER = 5, BREAKPOINT_MAX = 4 };

/* Breakpoint instructions of gdb and ddb, as bytes in memory. */
static const struct breakpoint {
    uint8_t len, past, bytes[BREAKPOINT_MAX];
} breakpoints[][2] = {
    [MACHINE_AMD64] = {{1, 1, {0xcc}}},
    [MACHINE_ARM64] = {{4, 0, {0x00, 0x00, 0x20, 0xd4}}},
    [MACHINE_RISCV64] = {{2, 0, {0x02, 0x90}}, {4, 0, {0x73, 0x00, 0x10, 0x00}}},
    [MACHINE_I386] = {{1, 1, {0xcc}}},
    [MACHINE_POWERPC64] = {{4, 0, {0x7f, 0xe0, 0x00, 0x08}}},
};

static const struct {
    uint64_t start;
    size_t size;
} layout[MACHINE_REGIONS] = {{MACHINE_TEXT, MACHINE_TEXT_SIZE},
                             {MACHINE_DATA, MACHINE_DATA_SIZE},
                             {MACHINE_STACK, MACHINE_STACK_SIZE},
                             {MACHINE_BULK, 0}};

static const struct {
    const char *name, *state;
    int cpu;
} who[MACHINE_THREADS] = {{"panic & <test>", "Running", 0},
                          {"idle: cpu1", "CanRun", 1},
                          {"swi4: clock (0)", "IthreadWait", -1},
                          {"sshd", "Sleeping", -1},
                          {"init", "Sleeping", -1}};

struct machine *machine_new(void)
{
    struct machine *m = sim_alloc(sizeof *m);
    m->run_time = SIM_MS;
    m->step_time = 10 * SIM_US;
    m->registers = registers_of(MACHINE_AMD64);
    machine_boot(m);
    return m;
}

static void free_regions(struct machine *m)
{
    for (int i = 0; i < MACHINE_REGIONS; i++) {
        for (size_t page = 0; page < m->regions[i].size / MACHINE_PAGE; page++)
            free(m->regions[i].pages[page]);
        free(m->regions[i].pages);
    }
}

void machine_free(struct machine *m)
{
    free_regions(m);
    free(m->sleepers);
    free(m);
}

enum { FRAME = 0x60, FRAME_POINTER = 6 }; /* bytes of a sleeper's frame; amd64's rbp */

static void boot_thread(struct machine_thread *t, const struct registers *r, unsigned index)
{
    *t = (struct machine_thread){.tid = MACHINE_TID + index,
                                 .name = who[index].name,
                                 .state = who[index].state,
                                 .cpu = who[index].cpu};
    for (unsigned i = 0; i < MACHINE_REGS; i++)
        t->regs[i] = UINT64_C(0x0101010101010101) * (i + 1) + index;
    t->regs[r->pc] = r->text + 0x1000 * (index + 1);
    t->regs[r->sp] = MACHINE_STACK + 0x1000 * (index + 1);
}

/* A panic stops in kdb_enter(); ddb's pc is after the breakpoint instruction. */
static void enter_ddb(struct machine *m)
{
    const struct breakpoint *b = breakpoints[m->registers->arch];
    if (b->past == 0) /* ddb executes it again: see twin_ddb.c */
        (void)machine_write(m, m->threads[0].regs[m->registers->pc] - b->len, b->bytes, b->len);
    machine_trap(m, MACHINE_BREAKPOINT);
}

static const uint8_t unmask[] = {0xff, 0x48, 0x03, 0xd5}; /* msr daifclr, #8 */

/* The handler of arm64's exceptions, and the function that it calls. */
static void write_handler(struct machine *m)
{
    uint64_t text = m->registers->text;
    const uint32_t call = htole32(0x94000000 | (MACHINE_EL1H_SYNC - MACHINE_HANDLER) / 4);
    (void)machine_write(m, text + MACHINE_HANDLER, &call, sizeof call);
    (void)machine_write(m, text + MACHINE_UNMASK, unmask, sizeof unmask);
}

void machine_boot(struct machine *m)
{
    free_regions(m);
    for (int i = 0; i < MACHINE_REGIONS; i++) {
        struct machine_region *r = &m->regions[i];
        r->start = i == 0 ? m->registers->text : layout[i].start;
        r->size = r->start == MACHINE_BULK ? m->bulk : layout[i].size;
        r->pages = sim_alloc(r->size / MACHINE_PAGE * sizeof(struct machine_page *));
    }
    for (unsigned i = 0; i < MACHINE_THREADS; i++)
        boot_thread(&m->threads[i], m->registers, i);
    m->points_used = 0;
    if (m->registers->arch == MACHINE_ARM64)
        write_handler(m);
    enter_ddb(m);
}

void machine_bulk(struct machine *m, size_t size)
{
    m->bulk = size;
    machine_boot(m);
}

/* A stack whose frames are linked by their first word; the second is the return address. */
static void make_stack(struct machine *m, uint64_t at, unsigned frames, uint64_t caller)
{
    for (unsigned i = 0; i < frames; i++, at += FRAME) {
        const uint64_t frame[] = {i + 1 < frames ? at + FRAME : 0, i + 1 < frames ? caller : 0};
        (void)machine_write(m, at, frame, sizeof frame);
    }
}

void machine_crowd(struct machine *m, unsigned all, unsigned frames, uint64_t pc, uint64_t caller)
{
    unsigned n = all > MACHINE_THREADS ? all - MACHINE_THREADS : 0;
    m->sleepers = sim_alloc((n + 1) * sizeof *m->sleepers);
    m->n_sleepers = n;
    for (unsigned i = 0; i < n; i++) {
        struct machine_thread *t = &m->sleepers[i];
        uint64_t stack = MACHINE_BULK + (i + 1) * MACHINE_SLEEPER - frames * FRAME;
        boot_thread(t, m->registers, MACHINE_THREADS - 1);
        t->tid = MACHINE_TID + MACHINE_THREADS + i;
        t->regs[m->registers->pc] = pc;
        t->regs[m->registers->sp] = stack;
        t->regs[FRAME_POINTER] = stack;
        make_stack(m, stack, frames, caller);
    }
}

void machine_become(struct machine *m, enum machine_arch arch)
{
    m->registers = registers_of(arch);
    machine_boot(m);
}

void machine_enter_handler(struct machine *m)
{
    const struct registers *r = m->registers;
    uint64_t sp = m->threads[0].regs[r->sp], frame = sp - MACHINE_TRAP_FRAME;
    const uint64_t trap_frame[] = {htole64(sp), 0, htole64(m->threads[0].regs[r->pc])};
    const uint64_t callee[] = {htole64(frame + 288), htole64(r->text + MACHINE_HANDLER + 4)};
    if (r->arch != MACHINE_ARM64)
        return;
    (void)machine_write(m, frame, trap_frame, sizeof trap_frame);
    (void)machine_write(m, sp - MACHINE_CALLEE, callee, sizeof callee);
}

bool machine_fault_unmasks(const struct machine *m)
{
    uint8_t now[sizeof unmask] = {0};
    (void)machine_read(m, m->registers->text + MACHINE_UNMASK, now, sizeof now);
    return m->registers->arch == MACHINE_ARM64 && memcmp(now, unmask, sizeof now) == 0;
}

uint8_t machine_text_byte(uint64_t addr)
{
    return (uint8_t)(addr * 37 ^ addr >> 8);
}

/* Returns the region of an address and sets the offset in it; NULL: a hole. */
static const struct machine_region *find(const struct machine *m, uint64_t addr, size_t *place)
{
    for (int i = 0; i < MACHINE_REGIONS; i++) {
        const struct machine_region *r = &m->regions[i];
        if (addr >= r->start && addr - r->start < r->size) {
            *place = (size_t)(addr - r->start);
            return r;
        }
    }
    return NULL;
}

static uint32_t changed_in(const struct machine_page *page, size_t place)
{
    return page != NULL ? page->changed[place % MACHINE_PAGE] : 0;
}

static bool has_pattern(const struct machine *m, const struct machine_region *r)
{
    return r->start == m->registers->text || r->start == MACHINE_BULK;
}

size_t machine_read(const struct machine *m, uint64_t addr, void *out, size_t len)
{
    uint8_t *bytes = out;
    size_t place, i;
    for (i = 0; i < len; i++) {
        const struct machine_region *r = find(m, addr + i, &place);
        if (r == NULL)
            break;
        const struct machine_page *page = r->pages[place / MACHINE_PAGE];
        bool pattern = has_pattern(m, r) && changed_in(page, place) == 0;
        bytes[i] = pattern        ? machine_text_byte(addr + i)
                   : page != NULL ? page->bytes[place % MACHINE_PAGE]
                                  : 0;
    }
    return i;
}

size_t machine_write(struct machine *m, uint64_t addr, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t place, i;
    m->change++;
    for (i = 0; i < len; i++) {
        const struct machine_region *r = find(m, addr + i, &place);
        if (r == NULL)
            break;
        struct machine_page **page = &r->pages[place / MACHINE_PAGE];
        if (*page == NULL)
            *page = sim_alloc(sizeof **page);
        (*page)->bytes[place % MACHINE_PAGE] = bytes[i];
        (*page)->changed[place % MACHINE_PAGE] = (uint32_t)m->change;
    }
    return i;
}

uint64_t machine_changed(const struct machine *m, uint64_t addr)
{
    size_t place;
    const struct machine_region *r = find(m, addr, &place);
    return r != NULL ? changed_in(r->pages[place / MACHINE_PAGE], place) : 0;
}

unsigned machine_threads(const struct machine *m)
{
    return MACHINE_THREADS + m->n_sleepers;
}

struct machine_thread *machine_thread(struct machine *m, uint64_t tid)
{
    if (tid < MACHINE_TID || tid >= MACHINE_TID + machine_threads(m))
        return NULL;
    uint64_t index = tid - MACHINE_TID;
    return index < MACHINE_THREADS ? &m->threads[index] : &m->sleepers[index - MACHINE_THREADS];
}

size_t machine_reg_size(const struct machine *m, uint64_t reg)
{
    return m->registers->size(reg);
}

void machine_reg_bytes(const struct machine *m, const struct machine_thread *t, uint64_t reg,
                       uint8_t bytes[8])
{
    size_t size = machine_reg_size(m, reg);
    for (size_t i = 0; i < size; i++)
        bytes[m->registers->big ? size - 1 - i : i] = (uint8_t)(t->regs[reg] >> 8 * i);
}

bool machine_reg_readable(const struct machine *m, const struct machine_thread *t, uint64_t reg)
{
    return reg < MACHINE_REGS && m->registers->readable(reg, t == &m->threads[0]);
}

bool machine_reg_writable(const struct machine *m, const struct machine_thread *t, uint64_t reg)
{
    return reg < MACHINE_REGS && m->registers->writable(reg, t == &m->threads[0]);
}

uint64_t machine_reg_slot(const struct machine *m, const struct machine_thread *t, uint64_t reg)
{
    bool other = m->registers->slot != NULL && t == &m->threads[0];
    return other ? m->registers->slot(reg) : reg;
}

void machine_set_reg(struct machine *m, struct machine_thread *t, unsigned reg, uint64_t value)
{
    t->regs[reg] = value;
    t->changed[reg] = ++m->change;
}

struct machine_point *machine_point(struct machine *m, char type, uint64_t addr, uint64_t size)
{
    for (unsigned i = 0; i < m->points_used; i++) {
        struct machine_point *p = &m->points[i];
        if (p->type == type && p->addr == addr && p->size == size)
            return p;
    }
    if (m->points_used == MACHINE_POINTS)
        return NULL;
    struct machine_point *p = &m->points[m->points_used++];
    *p = (struct machine_point){.type = type, .addr = addr, .size = size};
    return p;
}

bool machine_set_point(struct machine *m, struct machine_point *point, bool set)
{
    unsigned used = 0;
    for (unsigned i = 0; i < m->points_used; i++)
        used += m->points[i].set;
    if (set && !point->set && used >= MACHINE_WATCHES)
        return false;
    point->set = set;
    point->changed = ++m->change;
    return true;
}

bool machine_breakpoint_at(const struct machine *m, uint64_t addr, unsigned *past)
{
    uint8_t bytes[BREAKPOINT_MAX];
    for (unsigned i = 0; i < 2; i++) {
        const struct breakpoint *b = &breakpoints[m->registers->arch][i];
        if (b->len == 0 || machine_changed(m, addr) == 0 ||
            machine_read(m, addr, bytes, b->len) < b->len || memcmp(bytes, b->bytes, b->len) != 0)
            continue;
        *past = b->past;
        return true;
    }
    return false;
}

void machine_trap(struct machine *m, enum machine_trap trap)
{
    m->trap = trap;
    m->signal = trap != MACHINE_FAULT                 ? SIGTRAP_NUMBER
                : m->registers->arch == MACHINE_AMD64 ? SIGSEGV_NUMBER
                                                      : SIGEMT_NUMBER;
}

static bool run_into_breakpoint(struct machine *m)
{
    struct machine_thread *t = &m->threads[0];
    unsigned pc = m->registers->pc, past;
    machine_trap(m, MACHINE_BREAKPOINT);
    if (!machine_breakpoint_at(m, t->regs[pc], &past))
        return false;
    machine_set_reg(m, t, pc, t->regs[pc] + past);
    return true;
}

void machine_step(struct machine *m)
{
    struct machine_thread *t = &m->threads[0];
    unsigned pc = m->registers->pc;
    if (run_into_breakpoint(m))
        return;
    machine_set_reg(m, t, pc, t->regs[pc] + MACHINE_INSTRUCTION);
    machine_trap(m, MACHINE_STEP);
}

bool machine_run(struct machine *m)
{
    if (run_into_breakpoint(m))
        return true;
    if (m->on_run != NULL)
        m->on_run(m, m->context);
    return false;
}
