/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of `netgdb proxy`. A seat is a kernel (or the one stub of TARGET) that can be
 * debugged, with a door of its own; a client is a debugger that came through a door, served by a
 * thread of its own. The listener's thread has the HERALD port and all kernels that wait; the
 * main thread has the doors, the signals and the seats.
 */
#ifndef NETGDB_TOOLS_PROXY_H
#define NETGDB_TOOLS_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/queue.h>
#include <time.h>

#include "io/fds.h"
#include "io/logqueue.h"
#include "io/sockets.h"
#include "proto/options.h"
#include "proto/server.h"
#include "session/listener.h"
#include "session/profile.h"
#include "session/rundir.h"
#include "tools/tls_options.h"
#include "tools/tools.h"

enum {
    PROXY_NETS_MAX = 32, /* --from */
    PROXY_WHO = 80,      /* "127.0.0.1:40000", "process 4711" */
    PROXY_WHERE = 128,   /* what follows "target remote " */
    PROXY_BUCKETS = 256,
    PROXY_SAYS = 2 * LOBBY_KERNELS_MAX, /* lines about kernels that come and go in a burst */
    PROXY_SILENT_MAX = 100,             /* clients that have not asked anything yet */
};

/* A client that asks nothing for so long goes, and so does one that was refused. These two are
 * OpenSSH's MaxStartups and LoginGraceTime. */
#define PROXY_GRACE (120 * IO_SECOND)
#define PROXY_PARTING (2 * IO_SECOND) /* until a debugger that was served has closed */

struct proxy_options {
    struct options target;              /* OPTIONS_ANY when no TARGET was given */
    bool has_target, has_port;          /* TARGET and -p were given */
    uint16_t port;                      /* 0: a free one */
    char listen[HOST_MAX];              /* --listen ADDRESS; empty: not given */
    char unix_path[OPTIONS_SOCKET_MAX]; /* --listen unix:PATH; empty: not given */
    uint16_t first_port, last_port;     /* of the kernels' doors; 0: session port + 1 */
    struct lobby_net from[PROXY_NETS_MAX];
    unsigned froms;
    bool stdio, json, leave_parked;
    struct tls_options tls; /* what comes over TCP is encrypted */
    enum log_level log_level;
};

/* Reads it. Returns -1 to go on, else the exit code: --help was asked for, or it is wrong. */
int proxy_options_parse(int argc, char **argv, struct proxy_options *options);

/* Where clients come in. */
struct door {
    int fd;                  /* listens; -1: none */
    struct seat *seat;       /* whose door it is; NULL: of whatever kernel TARGET means */
    uint16_t port;           /* 0: a unix socket */
    char where[PROXY_WHERE]; /* what is behind "target remote "; the socket's path */
};

struct seat {
    LIST_ENTRY(seat) entries;
    struct net_addr own, kernel; /* port 0: a stub on a stream */
    char name[OPTIONS_HOST_MAX];
    char stop[LOBBY_STOP_MAX];
    time_t since;
    struct door *door;     /* NULL: none */
    struct client *client; /* who is served; NULL: nobody */
    unsigned visitors;     /* clients that may look at it */
    bool runs;             /* it was left while it ran */
    bool gone;             /* to be taken away by proxy_sync */
    bool seen;             /* by proxy_sync */
    struct profile profile;
    struct log log;
};

struct client {
    LIST_ENTRY(client) entries;
    struct proxy *proxy;
    struct seat *seat;           /* where it is served; NULL: not yet */
    struct seat *visits;         /* whose door it came through; NULL: another one */
    struct listener_watch wants; /* without that, a kernel of these hosts */
    bool asked, asks;            /* on the control socket (control.h), and waits for the answer */
    bool silent;                 /* its first request has not come yet */
    struct io_fds io;
    int fd; /* of its stream, for shutdown */
    char who[PROXY_WHO];
    struct log log;
    struct listener_watch watch;
    struct record *record; /* of the session that is served */
    struct net_addr own;
};

LIST_HEAD(seats, seat);
LIST_HEAD(clients, client);

struct proxy {
    const struct proxy_options *options;
    struct log log;
    struct logqueue *lines, *printed; /* of the log, and of `out`: nobody waits for their readers */
    struct listener *listener;        /* NULL: TARGET is a stub on a stream */
    uint16_t herald_port;
    struct listener_watch watch;
    uint32_t ips[LISTENER_IPS]; /* of TARGET; ips[0] 0: any */
    unsigned n_ips;
    struct sockets_streams stub;   /* TARGET is tcp: */
    struct sockets_address listen; /* len 0: doors are unix sockets */
    char directory[RUNDIR_MAX];    /* where those are */
    FILE *out;                     /* what is to be typed goes there */
    int herald_fd, epoll_fd, signal_fd, poke_fd, control_fd;
    int tls_fd; /* the helper of --tls; -1: none any more */
    struct door front;
    atomic_bool ending;
    int exit_code;

    pthread_mutex_t lock; /* of all below, and of the seats */
    pthread_cond_t changed;
    struct {
        unsigned left; /* lines about kernels that may be written; one more a second */
        unsigned long left_out;
        uint64_t since;
    } said;
    struct log_limit refused, full;    /* lines that clients can cause */
    struct log_limit no_door;          /* and kernels */
    struct log_limit sent_away;        /* the same, of the main thread alone */
    struct log_limit refused_tls;      /* likewise */
    struct seats seats[PROXY_BUCKETS]; /* by the port on our side */
    unsigned seat_count, leavers;
    atomic_uint seats_ever; /* the loop looks at it without the lock */
    struct clients clients;
    struct seat *stream_seat;
};

/* ---- proxy.c ---- */

/* Takes a connection from a listening socket. Only for the main thread. -1: there is none. */
int proxy_accept(struct proxy *p, int door);

/* Whether who is there may be a client of this door (NULL: of the control socket); else a line. */
bool proxy_admits(struct proxy *p, const struct door *door, int fd);

/* ---- proxy_seats.c ---- */

/*
 * Makes the seats what the listener has: new kernels get one and a door, those that have gone lose
 * theirs. Only for the main thread.
 */
void proxy_sync(struct proxy *p);

/* The seat of this session, made when there is none. Under the lock. NULL: no memory. */
struct seat *proxy_seat(struct proxy *p, const struct net_addr *own, const struct net_addr *kernel,
                        const char *stop);

/* The same for a stub on a stream. */
struct seat *proxy_stream_seat(struct proxy *p);

/* Opens the door of TARGET. Returns an exit code. */
int proxy_open_front(struct proxy *p);

/* A seat's kernel goes on in this session, whose own seat, if there is one, is not needed. */
void proxy_move_seat(struct proxy *p, struct seat *s, const struct listener_kernel *k);

/* Closes it, and removes its socket. Keeps errno. */
void proxy_close_door(struct door *door);
void proxy_free_seats(struct proxy *p);

/* Has the main thread look at the seats (or the end) soon. */
void proxy_poke(struct proxy *p);

/* ---- proxy_say.c: what is printed for people and scripts, a line each ---- */

/* Writes a line to a FILE, the context; for a queue. */
void say_out(void *context, enum log_level level, const char *line);

/* Who can connect. Before files are confined: the group's name is one. */
void say_who(const struct proxy *p);

void say_front(struct proxy *p);
void say_herald(struct proxy *p); /* what to type at db> */
void say_kernel(struct proxy *p, const struct seat *s);
void say_gone(struct proxy *p, const struct seat *s);
void say_client(struct proxy *p, const struct seat *s, const struct client *c, const char *event);
void say_profiles(struct proxy *p);
void say_profile(struct proxy *p, struct seat *s);

/* The table of `netgdb ls`. Under the lock. */
void say_list(struct proxy *p, bool json, bool verbose, struct buf *out);

/* A client cannot be served: a line, once a minute. */
void proxy_tell_full(struct proxy *p, const char *why);

/* ---- proxy_client.c ---- */

/* The name of a client for people: its address, or its process. */
void client_name(const struct proxy *p, int fd, char who[PROXY_WHO]);

/* A debugger that came through a door, called `who`. Owns the descriptors. */
void client_start(struct proxy *p, struct door *door, int in, int out, const char *who);

/* A client of this stream, called `who`, in the list of clients. NULL: no memory; the stream stays
 * open. */
struct client *client_new(struct proxy *p, int in, int out, const char *who);

/* Serves a client until it leaves, and frees it. */
void client_serve(struct client *c);

/*
 * Says why it cannot be served: to one that asks by a line, else in the reply to its first request,
 * and waits until it goes.
 */
void client_refuse(struct client *c, struct server *server, const char *why);

/* Leaves the seat, under the lock; `gone`: there is nothing in it any more. */
void client_stand_up(struct client *c, bool gone);

/* For a listener_watch: wakes the client, which is the context. */
void client_wake(void *context);

/* ---- proxy_session.c ---- */

/*
 * Serve a client until it leaves: with the kernel that it has taken, which goes on waiting after
 * it or is let go of; with the stub of TARGET.
 */
void client_debug_kernel(struct client *c, struct server *server, struct listener_kernel *k);
void client_debug_stub(struct client *c, struct server *server);

/* ---- proxy_take.c ---- */

/*
 * Serves the gdb at the other end of a control connection, which asked for a kernel by this line,
 * until it leaves. Owns the descriptor.
 */
void proxy_take(struct proxy *p, int fd, const char *line);

/* ---- proxy_tls.c: for the main thread ---- */

/* Starts the helper when --tls is given: before files are confined. Returns an exit code. */
int proxy_tls_open(struct proxy *p);

/* False: the helper has as many connections to look at as it takes. */
bool proxy_tls_takes(const struct proxy *p);

/* The plain stream of a connection, which is closed here; -1: there is no helper any more. */
int proxy_tls_wrap(struct proxy *p, int tcp);

/* Tells what the helper has to say. */
void proxy_tls_hear(struct proxy *p);

/* ---- proxy_end.c ---- */

/* Ends every client, lets go of every kernel. */
void proxy_end(struct proxy *p);

/* ---- proxy_control.c ---- */

/* The control socket in the runtime directory. Returns the descriptor, or -1 with a line. */
int control_open(struct proxy *p);
void control_accept(struct proxy *p);
void control_close(struct proxy *p);

#endif
