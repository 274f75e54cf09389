/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the proxy may do with files; see confine.h. */
#include "tools/confine.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"

/* Allows access to the directory of this file; does nothing for an empty name. */
static bool allow_around(int set, const char *file, enum os_access access)
{
    char path[PATH_MAX];
    if (file[0] == '\0')
        return true;
    (void)snprintf(path, sizeof path, "%s", file);
    return os_confine_allow(set, dirname(path), access);
}

/* Allows reading the directories in DIR[:DIR…]. */
static bool allow_list(int set, const char *list)
{
    char path[PATH_MAX];
    for (; *list != '\0'; list += *list == ':') {
        size_t len = strcspn(list, ":");
        if (len >= sizeof path)
            return false;
        memcpy(path, list, len);
        path[len] = '\0';
        if (len != 0 && !os_confine_allow(set, path, OS_READ))
            return false;
        list += len;
    }
    return true;
}

bool confine(const char *directory, const char *socket, const char *symbols, const char *modules,
             const char *capture)
{
    int set = os_no_new_privileges() ? os_confine_open() : -1;
    if (set < 0)
        return false;
    bool done = (directory[0] == '\0' || os_confine_allow(set, directory, OS_CHANGE)) &&
                allow_around(set, socket, OS_REMOVE) && allow_around(set, symbols, OS_READ) &&
                allow_list(set, modules) &&
                (capture == NULL || allow_around(set, capture, OS_CHANGE)) &&
                (symbols[0] == '\0' || os_confine_allow(set, "/usr/lib/debug", OS_READ)) &&
                os_confine_enter(set);
    close(set);
    return done;
}
