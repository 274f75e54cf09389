/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing an ELF file with the target's memory; see build_id_match.h. */
#include "symbols/build_id_match.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"

enum {
    READ_MAX = 64, /* bytes of a request; every stub supports that */
    NOTE_NAME = sizeof ELF_NOTE_GNU,
    NOTE_HEADER = 12 + NOTE_NAME, /* bytes: three words and "GNU" */
    VERSION_MAX = 256,            /* sys/conf/newvers.sh makes two lines of about 150 bytes */
};

#define VERSION_BEGIN "FreeBSD "

/*
 * Reads target memory. Returns the number of bytes before the first that cannot be read, or the
 * target's error.
 */
static int read_memory(struct target *t, uint64_t address, uint8_t *bytes, size_t len)
{
    struct buf reply, data;
    size_t have = 0;
    int rc = 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    buf_init(&data, READ_MAX);
    while (have < len && rc == 0) {
        size_t want = len - have < READ_MAX ? len - have : READ_MAX;
        char request[48];
        snprintf(request, sizeof request, "m%llx,%zx", (unsigned long long)(address + have), want);
        rc = target_ask(t, request, &reply);
        buf_reset(&data);
        if (rc != 0 || reply.len == 0 || reply.len > 2 * want || reply.len % 2 != 0 ||
            rsp_unhex(&data, reply.data, reply.len) != 0)
            break;
        memcpy(bytes + have, data.data, data.len);
        have += data.len;
    }
    buf_free(&data);
    buf_free(&reply);
    return rc != 0 ? rc : (int)have;
}

/* Truncates the address for a 32-bit file. */
static uint64_t wrap_address(const struct elf_ident *ident, uint64_t address)
{
    return ident->is64 ? address : (uint32_t)address;
}

static void format_hex(char *text, const uint8_t *bytes, size_t len)
{
    text[0] = '\0';
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static uint32_t note_word(const uint8_t *b, bool big)
{
    return big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
               : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* The length of the build-id by the note's header; 0 if it is another note. */
static size_t note_len(const uint8_t *header, bool big)
{
    uint32_t len = note_word(header + 4, big);
    if (note_word(header, big) != NOTE_NAME || note_word(header + 8, big) != NT_GNU_BUILD_ID ||
        memcmp(header + 12, ELF_NOTE_GNU, NOTE_NAME) != 0 || len > BUILD_ID_MAX)
        return 0;
    return len;
}

int match_build_id(struct target *t, const char *path, const struct elf_ident *ident,
                   const struct build_id *id, uint64_t slide, const struct log *log,
                   enum file_match *match)
{
    uint8_t note[NOTE_HEADER + BUILD_ID_MAX];
    char ours[2 * BUILD_ID_MAX + 1], theirs[2 * BUILD_ID_MAX + 1];
    *match = MATCH_UNKNOWN;
    if (id->len == 0 || id->address == 0)
        return 0;
    int got = read_memory(t, wrap_address(ident, id->address + slide), note, NOTE_HEADER + id->len);
    if (got < NOTE_HEADER)
        return got < 0 ? got : 0;
    size_t len = note_len(note, ident->big);
    if (len == 0)
        return 0;
    size_t have = (size_t)got - NOTE_HEADER; /* at most id->len */
    if (len == id->len && memcmp(note + NOTE_HEADER, id->bytes, have) == 0) {
        *match = have == len ? MATCH_BUILD_ID : MATCH_UNKNOWN;
        return 0;
    }
    *match = MATCH_MISMATCH;
    format_hex(ours, id->bytes, id->len);
    format_hex(theirs, note + NOTE_HEADER, len < have ? len : have);
    log_warn(log,
             "symbols: %s is not what the target runs: its build-id is %s, the one in memory "
             "is %s: names and lines may be wrong",
             path, ours, theirs);
    return 0;
}

/* Copies the first line of a version string, with '?' for characters that are not printable. */
static void first_line(char *text, const uint8_t *bytes, size_t len)
{
    size_t n = 0;
    while (n < len && bytes[n] != '\n' && bytes[n] != '\0') {
        text[n] = isprint(bytes[n]) ? (char)bytes[n] : '?';
        n++;
    }
    text[n] = '\0';
}

/* Reads the `version` of a FreeBSD kernel from the file; returns its length, 0: none. */
static size_t file_version(const char *path, const struct symtab *symbols, uint8_t *bytes,
                           uint64_t *address)
{
    struct elf_file file;
    struct symbol version;
    const char *why;
    if (symtab_find(symbols, "version", &version) == 0 || version.kind != SYMBOL_DATA ||
        elf_file_open(&file, path, &why) != 0)
        return 0;
    size_t got = elf_file_contents(&file, version.address, bytes, VERSION_MAX);
    elf_file_close(&file);
    *address = version.address;
    if (got < strlen(VERSION_BEGIN) || memcmp(bytes, VERSION_BEGIN, strlen(VERSION_BEGIN)) != 0)
        return 0;
    return strnlen((const char *)bytes, got);
}

int match_version(struct target *t, const char *path, const struct symtab *symbols, uint64_t slide,
                  const struct log *log, enum file_match *match)
{
    uint8_t ours[VERSION_MAX], theirs[VERSION_MAX];
    char our_line[VERSION_MAX + 1], their_line[VERSION_MAX + 1];
    uint64_t address = 0;
    *match = MATCH_UNKNOWN;
    size_t len = file_version(path, symbols, ours, &address);
    if (len == 0)
        return 0;
    int got = read_memory(t, wrap_address(symtab_ident(symbols), address + slide), theirs, len);
    if (got < 0)
        return got;
    if ((size_t)got < len || memcmp(theirs, VERSION_BEGIN, strlen(VERSION_BEGIN)) != 0)
        return 0;
    if (memcmp(ours, theirs, len) == 0) {
        *match = MATCH_VERSION;
        return 0;
    }
    *match = MATCH_MISMATCH;
    first_line(our_line, ours, len);
    first_line(their_line, theirs, len);
    log_warn(log,
             "symbols: %s is not what the target runs: its version is \"%s\", the one in memory "
             "is \"%s\": names and lines may be wrong",
             path, our_line, their_line);
    return 0;
}

enum file_match match_missing(const char *path, const struct symtab *symbols,
                              const struct build_id *id, uint64_t slide, const struct log *log)
{
    uint8_t version[VERSION_MAX];
    char hex[2 * BUILD_ID_MAX + 1], what[sizeof hex + 16] = "version";
    uint64_t address = id->address;
    if (id->len != 0 && id->address != 0) {
        format_hex(hex, id->bytes, id->len);
        (void)snprintf(what, sizeof what, "build-id, %s,", hex);
    } else if (file_version(path, symbols, version, &address) == 0) {
        return MATCH_UNKNOWN;
    }
    log_warn(log,
             "symbols: %s is not what the target runs: its %s is not in memory at %#llx: names "
             "and lines may be wrong",
             path, what, (unsigned long long)wrap_address(symtab_ident(symbols), address + slide));
    return MATCH_MISMATCH;
}
