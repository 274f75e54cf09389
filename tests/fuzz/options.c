/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: names from a user or a script. Each is parsed within all limits, or rejected with
 * one line. A NUL in the input splits it as GDB splits a name at its last colon.
 */
#include "proto/options.h"

#include <string.h>

#include "proto/err.h"
#include "session/transport.h"
#include "tests/fuzz/fuzz.h"

static const char *variable_value;

static char *fake_getenv(const char *name)
{
    return strcmp(name, "NETGDB_NOCACHE") == 0 ? (char *)(uintptr_t)variable_value : NULL;
}

static void look_at_error(int rc, const char *error)
{
    MUST(rc == NETGDB_PROTO || rc == NETGDB_TOO_LONG);
    MUST(strlen(error) > 0 && strlen(error) < OPTIONS_ERROR_MAX - 1);
    MUST(strpbrk(error, "\n\r\033") == NULL);
}

static void look_at(const struct options *o, int rc, const char *error)
{
    if (rc != 0) {
        look_at_error(rc, error);
        return;
    }
    MUST(strlen(o->host) < OPTIONS_HOST_MAX && strlen(o->path) < OPTIONS_PATH_MAX);
    MUST(strlen(o->symbols) < OPTIONS_PATH_MAX && strlen(o->rtos) < OPTIONS_RTOS_MAX);
    bool stream = o->kind == OPTIONS_STREAM, host = o->host[0] != '\0', path = o->path[0] != '\0';
    MUST(stream == (o->transport != NULL));
    MUST(host == (o->kind == OPTIONS_KERNEL || (stream && !path)));
    MUST(path == (stream && !host));
    MUST((!stream || host) == (o->port != 0));
    MUST(o->nocaches <= OPTIONS_NOCACHE_MAX);
    for (size_t i = 0; i < o->nocaches; i++)
        MUST(o->nocache[i].start < o->nocache[i].end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct options_source for_tool = {transports_all, true, fake_getenv};
    static const struct options_source for_gdb = {transports_all, false, NULL};
    struct options o;
    char error[OPTIONS_ERROR_MAX];
    char *text = malloc(size + 2);
    if (text == NULL)
        return 0;
    if (size != 0)
        memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *second = text + strlen(text) + 1;
    if (second > text + size)
        second = NULL;
    variable_value = second;
    look_at(&o, options_parse(&o, text, &for_tool, error, sizeof error), error);
    int rc = options_from_gdb(&o, text, second, &for_gdb, error, sizeof error);
    MUST((rc == NETGDB_UNSUPPORTED) == !options_is_netgdb(text));
    if (rc != NETGDB_UNSUPPORTED)
        look_at(&o, rc, error);
    free(text);
    return 0;
}
