/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Factors, levels and names of the matrix; see cell.h. */
#include "tests/sim/cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Single events occur within the duration of a session of 25 requests on a clean path. */
enum { HAPPENS_WITHIN_MS = 400 };

static void set_loss(struct play_config *c, double percent)
{
    c->path.loss = percent / 100;
}

static void set_duplicate(struct play_config *c, double percent)
{
    c->path.duplicate = percent / 100;
}

static void set_reorder(struct play_config *c, double percent)
{
    c->path.reorder = percent / 100;
}

static void set_late(struct play_config *c, double ms)
{
    c->path.late_max = (uint64_t)(ms * 1e6);
}

static void set_corrupt(struct play_config *c, double percent)
{
    c->path.corrupt = percent / 100;
}

static void set_truncate(struct play_config *c, double percent)
{
    c->path.truncate = percent / 100;
}

static void set_jitter(struct play_config *c, double ms)
{
    c->path.jitter = (uint64_t)(ms * 1e6);
}

static void set_delay(struct play_config *c, double ms)
{
    c->path.delay = ms != 0 ? (uint64_t)(ms * 1e6) : c->path.delay;
}

static void set_reboot(struct play_config *c, double times)
{
    c->reboot_at = times != 0 ? SIM_MS : 0;
}

static void set_mtu(struct play_config *c, double bytes)
{
    c->path.mtu = (size_t)bytes;
}

static void set_generation(struct play_config *c, double major)
{
    c->generation = major < 14 ? TWIN_OLD : TWIN_NEW;
}

/* One datagram in 50 starts a burst of 4 on average, most of which are lost. */
static void set_bursts(struct play_config *c, double on)
{
    if (on != 0)
        c->path.bursts = (struct sim_bursts){.to_bad = 0.02, .to_good = 0.25, .loss_bad = 0.8};
}

static void set_way(struct play_config *c, double way)
{
    c->way = way == 0 ? PLAY_BOTH_WAYS : way < 2 ? PLAY_TO_KERNEL : PLAY_TO_SERVER;
}

static void set_block(struct play_config *c, double ms)
{
    c->block_for = (uint64_t)(ms * 1e6);
}

static void set_jump(struct play_config *c, double seconds)
{
    c->jump_by = (uint64_t)(seconds * 1e9);
}

static void set_gdb(struct play_config *c, double how)
{
    static const enum play_gdb all[] = {PLAY_GDB_STAYS, PLAY_GDB_LEAVES, PLAY_GDB_KILLED,
                                        PLAY_PROXY_RESTARTS};
    c->gdb = all[how < 3 ? (int)how : 3];
}

static void set_streams(struct play_config *c, double on)
{
    c->streams = on != 0;
}

/* 0: none; 1 to 3: this % of the datagrams, and all later ones, are delayed by some ms. */
static void set_pauses(struct play_config *c, double how)
{
    static const struct {
        double chance;
        uint64_t ms;
    } pauses[] = {{0, 0}, {0.002, 12}, {0.01, 12}, {0.05, 30}};
    const int slow = 4, i = how < slow ? (int)how : slow;
    if (i == slow) { /* a slow host: the kernel's second takes 2.3 s */
        c->poll = 1150 * SIM_US;
        return;
    }
    c->path.pause = pauses[i].chance;
    c->path.pause_min = SIM_MS;
    c->path.pause_max = pauses[i].ms * SIM_MS;
}

static void set_fixed(struct play_config *c, double on)
{
    c->fixed_retry = on != 0;
}

const struct cell_factor cell_factors[CELL_FACTORS] = {
    {"loss", "%", 7, {0, 1, 5, 10, 20, 30, 40}, set_loss},
    {"dup", "%", 3, {0, 5, 20}, set_duplicate},
    {"reorder", "%", 3, {0, 10, 50}, set_reorder},
    {"late", "ms", 3, {5, 30, 2000}, set_late},
    {"corrupt", "%", 2, {0, 1}, set_corrupt},
    {"trunc", "%", 2, {0, 1}, set_truncate},
    {"jitter", "ms", 3, {0, 5, 2000}, set_jitter},
    {"delay", "ms", 2, {0, 30}, set_delay},
    {"reboot", "times", 2, {0, 1}, set_reboot},
    {"mtu", "bytes", 3, {1500, 576, 9000}, set_mtu},
    {"gen", "FreeBSD", 2, {14, 13}, set_generation},
    {"burst", "", 2, {0, 1}, set_bursts},
    {"way", "", 3, {0, 1, 2}, set_way},
    {"block", "ms", 4, {0, 100, 3000, 30000}, set_block},
    {"jump", "s", 3, {0, 1, 60}, set_jump},
    {"gdb", "", 4, {0, 1, 2, 3}, set_gdb},
    {"streams", "", 2, {0, 1}, set_streams},
    {"pauses", "", 5, {0, 1, 2, 3, 4}, set_pauses},
    {"fixed", "", 2, {0, 1}, set_fixed},
};

struct cell cell_clean(void)
{
    struct cell cell;
    for (int i = 0; i < CELL_FACTORS; i++)
        cell.level[i] = cell_factors[i].level[0];
    return cell;
}

static const struct cell_factor *find(const char *name, size_t len)
{
    for (int i = 0; i < CELL_FACTORS; i++) {
        if (strlen(cell_factors[i].name) == len && memcmp(cell_factors[i].name, name, len) == 0)
            return &cell_factors[i];
    }
    return NULL;
}

bool cell_parse(struct cell *cell, const char *name)
{
    *cell = cell_clean();
    if (strcmp(name, "clean") == 0)
        return true;
    for (;;) {
        size_t len = strcspn(name, "=");
        const struct cell_factor *f = find(name, len);
        if (f == NULL)
            return false;
        char *end;
        cell->level[f - cell_factors] = strtod(name + len + 1, &end);
        if (end == name + len + 1 || (*end != ',' && *end != '\0'))
            return false;
        if (*end == '\0')
            return true;
        name = end + 1;
    }
}

void cell_name(const struct cell *cell, char name[CELL_NAME_MAX])
{
    size_t at = 0;
    snprintf(name, CELL_NAME_MAX, "clean");
    for (int i = 0; i < CELL_FACTORS && at < CELL_NAME_MAX; i++) {
        const struct cell_factor *f = &cell_factors[i];
        if (cell->level[i] < f->level[0] || cell->level[i] > f->level[0])
            at += (size_t)snprintf(name + at, CELL_NAME_MAX - at, "%s%s=%g", at != 0 ? "," : "",
                                   f->name, cell->level[i]);
    }
}

/* A time that depends on the seed and on `salt`. */
static uint64_t some_time(uint64_t seed, uint64_t salt)
{
    uint64_t x = (seed + salt * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 29;
    return SIM_MS + x % (HAPPENS_WITHIN_MS * SIM_MS);
}

struct play_config cell_config(const struct cell *cell, uint64_t seed)
{
    struct play_config c = play_config(seed, TWIN_NEW);
    for (int i = 0; i < CELL_FACTORS; i++)
        cell_factors[i].set(&c, cell->level[i]);
    c.reboot_at = c.reboot_at != 0 ? some_time(seed, 1) : 0;
    c.block_at = some_time(seed, 2);
    c.jump_at = some_time(seed, 3);
    c.kill_at = some_time(seed, 4);
    return c;
}
