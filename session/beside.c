/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are installed together; see beside.h. */
#include "session/beside.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"

bool beside_program(char path[PATH_MAX])
{
    return os_program_path(path);
}

bool beside(const char *own, const char *directory, const char *wanted, char path[PATH_MAX])
{
    const char *slash = strrchr(own, '/');
    /* Length of the directory that both are in. */
    size_t common = 0;
    if (slash == NULL || slash - own >= PATH_MAX)
        return false;
    for (size_t i = 0; directory[i] != '\0' && directory[i] == wanted[i]; i++)
        common = directory[i] == '/' ? i : common;
    size_t used = (size_t)(slash - own);
    memmove(path, own, used);
    for (const char *up = directory + common; up != NULL && used < PATH_MAX;
         up = strchr(up + 1, '/'))
        used += (size_t)snprintf(path + used, PATH_MAX - used, "/..");
    return used < PATH_MAX &&
           (size_t)snprintf(path + used, PATH_MAX - used, "%s", wanted + common) <
               PATH_MAX - used &&
           access(path, R_OK) == 0;
}
