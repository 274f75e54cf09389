/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private declarations of the GDB stub (target.c, stub_*.c, monitor.c). */
#ifndef NETGDB_EBPF_STUB_H
#define NETGDB_EBPF_STUB_H

#include "ebpf/target.h"

enum stub_state {
    STUB_STOPPED, /* a client may examine it */
    STUB_RUNS,    /* resumed: the stop reply is pending */
    STUB_FREE,    /* detached: continues to run */
    STUB_ENDED    /* exited or killed: the next connection starts a program */
};

/* A breakpoint of the client. */
struct stub_point {
    char type; /* '0' or '1' */
    uint64_t address;
};

struct stub {
    struct target base;
    struct ebpf_target_options o;
    const struct ebpf_arch *arch;
    unsigned program; /* index of the image */
    struct ebpf_machine *m;
    enum stub_state state;
    enum ebpf_stop stop; /* reason of the last stop; EBPF_STEPPED at the start */
    bool interrupted;    /* Ctrl-C came */
    bool by_interrupt;   /* and caused the last stop */
    bool again;          /* the next start is of the same program, not of the next one */
    bool stepping;       /* the last resume was a step */
    uint64_t low, high;  /* the range of a step */
    struct buf reply;
    /* Features of the client. */
    bool lldb, swbreak, hwbreak, extended, file_open;
    struct stub_point point[EBPF_POINTS_MAX];
    unsigned points;
};

/* The rest of a request that is being parsed. */
struct stub_args {
    const uint8_t *at;
    size_t len;
};

/*
 * Parse a hexadecimal number, a character or a text, and remove it from *a. Return false, and leave
 * *a unchanged, if the request does not continue with it.
 */
bool stub_take_number(struct stub_args *a, uint64_t *value);
bool stub_take(struct stub_args *a, char c);
bool stub_take_text(struct stub_args *a, const char *text);

void stub_error(struct stub *s, unsigned number); /* replies E and an errno as two digits */
void stub_text(struct stub *s, const char *text); /* appends text to the reply */

/* Appends the stop reply of the last stop to s->reply. */
void stub_stop_reply(struct stub *s);

/* A new client has connected: clears the state of the last one. */
void stub_connected(struct stub *s);

/* Appends a line with the result of a program that has ended. */
void stub_result(const struct stub *s, struct buf *out);

const struct ebpf_image *stub_image(const struct stub *s);

/*
 * Handlers of requests: each sets s->reply, or leaves it empty if it does not support the request.
 * `a` begins after the name.
 */
void stub_query(struct stub *s, struct stub_args a);    /* q… */
void stub_set(struct stub *s, struct stub_args a);      /* Q… */
void stub_xfer(struct stub *s, struct stub_args a);     /* qXfer:… */
void stub_file(struct stub *s, struct stub_args a);     /* vFile:… */
void stub_monitor(struct stub *s, const char *command); /* qRcmd, unpacked */
void stub_register_info(struct stub *s, struct stub_args a);
void stub_region_info(struct stub *s, struct stub_args a);

void stub_read_registers(struct stub *s);
void stub_write_registers(struct stub *s, struct stub_args a);
void stub_read_register(struct stub *s, struct stub_args a);
void stub_write_register(struct stub *s, struct stub_args a);
void stub_read_memory(struct stub *s, struct stub_args a);
void stub_write_memory(struct stub *s, struct stub_args a, bool binary);
void stub_add_point(struct stub *s, struct stub_args a, bool add);

/* Appends the memory map for qXfer:memory-map:read. */
void stub_memory_map(struct stub *s, struct buf *out);

/* Errnos by the numbers of GDB's File-I/O protocol, also used in error replies. */
enum {
    STUB_ENOENT = 2,
    STUB_EIO = 5,
    STUB_EBADF = 9,
    STUB_EFAULT = 14,
    STUB_EINVAL = 22,
    STUB_ENOSPC = 28
};

#endif
