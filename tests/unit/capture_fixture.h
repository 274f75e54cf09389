/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: a capture in memory, and the recording that is made of it. */
#ifndef NETGDB_TESTS_CAPTURE_FIXTURE_H
#define NETGDB_TESTS_CAPTURE_FIXTURE_H

#include "record/from_capture.h"
#include "tests/unit/unit.h"

static struct log quiet;
static struct buf file;
static struct from_capture what; /* of the last recording */

static int end(void **state)
{
    (void)state;
    buf_free(&file);
    return 0;
}

/* The recorded reply to a request, with this thread as its key; "none": there is none; else why
 * there is no recording. */
static const char *recorded_of(const char *thread, const char *request)
{
    static char text[RECORDING_WHY_MAX];
    struct answer a;
    struct recording *r = from_capture(file.data, file.len, &what, &quiet, text);
    if (r == NULL)
        return text;
    bool found = recording_find(r, bytes_of(thread), request, &a);
    (void)snprintf(text, sizeof text, "%.*s", found ? (int)a.reply.len : 4,
                   found ? (const char *)a.reply.data : "none");
    recording_free(r);
    free(r);
    return text;
}

static inline const char *recorded(const char *request)
{
    return recorded_of("", request);
}

#endif
