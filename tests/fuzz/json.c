/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: JSON that is read in place, and lines of a backtrace. A value lies in the document,
 * a string fits, and what json_add_text writes is read back.
 */
#include "proto/json_read.h"

#include <string.h>

#include "freebsd/signature.h"
#include "proto/json.h"
#include "tests/fuzz/fuzz.h"

enum { DEPTH = JSON_DEPTH_MAX + 1 };

static void look_at(const struct json_value *value, unsigned depth)
{
    struct json_value part;
    char text[16];
    int64_t number;
    size_t at = 0, before = 0;
    MUST(depth < DEPTH + 1 && value->len != 0);
    (void)json_text(value, text, sizeof text);
    MUST(strlen(text) < sizeof text);
    (void)json_member_number(value, "a", &number);
    if (json_member(value, "a", &part)) {
        MUST(part.text > value->text && part.text + part.len < value->text + value->len);
        look_at(&part, depth + 1);
    }
    for (; json_item(value, &at, &part); before = at) {
        MUST(at > before && at < value->len);
        look_at(&part, depth + 1);
    }
}

static void look_at_text(const char *text)
{
    struct json_value value;
    struct buf b;
    size_t size = strlen(text) + 1;
    char *back = malloc(size);
    buf_init(&b, 6 * size + 2);
    MUST(back != NULL && json_add_text(&b, text) == 0);
    MUST(json_read((const char *)b.data, b.len, &value));
    MUST(json_text(&value, back, size) && strcmp(back, text) == 0);
    buf_free(&b);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_value value;
    char signature[SIGNATURE_TEXT_MAX];
    unsigned frames = 0;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size != 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (json_read((const char *)data, size, &value))
        look_at(&value, 0);
    look_at_text(text);
    signature_begin(signature, text);
    for (int i = 0; i < SIGNATURE_FRAMES + 1; i++)
        signature_add(signature, &frames, text, size);
    MUST(strlen(signature) < sizeof signature && frames <= SIGNATURE_FRAMES);
    free(text);
    return 0;
}
