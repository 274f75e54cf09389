/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches and edits the feature list; see features.h. */
#include "proto/rsp/features.h"

#include <string.h>

#include "proto/rsp/rsp.h"

/* Returns the number of bytes before the next ';' or the end. */
static size_t entry_len(const uint8_t *at, size_t left)
{
    const uint8_t *end = left == 0 ? NULL : memchr(at, ';', left);
    return end == NULL ? left : (size_t)(end - at);
}

/* Whether an entry has this name, with any value. */
static bool is_named(const uint8_t *entry, size_t len, const char *name, size_t n)
{
    return len >= n && memcmp(entry, name, n) == 0 &&
           (len == n || memchr("+-?=", entry[n], 4) != NULL);
}

bool features_find(const uint8_t *list, size_t len, const char *name, const uint8_t **value,
                   size_t *value_len)
{
    size_t n = strlen(name), at = 0;
    while (at < len) {
        size_t entry = entry_len(list + at, len - at);
        if (is_named(list + at, entry, name, n)) {
            *value = list + at + n;
            *value_len = entry - n;
            return true;
        }
        at += entry + 1;
    }
    return false;
}

bool features_has(const uint8_t *list, size_t len, const char *name)
{
    const uint8_t *value;
    size_t value_len;
    return features_find(list, len, name, &value, &value_len) && value_len == 1 && *value == '+';
}

bool features_are_freebsds(const uint8_t *list, size_t len)
{
    const uint8_t *value;
    size_t value_len, entries = 1;
    for (size_t i = 0; i < len; i++)
        entries += list[i] == ';';
    return entries == 3 && features_find(list, len, "PacketSize", &value, &value_len) &&
           features_has(list, len, "qXfer:threads:read") &&
           features_has(list, len, "QStartNoAckMode");
}

/* Removes all entries of this name. */
static void remove_entries(struct buf *list, const char *name)
{
    size_t n = strlen(name), at = 0, kept = 0;
    while (at < list->len) {
        size_t entry = entry_len(list->data + at, list->len - at);
        if (!is_named(list->data + at, entry, name, n)) {
            if (kept != 0)
                list->data[kept++] = ';';
            memmove(list->data + kept, list->data + at, entry);
            kept += entry;
        }
        at += entry + 1;
    }
    list->len = kept;
}

uint64_t features_packet_size(const uint8_t *list, size_t len)
{
    const uint8_t *value;
    size_t value_len;
    uint64_t size;
    bool valid = features_find(list, len, "PacketSize", &value, &value_len) && value_len > 1 &&
                 rsp_hex_number(value + 1, value_len - 1, &size) == value_len - 1;
    return valid ? size : 0;
}

int features_set(struct buf *list, const char *name, const char *value)
{
    remove_entries(list, name);
    if (value == NULL)
        return list->error;
    if (list->len != 0)
        (void)buf_addc(list, ';');
    (void)buf_adds(list, name);
    return buf_adds(list, value);
}
