/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: finds an RTOS's threads in a stopped target's memory, as its descriptor says.
 * Nothing that memory holds is trusted: every walk is bounded, what is sound is shown, and one
 * thread stands for what is not.
 */
#ifndef NETGDB_THREADS_ENGINE_H
#define NETGDB_THREADS_ENGINE_H

#include "proto/log.h"
#include "threads/ids.h"
#include "threads/memory.h"
#include "threads/program.h"
#include "threads/rtos.h"

enum {
    ENGINE_THREADS_MAX = 1024,
    ENGINE_LISTS_MAX = 256, /* priorities */
    ENGINE_CORES_MAX = 16,
    ENGINE_TCB_MAX = 2048, /* bytes of a control block that are read */
    ENGINE_NAME_MAX = 64,
    ENGINE_TEXT_MAX = 160,
};

struct thread {
    enum thread_kind {
        THREAD_TASK,
        THREAD_CPU,     /* the stub's own execution, which is no task's */
        THREAD_CORRUPT, /* stands for what cannot be read */
    } kind;
    unsigned id;
    uint64_t tcb;
    int core; /* on which it runs; -1: it does not */
    char name[ENGINE_NAME_MAX];
    const char *state;
    char reason[ENGINE_TEXT_MAX]; /* of the state; "" for none */
    bool has_priority;
    int64_t priority, base_priority;    /* differ while it inherits one */
    uint64_t sp, stack_low, stack_high; /* 0: not known */
    uint64_t container;                 /* the list that it waits on; 0: none */
};

struct layout_value {
    uint32_t offset; /* for …_SIZE fields, the size */
    uint16_t size;   /* bytes of the member; 0: not known */
    enum rtos_origin origin;
};

struct engine {
    const struct rtos *rtos;
    const struct arch *arch;
    struct memory *memory;
    struct program *program;
    const struct log *log;
    struct ids *ids;

    /* For as long as the program is the same. */
    struct program_symbol symbols[RTOS_SYMBOLS_MAX];
    bool have[RTOS_SYMBOLS_MAX];
    struct layout_value layout[RTOS_FIELDS];
    const char *variant; /* of the layout, in words; NULL: none */
    bool learned, located;
    bool guessed;       /* memory did not look as it must: learned anew at the next list */
    unsigned lists;     /* FreeRTOS: priorities */
    uint32_t link_bias; /* links point so many bytes into a control block, and into the head */
    const struct frame *frame;
    int frame_points; /* what the weakest thread had with it when it was chosen */
    bool complained;  /* about something that is not sound, since it was */

    /* For as long as the target is stopped. */
    bool have_current, listed;
    bool started; /* threads run */
    bool told;    /* the id of a running thread was told by its address alone: it stays */
    unsigned cores;
    uint64_t running[ENGINE_CORES_MAX]; /* control blocks; 0: none */
    bool cpu_is_nobodys;                /* core 0 runs no task */
    uint64_t was_running;               /* what core 0 pointed to and is no task; 0: nothing */
    uint64_t created;                   /* the counter of created threads, when it is known */
    struct thread *threads;             /* ENGINE_THREADS_MAX + 1 + ENGINE_CORES_MAX */
    size_t n;
    char corrupt[ENGINE_NAME_MAX], corrupt_why[ENGINE_TEXT_MAX]; /* "" when all is sound */
    unsigned corrupt_more;
};

/* The RTOS whose symbols the program has; NULL: none. `only` is looked at alone, NULL: all. */
const struct rtos *engine_detect(struct program *p, const struct rtos *only);

/* Returns 0 or NETGDB_NOMEM. What is passed stays the caller's and must outlive the engine. */
int engine_init(struct engine *e, const struct rtos *rtos, const struct arch *arch,
                struct memory *memory, struct program *program, struct ids *ids,
                const struct log *log);
void engine_free(struct engine *e);

/* The target ran, or its memory was written to. */
void engine_resumed(struct engine *e);

/* The layout of the RTOS's structures; by itself with the first list. Returns 0 or an error. */
int engine_learn(struct engine *e);

/*
 * Which threads run: one read, until a list is asked for. Sets *id to that of the thread on a
 * core. Returns 0 or the target's error.
 */
int engine_current(struct engine *e, unsigned core, unsigned *id);

/* All threads into e->threads, unless they are there already. */
int engine_list(struct engine *e);

/* The thread of this id in the list, or NULL. Lists when it must. */
int engine_thread(struct engine *e, unsigned id, struct thread **t);

/*
 * The saved registers of a thread that does not run. c->frame is NULL when there is no telling.
 * Returns 0 or the target's error.
 */
int engine_context(struct engine *e, const struct thread *t, struct context *c);

/* "Blocked on queue "rx", priority 3, 312 bytes of stack left" into text[size]. */
void engine_describe(const struct engine *e, const struct thread *t, char *text, size_t size);

/* ---- for descriptors and the engine's own parts ---- */

bool layout_has(const struct engine *e, enum rtos_field_id id);
uint32_t layout_offset(const struct engine *e, enum rtos_field_id id);
void layout_set(struct engine *e, enum rtos_field_id id, uint64_t offset, uint64_t size,
                enum rtos_origin origin);

/* Generic part of engine_learn: debug information, then built-in numbers. */
void layout_from_program(struct engine *e);

/* Bytes of a control block that must be read for all fields in it. */
size_t layout_tcb_size(const struct engine *e);

/* A field's number in the structure at `base`. Returns as memory_read; *value 0 without one. */
int engine_field(struct engine *e, uint64_t base, enum rtos_field_id id, uint64_t *value);

/* Says once what is not sound, and remembers it for the list. */
void engine_corrupt(struct engine *e, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The walks; each adds threads. */
int walk_lists(struct engine *e);
int walk_links(struct engine *e);

/* All lists, and what else is read of the kernel, in few reads. */
int walk_read_lists(struct engine *e);

/* Adds the task with this control block, or finds it. NULL: there is no room. */
struct thread *engine_add(struct engine *e, uint64_t tcb, const char *state);

#endif
