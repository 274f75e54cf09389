/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Converts receive time stamps to monotonic time; see timestamp.h. */
#include "io/timestamp.h"

#include "io/clock.h"
#include "io/os.h"

#define AGE_MAX (10 * IO_SECOND) /* an older time stamp means that the date was changed */

/* If reading both clocks takes longer, the thread was preempted in between: the pair is useless. */
#define READ_GAP_MAX (IO_MS / 20)
enum { ATTEMPTS = 4 };

void timestamp_enable(struct io_fds_side *side)
{
    side->timestamps = os_stamp(side->in);
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

void timestamp_read(struct msghdr *header, uint64_t offset, struct io_msg *msg)
{
    struct timespec stamp;
    if (offset == 0 || !os_stamp_of(header, &stamp))
        return;
    uint64_t arrived = nanoseconds(&stamp) + offset, now = io_fds_now();
    if (arrived < now && now - arrived < AGE_MAX)
        msg->arrived = arrived;
}
