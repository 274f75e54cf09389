/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel of the proxy without gdb: which file is its, and how it is released; see autopsy.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "freebsd/find_kernel.h"
#include "freebsd/freebsd.h"
#include "io/fds.h"
#include "proto/err.h"
#include "session/chain.h"
#include "session/control.h"
#include "session/kernel.h"
#include "session/serve.h"
#include "tools/autopsy.h"

/* For a gdb to leave the kernel, and for a new proxy to take it over. */
#define TAKE_TIME (40 * IO_SECOND)
/* For the kernel to run after 'c'. */
#define RESUME_TIME (2 * LINK_KERNEL_RETRY)

enum { AGAIN_MS = 100 }; /* between two requests, without a proxy */

struct visit {
    struct options options;
    struct io_fds io;
    struct chain chain;
    struct log log;
};

/* Asks the proxy for the kernel. Returns 0; EAGAIN: no proxy answers; or an errno value, EBUSY with
 * the reason in why[]. */
static int ask_for_kernel(struct visit *v, const struct crash *c, uint64_t deadline,
                          struct control_kernel *kernel, char why[CONTROL_LINE_MAX])
{
    const struct net_hosts host = {{c->kernel.ip}, 1};
    int fd = control_take(&host, c->autopsy->options->target.port, false);
    struct pollfd answer = {fd, POLLIN, 0};
    if (fd < 0)
        return EAGAIN;
    io_fds_set_stream(&v->io, IO_TARGET, fd, fd);
    if (poll(&answer, 1, io_fds_timeout(deadline)) <= 0)
        return ETIMEDOUT;
    return control_answer(fd, kernel, why);
}

/* A proxy that ends meanwhile is followed by another. */
static int take_kernel(struct visit *v, const struct crash *c, struct control_kernel *kernel)
{
    uint64_t deadline = io_fds_now() + TAKE_TIME;
    char why[CONTROL_LINE_MAX];
    unsigned ends = 0;
    int error;
    while ((error = ask_for_kernel(v, c, deadline, kernel, why)) == EAGAIN ||
           (error == ECONNRESET && ends++ == 0)) {
        if (atomic_load(&c->autopsy->ending) || io_fds_now() >= deadline)
            break;
        (void)poll(NULL, 0, AGAIN_MS);
    }
    if (error != 0 && error != EAGAIN && error != ETIMEDOUT)
        log_warn(&v->log, "%s", error == EBUSY ? why : strerror(error));
    return error == 0 ? 0 : NETGDB_LOST;
}

/* Takes the kernel. Returns 0, or a target's error with a line in the log. */
static int visit_begin(struct visit *v, const struct crash *c)
{
    struct control_kernel kernel;
    *v = (struct visit){.log = c->autopsy->log};
    const struct chain_config config = {.asked = true, .log = &v->log};
    v->log.name = c->kernel.host;
    int rc = io_fds_init(&v->io);
    if (rc == 0)
        rc = take_kernel(v, c, &kernel);
    return rc == 0 ? chain_for_proxy(&v->chain, &v->io.io, kernel.peer, &config) : rc;
}

/* As a debugger does, so that the stop is known. */
static int greet(struct visit *v)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(v->chain.target, "qSupported", &reply);
    if (rc == 0)
        rc = target_ask(v->chain.target, "?", &reply);
    buf_free(&reply);
    return rc;
}

static void visit_end(struct visit *v)
{
    if (v->chain.target != NULL)
        chain_close(&v->chain);
    io_fds_close(&v->io); /* and the connection: the kernel waits for the next client */
}

static int autopsy_find_file(struct visit *v, struct crash *c)
{
    const struct chain_config config = {.log = &v->log};
    const struct description *d = NULL;
    int rc = kernel_examine(&v->chain, &config, &d);
    if (rc != 0 || d == NULL)
        return rc;
    return find_kernel(v->chain.target, c->autopsy->options->debug, d->elf_machine, d->is64,
                       &c->file);
}

/* Gives the visit's chain the symbols of c->file. */
static int add_symbols(struct visit *v, const struct crash *c)
{
    const struct chain_config config = {.options = &v->options, .log = &v->log};
    enum netgdb_peer peer = v->chain.peer;
    v->options = c->autopsy->options->target;
    v->options.save[0] = '\0';
    (void)snprintf(v->options.symbols, sizeof v->options.symbols, "%s", c->file);
    v->log.level = LOG_ERROR; /* gdb reports the rest */
    return chain_for_target(&v->chain, chain_strip(&v->chain), peer, &config);
}

/* If this fails, gdb finds out why. */
static void identify_crash(struct visit *v, struct crash *c)
{
    if (add_symbols(v, c) == 0 && greet(v) == 0)
        (void)kernel_identity(&v->chain, c->kernel.host, c->identity);
}

bool kernel_find_file(struct crash *c)
{
    const struct autopsy_options *o = c->autopsy->options;
    struct visit v;
    if (o->target.symbols[0] != '\0')
        c->file = strdup(o->target.symbols);
    else if (o->debug == NULL)
        return true;
    int rc = visit_begin(&v, c);
    if (rc == 0 && c->file == NULL && o->debug != NULL)
        rc = autopsy_find_file(&v, c);
    if (rc == 0 && c->file != NULL)
        identify_crash(&v, c);
    visit_end(&v);
    if (rc != 0)
        crash_fails(c, EXIT_LOST, "the kernel cannot be reached: %s", netgdb_strerror(rc));
    return rc == 0;
}

/* A panicked kernel that continues reboots: no stop follows. The kernel executes the request once
 * its '+' was acknowledged, so the proxy keeps its client for a while. */
static int autopsy_resume(struct visit *v)
{
    const struct request r = request_of("c");
    struct buf reply;
    bool final = false;
    int rc = target_send(v->chain.target, &r);
    v->io.io.alarm = io_fds_now() + RESUME_TIME;
    buf_init(&reply, TARGET_REPLY_MAX);
    while (rc == 0 && !final)
        rc = target_recv(v->chain.target, &reply, &final, IO_ON_ALARM);
    buf_free(&reply);
    return rc == NETGDB_AGAIN ? 0 : rc;
}

bool kernel_release(struct crash *c)
{
    enum autopsy_after after = c->autopsy->options->after;
    struct visit v;
    bool ours;
    if (after == AFTER_PARK || !autopsy_has(c, NULL) || autopsy_runs(&c->kernel))
        return true;
    int rc = visit_begin(&v, c);
    if (rc == 0 && (!autopsy_has(c, &ours) || !ours)) {
        visit_end(&v); /* the host has begun another session, which we got */
        return true;
    }
    if (rc == 0)
        rc = greet(&v);
    if (rc == 0)
        rc = after == AFTER_CONTINUE ? autopsy_resume(&v)
                                     : serve_leave(v.chain.target, false, &v.log);
    if (rc < 0)
        log_warn(&v.log, "the kernel still waits: %s", netgdb_strerror(rc));
    visit_end(&v);
    return rc >= 0;
}
