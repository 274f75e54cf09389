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
#include "session/rundir.h"
#include "session/serve.h"
#include "session/state_file.h"
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

static bool remove_file(void *context, struct state_file *f)
{
    state_file_remove(f);
    ++*(int *)context;
    return true;
}

/* A server creates a state file and dies; the next server claims it. */
static bool play_state_file(void)
{
    static struct net_addr own = {0x7f000001, 5000};
    own.port++; /* another session each time */
    struct state_file *r = state_file_create(&own, &kernel);
    bool good = r != NULL;
    state_file_close(r);
    int claimed = 0;
    state_file_claim_all(kernel.ip, remove_file, &claimed);
    good &= claimed != 0;
    state_file_claim_all(0, remove_file, &claimed); /* finds nothing, unless an unlink has failed */
    return good;
}

static bool play_control(void)
{
    const struct net_hosts hosts = {{INADDR_LOOPBACK}, 1};
    struct control_kernel granted = {.ip = 0};
    char why[CONTROL_LINE_MAX];
    int listener = control_listen(), fd = listener >= 0 ? control_take(&hosts, 20025, false) : -1;
    int other = fd >= 0 && stage_readable(listener) ? sockets_tcp_accept(listener) : -1;
    bool good = other >= 0 && control_allows(other, NULL);
    if (good) {
        control_grant(other, &(struct control_kernel){NETGDB_PEER_NODE, INADDR_LOOPBACK});
        good = stage_readable(fd) && control_answer(fd, &granted, why) == 0;
        if (good && granted.peer != NETGDB_PEER_NODE)
            stage_wrong("the kind of the peer is not reported to the client");
    }
    stage_close(other);
    stage_close(fd);
    stage_close(listener);
    control_remove();
    control_remove(); /* may fail, or be the second call */
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
        stage_remove_state_files(); /* the module cannot handle this failure */
    return stage_kernel_end() ? module_rundir_end() : "the target was not detached";
}

static void notify(void *context)
{
    const uint64_t one = 1;
    (void)STAGE(write(*(int *)context, &one, sizeof one));
}

/* Takes the session that the watch reports; NULL: none was reported. */
static struct session *take(struct listener *l, struct listener_watch *w)
{
    struct pollfd p = {*(int *)w->context, POLLIN, 0};
    uint64_t count;
    for (int i = 0; i < (stage_may_give_up() ? FIRST_PATIENCE : PATIENCE); i++) {
        struct session *s = listener_take(l, w);
        if (s != NULL)
            return s;
        if (STAGE(poll(&p, 1, TURN_MS)) == 1)
            (void)STAGE(read(p.fd, &count, sizeof count));
    }
    return NULL;
}

/* Sends qSupported and detaches; a kernel that cannot be detached is left to the next server. */
static bool leave(struct session *s)
{
    struct io_fds f;
    enum netgdb_peer peer;
    bool good = s != NULL && io_fds_init(&f) == 0;
    if (good) {
        good = session_adopt(s, &f, NULL, NULL) == 0 &&
               netgdb_target_identify(s->target, &peer) == 0 &&
               serve_leave(s->target, false, NULL) == SERVE_DETACHED;
        s->ended = good;
        session_leave_io(s);
        io_fds_close(&f);
    }
    session_free(s);
    return good;
}

static void show(void *context, const struct session *s)
{
    (void)s;
    ++*(int *)context;
}

/* A kernel connects, is taken, returned, taken back from another process, and detached. */
static bool hand_around(struct listener *l, struct listener_watch *w)
{
    int listed = 0;
    struct session *s = take(l, w);
    if (s == NULL)
        return false;
    listener_return(l, s);
    listener_list(l, show, &listed);
    return leave(take(l, w));
}

static bool with_listener(struct listener *l)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.hosts = {{kernel.ip}, 1}, .notify = notify, .context = &event};
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
    struct state_file *r = state_file_create(&at, &silent);
    if (r == NULL)
        abort();
    state_file_close(r);
    stage_aside--;
}

static bool play_adopted(void)
{
    static struct listener_watch first;
    static struct listener *l;
    if (adopter < 0)
        adopter = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    first = (struct listener_watch){
        .hosts = {{kernel.ip, silent.ip}, 2}, .notify = notify, .context = &adopter};
    if (l == NULL) {
        int fd = STAGE(herald_open(port));
        const char *before = count_failed();
        l = fd >= 0 ? listener_adopt(fd, port, &first, &shown) : NULL;
        if (l != NULL && count_failed() == before && !listener_is_probing(l, &first))
            stage_wrong("the session to take over is still in use by the previous try");
    }
    return l != NULL && with_listener(l);
}

static const char *clear_adopted(void)
{
    char command[100];
    (void)snprintf(command, sizeof command, "rm %s/session-127.0.0.9-*",
                   getenv("NETGDB_RUNTIME_DIR"));
    return system(command) == 0 ? clear_kernel() : "the state file of the silent kernel is missing";
}

/* ---- resumed sessions ---- */

/* A server accepts the kernel and dies. */
static void set_left_behind(void)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.hosts = {{kernel.ip}, 1}, .notify = notify, .context = &event};
    set_kernel();
    struct listener *l = listener_get(port, &shown);
    struct session *s = l != NULL && listener_watch(l, &w) == 0 ? take(l, &w) : NULL;
    if (s == NULL)
        abort();
    session_free(s);
    listener_unwatch(l, &w);
    stage_close(event);
}

/* The kernel is silent; the next server probes its session. */
static bool play_lobby(void)
{
    int event = STAGE(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    struct listener_watch w = {.hosts = {{kernel.ip}, 1}, .notify = notify, .context = &event};
    struct listener *l = listener_get(port, &shown);
    bool good = l != NULL && listener_watch(l, &w) == 0;
    if (good) {
        good = leave(take(l, &w));
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
    {.name = "session/state_file",
     .set_up = module_rundir,
     .run = play_state_file,
     .tear_down = module_rundir_end},
    {.name = "session/rundir",
     .set_up = module_rundir,
     .run = play_rundir,
     .tear_down = module_rundir_end},
    {0},
};
