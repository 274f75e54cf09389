/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stopped FreeBSD kernel as data: its variables by name, the members of its structures by field.
 * Addresses come from the symbols, offsets and sizes from the debug information (types.h); nothing
 * is built in.
 *
 * Errors: each function that reads returns 0, IMAGE_UNREADABLE, or the target's error
 * (proto/err.h). An address that the stub rejects, or a member that this kernel does not have, is
 * IMAGE_UNREADABLE: the caller says in its report what is missing, and goes on.
 */
#ifndef NETGDB_FREEBSD_IMAGE_H
#define NETGDB_FREEBSD_IMAGE_H

#include "proto/err.h"
#include "proto/target_memory.h"
#include "symbols/symbols.h"
#include "symbols/types.h"

#define IMAGE_UNREADABLE MEMORY_REFUSED

enum { IMAGE_OBJECT_MAX = 8192 }; /* bytes of a structure that are read at once */

/* The members that are read; image.c has the path of each. */
enum image_field {
    /* struct linker_file (sys/linker.h) and its class (sys/kobj.h) */
    FILE_NEXT,
    FILE_PATHNAME,
    FILE_FILENAME,
    FILE_ID,
    FILE_REFS,
    FILE_ADDRESS,
    FILE_SIZE,
    FILE_OPS,
    OPS_CLASS,
    CLASS_NAME,
    /* a relocatable module's struct elf_file and its sections (kern/link_elf_obj.c) */
    OBJECT_SECTIONS,
    OBJECT_COUNT,
    SECTION_ADDRESS,
    SECTION_SIZE,
    SECTION_NUMBER,
    SECTION_ENTRY, /* the size of an entry */
    /* struct proc and struct thread (sys/proc.h) */
    PROC_NEXT,
    PROC_PID,
    PROC_STATE,
    PROC_COMMAND,
    PROC_THREADS,
    THREAD_NEXT,
    THREAD_PROC,
    THREAD_TID,
    THREAD_NAME,
    THREAD_STATE,
    THREAD_INHIBITORS,
    THREAD_WAIT_CHANNEL,
    THREAD_WAIT_MESSAGE,
    THREAD_LOCK_NAME,
    THREAD_ON_CPU,
    THREAD_LAST_CPU,
    THREAD_STACK,
    THREAD_STACK_PAGES,
    /* struct msgbuf (sys/msgbuf.h) */
    MSGBUF_TEXT,
    MSGBUF_MAGIC,
    MSGBUF_SIZE,
    MSGBUF_WRITTEN,
    MSGBUF_FLAGS,
    /* struct pcpu (sys/pcpu.h) */
    PCPU_THREAD,
    PCPU_IDLE_THREAD,
    /* struct prison (sys/jail.h) */
    PRISON_HOSTNAME,
    IMAGE_FIELDS
};

struct image {
    struct memory memory;
    struct symbols *symbols; /* not owned */
    struct types *types;     /* owned; NULL: there is no debug information */
    const struct log *log;
    int64_t stopped; /* id of the thread that stopped; 0: unknown */
    struct {
        enum { FIELD_UNKNOWN, FIELD_FOUND, FIELD_MISSING } state;
        struct types_member at;
    } fields[IMAGE_FIELDS];
};

/*
 * Prepares to read the kernel at `target`, which stays the caller's, as do the symbols. The debug
 * information is opened at the first call of image_usable().
 */
void image_init(struct image *im, struct target *target, struct symbols *symbols,
                const struct log *log);
void image_free(struct image *im);

/*
 * Returns whether the kernel can be read: its symbols are certain and have debug information. If
 * not, *why is a constant text that says what is missing.
 */
bool image_usable(struct image *im, const char **why);

/* Drops the memory that was read: the kernel ran. */
void image_forget(struct image *im);

/* Looks up a variable. Returns false if the kernel does not have it. */
bool image_variable(struct image *im, const char *name, uint64_t *address);

/* Looks up a member. Returns false if the kernel's structure does not have it. */
bool image_member(struct image *im, enum image_field field, struct types_member *m);

/* Reads the pointer that is a variable's value; 0 is a value. */
int image_pointer(struct image *im, const char *name, uint64_t *value);

/* Reads a variable of 1, 2, 4 or 8 bytes. */
int image_number(struct image *im, const char *name, unsigned size, uint64_t *value);

/* Reads a member of at most 8 bytes of the structure at `base`. */
int image_get(struct image *im, uint64_t base, enum image_field field, uint64_t *value);

/* A structure that was read: the part from the lowest to the highest of the wanted members. */
struct image_object {
    uint64_t first; /* offset of bytes[0] in the structure */
    size_t len;
    uint8_t bytes[IMAGE_OBJECT_MAX];
};

/*
 * Reads these members of the structure at `base`, from the lowest to the highest in one piece. A
 * member that the kernel does not have is skipped; object_get() then returns IMAGE_UNREADABLE for
 * it, as for all of them after an error. IMAGE_UNREADABLE also if `base` is 0, or the piece is
 * longer than IMAGE_OBJECT_MAX.
 */
int object_read(struct image *im, struct image_object *o, uint64_t base,
                const enum image_field *fields, size_t n);

/* The same as image_get() and image_text(), without a request. */
int object_get(struct image *im, const struct image_object *o, enum image_field field,
               uint64_t *value);
int object_text(struct image *im, const struct image_object *o, enum image_field field, char *text,
                size_t size);

/* As image_string_of(): the string that a member of the object points to. */
int object_string(struct image *im, const struct image_object *o, enum image_field field,
                  char *text, size_t size);

/* The progress through a linked list, to notice a loop. Starts zeroed. */
struct image_walk {
    uint64_t mark; /* an address that was passed */
    size_t n;
};

/* Records an address. Returns true if the list leads back to one: after less than 3 rounds. */
bool walk_repeats(struct image_walk *w, uint64_t address);

/*
 * Copies a character array that is a member into text[size], with a NUL. Control characters and
 * bytes that are not ASCII become '?'. text is "" after an error.
 */
int image_text(struct image *im, uint64_t base, enum image_field field, char *text, size_t size);

/* The same for the string at an address, up to the first newline. */
int image_line(struct image *im, uint64_t address, char *text, size_t size);

/* The same for the string that a member points to; a null pointer is "". */
int image_string_of(struct image *im, uint64_t base, enum image_field field, char *text,
                    size_t size);

/* Returns the name of an enumeration's value without its prefix up to '_': "TDS_RUNQ" is "RUNQ".
 * NULL: it has none. Owned by the types. */
const char *image_enumerator(struct image *im, enum image_field field, uint64_t value);

#endif
