/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The form in which exchanges are recorded, for whoever records them and for whoever replays them.
 *
 *   request            recorded as
 *   g, p (and G, P)    with the thread that Hg selected, or that LLDB's suffix names, as its key
 *   qSupported         without the client's features
 *   qXfer:…:read:      the whole object, its bytes without escapes; the request up to the offset
 *   qfThreadInfo, qsThreadInfo
 *                      all replies, each with a newline, under "qfThreadInfo"
 *   a resume           its stop reply, under "?"
 *   qRcmd              its console output, and its reply
 *   all others that read, and the client's settings (Q…): request and reply as they are
 *
 * Facts of the recording itself are recorded in the same way; their requests begin with "netgdb:".
 */
#ifndef NETGDB_RECORD_EXCHANGE_H
#define NETGDB_RECORD_EXCHANGE_H

#include "proto/rsp/request.h"
#include "record/recording.h"

#define EXCHANGE_PEER "netgdb:peer"          /* kernel, node or other */
#define EXCHANGE_NAME "netgdb:name"          /* of the target, as the user wrote it */
#define EXCHANGE_BUILD_ID RECORDING_BUILD_ID /* of the program, hexadecimal */
#define EXCHANGE_KERNEL "netgdb:kernel"      /* which kernel and which panic, for snapshots */

enum exchange_kind {
    EXCHANGE_NONE,   /* not recorded */
    EXCHANGE_PLAIN,  /* request and reply */
    EXCHANGE_OBJECT, /* a part of an object */
    EXCHANGE_LIST,   /* a part of the list of threads */
    EXCHANGE_STOP,   /* why it stopped */
    EXCHANGE_RUNS,   /* it resumes */
};

enum exchange_kind exchange_kind_of(const struct request *r);

/* Whether a recorded reply holds only until the target runs. Lists, names and descriptions of
 * threads do not: a client that connects asks for them, and a step does not change them. */
bool exchange_is_of_stop(const struct packet *packet);

/* Whether a recorded exchange holds only until the kernel reboots: of its threads, its modules, its
 * addresses, and the facts that name it. */
bool exchange_is_of_boot(const struct answer *a);

/* Sets the key of a request. `selected` is the thread of the last Hg. */
void exchange_key(const struct request *r, struct bytes selected, struct bytes *thread,
                  struct bytes *request);

/* Finds the thread in a stop reply, `T05…thread:ID;`. Its length is 0 if there is none. */
struct bytes exchange_stop_thread(struct bytes reply);

/*
 * Appends the ids of a <threads> object (GDB manual, "Thread List Format") as the replies to
 * qfThreadInfo and qsThreadInfo. An id of other characters or EXCHANGE_ID_MAX bytes is left out.
 */
enum { EXCHANGE_ID_MAX = 40 };
void exchange_list_threads(struct bytes object, struct buf *list);

/* Whether Hg's argument names one thread: neither any (0) nor all (-1). */
bool exchange_names_thread(struct bytes id);

#endif
