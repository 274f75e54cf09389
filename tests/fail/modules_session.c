/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The modules of session/ that find kernels and keep their sessions; see also modules_chain.c. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/logfile.h"
#include "io/sockets.h"
#include "proto/err.h"
#include "session/control.h"
#include "session/listener.h"
#include "session/record.h"
#include "session/rundir.h"
#include "session/serve.h"
#include "tests/fail/count.h"
#include "tests/fail/modules.h"
#include "tests/fail/stage.h"

enum {
    TURN_MS = 100,
    FIRST_PATIENCE = 40, /* rounds of a try in which a call has failed */
    PATIENCE = 200,      /* rounds of any other try; only errors need so many */
};

static const struct log shown = {.level = LOG_WARN, .sink = logfile_sink};
static const struct net_addr kernel = {0x7f000001, 20026}, silent = {0x7f000009, 9};

/* ---- files ---- */

static bool play_rundir(void)
{
    char path[RUNDIR_MAX], below[RUNDIR_MAX + 8];
    const char *dir = getenv("NETGDB_RUNTIME_DIR");
    (void)snprintf(below, sizeof below, "%s/below", dir);
    (void)STAGE(setenv("NETGDB_RUNTIME_DIR", below, 1));
    bool good = rundir(path) == 0 && rundir(path) == 0 && strcmp(path, below) == 0;
    (void)STAGE(rmdir(below));
    *strrchr(below, '/') = '\0';
    (void)STAGE(setenv("NETGDB_RUNTIME_DIR", below, 1));
    return good;
}

/* A server that dies leaves one, and the next server claims it. */
static bool play_record(void)
{
    static struct net_addr own = {0x7f000001, 5000};
    own.port++; /* a different session each time */
    struct record *r = record_create(&own, &kernel);
    bool good = r != NULL;
    record_close(r);
    r = record_claim(kernel.ip);
    good &= r != NULL;
    record_remove(r);
    while ((r = record_claim(0)) != NULL) /* removes those whose removal failed */
        record_remove(r);
    return good;
}

static bool play_control(void)
{
    const uint32_t ip = INADDR_LOOPBACK;
    enum netgdb_peer peer = NETGDB_PEER_KERNEL;
    char why[CONTROL_LINE_MAX];
    int listener = control_listen(), fd = listener >= 0 ? control_take(&ip, 1, 20025) : -1;
    int other = fd >= 0 && stage_readable(listener) ? sockets_tcp_accept(listener) : -1;
    bool good = other >= 0 && control_allows(other, NULL);
    if (good) {
        control_grant(other, NETGDB_PEER_NODE);
        good = stage_readable(fd) && control_answer(fd, &peer, why) == 0;
        if (good && peer != NETGDB_PEER_NODE)
            stage_wrong("what a kernel is reaches the other side");
    }
    stage_close(other);
    stage_close(fd);
    stage_close(listener);
    control_remove();
    control_remove(); /* may fail, or be a second time */
    return good;
}

/* ---- kernels ---- */

static uint16_t port;

static void set_kernel(void)
{
    (void)stage_rundir();
    port = stage_port();
    stage_kernel(port);
}

static const char *clear_kernel(void)
{
    if (strcmp(count_failed(), "unlink") == 0)
        stage_remove_records(); /* the module cannot handle this failure */
    return stage_kernel_end() ? module_rundir_end() : "the target was not detached from";
}

static void notify(void *context)
{
    const uint64_t one = 1;
    (void)STAGE(write(*(int *)context, &one, sizeof one));
}

/* Accepts the expected kernel. */
static bool take(struct listener *l, struct listener_watch *w, struct listener_kernel *k)
{
    struct pollfd p = {*(int *)w->context, POLLIN, 0};
    uint64_t count;
    for (int i = 0; i < (stage_may_give_up() ? FIRST_PATIENCE : PATIENCE); i++) {
        if (listener_take(l, w, k))
            return true;
        if (STAGE(poll(&p, 1, TURN_MS)) == 1)
            (void)STAGE(read(p.fd, &count, sizeof count));
    }
    return false;
}

static void drop(struct listener_kernel *k)
{
    if (k->target != NULL) {
        target_free(k->target);
    } else {
        link_free(k->link);
        free(k->link);
    }
    stage_close(k->fd);
    record_close(k->record);
}

/* Sends a request and detaches; the next server resumes the session of a kernel that stays. */
static bool leave(struct listener_kernel *k)
{
    struct io_fds f;
    enum netgdb_peer peer;
    if (io_fds_init(&f) != 0) {
        drop(k);
        return false;
    }
    io_fds_set_datagrams(&f, IO_TARGET, k->fd);
    k->link->io = &f.io;
    struct target *t = k->target;
    if (t == NULL)
        t = netgdb_target_new(k->link, NULL, NULL);
    else
        netgdb_target_move(t, &f.io, NULL, NULL);
    bool good = t != NULL && netgdb_target_identify(t, &peer) == 0 &&
                serve_leave(t, false, NULL) == SERVE_DETACHED;
    if (t == NULL) {
        link_free(k->link);
        free(k->link);
    }
    target_free(t);
    io_fds_close(&f);
    if (good)
        record_remove(k->record);
    else
        record_close(k->record);
    return good;
}

static void show(void *context, const struct lobby_kernel *k)
{
    (void)k;
    ++*(int *)context;
}

/* Accepts a kernel, returns it, reclaims it from another process, and detaches. */
static bool hand_around(struct listener *l, struct listener_watch *w)
{
    struct listener_kernel k;
    int listed = 0;
    if (!take(l, w, &k))
        return false;
    listener_give(l, &k);
    listener_list(l, show, &listed);
    if (!take(l, w, &k))
        return false;
    return leave(&k);
}

static bool with_listener(struct listener *l)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.ips = {kernel.ip}, .n = 1, .notify = notify, .context = &event};
    bool good = l != NULL && listener_watch(l, &w) == 0;
    if (good) {
        good = hand_around(l, &w);
        listener_unwatch(l, &w);
    }
    stage_close(event);
    return good;
}

static bool play_listener(void)
{
    return with_listener(listener_get(port, &shown));
}

static int adopter = -1; /* event of the first watch, which never ends */

/* The server of another kernel has died; its session is probed endlessly. */
static void set_adopted(void)
{
    const struct net_addr at = {INADDR_LOOPBACK, stage_port()};
    set_kernel();
    stage_aside++;
    struct record *r = record_create(&at, &silent);
    if (r == NULL)
        abort();
    record_close(r);
    stage_aside--;
}

static bool play_adopted(void)
{
    static struct listener_watch first;
    static struct listener *l;
    if (adopter < 0)
        adopter = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    first = (struct listener_watch){
        .ips = {kernel.ip, silent.ip}, .n = 2, .notify = notify, .context = &adopter};
    if (l == NULL) {
        int fd = STAGE(herald_open(port));
        const char *before = count_failed();
        l = fd >= 0 ? listener_adopt(fd, port, &first, &shown) : NULL;
        if (l != NULL && count_failed() == before && !listener_asks(l, &first))
            stage_wrong("the previous try still owns the session to take over");
    }
    return l != NULL && with_listener(l);
}

static const char *clear_adopted(void)
{
    char command[100];
    (void)snprintf(command, sizeof command, "rm %s/session-127.0.0.9-*",
                   getenv("NETGDB_RUNTIME_DIR"));
    return system(command) == 0 ? clear_kernel() : "no record of the silent kernel is left";
}

/* ---- resumed sessions ---- */

/* A server accepts the kernel and dies. */
static void set_left_behind(void)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.ips = {kernel.ip}, .n = 1, .notify = notify, .context = &event};
    struct listener_kernel k;
    set_kernel();
    struct listener *l = listener_get(port, &shown);
    if (l == NULL || listener_watch(l, &w) != 0 || !take(l, &w, &k))
        abort();
    drop(&k);
    listener_unwatch(l, &w);
    stage_close(event);
}

/* The kernel is silent; the next server probes its session. */
static bool play_lobby(void)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.ips = {kernel.ip}, .n = 1, .notify = notify, .context = &event};
    struct listener *l = listener_get(port, &shown);
    struct listener_kernel k;
    bool good = l != NULL && listener_watch(l, &w) == 0;
    if (good) {
        good = take(l, &w, &k) && leave(&k);
        listener_unwatch(l, &w);
    }
    stage_close(event);
    return good;
}

/* A listener remains: its thread, port, epoll set, event and memory. */
#define LISTENER .descriptors = 3, .blocks = 1
#define KERNEL .set_up = set_kernel, .tear_down = clear_kernel

const struct module session_modules[] = {
    {.name = "session/control",
     .set_up = module_rundir,
     .run = play_control,
     .tear_down = module_rundir_end},
    {.name = "session/listener", KERNEL, .run = play_listener, LISTENER},
    {.name = "session/listener-adopted",
     .set_up = set_adopted,
     .run = play_adopted,
     .tear_down = clear_adopted,
     .descriptors = 7, /* 3, and 4 of the silent session */
     .blocks = 7},
    {.name = "session/lobby",
     .set_up = set_left_behind,
     .run = play_lobby,
     .tear_down = clear_kernel},
    {.name = "session/record",
     .set_up = module_rundir,
     .run = play_record,
     .tear_down = module_rundir_end},
    {.name = "session/rundir",
     .set_up = module_rundir,
     .run = play_rundir,
     .tear_down = module_rundir_end},
    {0},
};
