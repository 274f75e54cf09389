/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the threads decorator, shared by its parts only. */
#ifndef NETGDB_THREADS_PARTS_H
#define NETGDB_THREADS_PARTS_H

#include "threads/engine.h"
#include "threads/regmap.h"
#include "threads/threads.h"

enum {
    HAND_ON = 1, /* of an answer: the request, or t->request if that is not empty, is the stub's */
    STUB_THREADS_MAX = ENGINE_CORES_MAX,
    POINTS_MAX = 256, /* breakpoints of the client that are remembered */
};

#define ALL_THREADS UINT64_MAX /* -1 in a thread id */

/* A thread id of the protocol: TID, or pPID.TID (GDB manual, "thread-id syntax"). */
struct tid {
    uint64_t pid, tid; /* 0: any; ALL_THREADS: all */
};

/* A run of our own: until a waiting thread is the running one. */
struct run {
    bool on;
    unsigned id;
    uint64_t pc;
    unsigned kind; /* of the breakpoint */
    char type;     /* of the breakpoint: '0' or '1' */
    bool ours;     /* the breakpoint is not the client's */
    bool step;     /* step it once when it is there */
    bool stepping; /* a step over the breakpoint is on its way: of the thread, or of another */
    bool arrived;  /* … and it is the thread's */
    bool leaving;  /* a step off a breakpoint of the client's that the CPU was stopped at … */
    size_t left;   /* … this one */
};

/* A breakpoint of the client's. */
struct point {
    uint64_t address, kind;
    char type; /* '0' or '1' */
};

struct threads {
    struct target base; /* first: a target is cast to it */
    const struct log *log;
    const struct rtos *only;
    struct symbols *symbols;
    struct program program;
    struct memory memory;
    struct ids ids;
    struct engine engine;
    bool active; /* an RTOS is on the target: the engine is in use */
    bool prepared, said_unknown;
    bool new_program; /* the client writes one: ids are forgotten with the next resume */

    /* The two sides' ids. */
    bool multiprocess;
    struct tid stopped; /* the stub's thread of the last stop; tid 0: it has no threads */
    struct tid stub_threads[STUB_THREADS_MAX];
    size_t n_stub_threads;
    bool stub_threads_known;
    bool stub_lists;  /* the stub offers qXfer:threads:read itself */
    bool wants_names; /* the client is LLDB, which takes a thread's name from its stop */
    char signal[3];   /* of the last stop, two digits */
    bool told;        /* the client holds the stub's own id, since this stop */

    /* Choices by H. */
    unsigned selected, continued; /* 0: the running thread */
    uint64_t stub_selected;       /* 0: not known */

    /* Registers of the stub. */
    struct regmap map;
    bool map_known, client_reads_xml, p_known, p_works;
    size_t g_len;
    struct buf live; /* reply to g, of the running thread; empty: not asked since the stop */

    /* Lists that are being told. */
    struct buf xml;
    bool xml_made;
    size_t listed;

    /* Questions to the client. */
    char question[PROGRAM_NAME_MAX]; /* "" when none is out */
    bool offered;                    /* a round is on, behind which the stub's own comes */

    /* Requests. */
    const struct packet *packet;
    bool handed_on;
    int error;
    struct buf reply, request, part;
    struct run run;
    bool locked;        /* the resume names one thread alone … */
    bool locked_step;   /* … to step */
    unsigned locked_id; /* … this one */
    bool by_vcont;
    struct point points[POINTS_MAX];
    size_t n_points;
};

typedef int answer_fn(struct threads *t, const struct request *r);

/* ---- threads.c ---- */

/* Finds out whether there is an RTOS, when that is not known. Only for a stopped target. */
int threads_detect(struct threads *t);

/* The client's memory, registers or list may be other ones now. */
void threads_resumed(struct threads *t);

/* Another program, or the same from its start. */
void threads_forget(struct threads *t);

int threads_reply(struct threads *t, const char *text);

/* Asks the stub; the reply is in t->part. */
int threads_ask(struct threads *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- thread ids: tids.c ---- */

/* Reads an id at text; returns how many bytes it has, 0: it is none. */
size_t tid_parse(const uint8_t *text, size_t len, struct tid *id);

/* Appends an id of ours as the client speaks it, and one of the stub's. */
void tid_add(struct threads *t, struct buf *b, uint64_t id);
void tid_add_stub(struct threads *t, struct buf *b, const struct tid *id);

/* The stub's thread that is a core; false: it has none, or fewer. */
int tid_of_core(struct threads *t, unsigned core, struct tid *id, bool *known);

/* Learns what the stub says of its own threads in a reply: "QCp1.1", "T05thread:1;". */
void tid_learn(struct threads *t, const struct buf *reply);

/* The core that the stub's last stop is about. */
int threads_stopped_core(struct threads *t, unsigned *core);

/* The id of ours that the stub's last stop is about. */
int threads_current(struct threads *t, unsigned *id);

/* The thread that `id` means now: 0 is the running one. *thread is NULL when there is none. */
int threads_find(struct threads *t, unsigned id, struct thread **thread);

/* Whether the live registers are this thread's. */
bool threads_runs(const struct threads *t, const struct thread *thread);

/* Makes the stub's own choice the core that a running thread is on. */
int threads_choose_core(struct threads *t, const struct thread *thread);

/* ---- lists.c ---- */
answer_fn answer_xfer_threads, answer_first, answer_next, answer_extra, answer_current,
    answer_alive, answer_stop_info;

/* Appends "hexname:…;", the name of a thread in a stop reply. */
int add_name(struct buf *b, const struct thread *thread);

/* ---- registers.c ---- */
answer_fn answer_g, answer_G, answer_p, answer_P;
int registers_live(struct threads *t);
int registers_map(struct threads *t);
int registers_pc(struct threads *t, uint64_t *pc);

/* ---- stops.c ---- */
answer_fn answer_H, answer_vcont, answer_resume, answer_point;

/*
 * A final reply of the stub to `?` or a resume, in *reply: names a thread of ours. Returns 0,
 * NETGDB_AGAIN when the target runs again because a thread that was to step alone has lost the
 * CPU, or the target's error.
 */
int stop_translate(struct threads *t, struct buf *reply);

/* ---- run.c ---- */

/* Begins to run until the waiting thread is the running one, `step`: and makes one step of it. */
int run_begin(struct threads *t, const struct thread *thread, bool step);

/* A stop came while a run is on. Returns 0 when it is to be told, NETGDB_AGAIN when the target
 * runs again, or the target's error. */
int run_stopped(struct threads *t, const struct buf *reply);

/* ---- questions.c ---- */
answer_fn answer_symbol;

#endif
