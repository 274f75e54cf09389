/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine: finds the threads of an RTOS in a stopped target's memory, by its descriptor
 * (rtos.h). It does not trust the contents of memory: every walk is bounded, consistent threads are
 * shown, and one thread "corrupt list NAME" represents the rest.
 */
#ifndef NETGDB_THREADS_ENGINE_H
#define NETGDB_THREADS_ENGINE_H

#include "proto/log.h"
#include "proto/target_memory.h"
#include "threads/ids.h"
#include "threads/program.h"
#include "threads/rtos.h"

enum {
    ENGINE_THREADS_MAX = 1024,
    ENGINE_LISTS_MAX = 256, /* priorities */
    ENGINE_CORES_MAX = 16,
    ENGINE_TCB_MAX = 2048, /* bytes read of a control block */
    ENGINE_NAME_MAX = 64,  /* bytes of a name, with its NUL */
    ENGINE_TEXT_MAX = 160, /* bytes of a reason, with its NUL */
};

struct thread {
    enum thread_kind {
        THREAD_TASK,
        THREAD_CPU,     /* a core that runs no task */
        THREAD_CORRUPT, /* represents an inconsistent list */
    } kind;
    unsigned id;
    uint64_t tcb; /* address of its control block */
    int core;     /* that it runs on; -1: waiting */
    char name[ENGINE_NAME_MAX];
    const char *state;            /* a constant */
    char reason[ENGINE_TEXT_MAX]; /* of the state: "on queue \"rx\""; "" for none */
    bool has_priority;
    int64_t priority, base_priority;    /* they differ during priority inheritance */
    uint64_t sp, stack_low, stack_high; /* 0: unknown */
    uint64_t container;                 /* address of the list that it waits on; 0: none */
};

struct layout_value {
    uint32_t offset; /* of the member; of a …_SIZE field, the size of the structure */
    uint16_t size;   /* bytes of the member; 0: unknown */
    enum rtos_origin origin;
};

struct engine {
    /* Given to engine_init(); not owned. */
    const struct rtos *rtos;
    const struct arch *arch;
    struct memory *memory;
    struct program *program;
    const struct log *log;
    struct ids *ids;

    /* Valid while the program is the same. */
    struct program_symbol symbols[RTOS_SYMBOLS_MAX];
    bool have[RTOS_SYMBOLS_MAX];
    struct layout_value layout[RTOS_FIELDS];
    const char *variant; /* name of the layout's variant; NULL: none */
    bool learned, located;
    bool guessed;       /* memory was not yet initialized: the next list learns the layout again */
    unsigned lists;     /* FreeRTOS: priorities */
    uint32_t link_bias; /* links point this many bytes into a control block and into the head */
    struct frame_table registers;
    const struct frame *frame;
    int frame_points; /* the lowest score of a thread when `frame` was chosen */
    bool complained;  /* an inconsistency was logged since the last consistent list */

    bool started; /* the scheduler ran when this was last read */

    /* Valid until the target is resumed. */
    bool have_current, listed;
    bool stepped; /* set by the caller after a resume: by one instruction of the running thread */
    bool same_thread; /* … which did not change core 0's current pointer */
    bool counted;     /* `counter` is the RTOS's counter of created threads */
    uint64_t counter;
    bool id_exposed; /* the client knows a running thread's id, which was found by its address
                        alone: the id must not change during this stop */
    unsigned cores;
    uint64_t running[ENGINE_CORES_MAX]; /* control block of each core's task; 0: none */
    bool cpu_idle;                      /* core 0 runs no task */
    uint64_t was_running; /* core 0's current pointer if that is not a task; 0: none */
    uint64_t created;     /* the counter when the threads were listed; 0: unknown */
    uint64_t tasks; /* the kernel's number of threads then; 0: unknown, or not all are tasks */
    struct thread *threads; /* ENGINE_THREADS_MAX + 1 + ENGINE_CORES_MAX */
    size_t n;
    char corrupt[ENGINE_NAME_MAX],
        corrupt_why[ENGINE_TEXT_MAX]; /* "" if all lists are consistent */
    unsigned corrupt_more;            /* further inconsistencies */
};

/*
 * Returns the first RTOS whose needed symbols the program has, or NULL. `only`: the one RTOS that
 * is tried; NULL: all.
 */
const struct rtos *engine_detect(struct program *p, const struct rtos *only);

/*
 * Returns 0 or NETGDB_NOMEM. All arguments stay the caller's and must outlive the engine.
 * engine_free() frees the list of threads only.
 */
int engine_init(struct engine *e, const struct rtos *rtos, const struct arch *arch,
                struct memory *memory, struct program *program, struct ids *ids,
                const struct log *log);
void engine_free(struct engine *e);

/* Drops everything that is valid for one stop: the target ran, or its memory was written. */
void engine_resumed(struct engine *e);

/*
 * Finds the layout of the RTOS's structures; the first engine_list() does so by itself. Returns 0
 * or the target's error.
 */
int engine_learn(struct engine *e);

/*
 * Sets *id to the id of the thread that runs on a core, as a rule by one read and without the list.
 * Returns 0 or the target's error.
 */
int engine_current(struct engine *e, unsigned core, unsigned *id); /* in current.c */

/* Fills e->threads, unless it is filled for this stop. Returns 0 or the target's error. */
int engine_list(struct engine *e);

/*
 * After a step, sets *same: e->threads has the threads of an earlier stop, and by the kernel's
 * counters none was created or deleted since. Their ids and names are valid, their states are not.
 * Returns 0 or the target's error.
 */
int engine_same_threads(struct engine *e, bool *same);

/*
 * Sets *t to the thread with this id, owned by the engine, or NULL. Fills the list if needed.
 * Returns 0 or the target's error.
 */
int engine_thread(struct engine *e, unsigned id, struct thread **t);

/*
 * Reads the saved registers of a waiting thread. c->frame is NULL if no known context is plausible.
 * Returns 0 or the target's error.
 */
int engine_context(struct engine *e, const struct thread *t, struct context *c);

/* Writes `Blocked on queue "rx", priority 3, 312 bytes of stack left` to text[size]. */
void engine_describe(const struct engine *e, const struct thread *t, char *text, size_t size);

/* The target may have been reset: the scheduler is not known to run. */
void engine_restarted(struct engine *e);

/* ---- for descriptors and the files of the engine ---- */

/* Returns a symbol of the descriptor; NULL: the program does not have it. */
const struct program_symbol *engine_symbol(const struct engine *e, unsigned which);

/* Reads the current pointers, once a stop; of a scheduler that does not run, they are 0. */
int engine_read_cpu(struct engine *e);

/* Reads the flag "the scheduler runs". These three return 0 or the target's error. */
int engine_read_started(struct engine *e);

/*
 * Reads the RTOS's counter of created threads, whose old value is e->created; *known is false
 * without one, and before the first list. While it is the same, no control block was reused.
 */
int engine_read_counter(struct engine *e, uint64_t *value, bool *known);

/* Returns the id of a core that runs no task; core 0 keeps an id that the client already knows. */
unsigned engine_cpu_id(const struct engine *e, unsigned core);

/* The layout: whether a field is known, its offset (or size), and a way to set it. */
bool layout_has(const struct engine *e, enum rtos_field_id id);
uint32_t layout_offset(const struct engine *e, enum rtos_field_id id);
void layout_set(struct engine *e, enum rtos_field_id id, uint64_t offset, uint64_t size,
                enum rtos_origin origin);

/* Fills the layout from debug information, and else from the descriptor's built-in numbers. */
void layout_from_program(struct engine *e);

/* Returns how many bytes of a control block to prefetch: up to the end of its last known field,
 * save registers and EXC_RETURN (TCB_FLOATS, TCB_EXC_RETURN); at most ENGINE_TCB_MAX. */
size_t layout_tcb_size(const struct engine *e);

/*
 * Reads a field of the structure at address `base`. *value is 0 if the field is not in the layout.
 * Returns as memory_read().
 */
int engine_field(struct engine *e, uint64_t base, enum rtos_field_id id, uint64_t *value);

/* Reports an inconsistency of `where`: logs the first one, and keeps it for the list. */
void engine_corrupt(struct engine *e, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Walk the lists, the links or the table of the RTOS and add its threads. Return 0 or the target's
 * error. */
int walk_lists(struct engine *e);
int walk_links(struct engine *e);
int walk_table(struct engine *e);

/* Prefetches all lists and variables of the kernel. Returns 0 or the target's error. */
int walk_read_lists(struct engine *e);

/* Adds the task with this control block, or finds it; NULL: ENGINE_THREADS_MAX is reached. */
struct thread *engine_add(struct engine *e, uint64_t tcb, const char *state);

#endif
