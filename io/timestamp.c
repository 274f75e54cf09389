/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts receive time stamps to monotonic time; see timestamp.h. */
#include "io/timestamp.h"

#include <string.h>

#include "io/clock.h"

#define AGE_MAX (10 * IO_SECOND) /* an older time stamp means that the date was changed */

/* If reading both clocks takes longer, the thread was preempted in between: the pair is useless. */
#define READ_GAP_MAX (IO_MS / 20)
enum { ATTEMPTS = 4 };

void timestamp_enable(struct io_fds_side *side)
{
    const int on = 1;
    side->timestamps = setsockopt(side->in, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
}

static uint64_t nanoseconds(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * IO_SECOND + (uint64_t)t->tv_nsec;
}

uint64_t timestamp_offset(void)
{
    struct timespec real;
    for (int i = 0; i < ATTEMPTS; i++) {
        uint64_t before = io_fds_now();
        clock_read(CLOCK_REALTIME, &real);
        uint64_t after = io_fds_now();
        if (after - before < READ_GAP_MAX)
            return after - nanoseconds(&real);
    }
    return 0;
}

static void note_time(const struct cmsghdr *c, uint64_t offset, struct io_msg *msg)
{
    struct timespec stamp;
    if (offset == 0)
        return;
    memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    uint64_t arrived = nanoseconds(&stamp) + offset, now = io_fds_now();
    if (arrived < now && now - arrived < AGE_MAX)
        msg->arrived = arrived;
}

void timestamp_read(struct msghdr *header, uint64_t offset, struct io_msg *msg)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    for (; c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
            note_time(c, offset, msg);
    }
}
