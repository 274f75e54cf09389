/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of symbols=, before a kernel is taken from its db> prompt; see tools.h. */
#include "symbols/elf_file.h"
#include "tools/tools.h"

bool check_symbols_option(const char *file)
{
    const char *why;
    if (file[0] == '\0' || elf_file_check(file, &why) == 0)
        return true;
    complain("symbols=%s: %s", file, why);
    return false;
}
