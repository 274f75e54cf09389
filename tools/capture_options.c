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

const char *capture_options_wanted(int option)
{
    if (option == CAPTURE_OPT_SIZE)
        return SIZE_WANTED;
    return option == CAPTURE_OPT_FILE ? "the name of a file" : NULL;
}

static bool parse_size(const char *text, unsigned long *mib)
{
    char *end;
    errno = 0;
    *mib = strtoul(text, &end, 10);
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && errno == 0 &&
           *mib <= OPTIONS_CAPTURE_MIB_MAX;
}

bool capture_options_take(struct capture_options *o, int option, const char *value)
{
    if (option == CAPTURE_OPT_SIZE)
        return parse_size(value, &o->size);
    if (option != CAPTURE_OPT_FILE)
        return false;
    o->file = value;
    return value[0] != '\0';
}

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
