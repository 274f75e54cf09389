/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of panics; see signature.h. */
#include "freebsd/signature.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool is_word(char c)
{
    return isalnum((unsigned char)c);
}

/* Whether a word is a number: 0x…, or hexadecimal digits with at least one decimal digit. */
static bool is_number_word(const char *word, size_t len)
{
    bool digit = false;
    if (len > 2 && word[0] == '0' && word[1] == 'x') {
        word += 2;
        len -= 2;
        digit = true;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isxdigit((unsigned char)word[i]))
            return false;
        digit |= isdigit((unsigned char)word[i]) != 0;
    }
    return digit;
}

/* Copies a word; digits in it become one '#'. Returns the new length of the text. */
static size_t copy_message_word(char *text, size_t at, size_t size, const char *word, size_t len)
{
    bool number = is_number_word(word, len), before = false;
    for (size_t i = 0; i < len && at + 1 < size; i++) {
        bool digit = number || isdigit((unsigned char)word[i]);
        if (!digit)
            text[at++] = word[i];
        else if (!before)
            text[at++] = '#';
        before = digit;
    }
    return at;
}

void signature_begin(char text[SIGNATURE_TEXT_MAX], const char *message)
{
    size_t at = 0, size = SIGNATURE_TEXT_MAX / 2; /* the rest is for the functions */
    while (*message != '\0' && at + 1 < size) {
        size_t len = 0;
        while (is_word(message[len]))
            len++;
        if (len == 0)
            text[at++] = *message++;
        at = copy_message_word(text, at, size, message, len);
        message += len;
    }
    text[at] = '\0';
}

/* Returns the end of the characters of `set` at `at`. */
static const char *skip_characters(const char *at, const char *end, const char *set)
{
    while (at < end && *at != '\0' && strchr(set, *at) != NULL)
        at++;
    return at;
}

static const char *word_end(const char *at, const char *end)
{
    while (at < end && *at != ' ')
        at++;
    return at;
}

/*
 * The function in "#1  0xffffffff80280030 in hello_inner (depth=-1) at hello.c:12", or in "#0
 * kdb_enter (why=…". NULL: none.
 */
static const char *find_frame_function(const char *at, const char *end, size_t *len)
{
    if (at == end || *at != '#')
        return NULL;
    at = skip_characters(skip_characters(at + 1, end, "0123456789"), end, " ");
    if (end - at > 2 && memcmp(at, "0x", 2) == 0) {
        at = word_end(at, end);
        if (end - at < 4 || memcmp(at, " in ", 4) != 0)
            return NULL;
        at += 4;
    }
    *len = (size_t)(word_end(at, end) - at);
    return *len == 0 || *at == '?' ? NULL : at;
}

void signature_add(char text[SIGNATURE_TEXT_MAX], unsigned *frames, const char *line, size_t len)
{
    size_t name_len, used = strlen(text);
    const char *name = find_frame_function(line, line + len, &name_len);
    if (name == NULL || *frames == SIGNATURE_FRAMES)
        return;
    (void)snprintf(text + used, SIGNATURE_TEXT_MAX - used, "%s%.*s", *frames == 0 ? " | " : " < ",
                   (int)name_len, name);
    ++*frames;
}

void signature_id(const char *text, char id[SIGNATURE_ID_MAX])
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    (void)snprintf(id, SIGNATURE_ID_MAX, "%016" PRIx64, hash);
}
