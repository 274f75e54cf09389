/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of `netgdb proxy`. An endpoint is how debuggers reach one kernel, or the stub of
 * TARGET: a name, a listening socket, and the profile of its sessions. A client is a connection of
 * a debugger, served by a thread of its own; while it is attached to an endpoint it owns the
 * kernel's session. The listener's thread owns the HERALD port and all other sessions; the main
 * thread owns the listening sockets, the signals and the endpoints.
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
#include "proto/rsp/server.h"
#include "session/listener.h"
#include "session/observed.h"
#include "session/profile.h"
#include "session/rundir.h"
#include "session/transport.h"
#include "tools/capture_options.h"
#include "tools/tls_options.h"
#include "tools/tools.h"

enum {
    PROXY_WHO = 80,      /* "127.0.0.1:40000", "process 4711" */
    PROXY_ADDRESS = 128, /* after "target remote " */
    PROXY_BUCKETS = 256,
    PROXY_BURST = 2 * LOBBY_KERNELS_MAX, /* lines about kernels that may be written at once */
    PROXY_SILENT_MAX = 100,              /* clients that have not sent a request */
};

/* Deadline for a client's first request, and for a refused client to close. Both limits are
 * OpenSSH's: MaxStartups and LoginGraceTime. */
#define PROXY_GRACE (120 * IO_SECOND)
#define PROXY_CLOSE_GRACE (2 * IO_SECOND) /* for a served debugger to close the connection */

struct proxy_options {
    struct options target;              /* OPTIONS_ANY when no TARGET was given */
    bool has_target, has_port;          /* TARGET and -p were given */
    uint16_t port;                      /* 0: any free port */
    char listen[HOST_MAX];              /* --listen ADDRESS; empty: not given */
    char unix_path[OPTIONS_SOCKET_MAX]; /* --listen unix:PATH; empty: not given */
    uint16_t first_port, last_port;     /* of the kernels' endpoints; 0: session port + 1 */
    struct tool_nets from;              /* of --from */
    bool stdio, json, leave_parked;
    bool observe;           /* each listening socket has one for observers beside it */
    struct tls_options tls; /* TCP connections are encrypted */
    struct capture_options capture;
    enum log_level log_level;
};

/* Parses the command line. Returns -1 to continue, else the exit code: of --help, or an error. */
int proxy_options_parse(int argc, char **argv, struct proxy_options *options);

struct listen_socket {
    bool observes;             /* for observers */
    int fd;                    /* -1: closed */
    struct endpoint *endpoint; /* NULL: the socket of TARGET, for any kernel that TARGET matches */
    uint16_t port;             /* 0: a unix socket */
    char address[PROXY_ADDRESS]; /* for "target remote"; the path of a unix socket */
};

enum endpoint_state {
    ENDPOINT_UNLISTED, /* the listener has no session for it: a client is attached, or the session
                          is gone */
    ENDPOINT_PARKED,
    ENDPOINT_RUNNING, /* the last client disconnected while the target was running */
};

struct endpoint {
    LIST_ENTRY(endpoint) entries;
    struct net_addr own, kernel; /* of its session; port 0: a stub on a stream */
    char name[OPTIONS_HOST_MAX];
    char stop[SESSION_STOP_MAX];
    time_t since;
    struct listen_socket *socket;           /* or NULL */
    struct listen_socket *observers_socket; /* or NULL */
    struct client *client;                  /* attached; or NULL */
    unsigned pending;                       /* clients of its socket that are not attached */
    enum endpoint_state state;              /* according to the listener's list */
    bool ended; /* its session has ended: the next one gets another endpoint */
    struct observed observed;
    unsigned observers; /* clients that observe it; they keep the endpoint */
    struct profile profile;
    struct log log;
};

struct client {
    LIST_ENTRY(client) entries;
    struct proxy *proxy;
    struct endpoint *endpoint; /* attached to it; or NULL */
    struct session *session;   /* of that endpoint, owned while attached; or NULL */
    struct endpoint *via; /* pending there; NULL: not pending, or connected to another socket */
    struct listener_watch wants; /* without `via`: the hosts whose kernel it wants */
    bool asked, asks;            /* on the control socket (control.h); not answered yet */
    bool silent;                 /* its first request is pending */
    bool observes;               /* it only looks at a kernel, beside the attached client */
    struct endpoint *observed;   /* that of this kernel; or NULL */
    bool waits;                  /* it wants a kernel to be attached to */
    bool stand_in; /* it has no debugger: it serves the observers of a parked kernel */
    struct io_fds io;
    int fd; /* of its stream, for shutdown */
    char who[PROXY_WHO];
    struct log log;
    struct listener_watch watch; /* while attached: watches for the kernel's next session */
};

LIST_HEAD(endpoints, endpoint);
LIST_HEAD(clients, client);

struct proxy {
    const struct proxy_options *options;
    struct log log;
    struct logqueue *lines,
        *printed; /* of the log and of `out`, so that no thread waits for their readers */
    struct listener *listener; /* NULL: TARGET is a stub on a stream */
    uint16_t herald_port;
    struct listener_watch watch;
    struct net_hosts hosts;        /* of TARGET */
    struct transport_stream stub;  /* TARGET is a stub: copied for each client */
    struct sockets_address listen; /* len 0: endpoints are unix sockets */
    char directory[RUNDIR_MAX];    /* of the unix sockets */
    FILE *out;                     /* for commands to type, and events */
    int herald_fd, events_fd, signal_fd, poke_fd, control_fd;
    int tls_fd;                            /* the helper of --tls; -1: none, or it has ended */
    struct listen_socket target_socket;    /* fd -1: none */
    struct listen_socket target_observers; /* likewise: for its observers */
    atomic_bool ending;
    int exit_code;

    pthread_mutex_t lock; /* of all below, and of the endpoints */
    pthread_cond_t changed;
    struct {
        unsigned left; /* of PROXY_BURST; one more a second */
        unsigned long left_out;
        uint64_t since;
    } said;
    struct log_limit refused, full;            /* lines that clients can cause */
    struct log_limit no_socket;                /* lines that kernels can cause */
    struct log_limit rejected, refused_tls;    /* lines of the main thread alone */
    struct endpoints endpoints[PROXY_BUCKETS]; /* by the port on our side */
    unsigned endpoint_count, leavers;
    atomic_uint endpoints_ever; /* the loop reads it without the lock */
    struct clients clients;
    struct endpoint *stub_endpoint;
};

/* ---- proxy.c ---- */

/* Accepts a connection from a listening socket. Only for the main thread. -1: there is none. */
int proxy_accept(struct proxy *p, int listen_fd);

/* Whether the peer may use this socket (NULL: the control socket); logs a rejection. */
bool proxy_admits(struct proxy *p, const struct listen_socket *socket, int fd);

/* ---- proxy_endpoints.c ---- */

/*
 * Updates the endpoints from the listener's list: opens one for each new kernel, and closes those
 * whose kernel has gone. Only for the main thread.
 */
void proxy_sync(struct proxy *p);

/* The endpoint of this session, made if there is none. Under the lock. NULL: no memory. */
struct endpoint *endpoint_for(struct proxy *p, const struct session *session);

/* The endpoint of TARGET's stub. NULL: no memory. */
struct endpoint *endpoint_for_stub(struct proxy *p);

/* Reports that the address of --listen is not one of this machine; else only the first kernel would
 * show it. */
bool proxy_check_address(const struct proxy *p);

/* Opens the listening socket of TARGET. Returns an exit code. */
int proxy_open_target_socket(struct proxy *p);

/* The kernel of `e` has begun this session: e becomes its endpoint, in place of any other. Under
 * the lock. */
void endpoint_move(struct proxy *p, struct endpoint *e, const struct session *session);

/*
 * Writes what a debugger types after "target remote" to reach a TCP port of ours. `ip` is used if
 * the proxy listens on all addresses; it is one of this machine.
 */
void listen_socket_name(const struct proxy *p, uint16_t port, uint32_t ip,
                        char text[PROXY_ADDRESS]);

/* The client that is attached; NULL also for a stand-in. */
const struct client *endpoint_client(const struct endpoint *e);

/* Closes it, and removes the path of a unix socket. Keeps errno. */
void listen_socket_close(struct listen_socket *socket);

/* Closes all listening sockets, at the end. */
void proxy_close_sockets(struct proxy *p);

/* Makes the main thread call proxy_sync and check `ending`. */
void proxy_poke(struct proxy *p);

/* ---- proxy_say.c: output for people and scripts, a line each ---- */

/* Writes a line to a FILE, the context; for a queue. */
void say_out(void *context, enum log_level level, const char *line);

/* Prints who can connect. Must run before file access is confined, because it reads the group's
 * name. */
void say_who(const struct proxy *p);

void say_target_socket(struct proxy *p);
void say_herald(struct proxy *p); /* the command for db> */
void say_kernel(struct proxy *p, const struct endpoint *s);
void say_gone(struct proxy *p, const struct endpoint *s);
void say_client(struct proxy *p, const struct endpoint *s, const struct client *c,
                const char *event);
void say_profiles(struct proxy *p);
void say_profile(struct proxy *p, struct endpoint *s);

/* The table of `netgdb ls`. Under the lock. */
void say_list(struct proxy *p, bool json, bool verbose, struct buf *out);

/* Logs that a client cannot be served, once a minute. */
void log_refusal(struct proxy *p, const char *why);

/* ---- proxy_client.c ---- */

/* Writes a readable name of a client: its address, or its process. */
void client_name(const struct proxy *p, int fd, char who[PROXY_WHO]);

/* Starts the thread of a debugger, called `who`, that connected to `socket`. Owns the descriptors.
 */
void client_start(struct proxy *p, struct listen_socket *socket, int in, int out, const char *who);

/* A client of this stream, called `who`, in the list of clients. NULL: no memory; the stream stays
 * open. */
struct client *client_new(struct proxy *p, int in, int out, const char *who);

/* The same without a line in the log, under the lock. NULL with errno. */
struct client *client_make(struct proxy *p, int in, int out, const char *who);

/* Frees it, after the lock has been released. */
void client_free(struct client *c);

/* Serves a client until it leaves, and frees it. */
void client_serve(struct client *c);

/*
 * Reports why the client cannot be served, by a line to a gdb that asks on the control socket, and
 * otherwise in the reply to its first request; then waits until it closes.
 */
void client_refuse(struct client *c, struct server *server, const char *why);

/* It is not a pending client of an endpoint any more. Under the lock. */
void client_end_pending(struct client *c);

/* Before a wait with IO_ON_WAKE: clears the wake-up, then returns whether the proxy continues. */
bool client_should_continue(struct client *c);

/* Detaches it from its endpoint, under the lock; `ended`: the session has. */
void client_detach(struct client *c, bool ended);

/* Returns the session to the listener, and refuses the client: out of memory. */
void client_give_up(struct client *c, struct server *server);

/* For a listener_watch: wakes the client, which is the context. */
void client_wake(void *context);

/* ---- proxy_session.c ---- */

/*
 * Serve an attached client until it leaves: with the kernel of its session, which then waits for
 * the next client or has ended; with the stub of TARGET.
 */
void client_debug_kernel(struct client *c, struct server *server);
void client_debug_stub(struct client *c, struct server *server);

/* For serve(): whether the proxy ends, or a stand-in is not needed any more. */
bool client_told_to_end(void *context);

/* ---- proxy_observe.c: clients that only look ---- */

/* Serves an observer until it leaves or the session ends. */
void client_observe(struct client *c, struct server *server);

/* Starts a thread that serves the observers of a parked kernel, unless it is not needed or a client
 * waits for the kernel. Under the lock. */
void observe_stand_in(struct proxy *p, struct endpoint *e);

/* Whether the stand-in should return the kernel. Takes the lock. */
bool observe_is_over(struct client *stand_in);

/* Makes a stand-in that has the kernel check that. Under the lock. */
void observe_yield(struct endpoint *e);

/* Wakes all observers: a kernel has come, or a client has gone. Under the lock. */
void observe_wake(struct proxy *p);

/* ---- proxy_take.c ---- */

/*
 * Serves the gdb at the other end of a control connection, which asked for a kernel by this line,
 * until it leaves. Owns the descriptor.
 */
void proxy_take(struct proxy *p, int fd, const char *line);

/* ---- proxy_tls.c: for the main thread ---- */

/* Starts the helper if --tls is given. Must run before file access is confined. Returns an exit
 * code. */
int proxy_tls_open(struct proxy *p);

/* False: the queue of the helper is full. */
bool proxy_tls_takes(const struct proxy *p);

/* Passes a connection to the helper, and returns its plain stream; -1: the helper has ended. */
int proxy_tls_wrap(struct proxy *p, int tcp);

/* Logs the messages of the helper. */
void proxy_tls_hear(struct proxy *p);

/* ---- proxy_end.c ---- */

/* Ends every client, then detaches from every kernel. */
void proxy_end(struct proxy *p);

/* ---- proxy_control.c ---- */

/* The control socket in the runtime directory. Returns the descriptor, or -1 with a line. */
int control_open(struct proxy *p);
void control_accept(struct proxy *p);
void control_close(struct proxy *p);

#endif
