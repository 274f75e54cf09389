/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory of --out and those of the crashes in it; see autopsy.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "tools/autopsy.h"

enum {
    NAMES_MAX = 1000, /* crashes of one host in one second */
    SUFFIXED = NAME_MAX + 32,
    DIRECTORY_MODE = 0750,
    FILE_MODE = 0640,
    HOST_SHOWN = 48,   /* characters of a host in a directory's name */
    LINE_SIZE = 512,   /* of the files "waiting", "signatures" and "crashes" */
    COUNT_DIGITS = 9,  /* of a count in them */
    KNOWN_MAX = 10000, /* lines of "signatures" and "crashes": the newest are kept */
};

#define PARTIAL ".partial"
#define WAITING "waiting"
#define SIGNATURES "signatures"
#define CRASHES "crashes"
#define NO_DIRECTORY "-" /* of a signature whose directory was given up */
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- files ---- */

static FILE *open_file(int dir, const char *name, const char *mode)
{
    int flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    int fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    FILE *file = fd >= 0 ? fdopen(fd, mode) : NULL;
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

FILE *store_file(const struct crash *c, const char *name)
{
    return open_file(c->dir, name, "w");
}

bool store_close(FILE *file)
{
    bool good = ferror(file) == 0 && fflush(file) == 0;
    int error = good ? 0 : errno != 0 ? errno : EIO;
    if (fclose(file) != 0 && error == 0)
        error = errno;
    errno = error;
    return error == 0;
}

/* Replaces a file by a temporary one that has been written. */
static bool replace_file(int dir, FILE *file, const char *temporary, const char *name)
{
    bool synced = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = errno;
    bool closed = store_close(file);
    if (!synced)
        errno = error;
    return synced && closed && renameat(dir, temporary, dir, name) == 0;
}

/* The entries of a directory, from the first on. NULL with errno. */
static DIR *open_entries(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (d == NULL && copy >= 0)
        close(copy);
    return d;
}

/* ---- a crash's directory ---- */

static bool exists(const struct autopsy *a, const char *name)
{
    struct stat st;
    return fstatat(a->out, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *suffixed(char text[SUFFIXED], const char *name, const char *suffix)
{
    (void)snprintf(text, SUFFIXED, "%s%s", name, suffix);
    return text;
}

/* HOST-DATE; `n` distinguishes those of one second. */
static void make_name(struct crash *c, unsigned n)
{
    char date[24];
    struct tm tm;
    int len = snprintf(c->name, sizeof c->name, "%.*s", HOST_SHOWN, c->kernel.host);
    for (char *at = c->name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '.' && *at != '-')
            *at = '_';
    }
    (void)strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", gmtime_r(&c->date, &tm));
    size_t used = (size_t)len < HOST_SHOWN ? (size_t)len : HOST_SHOWN;
    if (n == 0)
        (void)snprintf(c->name + used, sizeof c->name - used, "-%s", date);
    else
        (void)snprintf(c->name + used, sizeof c->name - used, "-%s-%u", date, n);
}

/* Removes a directory that cannot be opened. Returns false with errno as before. */
static bool remove_begun(const struct autopsy *a, const char *partial)
{
    int error = errno;
    (void)unlinkat(a->out, partial, AT_REMOVEDIR);
    errno = error;
    return false;
}

bool store_begin(struct crash *c)
{
    struct autopsy *a = c->autopsy;
    char partial[SUFFIXED], other[SUFFIXED];
    for (unsigned n = 0; n < NAMES_MAX; n++) {
        make_name(c, n);
        if (exists(a, c->name) || exists(a, suffixed(other, c->name, STORE_INTERRUPTED)))
            continue;
        if (mkdirat(a->out, suffixed(partial, c->name, PARTIAL), DIRECTORY_MODE) != 0) {
            if (errno == EEXIST)
                continue;
            return false;
        }
        c->dir = openat(a->out, partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return c->dir >= 0 || remove_begun(a, partial);
    }
    errno = EEXIST;
    return false;
}

static void close_directory(struct crash *c)
{
    if (c->dir >= 0)
        close(c->dir);
    c->dir = -1;
}

static bool sync_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool good = fd < 0 || fsync(fd) == 0 ||
                errno == EINVAL; /* EINVAL: a file without data, such as a pipe */
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return good;
}

/* Writes all files to disk: one after the other, for they share the disk's commits. */
static bool sync_files(int dir)
{
    DIR *d = open_entries(dir);
    struct dirent *entry;
    bool good = d != NULL;
    while (good && (entry = readdir(d)) != NULL)
        good = entry->d_type == DT_DIR || sync_file(dir, entry->d_name);
    int error = errno;
    if (d != NULL)
        closedir(d);
    errno = error;
    return good && fsync(dir) == 0;
}

bool store_complete(struct crash *c)
{
    char partial[SUFFIXED];
    int out = c->autopsy->out;
    (void)suffixed(partial, c->name, PARTIAL);
    if (!sync_files(c->dir) || os_rename_new(out, partial, c->name) != 0)
        return false;
    (void)fsync(out);
    close_directory(c);
    return true;
}

bool store_reopen(struct crash *c)
{
    c->dir = openat(c->autopsy->out, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return c->dir >= 0;
}

void store_restart(struct crash *c)
{
    (void)unlinkat(c->dir, "gdb.log", 0);
    (void)unlinkat(c->dir, "session.core", 0);
}

/* Removes a directory's files. Directories in it stay. */
static void remove_files(int dir)
{
    DIR *d = open_entries(dir);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL)
        (void)unlinkat(dir, entry->d_name, 0);
    if (d != NULL)
        closedir(d);
}

void store_abandon(struct crash *c, const char *suffix)
{
    char partial[SUFFIXED], other[SUFFIXED];
    int out = c->autopsy->out;
    (void)suffixed(partial, c->name, PARTIAL);
    if (suffix == NULL && c->dir >= 0)
        remove_files(c->dir);
    if (suffix != NULL || unlinkat(out, partial, AT_REMOVEDIR) != 0)
        (void)os_rename_new(out, partial,
                            suffixed(other, c->name, suffix != NULL ? suffix : STORE_INTERRUPTED));
    close_directory(c);
}

/* ---- kernels that wait ---- */

bool store_note_waiting(struct crash *c, bool told)
{
    char path[SUFFIXED] = WAITING, temporary[SUFFIXED] = WAITING ".new";
    int dir = c->dir;
    if (dir < 0) { /* complete */
        dir = c->autopsy->out;
        (void)suffixed(path, c->name, "/" WAITING);
        (void)suffixed(temporary, c->name, "/" WAITING ".new");
    }
    FILE *file = open_file(dir, temporary, "w");
    if (file == NULL)
        return false;
    (void)fprintf(file, "%s %lld %d\n", c->kernel.host, (long long)c->kernel.session_port, told);
    return replace_file(dir, file, temporary, path);
}

void store_note_gone(struct autopsy *a, const char *name)
{
    char path[SUFFIXED];
    (void)unlinkat(a->out, suffixed(path, name, "/" WAITING), 0);
}

/* A line without its newline; "": it is too long, or has no end. False: there is none. */
static bool read_store_line(FILE *file, char line[LINE_SIZE])
{
    int c = '\0';
    if (file == NULL || fgets(line, LINE_SIZE, file) == NULL)
        return false;
    char *newline = strchr(line, '\n');
    *(newline != NULL ? newline : line) = '\0';
    while (newline == NULL && c != '\n' && c != EOF)
        c = getc(file);
    return true;
}

/* Splits a line of three words. False: it is none. */
static bool split_line(char *line, char *words[3])
{
    char *rest;
    for (int i = 0; i < 3; i++) {
        words[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (words[i] == NULL)
            return false;
    }
    return *rest == '\0';
}

static void read_kept(struct autopsy *a, const char *name)
{
    char path[SUFFIXED], line[LINE_SIZE], *words[3];
    struct in_addr in;
    struct kept *k = calloc(1, sizeof *k);
    FILE *file = strlen(name) < AUTOPSY_NAME_MAX
                     ? open_file(a->out, suffixed(path, name, "/" WAITING), "r")
                     : NULL;
    if (k != NULL && read_store_line(file, line) && split_line(line, words)) {
        (void)snprintf(k->kernel.host, sizeof k->kernel.host, "%s", words[0]);
        if (inet_pton(AF_INET, words[0], &in) == 1)
            k->kernel.ip = ntohl(in.s_addr);
        k->kernel.session_port = strtoll(words[1], NULL, 10);
        k->told = strcmp(words[2], "1") == 0;
        (void)snprintf(k->name, sizeof k->name, "%s", name);
        LIST_INSERT_HEAD(&a->kept, k, entries);
        k = NULL;
    }
    if (file != NULL)
        fclose(file);
    free(k);
}

/* ---- at the start ---- */

static void mark_interrupted(struct autopsy *a, const char *name)
{
    char other[SUFFIXED];
    (void)snprintf(other, SUFFIXED, "%.*s" STORE_INTERRUPTED, (int)(strlen(name) - strlen(PARTIAL)),
                   name);
    if (os_rename_new(a->out, name, other) == 0)
        log_warn(&a->log, "an earlier autopsy was interrupted: what it had is in %s/%s",
                 a->options->out, other);
    else
        log_error(&a->log, "%s/%s: %s", a->options->out, name, strerror(errno));
}

static bool is_partial(const char *name)
{
    size_t len = strlen(name), suffix = strlen(PARTIAL);
    return len > suffix && strcmp(name + len - suffix, PARTIAL) == 0;
}

static void look_around(struct autopsy *a)
{
    DIR *d = open_entries(a->out);
    struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (is_partial(entry->d_name))
            mark_interrupted(a, entry->d_name);
        else
            read_kept(a, entry->d_name);
    }
    if (d != NULL)
        closedir(d);
}

/* The new one of a list, over whose limit the oldest is forgotten. NULL: memory is short. */
static struct known *new_known(struct known_list *known, const char *id, unsigned long count)
{
    struct known *k = calloc(1, sizeof *k), *oldest = STAILQ_FIRST(&known->list);
    if (k == NULL)
        return NULL;
    (void)snprintf(k->id, sizeof k->id, "%s", id);
    k->count = count;
    STAILQ_INSERT_TAIL(&known->list, k, entries);
    if (++known->n > KNOWN_MAX) {
        STAILQ_REMOVE_HEAD(&known->list, entries);
        free(oldest);
        known->n--;
    }
    return k;
}

static bool is_made_of(const char *text, size_t max, const char *characters)
{
    size_t len = strlen(text);
    return len <= max && strspn(text, characters) == len;
}

/* Takes a line: an id, a count, and the name of a directory. False: it is malformed. */
static bool take_known(struct known_list *known, char *line)
{
    char *words[3];
    if (!split_line(line, words) || strlen(words[0]) != SIGNATURE_ID_MAX - 1 ||
        !is_made_of(words[0], SIGNATURE_ID_MAX - 1, DIGITS "abcdef") ||
        !is_made_of(words[1], COUNT_DIGITS, DIGITS) ||
        !is_made_of(words[2], AUTOPSY_NAME_MAX - 1, DIGITS LETTERS "._-"))
        return false;
    struct known *k = new_known(known, words[0], strtoul(words[1], NULL, 10));
    if (k != NULL)
        (void)snprintf(k->name, sizeof k->name, "%s", words[2]);
    return true;
}

static void read_known(const struct autopsy *a, const char *name, struct known_list *known)
{
    char line[LINE_SIZE];
    unsigned number = 0, malformed = 0, first = 0;
    FILE *file = open_file(a->out, name, "r");
    STAILQ_INIT(&known->list);
    while (read_store_line(file, line)) {
        number++;
        if (!take_known(known, line) && malformed++ == 0)
            first = number;
    }
    if (malformed != 0)
        log_warn(&a->log, "%s/%s: malformed lines were skipped: %u, the first is line %u",
                 a->options->out, name, malformed, first);
    if (file != NULL)
        fclose(file);
}

static int cannot_use(const struct autopsy *a, const char *why)
{
    complain("%s: %s: name a directory for the reports with --out", a->options->out, why);
    return EXIT_FAILED;
}

int store_open(struct autopsy *a)
{
    if (mkdir(a->options->out, DIRECTORY_MODE) != 0 && errno != EEXIST)
        return cannot_use(a, strerror(errno));
    a->out = open(a->options->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a->out < 0 || faccessat(a->out, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return cannot_use(a, strerror(errno));
    a->lock_fd = openat(a->out, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (a->lock_fd < 0)
        return cannot_use(a, strerror(errno));
    if (flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return cannot_use(a, errno == EWOULDBLOCK ? "another autopsy uses it" : strerror(errno));
    look_around(a);
    read_known(a, SIGNATURES, &a->signatures);
    read_known(a, CRASHES, &a->examined);
    return EXIT_DONE;
}

/* ---- signatures and crashes ---- */

static struct known *find_known(const struct known_list *known, const char *id)
{
    struct known *k;
    STAILQ_FOREACH (k, &known->list, entries) {
        if (strcmp(k->id, id) == 0)
            return k;
    }
    return NULL;
}

/* A failure costs counts, not reports. */
static void write_known(struct autopsy *a, const char *name, const struct known_list *known)
{
    char temporary[SUFFIXED];
    const struct known *k;
    FILE *file = open_file(a->out, suffixed(temporary, name, ".new"), "w");
    if (file != NULL) {
        STAILQ_FOREACH (k, &known->list, entries)
            (void)fprintf(file, "%s %lu %s\n", k->id, k->count, k->name);
    }
    if (file == NULL || !replace_file(a->out, file, temporary, name))
        log_warn(&a->log, "%s/%s: %s", a->options->out, name, strerror(errno));
}

static bool has_directory(const struct autopsy *a, const char *name)
{
    char partial[SUFFIXED];
    return exists(a, name) || exists(a, suffixed(partial, name, PARTIAL));
}

bool store_claim(struct crash *c, char name[AUTOPSY_NAME_MAX])
{
    struct autopsy *a = c->autopsy;
    pthread_mutex_lock(&a->lock);
    struct known *k = find_known(&a->signatures, c->result.signature);
    bool first = k == NULL || !has_directory(a, k->name);
    if (k == NULL)
        k = new_known(&a->signatures, c->result.signature, 1);
    else if (!first)
        k->count++; /* else it was counted when its directory was begun */
    if (k != NULL) {
        if (first)
            memcpy(k->name, c->name, sizeof k->name);
        memcpy(name, k->name, sizeof k->name);
        write_known(a, SIGNATURES, &a->signatures);
    }
    pthread_mutex_unlock(&a->lock);
    return first;
}

void store_disclaim(struct crash *c)
{
    struct autopsy *a = c->autopsy;
    pthread_mutex_lock(&a->lock);
    struct known *k = find_known(&a->signatures, c->result.signature);
    if (k != NULL && strcmp(k->name, c->name) == 0) {
        (void)snprintf(k->name, sizeof k->name, NO_DIRECTORY);
        write_known(a, SIGNATURES, &a->signatures);
    }
    pthread_mutex_unlock(&a->lock);
}

bool store_has_crash(struct crash *c, char name[AUTOPSY_NAME_MAX])
{
    struct autopsy *a = c->autopsy;
    pthread_mutex_lock(&a->lock);
    const struct known *k = find_known(&a->examined, c->identity);
    bool found = k != NULL && exists(a, k->name);
    if (found)
        memcpy(name, k->name, sizeof k->name);
    pthread_mutex_unlock(&a->lock);
    return found;
}

void store_note_crash(struct crash *c)
{
    struct autopsy *a = c->autopsy;
    if (c->identity[0] == '\0')
        return;
    pthread_mutex_lock(&a->lock);
    struct known *k = find_known(&a->examined, c->identity);
    if (k == NULL)
        k = new_known(&a->examined, c->identity, 1);
    if (k != NULL) {
        memcpy(k->name, c->name, sizeof k->name);
        write_known(a, CRASHES, &a->examined);
    }
    pthread_mutex_unlock(&a->lock);
}
