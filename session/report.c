/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports connections; see report.h. */
#include "session/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64]; /* "": no report */

void report_begin(void)
{
    const char *value = getenv(REPORT_VARIABLE);
    if (value != NULL && (size_t)snprintf(path, sizeof path, "%s", value) >= sizeof path)
        path[0] = '\0';
}

void report(enum report_event event)
{
    const char letter = (char)event;
    int fd = path[0] != '\0' ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    (void)!write(fd, &letter, 1);
    close(fd);
}
