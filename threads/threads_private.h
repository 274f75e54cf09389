/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The threads decorator's private declarations, shared by its files. A function with the result int
 * returns 0 or the target's error, unless it says more.
 */
#ifndef NETGDB_THREADS_THREADS_PRIVATE_H
#define NETGDB_THREADS_THREADS_PRIVATE_H

#include "proto/decorator.h"
#include "threads/engine.h"
#include "threads/regmap.h"
#include "threads/threads.h"

enum {
    STUB_THREADS_MAX = ENGINE_CORES_MAX,
    POINTS_MAX = 256, /* breakpoints of the client that are recorded */
};

#define ALL_THREADS UINT64_MAX /* -1 in a thread id */

/* A thread id of the protocol: TID, or pPID.TID (GDB manual, "thread-id syntax"). */
struct tid {
    uint64_t pid, tid; /* 0: any; ALL_THREADS: all */
};

/* What happens when the waiting thread runs: the stop is reported, or the thread steps or
 * continues. */
enum run_goal { RUN_REPORT, RUN_STEP, RUN_CONTINUE };

/* A run that the decorator starts itself, to resume the target until a waiting thread runs. */
struct run {
    bool on;
    enum run_goal goal;
    unsigned id;   /* of the thread */
    uint64_t pc;   /* of the thread, and of the temporary breakpoint */
    unsigned kind; /* of the breakpoint */
    char type;     /* of the breakpoint: '0' or '1' */
    bool ours;     /* the breakpoint is not the client's */
    bool stepping; /* a step over the breakpoint is in progress, of this or another thread */
    bool arrived;  /* … of this thread */
    bool leaving;  /* a step off a client's breakpoint, at which the CPU stopped, is in progress */
    size_t left;   /* … index of that breakpoint in points[] */
};

/* A breakpoint of the client's. */
struct point {
    uint64_t address, kind;
    char type; /* '0' or '1' */
};

struct threads {
    struct decorator d; /* first */
    const struct log *log;
    const struct rtos *only;
    struct symbols *symbols;
    struct program program;
    struct memory memory;
    struct ids ids;
    struct engine engine;
    bool active; /* an RTOS was found: the engine is in use */
    bool prepared, warned_unknown;
    bool new_program; /* the client writes a program: forget all ids at the next resume */

    /* Thread ids of the client and of the stub. */
    bool multiprocess;
    struct tid stopped; /* the stub's thread of the last stop; tid 0: it has no threads */
    struct tid stub_threads[STUB_THREADS_MAX];
    size_t n_stub_threads;
    bool stub_threads_known;
    bool stub_lists;         /* the stub offers qXfer:threads:read itself */
    bool client_wants_names; /* the client is LLDB, which reads thread names from stop replies */
    char signal[3];          /* of the last stop, two digits */
    bool stub_id_exposed;    /* the client has seen the stub's own thread id at this stop */

    /* Threads selected by Hg and Hc. */
    unsigned selected, continued; /* 0: the running thread */
    uint64_t stub_selected;       /* by Hg at the stub; 0: unknown */

    /* Registers of the stub. */
    struct regmap map;
    bool map_known, client_reads_xml, p_known, p_works;
    size_t g_len;    /* bytes of the stub's g */
    struct buf live; /* reply to g for the running thread; empty: not read since the stop */

    /* Transfers of the thread list. */
    struct buf xml; /* for qXfer:threads:read */
    bool xml_made;
    unsigned lists_sent; /* documents made since the stop */
    size_t listed;       /* threads already sent by qfThreadInfo and qsThreadInfo */

    /* qSymbol questions to the client. */
    char question[PROGRAM_NAME_MAX]; /* symbol asked for; "": no question is pending */
    bool stub_round_open;            /* the client's offer was forwarded: the stub may ask */

    /* The request in progress. */
    struct buf stub_reply; /* to a request of the decorator */
    struct run run;
    bool locked;               /* the last resume names a single thread … */
    enum run_goal locked_goal; /* … to step or to continue; RUN_REPORT: the next stop is reported */
    unsigned locked_id;        /* … with this id */
    bool by_vcont;             /* the last resume was a vCont */
    struct point points[POINTS_MAX];
    size_t n_points;
};

/* Handles a request of the client. Returns as on_request of a decorator does (decorator.h). */
typedef int answer_fn(struct threads *t, const struct request *r);

/* ---- threads.c ---- */

/*
 * Detects an RTOS, unless one was already found, and sets t->active. The target must be stopped.
 * Returns 0 or the target's error.
 */
int threads_detect(struct threads *t);

/* All symbols are known: says that the RTOS of the option rtos= is not there, once. */
void threads_not_detected(struct threads *t);

/* Drops cached memory, registers and lists: the target ran, or its memory was written. */
void threads_resumed(struct threads *t);

/* Also forgets the RTOS and all ids: another program runs, or the same one from its start. */
void threads_forget(struct threads *t);

/* Sets t->d.reply. Returns 0 or NETGDB_NOMEM. */
int threads_reply(struct threads *t, const char *text);

/* Sends a request to the stub and waits for t->stub_reply. Returns 0 or the target's error. */
int threads_ask(struct threads *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- thread ids: tids.c ---- */

/* Parses a thread id at the start of text[len]. Returns its length in bytes; 0: not a thread id. */
size_t tid_parse(const uint8_t *text, size_t len, struct tid *id);

/* Append a thread id for the client, and one for the stub; with a process id if both use them. */
void tid_add(struct threads *t, struct buf *b, uint64_t id);
void tid_add_stub(struct threads *t, struct buf *b, const struct tid *id);

/* Finds the stub's thread for a core; *known is false if it has none. Returns 0 or an error. */
int tid_of_core(struct threads *t, unsigned core, struct tid *id, bool *known);

/* Records the stub's current thread from a reply: "QCp1.1", "T05thread:1;". */
void tid_learn(struct threads *t, const struct buf *reply);

/* Sets the core that the stub's last stop names; 0 if it names none. */
int threads_stopped_core(struct threads *t, unsigned *core);

/* Sets the client's id of the thread that the stub's last stop names. */
int threads_current(struct threads *t, unsigned *id);

/* Finds a thread by the client's id; 0: the running one. *thread is NULL if there is none. */
int threads_find(struct threads *t, unsigned id, struct thread **thread);

/* True if the thread runs on a core: its registers are those of the CPU. */
bool threads_runs(const struct threads *t, const struct thread *thread);

/* Selects a running thread's core at the stub by Hg, unless it is selected. */
int threads_choose_core(struct threads *t, const struct thread *thread);

/* ---- lists.c ---- */
answer_fn answer_xfer_threads, answer_first, answer_next, answer_extra, answer_current,
    answer_alive, answer_stop_info;

/* Appends "hexname:…;", the name of a thread in a stop reply. Returns 0 or the buffer's error. */
int add_name(struct buf *b, const struct thread *thread);

/* ---- registers.c ---- */
answer_fn answer_g, answer_G, answer_p, answer_P;

/* Reads the stub's g into t->live, once a stop. Leaves it empty if the stub refuses. */
int registers_live(struct threads *t);

/* Makes t->map, once; t->map_known is false if that is not possible. */
int registers_map(struct threads *t);

/* Sets the CPU's program counter, 0 if it is not in g. */
int registers_pc(struct threads *t, uint64_t *pc);

/* ---- stops.c ---- */
answer_fn answer_H, answer_vcont, answer_resume, answer_point;

/*
 * Rewrites the stub's final reply to `?` or a resume so that it names a thread of the list. Returns
 * 0; DECORATOR_REPLACE to resume the target, because the only thread that was to step has lost the
 * CPU; or the target's error.
 */
int stop_translate(struct threads *t, struct buf *reply);

/* ---- run.c ---- */

/*
 * Resumes the target until a waiting thread runs. With RUN_CONTINUE only that thread may stop at a
 * breakpoint of the client. Returns DECORATOR_REPLACE; 0 with the reply E01 if the thread's context
 * is unknown or the stub cannot insert a breakpoint; or an error.
 */
int run_begin(struct threads *t, const struct thread *thread, enum run_goal goal);

/* Sets *at: the CPU that stopped is at a breakpoint of the client. Returns 0 or an error. */
int run_at_client_point(struct threads *t, bool *at);

/*
 * Handles a stop during a run. Returns 0 if the client must see the stop, DECORATOR_REPLACE to
 * resume the target, or the target's error.
 */
int run_stopped(struct threads *t, const struct buf *reply);

/* ---- questions.c ---- */
answer_fn answer_symbol;

#endif
