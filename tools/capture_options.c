/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of --capture; see capture_options.h. */
#include "tools/capture_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/capture.h"
#include "proto/options.h"
#include "tools/tools.h"

#define SIZE_WANTED "a number of MiB from 1 to 1048576"

static bool parse_size(const char *text, unsigned long *mib)
{
    char *end;
    errno = 0;
    *mib = strtoul(text, &end, 10);
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *mib <= OPTIONS_CAPTURE_MIB_MAX;
}

static const char *take_size(void *to, const char *value)
{
    return parse_size(value, to) ? NULL : SIZE_WANTED;
}

const struct tool_option capture_options_known[] = {
    OPTION("capture", take_file_name, struct capture_options, file),
    OPTION("capture-size", take_size, struct capture_options, size),
    {0}};

bool capture_options_complete(struct capture_options *o)
{
    const char *file = getenv("NETGDB_CAPTURE"), *size = getenv("NETGDB_CAPTURE_SIZE");
    if (o->file == NULL && file != NULL && file[0] != '\0')
        o->file = file;
    if (o->size != 0 || size == NULL || size[0] == '\0' || parse_size(size, &o->size))
        return true;
    complain("NETGDB_CAPTURE_SIZE=%s: takes " SIZE_WANTED, size);
    return false;
}

bool capture_options_open(const struct capture_options *o, const struct log *log)
{
    unsigned long size = o->size != 0 ? o->size : OPTIONS_CAPTURE_MIB;
    if (o->file == NULL || capture_open(o->file, size, log) == 0)
        return true;
    complain("--capture %s: %s", o->file, capture_error_text(errno));
    return false;
}
