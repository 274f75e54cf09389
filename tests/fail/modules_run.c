/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs all modules with all N, several processes at a time; see modules.h. */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fail/modules.h"
#include "tests/fail/stage.h"

enum {
    PER_PROCESSOR = 4, /* processes at a time: most of them are waiting */
    SLOTS = 64,        /* maximum number of processes */
    MODULES = 64,
    NAMES = 100, /* of calls */
    WRONG_SHOWN = 5,
};

struct tally {
    const struct module *module;  /* NULL: not selected */
    unsigned calls;               /* 0: unknown yet */
    unsigned next, step;          /* N of the next run */
    unsigned running, ran, wrong; /* runs */
};

struct slot {
    pid_t process; /* 0: free */
    struct tally *tally;
    unsigned n;
    FILE *output;
};

static struct tally tallies[MODULES];
static struct slot slots[SLOTS];
static unsigned running, printed, some;
static bool failed[NAMES]; /* by index of wrap_name() */

/* ---- coverage of calls ---- */

static void record_failed_call(const char *line)
{
    char name[32] = "";
    (void)sscanf(line, "%*u calls; %31s failed", name);
    for (unsigned i = 0; i < NAMES && wrap_name(i) != NULL; i++)
        failed[i] |= strcmp(name, wrap_name(i)) == 0;
}

/* Fortified calls occur only where the compiler uses them; free has no error. */
static bool must_fail(const char *name)
{
    return strncmp(name, "__", 2) != 0 && strcmp(name, "free") != 0;
}

static bool all_have_failed(void)
{
    bool all = true;
    for (unsigned i = 0; i < NAMES && wrap_name(i) != NULL; i++) {
        if (failed[i] || !must_fail(wrap_name(i)))
            continue;
        printf("# %s did not fail in any module\n", wrap_name(i));
        all = false;
    }
    return all;
}

/* ---- runs ---- */

/* Starts a process for one N, which prints one line. */
static void start(struct tally *t, unsigned n)
{
    struct slot *s = slots;
    char number[16];
    int ends[2];
    while (s->process != 0)
        s++;
    (void)snprintf(number, sizeof number, "%u", n);
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(2, "pipe");
    *s = (struct slot){.tally = t, .n = n, .process = fork(), .output = fdopen(ends[0], "r")};
    if (s->process < 0 || s->output == NULL)
        err(2, "fork");
    if (s->process == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (dup2(ends[1], STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0)
            execl("/proc/self/exe", "modules", t->module->name, number, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    t->running++;
    running++;
}

/* Selects the values of N, by the number of calls without failures. */
static void plan(struct tally *t, unsigned calls)
{
    t->calls = calls;
    t->step = some == 0 || calls < some ? 1 : calls / some;
    t->next = 1 + (unsigned)(t - tallies) % t->step;
}

static void judge(struct slot *s, int status)
{
    struct tally *t = s->tally;
    char line[200] = "";
    (void)!fgets(line, sizeof line, s->output);
    fclose(s->output);
    s->process = 0;
    running--;
    t->running--;
    t->ran++;
    record_failed_call(line);
    if (s->n == 0)
        plan(t, (unsigned)strtoul(line, NULL, 10));
    line[strcspn(line, "\n")] = '\0';
    if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) || t->wrong++ >= WRONG_SHOWN)
        return;
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    printf("# %s %u: %s%s%s\n", t->module->name, s->n, line, signal != 0 ? strsignal(signal) : "",
           signal == SIGALRM ? " (it hangs)" : "");
}

static bool is_done(const struct tally *t)
{
    return t->ran > 0 && t->running == 0 && t->next > t->calls;
}

/* Waits for the end of a run; after the last one of a module, prints its result. */
static void reap(void)
{
    int status;
    pid_t process = wait(&status);
    for (struct slot *s = slots; s < slots + SLOTS && process > 0; s++) {
        if (s->process != process)
            continue;
        struct tally *t = s->tally;
        judge(s, status);
        if (is_done(t))
            printf("%sok %u - %s survives the failure of each of its %u calls: %u runs\n",
                   t->wrong != 0 ? "not " : "", ++printed, t->module->name, t->calls, t->ran);
        break;
    }
}

/* Starts the next run; false if there is none now. */
static bool start_next(void)
{
    for (struct tally *t = tallies; t < tallies + MODULES; t++) {
        if (t->module == NULL || (t->calls == 0 && t->ran + t->running > 0) ||
            (t->calls != 0 && t->next > t->calls))
            continue;
        start(t, t->calls == 0 ? 0 : t->next);
        t->next += t->step;
        return true;
    }
    return false;
}

static unsigned processes(void)
{
    cpu_set_t cpus;
    bool known = sched_getaffinity(0, sizeof cpus, &cpus) == 0;
    unsigned n = PER_PROCESSOR * (known ? (unsigned)CPU_COUNT(&cpus) : 1);
    return n < SLOTS ? n : SLOTS;
}

static bool is_selected(const struct module *p, char **names)
{
    bool wanted = names[0] == NULL;
    for (; *names != NULL && !wanted; names++)
        wanted = strcmp(*names, p->name) == 0;
    return wanted;
}

bool modules_run(unsigned how_many, char **names)
{
    const struct module *p;
    unsigned wrong = 0, most = processes();
    some = how_many;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < MODULES && (p = module_at(i)) != NULL; i++)
        tallies[i].module = is_selected(p, names) ? p : NULL;
    while (running > 0 || start_next()) {
        while (running < most && start_next())
            continue;
        reap();
    }
    for (unsigned i = 0; i < MODULES; i++)
        wrong += tallies[i].wrong;
    if (some == 0 && names[0] == NULL) {
        bool all = all_have_failed();
        wrong += !all;
        printf("%sok %u - every known call has failed in some module\n", all ? "" : "not ",
               ++printed);
    }
    printf("1..%u\n", printed);
    return wrong == 0;
}
