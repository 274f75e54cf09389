/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RSP framing; see rsp.h. */
#include "proto/rsp/rsp.h"

#include "proto/check.h"
#include "proto/err.h"

enum {
    CTRL_C = 0x03,
    TELNET_IAC = 0xff,
    TELNET_BREAK = 0xf3,
    ESCAPE = '}',
    ESCAPE_XOR = 0x20,
    RUN_BIAS = 29,  /* `*` and a character c: c - 29 repetitions of the preceding byte */
    RUN_FIRST = 32, /* the smallest c, a space: 3 repetitions */
    RUN_LAST = 126, /* the largest c */
    RUN_WORTH = 12, /* equal bytes that we send as a run: shorter ones are rare and save little */
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int rsp_hex_byte(const uint8_t digits[2])
{
    int high = hex_digit(digits[0]), low = hex_digit(digits[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

size_t rsp_hex_number(const uint8_t *text, size_t len, uint64_t *value)
{
    size_t n = 0;
    *value = 0;
    while (n < len && hex_digit(text[n]) >= 0) {
        if (n == 16)
            return 0;
        *value = *value << 4 | (uint64_t)hex_digit(text[n++]);
    }
    return n;
}

void rsp_parser_init(struct rsp_parser *p, enum rsp_direction direction, size_t max)
{
    *p = (struct rsp_parser){.direction = direction, .state = RSP_IDLE};
    buf_init(&p->content, max);
}

void rsp_parser_free(struct rsp_parser *p)
{
    buf_free(&p->content);
}

static void begin_packet(struct rsp_parser *p, uint8_t c)
{
    buf_reset(&p->content);
    p->notification = c == '%';
    p->bad = false;
    p->sum = 0;
    p->raw = 0;
    p->state = RSP_BODY;
}

/* Handles a byte outside packets. */
static enum rsp_event parse_idle(struct rsp_parser *p, uint8_t c)
{
    bool after_iac = p->state == RSP_BREAK;
    p->state = RSP_IDLE;
    if (c == '$' || (c == '%' && p->direction == RSP_FROM_STUB)) {
        begin_packet(p, c);
        return RSP_MORE;
    }
    if (c == '+')
        return RSP_ACK;
    if (c == '-')
        return RSP_NACK;
    if (p->direction == RSP_FROM_STUB)
        return RSP_MORE;
    if (c == CTRL_C || (after_iac && c == TELNET_BREAK))
        return RSP_INTERRUPT;
    if (c == TELNET_IAC)
        p->state = RSP_BREAK;
    return RSP_MORE;
}

/* Handles '#', '$' or '*' in a packet: its end, the start of another, or a run-length. */
static void parse_body(struct rsp_parser *p, uint8_t c)
{
    (void)CHECK(c == '#' || c == '$' || (c == '*' && p->direction == RSP_FROM_STUB));
    p->raw++;
    if (c == '#') {
        p->state = RSP_SUM1;
        return;
    }
    if (c == '$') {
        begin_packet(p, c);
        return;
    }
    p->sum = (uint8_t)(p->sum + c);
    p->bad |= p->content.len == 0;
    p->state = RSP_RUN;
}

/* Returns the number of bytes at the start of data[len] that have no special meaning in a packet.
 */
static size_t plain_run(const struct rsp_parser *p, const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && data[n] != '#' && data[n] != '$' &&
           (data[n] != '*' || p->direction == RSP_FROM_GDB))
        n++;
    return n;
}

/* Appends those bytes to the content; returns their number. */
static size_t take_plain(struct rsp_parser *p, const uint8_t *data, size_t len)
{
    size_t n = plain_run(p, data, len);
    for (size_t i = 0; i < n; i++)
        p->sum = (uint8_t)(p->sum + data[i]);
    p->raw += n;
    (void)buf_add(&p->content, data, n); /* finish_packet checks the sticky error */
    return n;
}

/* Handles the character after '*'. */
static void parse_run(struct rsp_parser *p, uint8_t c)
{
    p->state = RSP_BODY;
    p->bad |= c < RUN_FIRST || c > RUN_LAST;
    /* Not a valid count: treat it as framing. */
    if (c == '#' || c == '$') {
        p->bad = true;
        parse_body(p, c);
        return;
    }
    p->raw++;
    p->sum = (uint8_t)(p->sum + c);
    if (p->bad || p->content.error != 0 || !CHECK(p->content.len != 0))
        return;
    uint8_t last = p->content.data[p->content.len - 1];
    for (int more = c - RUN_BIAS; more > 0; more--)
        (void)buf_addc(&p->content, last);
}

static enum rsp_event finish_packet(struct rsp_parser *p, uint8_t c)
{
    int low = hex_digit(c);
    (void)CHECK(p->digit < 16 && p->content.len <= p->content.max);
    bool sum_is_right = p->digit >= 0 && low >= 0 && (p->digit << 4 | low) == p->sum;
    p->state = RSP_IDLE;
    p->fault = !sum_is_right ? RSP_CHECKSUM : p->bad ? RSP_RUN_LENGTH : RSP_SIZE;
    if (!sum_is_right || p->bad || p->content.error != 0)
        return RSP_BAD;
    return p->notification ? RSP_NOTIFICATION : RSP_PACKET;
}

/* Handles a checksum digit; a '$' instead shows that the rest of the packet was lost. */
static enum rsp_event parse_sum(struct rsp_parser *p, uint8_t c)
{
    if (c == '$') {
        begin_packet(p, c);
        return RSP_MORE;
    }
    if (p->state == RSP_SUM2)
        return finish_packet(p, c);
    p->digit = hex_digit(c);
    p->state = RSP_SUM2;
    return RSP_MORE;
}

enum rsp_event rsp_parse(struct rsp_parser *p, const uint8_t **data, size_t *len)
{
    while (*len > 0) {
        size_t plain = p->state == RSP_BODY ? take_plain(p, *data, *len) : 0;
        *data += plain;
        *len -= plain;
        if (*len == 0)
            break;
        uint8_t c = *(*data)++;
        enum rsp_event event = RSP_MORE;
        (*len)--;
        switch (p->state) {
        case RSP_IDLE:
        case RSP_BREAK:
            event = parse_idle(p, c);
            break;
        case RSP_BODY:
            parse_body(p, c);
            break;
        case RSP_RUN:
            parse_run(p, c);
            break;
        case RSP_SUM1:
        case RSP_SUM2:
            event = parse_sum(p, c);
            break;
        }
        if (event != RSP_MORE)
            return event;
    }
    return RSP_MORE;
}

const char *rsp_fault_name(enum rsp_fault fault)
{
    static const char *const names[] = {[RSP_CHECKSUM] = "a wrong checksum",
                                        [RSP_RUN_LENGTH] = "a run-length that RSP does not allow",
                                        [RSP_SIZE] = "more bytes than its limit"};
    return names[fault];
}

/* Appends '#' and the checksum of the bytes after `start`, which is the '$'. */
static int end_frame(struct buf *out, size_t start)
{
    uint8_t sum = 0;
    for (size_t i = start + 1; i < out->len; i++)
        sum = (uint8_t)(sum + out->data[i]);
    (void)buf_addc(out, '#');
    return buf_addhex(out, &sum, 1);
}

int rsp_frame(struct buf *out, const uint8_t *content, size_t len)
{
    size_t start = out->len;
    (void)buf_addc(out, '$');
    (void)buf_add(out, content, len);
    return end_frame(out, start);
}

/* Counts equal bytes at the start of data[len], at most those that one run-length can express. */
static size_t run_length(const uint8_t *data, size_t len)
{
    const size_t most = 1 + RUN_LAST - RUN_BIAS;
    size_t n = 1;
    if (len > most)
        len = most;
    while (n < len && data[n] == data[0])
        n++;
    return n;
}

/* The character for at most so many repetitions: none that looks like framing. */
static uint8_t run_character(size_t repetitions)
{
    uint8_t c = (uint8_t)(repetitions + RUN_BIAS);
    while (c == '#' || c == '$' || c == '+' || c == '-')
        c--;
    return c;
}

static int add_with_runs(struct buf *out, const uint8_t *content, size_t len)
{
    size_t plain = 0, i = 0; /* from `plain` on, nothing is added yet */
    while (i < len) {
        size_t run = run_length(content + i, len - i);
        if (run < RUN_WORTH || (i > 0 && content[i - 1] == ESCAPE)) {
            i++;
            continue;
        }
        const uint8_t marker[] = {'*', run_character(run - 1)};
        (void)buf_add(out, content + plain, i + 1 - plain);
        (void)buf_add(out, marker, sizeof marker);
        plain = i += 1 + (size_t)(marker[1] - RUN_BIAS);
    }
    return buf_add(out, content + plain, len - plain);
}

int rsp_frame_runs(struct buf *out, const uint8_t *content, size_t len)
{
    size_t start = out->len;
    (void)buf_addc(out, '$');
    (void)add_with_runs(out, content, len);
    return end_frame(out, start);
}

int rsp_escape(struct buf *out, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) {
        bool special = p[i] == '$' || p[i] == '#' || p[i] == '*' || p[i] == ESCAPE;
        if (special)
            (void)buf_addc(out, ESCAPE);
        (void)buf_addc(out, special ? p[i] ^ ESCAPE_XOR : p[i]);
    }
    return out->error;
}

int rsp_add_piece(struct buf *reply, const uint8_t *object, size_t size, uint64_t offset,
                  uint64_t len)
{
    size_t at = offset < size ? (size_t)offset : size, left = size - at;
    size_t n = len < left ? (size_t)len : left;
    int rc = buf_addc(reply, n == left ? 'l' : 'm');
    return rc == 0 && n != 0 ? rsp_escape(reply, object + at, n) : rc;
}

int rsp_unescape(struct buf *out, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != ESCAPE)
            (void)buf_addc(out, text[i]);
        else if (++i < len)
            (void)buf_addc(out, text[i] ^ ESCAPE_XOR);
        else
            return NETGDB_PROTO;
    }
    return out->error;
}

int rsp_unhex(struct buf *out, const uint8_t *text, size_t len)
{
    if (len % 2 != 0)
        return NETGDB_PROTO;
    for (size_t i = 0; i < len; i += 2) {
        int byte = rsp_hex_byte(text + i);
        if (byte < 0)
            return NETGDB_PROTO;
        (void)buf_addc(out, (uint8_t)byte);
    }
    return out->error;
}
