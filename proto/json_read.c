/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading JSON in place; see json_read.h. */
#include "proto/json_read.h"

#include <string.h>

enum { DIGITS_MAX = 18, ESCAPE_DIGITS = 4 };

struct cursor {
    const char *at, *end;
    unsigned depth;
};

static bool scan_value(struct cursor *c);

static void scan_space(struct cursor *c)
{
    while (c->at < c->end && memchr(" \t\r\n", *c->at, 4) != NULL)
        c->at++;
}

static bool scan_byte(struct cursor *c, char byte)
{
    if (c->at == c->end || *c->at != byte)
        return false;
    c->at++;
    return true;
}

static bool scan_word(struct cursor *c, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* Returns the number of digits. */
static unsigned scan_digits(struct cursor *c)
{
    unsigned n = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        n++;
    return n;
}

static bool scan_number(struct cursor *c)
{
    (void)scan_byte(c, '-');
    if (!scan_byte(c, '0') && scan_digits(c) == 0)
        return false;
    if (scan_byte(c, '.') && scan_digits(c) == 0)
        return false;
    if (!scan_byte(c, 'e') && !scan_byte(c, 'E'))
        return true;
    if (!scan_byte(c, '-'))
        (void)scan_byte(c, '+');
    return scan_digits(c) != 0;
}

static int json_hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at =
        digit != '\0' ? strchr(digits, digit >= 'A' && digit <= 'F' ? digit | 0x20 : digit) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* After the backslash. */
static bool scan_escape(struct cursor *c)
{
    if (c->at == c->end)
        return false;
    char kind = *c->at++;
    if (kind != 'u')
        return memchr("\"\\/bfnrt", kind, 8) != NULL;
    for (unsigned i = 0; i < ESCAPE_DIGITS; i++) {
        if (c->at == c->end || json_hex_digit(*c->at++) < 0)
            return false;
    }
    return true;
}

static bool scan_string(struct cursor *c)
{
    if (!scan_byte(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        char byte = *c->at++;
        if ((unsigned char)byte < ' ' || (byte == '\\' && !scan_escape(c)))
            return false;
    }
    return scan_byte(c, '"');
}

/* A member's name, up to its value. */
static bool scan_name(struct cursor *c)
{
    scan_space(c);
    if (!scan_string(c))
        return false;
    scan_space(c);
    return scan_byte(c, ':');
}

/* After the opening bracket, to the closing one. */
static bool scan_list(struct cursor *c, bool object)
{
    const char close = object ? '}' : ']';
    scan_space(c);
    if (scan_byte(c, close))
        return true;
    do {
        if ((object && !scan_name(c)) || !scan_value(c))
            return false;
        scan_space(c);
    } while (scan_byte(c, ','));
    return scan_byte(c, close);
}

static bool scan_value(struct cursor *c)
{
    scan_space(c);
    if (c->at == c->end)
        return false;
    char first = *c->at;
    if (first == '"')
        return scan_string(c);
    if (first != '{' && first != '[')
        return scan_word(c, "true") || scan_word(c, "false") || scan_word(c, "null") ||
               scan_number(c);
    if (c->depth++ == JSON_DEPTH_MAX)
        return false;
    c->at++;
    bool good = scan_list(c, first == '{');
    c->depth--;
    return good;
}

bool json_read(const char *text, size_t len, struct json_value *value)
{
    struct cursor c = {text, text + len, 0};
    *value = (struct json_value){text, 0};
    scan_space(&c);
    const char *start = c.at;
    if (!scan_value(&c))
        return false;
    const char *end = c.at;
    scan_space(&c);
    if (c.at != c.end)
        return false;
    *value = (struct json_value){start, (size_t)(end - start)};
    return true;
}

bool json_member(const struct json_value *object, const char *name, struct json_value *value)
{
    struct cursor c = {object->text, object->text + object->len, 0};
    size_t len = strlen(name);
    *value = (struct json_value){object->text, 0};
    if (!scan_byte(&c, '{'))
        return false;
    do {
        scan_space(&c);
        const char *found = c.at + 1;
        if (!scan_name(&c))
            return false;
        scan_space(&c);
        const char *start = c.at;
        if (!scan_value(&c))
            return false;
        if (strncmp(found, name, len) == 0 && found[len] == '"') {
            *value = (struct json_value){start, (size_t)(c.at - start)};
            return true;
        }
        scan_space(&c);
    } while (scan_byte(&c, ','));
    return false;
}

bool json_item(const struct json_value *array, size_t *at, struct json_value *item)
{
    struct cursor c = {array->text + *at, array->text + array->len, 0};
    *item = (struct json_value){array->text, 0};
    if (!scan_byte(&c, *at == 0 ? '[' : ','))
        return false;
    scan_space(&c);
    const char *start = c.at;
    if (!scan_value(&c))
        return false;
    *item = (struct json_value){start, (size_t)(c.at - start)};
    scan_space(&c);
    *at = (size_t)(c.at - array->text);
    return true;
}

/* The byte of an escape, which has been checked; moves to its last character. */
static char escaped(const char **at)
{
    static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *name = strchr(names, **at);
    unsigned code = 0;
    if (name != NULL)
        return bytes[name - names];
    if (**at != 'u')
        return **at;
    for (unsigned i = 0; i < ESCAPE_DIGITS; i++)
        code = code << 4 | (unsigned)json_hex_digit(*++*at);
    return code != 0 && code <= UINT8_MAX ? (char)code : '?';
}

bool json_text(const struct json_value *value, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    if (value->len < 2 || value->text[0] != '"')
        return false;
    const char *end = value->text + value->len - 1;
    for (const char *at = value->text + 1; at < end && n + 1 < size; at++) {
        char byte = *at;
        if (byte == '\\') {
            at++;
            byte = escaped(&at);
        }
        text[n++] = byte;
    }
    text[n] = '\0';
    return true;
}

bool json_member_text(const struct json_value *object, const char *name, char *text, size_t size)
{
    struct json_value value;
    (void)json_member(object, name, &value);
    return json_text(&value, text, size);
}

bool json_member_number(const struct json_value *object, const char *name, int64_t *number)
{
    struct json_value value;
    *number = 0;
    if (!json_member(object, name, &value))
        return false;
    bool negative = value.text[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == value.len || value.len - i > DIGITS_MAX)
        return false;
    for (; i < value.len; i++) {
        if (value.text[i] < '0' || value.text[i] > '9')
            return false;
        *number = *number * 10 + (value.text[i] - '0');
    }
    *number = negative ? -*number : *number;
    return true;
}
