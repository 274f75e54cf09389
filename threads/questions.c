/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Symbols by qSymbol (GDB manual, "qSymbol"). Without an ELF file, the client's offer `qSymbol::`
 * is first used for the decorator's own questions, and then forwarded to the stub, which may ask
 * too. The symbol name in an answer shows which question it answers.
 */
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "threads/threads_private.h"

/* Sets t->question for a symbol; false if it is known or was asked under both names. */
static bool ask_for(struct threads *t, const char *name)
{
    struct program_symbol found;
    if (program_find(&t->program, name, &found))
        return false;
    if (!program_was_asked(&t->program, name)) {
        snprintf(t->question, sizeof t->question, "%s", name);
        return true;
    }
    if (strlen(name) + sizeof PROGRAM_LTO > sizeof t->question)
        return false;
    strcpy(t->question, name);
    strcat(t->question, PROGRAM_LTO);
    return !program_was_asked(&t->program, t->question);
}

/* Finds the next question for an RTOS: needed symbols first; others once those are known. */
static bool next_question_for(struct threads *t, const struct rtos *r)
{
    for (const struct rtos_symbol *s = r->symbols; s->name != NULL; s++) {
        if (s->need != SYMBOL_MAY && ask_for(t, s->name))
            return true;
    }
    if (engine_detect(&t->program, r) == NULL)
        return false;
    for (const struct rtos_symbol *s = r->symbols; s->name != NULL; s++) {
        if (s->need == SYMBOL_MAY && ask_for(t, s->name))
            return true;
    }
    return false;
}

static bool next_question(struct threads *t)
{
    for (const struct rtos *const *r = rtos_all; *r != NULL; r++) {
        if ((t->only == NULL || t->only == *r) && next_question_for(t, *r))
            return true;
    }
    t->question[0] = '\0';
    return false;
}

static int ask_next(struct threads *t)
{
    if (next_question(t)) {
        (void)buf_adds(&t->d.reply, "qSymbol:");
        return buf_addhex(&t->d.reply, t->question, strlen(t->question));
    }
    int rc = threads_detect(t);
    if (rc != 0)
        return rc;
    threads_not_detected(t);
    t->stub_round_open = true;
    (void)buf_sets(&t->d.request, "qSymbol::"); /* the stub may ask now */
    return DECORATOR_REPLACE;
}

/* Compares the HEXNAME of an answer with the pending question. */
static bool answers_our_question(struct threads *t, const uint8_t *name, size_t len)
{
    struct buf text;
    bool same;
    if (t->question[0] == '\0')
        return false;
    buf_init(&text, PROGRAM_NAME_MAX);
    same = rsp_unhex(&text, name, len) == 0 && buf_is(&text, t->question);
    buf_free(&text);
    return same;
}

int answer_symbol(struct threads *t, const struct request *r)
{
    static const char start[] = "qSymbol:";
    uint64_t slide, value = 0;
    size_t at = sizeof start - 1;
    if (program_table(&t->program, &slide) != NULL || r->len <= at)
        return DECORATOR_PASS;
    /* An offer: the client's symbols may have changed. */
    if (r->len == at + 1) {
        program_forget_answers(&t->program);
        return ask_next(t);
    }
    size_t n = rsp_hex_number(r->data + at, r->len - at, &value);
    if (at + n >= r->len || r->data[at + n] != ':' ||
        !answers_our_question(t, r->data + at + n + 1, r->len - at - n - 1))
        return DECORATOR_PASS;
    program_answer(&t->program, t->question, n != 0, value);
    return ask_next(t);
}
