/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of `netgdb autopsy`. The main thread watches the proxy's list of kernels and starts a
 * thread for each crash. That thread finds the kernel's file, runs gdb, writes the report into a
 * directory with the suffix ".partial", renames it when it is complete, and only then releases the
 * kernel. The kernels belong to the proxy throughout, so that the end of any program here leaves
 * them waiting.
 */
#ifndef NETGDB_TOOLS_AUTOPSY_H
#define NETGDB_TOOLS_AUTOPSY_H

#include <limits.h>
#include <pthread.h>
#include <regex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "freebsd/signature.h"
#include "proto/buf.h"
#include "proto/options.h"
#include "session/listener.h"
#include "tools/tools.h"

enum {
    AUTOPSY_JOBS = 20,       /* crashes at a time */
    AUTOPSY_JOBS_MAX = 1000, /* the largest --jobs */
    AUTOPSY_NAME_MAX = 96,   /* bytes of the name of a crash directory */
    AUTOPSY_PANIC_MAX = 256, /* bytes of a panic message */
    AUTOPSY_WHY_MAX = 256,   /* bytes of what went wrong */
    AUTOPSY_NONCE_MAX = 24,  /* bytes of a random text */
};

#define AUTOPSY_LOG_MAX                                                                            \
    ((size_t)8 << 20) /* bytes of a gdb.log; the rest of gdb's output is dropped */

/* Exit codes in addition to tool_exit. */
enum { EXIT_OTHER_PANIC = 5, EXIT_SCRIPT = 6 };

enum autopsy_after { AFTER_DETACH, AFTER_PARK, AFTER_CONTINUE };

struct autopsy_options {
    struct options target;             /* OPTIONS_ANY or OPTIONS_KERNEL */
    const char *name_options;          /* ",option=value…" of the target's name, or "" */
    const char *out, *debug;           /* debug: NULL: none */
    char *script;                      /* an absolute path, or NULL */
    const char *gdb, *junit, *command; /* junit, command: NULL: none */
    struct tool_nets from;             /* of --from */
    unsigned jobs, count;              /* count 0: no limit */
    enum autopsy_after after;
    uint64_t limit;   /* ns, for each gdb and COMMAND */
    uint64_t timeout; /* ns to wait for a kernel; IO_NEVER: no limit */
    bool tap, dedup, expects;
    regex_t expect;
    const char *expected; /* the text of it */
    enum log_level log_level;
};

/* Parses the command line. Returns -1 to continue, else the exit code. */
int autopsy_options_parse(int argc, char **argv, struct autopsy_options *o);

/* A kernel of the proxy's list. */
struct waiting {
    char host[OPTIONS_HOST_MAX];
    uint32_t ip; /* 0: host is no address */
    int64_t session_port;
    bool parked, attached, running;
};

enum crash_state {
    CRASH_NEW,  /* to be examined, not before `retry_at` */
    CRASH_BUSY, /* by its thread, which owns all fields but `listed` */
    CRASH_DONE,
};

/* What became of one crash. */
struct crash_result {
    int verdict; /* an exit code */
    bool written, duplicate;
    bool again;                /* it has a report, and has connected again */
    char why[AUTOPSY_WHY_MAX]; /* what went wrong; "": nothing */
    char panic[AUTOPSY_PANIC_MAX];
    char signature[SIGNATURE_ID_MAX];
    double seconds;
};

struct crash {
    LIST_ENTRY(crash) entries;
    struct autopsy *autopsy;
    struct waiting kernel;
    enum crash_state state;
    bool listed;
    bool reported; /* a report was written before, and the kernel is only to be released */
    bool told;     /* COMMAND was run for it */
    uint64_t retry_at;

    char name[AUTOPSY_NAME_MAX]; /* of the directory, without suffix */
    int dir;                     /* its descriptor; -1: none */
    char nonce[AUTOPSY_NONCE_MAX];
    uint64_t began; /* io_fds_now() */
    time_t date;
    char identity[SIGNATURE_ID_MAX]; /* of this crash of this kernel; "": not known */
    char *file;                      /* the kernel's kernel.debug, owned; NULL: none */
    int gdb_status;                  /* of wait(2); -1: it did not end by itself */
    struct crash_result result;
};

LIST_HEAD(crashes, crash);

/* A finished crash, for JUnit. */
struct finished {
    STAILQ_ENTRY(finished) entries;
    char host[OPTIONS_HOST_MAX], name[AUTOPSY_NAME_MAX];
    struct crash_result result;
};

/* A signature, or a crash, that has a directory. */
struct known {
    STAILQ_ENTRY(known) entries;
    char id[SIGNATURE_ID_MAX];
    char name[AUTOPSY_NAME_MAX]; /* the directory of the first */
    unsigned long count;
};

struct known_list {
    STAILQ_HEAD(, known) list; /* the newest at the end */
    unsigned n;
};

/* A kernel that has a report and was still waiting when an earlier autopsy ended. */
struct kept {
    LIST_ENTRY(kept) entries;
    struct waiting kernel;
    char name[AUTOPSY_NAME_MAX];
    bool told;
};

struct autopsy {
    const struct autopsy_options *options;
    struct log log;
    struct net_hosts hosts;                        /* of TARGET */
    int out, lock_fd, signal_fd, poke_fd, stop_fd; /* out: the directory's descriptor */
    pid_t proxy;                                   /* our own; 0: none */
    uint64_t proxy_started, proxy_retry;           /* and when one may be started again */
    unsigned proxy_ends;                           /* soon after its start, in a row */
    bool had_proxy;                                /* one has answered … */
    atomic_bool lost_proxy;                        /* … and did not when it was last asked */
    _Atomic uint64_t proxy_back;                   /* when one did again; 0: never */
    LIST_HEAD(, kept) kept;

    pthread_mutex_t lock; /* of all below, and of the crashes' states */
    struct crashes crashes;
    unsigned busy;
    unsigned long finished_count;
    int verdict; /* the worst so far */
    STAILQ_HEAD(, finished) finished;
    struct known_list signatures, examined;
    uint64_t last_kernel; /* when the last one came */
    atomic_bool ending;
};

/* ---- autopsy.c ---- */

/* Has the main thread look again. */
void autopsy_poke(struct autopsy *a);

/* ---- autopsy_proxy.c ---- */

/* Takes a line of the proxy's list. */
typedef void autopsy_row(void *context, const struct waiting *kernel, const char *row, size_t len);

/*
 * Asks the proxy for its kernels, and calls `each` for every one. Starts a proxy of our own if none
 * runs. Returns false if none answers, yet.
 */
bool autopsy_list(struct autopsy *a, autopsy_row *each, void *context);

/* Whether a proxy may not have all kernels yet of one that has ended. */
bool autopsy_takes_over(const struct autopsy *a);

/*
 * Whether the proxy still has this session, as far as is known: one that does not answer, or takes
 * kernels over, may have it. *attached (NULL: not wanted): a debugger certainly has it.
 */
bool autopsy_has(const struct crash *c, bool *attached);

/* Whether the script has resumed it, and it has not stopped since. */
bool autopsy_runs(const struct waiting *kernel);

/* Writes the proxy's line about this kernel, with its profile, as link.json. False with errno. */
bool autopsy_write_link(struct crash *c);

/* Ends our own proxy, which leaves its kernels waiting. */
void autopsy_end_proxy(struct autopsy *a);

/* ---- autopsy_store.c: the directory of --out ---- */

/* Opens and locks it; marks the directories that an earlier autopsy left unfinished, and finds the
 * kernels that it left waiting. Returns an exit code. */
int store_open(struct autopsy *a);

/* Makes the directory of a crash, NAME.partial. False with errno. */
bool store_begin(struct crash *c);

/* Writes the data to disk and renames the directory to NAME. False with errno. */
bool store_complete(struct crash *c);

/* Opens the directory again after store_complete(). False with errno. */
bool store_reopen(struct crash *c);

/* Removes what one gdb has written, before another begins. */
void store_restart(struct crash *c);

/* The directory will not be completed: renames it to NAME.SUFFIX, or removes it (NULL). */
#define STORE_INTERRUPTED ".interrupted"
void store_abandon(struct crash *c, const char *suffix);

/* Notes in NAME that its kernel waits, and whether COMMAND was run; or that it waits no more. */
bool store_note_waiting(struct crash *c, bool told);
void store_note_gone(struct autopsy *a, const char *name);

/* Opens a file of the crash for writing. NULL with errno. store_close() returns false with errno if
 * anything was not written, and closes it; store_complete() has it reach the disk. */
FILE *store_file(const struct crash *c, const char *name);
bool store_close(FILE *file);

/*
 * The signatures, in the file "signatures": store_claim() counts one, and returns whether it is
 * new, so that `c` is to have a directory; else *name is that of the first.
 */
bool store_claim(struct crash *c, char name[AUTOPSY_NAME_MAX]);

/* The claim of `c` has no directory after all. */
void store_disclaim(struct crash *c);

/*
 * The crashes that were examined, in the file "crashes". A kernel that has connected again after
 * its report is the same crash: store_has_crash() returns whether c->identity has a complete
 * directory, *name. store_note_crash() notes that c->name is the directory of `c`.
 */
bool store_has_crash(struct crash *c, char name[AUTOPSY_NAME_MAX]);
void store_note_crash(struct crash *c);

/* ---- autopsy_crash.c ---- */

/* Examines a crash: the main function of its thread. */
void *crash_main(void *context);

/* Notes what went wrong first. */
void crash_fails(struct crash *c, int verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- autopsy_kernel.c: the kernel, without gdb ---- */

/* Finds its kernel.debug, c->file, and c->identity. False: the kernel cannot be reached; c->result
 * says so. */
bool kernel_find_file(struct crash *c);

/* Releases it as --after says. False, with a line in the log: it is still waiting. */
bool kernel_release(struct crash *c);

/* ---- autopsy_gdb.c ---- */

/* Runs gdb, with all sections or only those of the signature. False: c->result says why. */
bool gdb_examine(struct crash *c, bool only_signature);

/* ---- autopsy_run.c ---- */

enum run_end { RUN_ENDED, RUN_TIMED_OUT, RUN_INTERRUPTED, RUN_NOT_WRITTEN, RUN_NOT_STARTED };

/*
 * Runs a program in the crash's directory, in a process group of its own, and appends its output to
 * the file `log` there, in visible form. At the deadline, or when autopsy ends, the whole group is
 * ended. Sets *status as wait(2) does. RUN_NOT_WRITTEN and RUN_NOT_STARTED with errno.
 */
enum run_end run_limited(struct crash *c, char *const *argv, const char *log, uint64_t deadline,
                         int *status);

/* ---- autopsy_report.c ---- */

/* The parts of gdb.log. */
enum section {
    SECTION_CONNECT,
    SECTION_PANIC,
    SECTION_BACKTRACE,
    SECTION_REGISTERS,
    SECTION_MESSAGES,
    SECTION_MODULES,
    SECTION_PROCESSES,
    SECTION_THREADS,
    SECTION_SCRIPT,
    SECTIONS
};

/* Writes the line that begins a section of gdb.log. */
void section_marker(const struct crash *c, enum section section, char *line, size_t size);

/* Reads the panic message and the signature from gdb.log into c->result. False with errno. */
bool report_signature(struct crash *c);

/* Copies the last line of gdb.log that is not empty, at most size - 1 bytes of it. */
void report_last_line(const struct crash *c, char *line, size_t size);

/* Writes report.txt and report.json from gdb.log. False with errno. */
bool report_write(struct crash *c);

/* ---- autopsy_results.c ---- */

/* Writes a JUnit file without results. Returns an exit code, after a complaint. */
int results_begin(struct autopsy *a);

/* Counts a finished crash: prints its line, updates JUnit. Not under the lock. */
void results_add(struct crash *c);

/* No kernel connected in time. */
void results_no_kernel(struct autopsy *a);

/* The end: the plan of TAP. */
void results_end(struct autopsy *a);

#endif
