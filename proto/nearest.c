/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares misspelt words with known ones; see nearest.h. */
#include "proto/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * Returns how many letters differ between two words of at most NEAREST_LEN_MAX bytes: the optimal
 * string alignment distance. Each row of the table is for one more letter of `a`.
 */
static unsigned count_mistakes(const char *a, const char *b)
{
    unsigned rows[NEAREST_LEN_MAX + 1][NEAREST_LEN_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);
    for (size_t i = 0; i <= a_len; i++)
        rows[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
            unsigned added = smaller(rows[i - 1][j], rows[i][j - 1]) + 1;
            rows[i][j] = smaller(replaced, added);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = smaller(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[a_len][b_len];
}

struct nearest nearest_to(const char *typed)
{
    return (struct nearest){.typed = typed};
}

void nearest_consider(struct nearest *n, const char *word)
{
    size_t typed_len = strlen(n->typed), len = strlen(word);
    if (typed_len > NEAREST_LEN_MAX || len > NEAREST_LEN_MAX)
        return;
    bool begun = typed_len >= 2 && strncmp(word, n->typed, typed_len) == 0;
    unsigned mistakes = begun ? 0 : count_mistakes(n->typed, word);
    if (!begun && mistakes > len / 3)
        return;
    if (n->word == NULL || mistakes < n->mistakes) {
        n->word = word;
        n->mistakes = mistakes;
    }
}

const char *nearest_text(const struct nearest *n, char text[NEAREST_TEXT])
{
    text[0] = '\0';
    if (n->word != NULL)
        (void)snprintf(text, NEAREST_TEXT, " (did you mean %s?)", n->word);
    return text;
}
