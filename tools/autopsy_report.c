/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes report.txt and report.json from gdb.log; see autopsy.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/json.h"
#include "proto/json_read.h"
#include "proto/visible.h"
#include "tools/autopsy.h"
#include "tools/autopsy_report.h"

enum {
    NOISE_LINES = 8, /* of libnetgdb.so in a section, around its document */
    LINE_TEXT_MAX = 64 * 1024,
};

static const char *const names[SECTIONS] = {"connect",   "panic",    "backtrace",
                                            "registers", "messages", "modules",
                                            "processes", "threads",  "script"};

void section_marker(const struct crash *c, enum section section, char *line, size_t size)
{
    (void)snprintf(line, size, "==== %s %s ====", names[section], c->nonce);
}

/* ---- the parts of gdb.log ---- */

/* Maps gdb.log. False with errno. */
static bool log_open(struct gdb_log *log, const struct crash *c)
{
    struct stat st;
    *log = (struct gdb_log){.len = 0};
    int fd = openat(c->dir, "gdb.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT; /* gdb was not run */
    bool good = fstat(fd, &st) == 0;
    if (good && st.st_size > 0) {
        log->len = (size_t)st.st_size;
        log->text = mmap(NULL, log->len, PROT_READ, MAP_PRIVATE, fd, 0);
        good = log->text != MAP_FAILED;
    }
    if (!good)
        *log = (struct gdb_log){.len = 0};
    close(fd);
    return good;
}

static void log_close(struct gdb_log *log)
{
    if (log->text != NULL)
        munmap((void *)(uintptr_t)log->text, log->len);
}

bool next_line(struct part *rest, struct part *line)
{
    if (rest->len == 0)
        return false;
    const char *newline = memchr(rest->text, '\n', rest->len);
    line->text = rest->text;
    line->len = newline != NULL ? (size_t)(newline - rest->text) : rest->len;
    size_t used = line->len + (newline != NULL ? 1 : 0);
    rest->text += used;
    rest->len -= used;
    return true;
}

/* The section that this line begins, or SECTIONS. */
static enum section begun_by(const struct crash *c, const struct part *line)
{
    char marker[AUTOPSY_NONCE_MAX + 32];
    for (enum section s = 0; s < SECTIONS; s++) {
        section_marker(c, s, marker, sizeof marker);
        if (strlen(marker) == line->len && memcmp(line->text, marker, line->len) == 0)
            return s;
    }
    return SECTIONS;
}

/* Finds the parts, by the lines that section_marker() makes; of a section that is there twice the
 * last. */
static void log_split(struct gdb_log *log, const struct crash *c)
{
    struct part rest = {log->text, log->len}, line, *current = NULL;
    while (next_line(&rest, &line)) {
        enum section s = line.len != 0 && line.text[0] == '=' ? begun_by(c, &line) : SECTIONS;
        if (s != SECTIONS) {
            current = &log->parts[s];
            *current = (struct part){rest.text, 0};
        } else if (current != NULL) {
            current->len = (size_t)(rest.text - current->text);
        }
    }
}

static bool is_json_document(const struct part *line)
{
    return line->len != 0 && (line->text[0] == '{' || line->text[0] == '[');
}

static bool is_noise(const struct part *line)
{
    return line->len == 0 || (line->len > 8 && memcmp(line->text, "netgdb: ", 8) == 0);
}

/* Cuts off the last line. */
static void drop_line(struct part *p)
{
    size_t len = p->len;
    while (len > 0 && p->text[len - 1] == '\n')
        len--;
    while (len > 0 && p->text[len - 1] != '\n')
        len--;
    p->len = len;
}

bool log_document(const struct gdb_log *log, enum section section, struct json_value *value)
{
    struct part rest = log->parts[section], line, document = rest;
    *value = (struct json_value){"", 0};
    while (next_line(&rest, &line) && !is_json_document(&line) && is_noise(&line))
        document = rest;
    for (int i = 0; i < NOISE_LINES && document.len != 0; i++) {
        if (json_read(document.text, document.len, value))
            return true;
        drop_line(&document);
    }
    return false;
}

void report_last_line(const struct crash *c, char *text, size_t size)
{
    struct gdb_log log;
    struct part rest, line;
    text[0] = '\0';
    if (!log_open(&log, c))
        return;
    rest = (struct part){log.text, log.len};
    while (next_line(&rest, &line)) {
        if (line.len != 0 && line.text[0] != '=')
            (void)snprintf(text, size, "%.*s", (int)line.len, line.text);
    }
    log_close(&log);
}

/* ---- the signature ---- */

static void make_signature(struct crash *c, const struct gdb_log *log, char *text)
{
    struct part rest = log->parts[SECTION_BACKTRACE], line;
    unsigned frames = 0;
    signature_begin(text, c->result.panic);
    while (next_line(&rest, &line))
        signature_add(text, &frames, line.text, line.len);
    if (frames != 0 || c->result.panic[0] != '\0')
        signature_id(text, c->result.signature);
}

bool report_signature(struct crash *c)
{
    struct gdb_log log;
    struct json_value panic;
    char text[SIGNATURE_TEXT_MAX];
    if (!log_open(&log, c))
        return false;
    log_split(&log, c);
    (void)log_document(&log, SECTION_PANIC, &panic);
    (void)json_member_text(&panic, "panic", c->result.panic, sizeof c->result.panic);
    visible_line(c->result.panic);
    make_signature(c, &log, text);
    log_close(&log);
    return true;
}

/* ---- report.json ---- */

static void report_put(FILE *to, struct buf *b)
{
    (void)fwrite(b->data, 1, b->len, to);
    buf_free(b);
}

static void report_put_text(FILE *to, const char *text)
{
    struct buf b;
    buf_init(&b, LINE_TEXT_MAX);
    if (json_add_text(&b, text) != 0)
        (void)buf_sets(&b, "\"\"");
    report_put(to, &b);
}

/* One line of gdb's output as a string. */
static void put_line(FILE *to, const struct part *line)
{
    char text[LINE_TEXT_MAX / 8];
    (void)snprintf(text, sizeof text, "%.*s", (int)line->len, line->text);
    report_put_text(to, text);
}

static void put_lines(FILE *to, struct part rest)
{
    struct part line;
    bool first = true;
    (void)fputc('[', to);
    while (next_line(&rest, &line)) {
        if (line.len == 0)
            continue;
        (void)fputs(first ? "\n" : ",\n", to);
        put_line(to, &line);
        first = false;
    }
    (void)fputc(']', to);
}

/* "rax   0x10   16" as a member. */
static bool put_register(FILE *to, const struct part *line, bool first)
{
    char text[256], *rest;
    (void)snprintf(text, sizeof text, "%.*s", (int)line->len, line->text);
    const char *name = strtok_r(text, " ", &rest), *value = strtok_r(NULL, " ", &rest);
    if (name == NULL || value == NULL)
        return false;
    (void)fputs(first ? "\n" : ",\n", to);
    report_put_text(to, name);
    (void)fputc(':', to);
    report_put_text(to, value);
    return true;
}

static void put_registers(FILE *to, struct part rest)
{
    struct part line;
    bool first = true;
    (void)fputc('{', to);
    while (next_line(&rest, &line)) {
        if (put_register(to, &line, first))
            first = false;
    }
    (void)fputc('}', to);
}

static bool starts_thread(const struct part *line)
{
    return line->len > 7 && memcmp(line->text, "Thread ", 7) == 0;
}

/* The threads: their title, and the lines of their backtrace. */
static void put_threads(FILE *to, struct part rest)
{
    struct part line;
    bool thread = false, frame = false;
    (void)fputc('[', to);
    while (next_line(&rest, &line)) {
        if (starts_thread(&line)) {
            (void)fputs(thread ? "]},\n{\"thread\":" : "\n{\"thread\":", to);
            put_line(to, &line);
            (void)fputs(",\"backtrace\":[", to);
            thread = true;
            frame = false;
        } else if (thread && line.len != 0) {
            (void)fputs(frame ? ",\n" : "\n", to);
            put_line(to, &line);
            frame = true;
        }
    }
    (void)fputs(thread ? "]}]" : "]", to);
}

static void put_document(FILE *to, const struct gdb_log *log, enum section section)
{
    struct json_value value;
    (void)fprintf(to, ",\n\"%s\":", names[section]);
    if (log_document(log, section, &value))
        (void)fwrite(value.text, 1, value.len, to);
    else
        (void)fputs("null", to);
}

static void put_script(FILE *to, const struct crash *c, const struct gdb_log *log)
{
    (void)fputs(",\n\"script\":", to);
    if (c->autopsy->options->script == NULL) {
        (void)fputs("null", to);
        return;
    }
    (void)fputs("{\"file\":", to);
    report_put_text(to, c->autopsy->options->script);
    if (c->gdb_status != -1 && WIFEXITED(c->gdb_status))
        (void)fprintf(to, ",\"exit\":%d", WEXITSTATUS(c->gdb_status));
    (void)fputs(",\"output\":", to);
    put_lines(to, log->parts[SECTION_SCRIPT]);
    (void)fputc('}', to);
}

static void put_head(FILE *to, const struct crash *c, const char *signature)
{
    char date[DATE_TEXT];
    (void)fputs("{\"format\":1,\"host\":", to);
    report_put_text(to, c->kernel.host);
    (void)fprintf(to, ",\"session_port\":%" PRId64 ",\"date\":\"%s\",\"seconds\":%.3f",
                  c->kernel.session_port, report_date(c, date), c->result.seconds);
    (void)fprintf(to, ",\n\"verdict\":%d,\"problem\":", c->result.verdict);
    report_put_text(to, c->result.why);
    (void)fprintf(to, ",\n\"signature\":\"%s\",\"signature_text\":", c->result.signature);
    report_put_text(to, signature);
    (void)fputs(",\n\"kernel_file\":", to);
    if (c->file != NULL)
        report_put_text(to, c->file);
    else
        (void)fputs("null", to);
}

static bool write_json(struct crash *c, const struct gdb_log *log, const char *signature)
{
    FILE *to = store_file(c, "report.json");
    if (to == NULL)
        return false;
    put_head(to, c, signature);
    put_document(to, log, SECTION_PANIC);
    (void)fputs(",\n\"backtrace\":", to);
    put_lines(to, log->parts[SECTION_BACKTRACE]);
    (void)fputs(",\n\"registers\":", to);
    put_registers(to, log->parts[SECTION_REGISTERS]);
    put_document(to, log, SECTION_MESSAGES);
    put_document(to, log, SECTION_MODULES);
    put_document(to, log, SECTION_PROCESSES);
    (void)fputs(",\n\"threads\":", to);
    put_threads(to, log->parts[SECTION_THREADS]);
    put_script(to, c, log);
    (void)fputs("}\n", to);
    return store_close(to);
}

bool report_write(struct crash *c)
{
    struct gdb_log log;
    char signature[SIGNATURE_TEXT_MAX];
    if (!log_open(&log, c))
        return false;
    log_split(&log, c);
    make_signature(c, &log, signature);
    bool good = write_json(c, &log, signature) && report_write_text(c, &log, signature);
    int error = errno;
    log_close(&log);
    errno = error;
    return good;
}
