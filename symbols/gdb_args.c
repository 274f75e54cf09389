/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gdb's command line, an argument at a time; see gdb_args.h. */
#include "symbols/gdb_args.h"

#include <stddef.h>
#include <string.h>

/* gdb's options. getopt treats options with the same `same` as one: gdb's table has one value for
 * them. */
static const struct option {
    const char *name;
    enum gdb_arg_kind kind;
    int same;
} options[] = {
    {"args", GDB_ARG_PROGRAM, 0},
    {"annotate", GDB_ARG_VALUE, 1},
    {"b", GDB_ARG_VALUE, 'b'},
    {"batch", GDB_ARG_FLAG, 2},
    {"batch-silent", GDB_ARG_FLAG, 'B'},
    {"baud", GDB_ARG_VALUE, 'b'},
    {"c", GDB_ARG_VALUE, 'c'},
    {"cd", GDB_ARG_CHDIR, 3},
    {"command", GDB_ARG_SCRIPT, 'x'},
    {"configuration", GDB_ARG_FLAG, 4},
    {"core", GDB_ARG_VALUE, 'c'},
    {"d", GDB_ARG_VALUE, 'd'},
    {"D", GDB_ARG_VALUE, 'D'},
    {"data-directory", GDB_ARG_VALUE, 'D'},
    {"dbx", GDB_ARG_FLAG, 5},
    {"directory", GDB_ARG_VALUE, 'd'},
    {"e", GDB_ARG_EXEC, 'e'},
    {"early-init-command", GDB_ARG_VALUE, 6},
    {"early-init-eval-command", GDB_ARG_VALUE, 7},
    {"eiex", GDB_ARG_VALUE, 7},
    {"eix", GDB_ARG_VALUE, 6},
    {"eval-command", GDB_ARG_COMMAND, 'X'},
    {"ex", GDB_ARG_COMMAND, 'X'},
    {"exec", GDB_ARG_EXEC, 'e'},
    {"f", GDB_ARG_FLAG, 'f'},
    {"fullname", GDB_ARG_FLAG, 'f'},
    {"help", GDB_ARG_FLAG, 8},
    {"i", GDB_ARG_VALUE, 'i'},
    {"iex", GDB_ARG_INIT_COMMAND, 9},
    {"init-command", GDB_ARG_INIT_SCRIPT, 10},
    {"init-eval-command", GDB_ARG_INIT_COMMAND, 9},
    {"interpreter", GDB_ARG_VALUE, 'i'},
    {"ix", GDB_ARG_INIT_SCRIPT, 10},
    {"l", GDB_ARG_VALUE, 'l'},
    {"n", GDB_ARG_FLAG, 11},
    {"nh", GDB_ARG_FLAG, 12},
    {"nowindows", GDB_ARG_FLAG, 13},
    {"nw", GDB_ARG_FLAG, 13},
    {"nx", GDB_ARG_FLAG, 11},
    {"p", GDB_ARG_VALUE, 'p'},
    {"pid", GDB_ARG_VALUE, 'p'},
    {"q", GDB_ARG_FLAG, 'q'},
    {"quiet", GDB_ARG_FLAG, 'q'},
    {"r", GDB_ARG_FLAG, 14},
    {"readnever", GDB_ARG_FLAG, 15},
    {"readnow", GDB_ARG_FLAG, 14},
    {"return-child-result", GDB_ARG_FLAG, 16},
    {"s", GDB_ARG_SYMBOLS, 's'},
    {"se", GDB_ARG_FILE, 17},
    {"silent", GDB_ARG_FLAG, 'q'},
    {"statistics", GDB_ARG_FLAG, 18},
    {"symbols", GDB_ARG_SYMBOLS, 's'},
    {"tty", GDB_ARG_VALUE, 't'},
    {"tui", GDB_ARG_FLAG, 19},
    {"ui", GDB_ARG_VALUE, 'i'},
    {"version", GDB_ARG_FLAG, 20},
    {"w", GDB_ARG_FLAG, 21},
    {"windows", GDB_ARG_FLAG, 21},
    {"write", GDB_ARG_FLAG, 22},
    {"x", GDB_ARG_SCRIPT, 'x'},
};

/* Finds an exact name, else a unique prefix. NULL: none, or ambiguous. */
static const struct option *find_option(const char *name, size_t len)
{
    const struct option *found = NULL;
    bool unique = true;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct option *o = &options[i];
        if (strncmp(o->name, name, len) != 0)
            continue;
        if (o->name[len] == '\0')
            return o;
        if (found != NULL && (found->same != o->same || found->kind != o->kind))
            unique = false;
        found = o;
    }
    return unique ? found : NULL;
}

static bool take_gdb_option(struct gdb_args *a, struct gdb_arg *arg)
{
    const char *word = a->argv[arg->first], *name = word + (word[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct option *o = find_option(name, len);
    bool has_value = name[len] == '=';
    if (o == NULL)
        return false;
    arg->kind = o->kind;
    if (o->kind == GDB_ARG_FLAG || o->kind == GDB_ARG_PROGRAM) {
        a->ended = o->kind == GDB_ARG_PROGRAM;
        return !has_value;
    }
    if (!has_value && a->next == a->argc)
        return false;
    arg->value = has_value ? name + len + 1 : a->argv[a->next++];
    return true;
}

bool gdb_args_is_kgdb(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strncmp(slash != NULL ? slash + 1 : program, "kgdb", 4) == 0;
}

/* One letter each, several in a word; and two long names, for emacs. */
static bool take_kgdb_option(struct gdb_args *a, struct gdb_arg *arg)
{
    const char *word = a->argv[arg->first], *name = word + (word[1] == '-' ? 2 : 1);
    arg->kind = GDB_ARG_FLAG;
    if (strcmp(name, "quiet") == 0 || strcmp(name, "fullname") == 0)
        return true;
    for (const char *c = word + 1; *c != '\0'; c++) {
        if (strchr("afqvw", *c) != NULL)
            continue;
        if (strchr("bcdnr", *c) == NULL || (c[1] == '\0' && a->next == a->argc))
            return false;
        arg->kind = GDB_ARG_VALUE;
        arg->value = c[1] != '\0' ? c + 1 : a->argv[a->next++];
        break;
    }
    return true;
}

int gdb_args_next(struct gdb_args *a, struct gdb_arg *arg)
{
    if (a->next >= a->argc)
        return 0;
    const char *word = a->argv[a->next];
    *arg = (struct gdb_arg){.kind = GDB_ARG_WORD, .first = a->next++};
    bool ok = true, kgdb = gdb_args_is_kgdb(a->argv[0]);
    if (a->ended || word[0] != '-' || word[1] == '\0') {
        arg->value = word;
        a->ended = a->ended || kgdb;
    } else if (strcmp(word, "--") == 0) {
        arg->kind = GDB_ARG_FLAG;
        a->ended = true;
    } else {
        ok = kgdb ? take_kgdb_option(a, arg) : take_gdb_option(a, arg);
    }
    arg->n = a->next - arg->first;
    return ok ? 1 : -1;
}
