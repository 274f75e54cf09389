/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decorator for a FreeBSD kernel; see freebsd.h. */
#include "freebsd/freebsd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freebsd/libraries.h"
#include "freebsd/queries.h"
#include "freebsd/tasks.h"
#include "proto/decorator.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"
#include "proto/stop.h"
#include "proto/visible.h"

enum {
    PART_BYTES_MAX = 32 * 1024, /* bytes of a document in one reply */
    EXTRA_MAX = 200,            /* bytes of text about a thread */
    ARGUMENT_SHOWN = 100,       /* bytes of an argument in an error */
    SUMMARY_MAX = 400,
};

struct freebsd {
    struct decorator d; /* first */
    struct freebsd_options options;
    struct image image;
    bool lldb;   /* the client is LLDB */
    bool warned; /* of a kernel that cannot be read */

    struct buf xml; /* the list of modules that the client reads */
    bool xml_known;
    enum libraries_form form;

    bool listed;        /* the client has read the list of modules … */
    uint64_t last_file; /* … when this was the last one */
    struct buf stop;    /* held back until the client has read the new list; empty: none */

    struct tasks tasks;
    bool tasks_known;
};

static struct freebsd *freebsd_of(struct decorator *d)
{
    return (struct freebsd *)d;
}

/* Whether the kernel can be read; the first time that it cannot, the log says why. */
static bool is_usable(struct freebsd *f)
{
    const char *why;
    if (image_usable(&f->image, &why))
        return true;
    if (!f->warned)
        log_info(f->options.log, "modules, processes and messages are not shown: %s", why);
    f->warned = true;
    return false;
}

static void forget_data(struct freebsd *f)
{
    image_forget(&f->image);
    f->xml_known = false;
    tasks_free(&f->tasks);
    f->tasks_known = false;
}

/* ---- modules ---- */

/* The address of the last entry's link: it changes when a module is loaded or unloaded. */
static int read_last_file(struct freebsd *f, uint64_t *last)
{
    uint64_t head;
    *last = 0;
    if (!image_variable(&f->image, "linker_files", &head))
        return IMAGE_UNREADABLE;
    return memory_pointer(&f->image.memory, head + f->image.memory.word, last);
}

static int build_list(struct freebsd *f, enum libraries_form form)
{
    const struct module_places places = {.dirs = f->options.modules, .kernel = f->options.kernel};
    buf_reset(&f->xml);
    int rc = libraries_add_xml(&f->image, &places, form, &f->xml);
    if (rc == 0)
        rc = read_last_file(f, &f->last_file);
    f->listed = f->xml_known = rc == 0;
    f->form = form;
    return rc;
}

/* Handles `qXfer:libraries:read::offset,length`. */
static int answer_libraries(struct freebsd *f, const struct request *r, enum libraries_form form)
{
    if (!is_usable(f))
        return DECORATOR_PASS;
    if (r->numbers < 2)
        return buf_sets(&f->d.reply, "E00"); /* malformed (GDB manual, qXfer) */
    if (!f->xml_known || f->form != form) {
        int rc = build_list(f, form);
        if (rc != 0 && rc != IMAGE_UNREADABLE)
            return rc;
    }
    if (r->address > f->xml.len)
        return buf_sets(&f->d.reply, "E16"); /* EINVAL, as FreeBSD's stub answers */
    return rsp_add_piece(&f->d.reply, f->xml.data, f->xml.len, r->address,
                         r->length < PART_BYTES_MAX ? r->length : PART_BYTES_MAX);
}

/* ---- threads ---- */

static void describe_thread(const struct freebsd *f, const struct kernel_thread *t,
                            char text[EXTRA_MAX])
{
    const struct process *p = &f->tasks.processes[t->process];
    bool same = strcmp(t->name, p->command) == 0 || t->name[0] == '\0';
    int n = snprintf(text, EXTRA_MAX, "pid %" PRId64 " %s%s%s, %s%s%s", p->pid, p->command,
                     same ? "" : "/", same ? "" : t->name, t->state, t->wait[0] != '\0' ? " " : "",
                     t->wait);
    if (t->cpu >= 0 && n > 0 && n < EXTRA_MAX)
        (void)snprintf(text + n, (size_t)(EXTRA_MAX - n), ", %s %d", t->on_cpu ? "CPU" : "last CPU",
                       t->cpu);
}

/* Handles `qThreadExtraInfo,ID`. Reads all threads at the first one after a stop. */
static int answer_extra(struct freebsd *f, const struct request *r)
{
    static const char prefix[] = "qThreadExtraInfo,";
    char text[EXTRA_MAX];
    uint64_t tid;
    if (r->len < sizeof prefix || !is_usable(f) ||
        rsp_hex_number(r->data + sizeof prefix - 1, r->len - sizeof prefix + 1, &tid) == 0)
        return DECORATOR_PASS;
    if (!f->tasks_known) {
        int rc = tasks_read(&f->image, &f->tasks);
        if (rc != 0) {
            tasks_free(&f->tasks);
            return rc;
        }
        if (f->tasks.problem[0] != '\0')
            log_warn(f->options.log, "%s", f->tasks.problem);
        f->tasks_known = true;
    }
    const struct kernel_thread *t = tasks_find(&f->tasks, (int64_t)tid);
    if (t == NULL)
        return DECORATOR_PASS;
    describe_thread(f, t, text);
    (void)buf_addhex(&f->d.reply, text, strlen(text));
    return DECORATOR_DONE;
}

/* ---- the kernel's address ---- */

static int answer_offsets(struct freebsd *f)
{
    uint64_t slide, base;
    if (f->options.symbols == NULL || !symbols_slide(f->options.symbols, &slide) || slide == 0 ||
        !symbols_base(f->options.symbols, &base))
        return DECORATOR_PASS;
    (void)buf_printf(&f->d.reply, "TextSeg=%" PRIx64, base + slide);
    return DECORATOR_DONE;
}

/* ---- the decorator ---- */

/* A resume, while a stop is held back: it is delivered now. */
static int deliver_stop(struct freebsd *f)
{
    (void)buf_set(&f->d.reply, f->stop.data, f->stop.len);
    buf_reset(&f->stop);
    return DECORATOR_DONE;
}

/* Whether a request may write memory. */
static bool may_write(const struct packet *packet)
{
    return packet->id == PACKET_M || packet->id == PACKET_X || packet->id == PACKET_qRcmd ||
           packet->id == PACKET_UNKNOWN;
}

static int on_request(struct decorator *d, const struct request *r)
{
    struct freebsd *f = freebsd_of(d);
    if ((r->packet->effects & PKT_RESUMES) != 0) {
        if (f->stop.len != 0)
            return deliver_stop(f);
        forget_data(f);
        return DECORATOR_PASS;
    }
    if (may_write(r->packet))
        forget_data(f);
    switch (r->packet->id) {
    case PACKET_QThreadSuffixSupported: /* only LLDB sends it */
        f->lldb = true;
        return DECORATOR_PASS;
    case PACKET_P:
    case PACKET_G:
        /* The client has moved the thread: the next resume is meant. */
        buf_reset(&f->stop);
        return DECORATOR_PASS;
    case PACKET_qXfer_libraries:
        return answer_libraries(f, r, LIBRARIES_TARGET);
    case PACKET_qXfer_libraries_svr4:
        return answer_libraries(f, r, LIBRARIES_SVR4);
    case PACKET_qThreadExtraInfo:
        return answer_extra(f, r);
    case PACKET_qOffsets:
        return answer_offsets(f);
    default:
        return DECORATOR_PASS;
    }
}

static int offer_lists(struct freebsd *f, struct buf *reply)
{
    if (!is_usable(f) || (reply->len == 3 && reply->data[0] == 'E'))
        return 0;
    memory_set_packet_size(&f->image.memory, features_packet_size(reply->data, reply->len));
    int rc = features_set(reply, "qXfer:threads:read", NULL);
    if (rc == 0)
        rc = features_set(reply, "qXfer:libraries:read", "+");
    return rc == 0 ? features_set(reply, "qXfer:libraries-svr4:read", "+") : rc;
}

/* After a stop: if the list of modules changed, the client reads it before it gets the stop. */
static int check_list(struct freebsd *f, struct buf *reply)
{
    uint64_t last;
    if (!f->listed || reply->len < 3 || reply->data[0] != 'T')
        return 0;
    int rc = read_last_file(f, &last);
    if (rc != 0 || last == f->last_file)
        return rc == IMAGE_UNREADABLE ? 0 : rc;
    f->last_file = last;
    if (f->lldb)
        return buf_adds(reply, "library:;");
    rc = buf_set(&f->stop, reply->data, reply->len);
    return rc == 0 ? buf_adds(reply, "library:;") : rc;
}

static bool is_continue(const struct packet *packet)
{
    return packet->id == PACKET_c || packet->id == PACKET_C || packet->id == PACKET_vCont;
}

/* Notes the thread of a stop, `T05…thread:ID;`. */
static void note_stopped_thread(struct freebsd *f, const struct buf *reply)
{
    size_t len;
    const uint8_t *at = stop_thread(reply->data, reply->len, &len);
    uint64_t tid;
    if (at != NULL && rsp_hex_number(at, len, &tid) != 0)
        f->image.stopped = (int64_t)tid;
}

static int on_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct freebsd *f = freebsd_of(d);
    if (final && d->packet->id == PACKET_qSupported)
        return offer_lists(f, reply);
    if (final && (d->packet->id == PACKET_stop_reason || (d->packet->effects & PKT_RESUMES) != 0))
        note_stopped_thread(f, reply);
    if (final && f->lldb && d->packet->id == PACKET_stop_reason && is_usable(f) &&
        reply->len != 0 && reply->data[0] == 'T')
        return buf_adds(reply, "library:;"); /* LLDB reads the list only then */
    return final && is_continue(d->packet) ? check_list(f, reply) : DECORATOR_DONE;
}

static void on_new_session(struct decorator *d)
{
    struct freebsd *f = freebsd_of(d);
    forget_data(f);
    f->listed = false;
    buf_reset(&f->stop);
}

static void free_all(struct decorator *d)
{
    struct freebsd *f = freebsd_of(d);
    log_debug(f->options.log, "freebsd: %u reads of memory", f->image.memory.reads);
    tasks_free(&f->tasks);
    image_free(&f->image);
    buf_free(&f->xml);
    buf_free(&f->stop);
}

struct target *freebsd_new(struct target *next, const struct freebsd_options *options)
{
    static const struct decorator_ops ops = {.on_request = on_request,
                                             .on_reply = on_reply,
                                             .on_new_session = on_new_session,
                                             .free = free_all};
    struct freebsd *f = decorator_new(sizeof *f, next, &ops, TARGET_REPLY_MAX, 0);
    if (f == NULL)
        return NULL;
    f->options = *options;
    image_init(&f->image, next, options->symbols, options->log);
    buf_init(&f->xml, LIBRARIES_XML_MAX);
    buf_init(&f->stop, TARGET_REPLY_MAX);
    return &f->d.base;
}

/* ---- queries ---- */

static int refuse_argument(const struct query *query, const char *argument, struct buf *text)
{
    char shown[ARGUMENT_SHOWN];
    (void)visible_text(shown, sizeof shown, (const uint8_t *)argument, strlen(argument));
    (void)buf_printf(text, "%s: '%s' is not understood: it takes [--json]%s%s\n", query->name,
                     shown, query->arguments[0] != '\0' ? " " : "", query->arguments);
    return NETGDB_REFUSED;
}

int freebsd_query(struct target *target, const char *line, struct buf *text)
{
    struct freebsd *f = (struct freebsd *)target;
    const char *argument, *why;
    struct output out = {.text = text, .log = f->options.log};
    const struct query *query = query_find(line, &out.json, &argument);
    if (query == NULL)
        return NETGDB_UNSUPPORTED;
    if (!image_usable(&f->image, &why)) {
        (void)buf_printf(text, "%s: %s\n", query->name, why);
        return text->error == 0 ? NETGDB_REFUSED : text->error;
    }
    int rc = query_takes(query, argument) ? query->run(&f->image, argument, &out)
                                          : refuse_argument(query, argument, text);
    return rc == 0 ? text->error : rc;
}

struct image *freebsd_image(struct target *target)
{
    return &((struct freebsd *)target)->image;
}

bool freebsd_has_queries(struct target *target)
{
    const char *why;
    return image_usable(&((struct freebsd *)target)->image, &why);
}

int freebsd_introduce(struct target *target)
{
    struct freebsd *f = (struct freebsd *)target;
    char line[SUMMARY_MAX], match[SUMMARY_MAX];
    if (!is_usable(f))
        return 0;
    int rc = query_summary(&f->image, f->options.machine, line, sizeof line);
    symbols_describe_match(f->options.symbols, match, sizeof match);
    if (rc == 0)
        log_warn(f->options.log, "%s%s%s", line, match[0] != '\0' ? ", " : "", match);
    return rc;
}
