/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detects that the front end has ended or cancelled the wait; see frontend.h. */
#include "shim/frontend.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "io/peek.h"
#include "proto/io.h"

enum {
    COMMANDS_MAX = 64 * 1024, /* bytes of standard input that are examined: a pipe's default size */
    CMDLINE_MAX = 64 * 1024,
};

#define LOOK_AGAIN                                                                                 \
    (100 * IO_MS) /* while something waits in the input, which a poll cannot tell from             \
                     something more */

static pid_t first_parent;

void frontend_init(void)
{
    first_parent = getppid();
}

/* ---- gdb's command line ---- */

/* `word` without its dashes when it is an option (getopt_long_only takes one or two), else NULL. */
static const char *option_name(const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    word += word[1] == '-' ? 2 : 1;
    return *word != '\0' ? word : NULL;
}

/* Whether `name`, up to a '=', is this option, perhaps shortened to `shortest` bytes. */
static bool is_option(const char *name, const char *option, size_t shortest)
{
    size_t len = strcspn(name, "=");
    return len >= shortest && len <= strlen(option) && strncmp(name, option, len) == 0;
}

static void take_interpreter(struct frontend *f, const char *value)
{
    f->mi = strncmp(value, "mi", 2) == 0;
    f->machine = f->mi || strcmp(value, "dap") == 0;
}

void frontend_parse(struct frontend *f, const char *words, size_t len)
{
    for (const char *at = words, *next; at < words + len; at = next) {
        next = at + strlen(at) + 1;
        const char *name = option_name(at);
        if (name == NULL)
            continue;
        const char *value = strchr(name, '=');
        if (strcmp(name, "args") == 0)
            break;
        if (is_option(name, "batch", 3) || is_option(name, "batch-silent", 3))
            f->batch = true;
        if (!is_option(name, "i", 1) && !is_option(name, "interpreter", 3))
            continue;
        if (value != NULL)
            take_interpreter(f, value + 1);
        else if (next < words + len)
            take_interpreter(f, next);
    }
}

static void read_command_line(struct frontend *f)
{
    size_t len;
    char *words = os_arguments(&len);
    if (words != NULL)
        frontend_parse(f, words, len);
    free(words);
}

bool frontend_is_machine(void)
{
    struct frontend f = {.machine = false};
    read_command_line(&f);
    return f.machine;
}

/* ---- standard input ---- */

/* True if the other end of the input is closed. */
static bool hung_up(int fd)
{
    struct pollfd p = {fd, POLLRDHUP, 0};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static int waiting_bytes(int fd)
{
    int n;
    return ioctl(fd, FIONREAD, &n) == 0 ? n : 0;
}

/* True if the other end of such a descriptor can close: a pipe, a socket, a terminal. */
static bool can_hang_up(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd));
}

/* ---- MI ---- */

/* True if a line is this command, after the digits of its token. */
static bool is_command(const char *line, size_t len, const char *command)
{
    size_t token = 0, n = strlen(command);
    while (token < len && line[token] >= '0' && line[token] <= '9')
        token++;
    line += token;
    len -= token;
    return len >= n && strncmp(line, command, n) == 0 &&
           (len == n || strchr(" \t\r", line[n]) != NULL);
}

/* Returns the first complete line in the input that ends the wait; NULL: none. */
static const char *waiting_command(int fd)
{
    static const char *const commands[] = {"-gdb-exit", "-exec-interrupt", "quit"};
    const char *found = NULL, *end;
    char *text = malloc(COMMANDS_MAX);
    size_t n = text != NULL ? peek(fd, text, COMMANDS_MAX) : 0;
    for (const char *at = text; n != 0 && found == NULL;
         n -= (size_t)(end + 1 - at), at = end + 1) {
        end = memchr(at, '\n', n);
        if (end == NULL)
            break;
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
            if (is_command(at, (size_t)(end - at), commands[i]))
                found = commands[i];
        }
    }
    free(text);
    return found;
}

/* ---- the wait ---- */

/* Returns a descriptor of our parent, unless the parent has just changed. */
static int watch_parent(void)
{
    pid_t parent = getppid();
    int fd = os_process_open(parent);
    if (fd >= 0 && getppid() != parent) {
        close(fd);
        return -1;
    }
    return fd;
}

void frontend_begin(struct frontend *f, int input)
{
    *f = (struct frontend){.input = input, .parent = -1};
    read_command_line(f);
    bool ended = can_hang_up(input) && hung_up(input);
    if (f->batch || ended || !can_hang_up(input))
        f->input = -1;
    if (!f->machine)
        return;
    f->gone = ended && first_parent != 0 && getppid() != first_parent;
    f->parent = watch_parent();
}

void frontend_end(struct frontend *f)
{
    if (f->parent >= 0)
        close(f->parent);
    f->parent = -1;
}

void frontend_poll(const struct frontend *f, struct pollfd fds[FRONTEND_FDS])
{
    short events = POLLRDHUP;
    if (f->mi && !f->pending)
        events |= POLLIN;
    fds[0] = (struct pollfd){f->input, events, 0};
    fds[1] = (struct pollfd){f->parent, POLLIN, 0};
}

uint64_t frontend_look_again(const struct frontend *f)
{
    return f->pending ? LOOK_AGAIN : IO_NEVER;
}

static bool parent_ended(const struct frontend *f)
{
    struct pollfd p = {f->parent, POLLIN, 0};
    return f->parent >= 0 && poll(&p, 1, 0) == 1;
}

const char *frontend_ended(struct frontend *f)
{
    if (f->gone || parent_ended(f))
        return "the process that started gdb has ended";
    if (f->input < 0)
        return NULL;
    f->pending = f->mi && waiting_bytes(f->input) != 0;
    const char *command = f->pending ? waiting_command(f->input) : NULL;
    if (command != NULL || !hung_up(f->input))
        return command;
    if (f->machine || waiting_bytes(f->input) == 0)
        return "the standard input of gdb was closed";
    /* A script: gdb has not read its end yet. */
    f->input = -1;
    return NULL;
}
