/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The twin's life cycle: phases, db>, reboot, and its state for tests; see twin.h. */
#include "tests/sim/twin.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

enum { FIRST_KERNEL = 0x0a000002, MIN_MTU = 68, BUFFER = 4111, RING = 256 };

struct twin_config twin_config(enum twin_generation generation)
{
    return (struct twin_config){.generation = generation,
                                .ip = FIRST_KERNEL,
                                .server_ip = SIM_SERVER_IP,
                                .mtu = 1500,
                                .poll = 500 * SIM_US,
                                .react = 20 * SIM_US,
                                .command = 10 * SIM_US,
                                .watch = generation == TWIN_NEW ? TWIN_WATCHES : TWIN_NO_WATCH,
                                .buffer = BUFFER,
                                .ring = RING};
}

struct twin *twin_new(struct sim_world *w, const struct twin_config *config)
{
    struct twin *t = sim_alloc(sizeof *t);
    if (config->mtu < MIN_MTU || config->ring == 0)
        sim_fail(w, "a twin with an MTU of %zu and a ring of %zu", config->mtu, config->ring);
    t->w = w;
    t->config = *config;
    t->machine = machine_new();
    machine_become(t->machine, config->arch);
    t->thread = &t->machine->threads[0];
    t->input.bytes = sim_alloc(config->buffer);
    t->ring.items = sim_alloc(config->ring * sizeof(struct sim_datagram *));
    buf_init(&t->stub.reply, TWIN_REPLY_MAX);
    buf_init(&t->xfer.text, TWIN_REPLY_MAX);
    sim_host_add(w, config->ip, net_deliver, t);
    return t;
}

void twin_free(struct twin *t)
{
    sim_cancel(t->w, t->timer);
    sim_cancel(t->w, t->reboot_event);
    sim_cancel(t->w, t->herald_event);
    sim_host_remove(t->w, t->config.ip);
    net_drop_ring(t);
    for (size_t i = 0; i < t->records_used; i++)
        free((void *)(uintptr_t)t->records[i].request.text);
    free(t->records);
    free(t->ring.items);
    free(t->input.bytes);
    free(t->input.origins);
    buf_free(&t->stub.reply);
    buf_free(&t->xfer.text);
    machine_free(t->machine);
    free(t);
}

void twin_say(struct twin *t, const char *what)
{
    sim_note(t->w, what, &t->config.ip, sizeof t->config.ip);
}

static void timer_fired(void *context)
{
    struct twin *t = context;
    t->timer = 0;
    t->next(t);
}

void twin_enter(struct twin *t, enum twin_phase phase, uint64_t delay, twin_step *next)
{
    if (t->timer != 0)
        sim_cancel(t->w, t->timer);
    t->phase = phase;
    t->next = next;
    t->timer = next != NULL ? sim_after(t->w, delay, timer_fired, t) : 0;
}

void twin_to_ddb(struct twin *t, const char *why)
{
    twin_say(t, why);
    twin_enter(t, TWIN_DDB, 0, NULL);
    if (!t->config.ring_survives && !t->config.invariants)
        net_drop_ring(t);
}

void twin_gone(struct twin *t, const char *why)
{
    twin_say(t, why);
    twin_enter(t, TWIN_GONE, 0, NULL);
    net_drop_ring(t);
}

void twin_netgdb(struct twin *t)
{
    if (t->phase != TWIN_DDB)
        sim_fail(t->w, "`netgdb -s` typed at a kernel that is not at db>: %s",
                 twin_phase_name(t->phase));
    net_connect(t);
}

void twin_stop(struct twin *t)
{
    if (t->phase != TWIN_RUNNING)
        return;
    machine_trap(t->machine, MACHINE_BREAKPOINT);
    stub_stop(t);
}

static void herald_after_reboot(void *context)
{
    struct twin *t = context;
    t->herald_event = 0;
    if (t->phase == TWIN_DDB)
        twin_netgdb(t);
}

static void reboot(void *context)
{
    struct twin *t = context;
    t->reboot_event = 0;
    twin_to_ddb(t, "twin: reboots");
    net_drop_ring(t);
    machine_boot(t->machine);
    t->thread = &t->machine->threads[0];
    t->unmasked = false;
    if (t->herald_when != SIM_NEVER)
        t->herald_event = sim_at(t->w, t->herald_when, herald_after_reboot, t);
}

void twin_reboot(struct twin *t, uint64_t when, uint64_t herald)
{
    sim_cancel(t->w, t->reboot_event);
    t->herald_when = herald;
    t->reboot_event = sim_at(t->w, when, reboot, t);
}

enum twin_phase twin_phase(const struct twin *t)
{
    return t->phase;
}

const char *twin_phase_name(enum twin_phase phase)
{
    static const char *const names[] = {
        "at db>", "sends its HERALD", "sends", "waits for bytes", "executes a command", "running",
        "gone",
    };
    return names[phase];
}

bool twin_ack_mode(const struct twin *t)
{
    return t->stub.ack_mode;
}

uint16_t twin_session_port(const struct twin *t)
{
    return t->link.have_port ? t->link.port : 0;
}

uint32_t twin_thread(const struct twin *t)
{
    return t->thread->tid;
}

uint32_t twin_seqno(const struct twin *t)
{
    return t->link.seqno;
}

size_t twin_buffered(const struct twin *t)
{
    return t->input.len;
}

struct machine *twin_machine(struct twin *t)
{
    return t->machine;
}

const struct twin_counts *twin_counts(const struct twin *t)
{
    return &t->counts;
}

uint64_t twin_harm(const struct twin *t)
{
    const struct twin_counts *c = &t->counts;
    return c->resumed_by_ctrl_c + c->panics + c->overflows + c->corrupted_registers +
           c->repeated_resumes + c->undone + c->undone_registers + c->undone_threads +
           c->undone_points + c->lost + c->early_data + c->died_in_longjmp + c->died_unmasked;
}
