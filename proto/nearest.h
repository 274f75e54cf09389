/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the word that was probably meant by a misspelt one, for errors: "did you mean timeout?".
 *
 *     struct nearest n = nearest_to(typed);
 *     for each word: nearest_consider(&n, word);
 *     nearest_text(&n, text): " (did you mean timeout?)" or ""
 */
#ifndef NETGDB_PROTO_NEAREST_H
#define NETGDB_PROTO_NEAREST_H

enum {
    NEAREST_LEN_MAX = 32,                /* bytes of a word; longer ones are not compared */
    NEAREST_TEXT = NEAREST_LEN_MAX + 24, /* bytes of the question with its NUL */
};

struct nearest {
    const char *typed;
    const char *word; /* the nearest so far; NULL: none is near */
    unsigned mistakes;
};

/* Begins a search. `typed` and the words that follow must outlive it. */
struct nearest nearest_to(const char *typed);

/*
 * Considers a word. It is near if it begins with what was typed (two letters or more), or if at
 * most a third of its letters are wrong, missing, surplus or swapped with their neighbour. The
 * first of several equally near words stays.
 */
void nearest_consider(struct nearest *n, const char *word);

/* Writes " (did you mean WORD?)" into text, or "" if no word is near. Returns text. */
const char *nearest_text(const struct nearest *n, char text[NEAREST_TEXT]);

#endif
