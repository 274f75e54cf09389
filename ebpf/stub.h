/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the stub share (target.c, stub_*.c, monitor.c); nobody else includes this. */
#ifndef NETGDB_EBPF_STUB_H
#define NETGDB_EBPF_STUB_H

#include "ebpf/target.h"

enum stub_state {
    STUB_STOPPED, /* a client looks at it, or may */
    STUB_RUNS,    /* a resumption waits for its stop */
    STUB_FREE,    /* detached: runs on */
    STUB_ENDED    /* exited or killed: the next connection starts anew */
};

/* A breakpoint of the client. */
struct stub_point {
    char type; /* '0' or '1' */
    uint64_t address;
};

struct stub {
    struct target base;
    struct ebpf_target_options o;
    const struct ebpf_face *face;
    unsigned program; /* index of the image that runs */
    struct ebpf_machine *m;
    enum stub_state state;
    enum ebpf_stop stop; /* why it stopped last; EBPF_STEPPED at the start */
    bool interrupted;    /* Ctrl-C came */
    bool by_interrupt;   /* and is why it stopped */
    bool again;          /* the same program next time, not the next one */
    bool stepping;       /* how it was resumed */
    uint64_t low, high;  /* the range of a step */
    struct buf reply;
    /* What the client is. */
    bool lldb, swbreak, hwbreak, extended, file_open;
    struct stub_point point[EBPF_POINTS_MAX];
    unsigned points;
};

/* A request and a place in it. */
struct stub_args {
    const uint8_t *at;
    size_t len;
};

/* Takes a hexadecimal number, or one character. False: there is none, nothing is taken. */
bool stub_take_number(struct stub_args *a, uint64_t *value);
bool stub_take(struct stub_args *a, char c);
bool stub_take_text(struct stub_args *a, const char *text);

void stub_error(struct stub *s, unsigned number); /* E and two digits: an errno */
void stub_text(struct stub *s, const char *text);

/* The stop reply of the last stop, appended to the (empty) reply. */
void stub_stop_reply(struct stub *s);

/* Starts a program from its beginning; the state is then STUB_STOPPED. Returns 0 or an error. */
int stub_start(struct stub *s, unsigned program);

/* A new client: what the last one left is cleared. */
void stub_connected(struct stub *s);
void stub_clear_points(struct stub *s);

const struct ebpf_image *stub_image(const struct stub *s);

/* Each answers what it knows and leaves the reply empty for the rest; `a` is behind the name. */
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

/* The contents of the objects of qXfer, appended. */
void stub_memory_map(struct stub *s, struct buf *out);

/* ENOENT and others as GDB's File-I/O numbers them, and the errnos of error replies. */
enum {
    STUB_ENOENT = 2,
    STUB_EIO = 5,
    STUB_EBADF = 9,
    STUB_EFAULT = 14,
    STUB_EINVAL = 22,
    STUB_ENOSPC = 28
};

#endif
