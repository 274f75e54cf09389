/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target over the files and directories of its arguments, or over
 * tests/fuzz/corpus/NAME, with TAP output. It does not fuzz; it repeats the inputs of earlier
 * findings.
 */
#include <dirent.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1024 * 1024 };

static unsigned inputs;

/* Allocates exactly the input's size, so that a sanitizer detects every read past its end. */
static int run_file(const char *path, FILE *file)
{
    static uint8_t bytes[INPUT_MAX];
    size_t n = fread(bytes, 1, sizeof bytes, file);
    uint8_t *data = malloc(n != 0 ? n : 1);
    if (data == NULL)
        return -1;
    printf("# %s\n", path);
    fflush(stdout); /* the last line before an abort names the input */
    memcpy(data, bytes, n);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    inputs++;
    return 0;
}

static int run_path(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[4096];
    int rc = 0;
    if (dir == NULL) {
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            return -1;
        rc = run_file(path, file);
        fclose(file);
        return rc;
    }
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        rc = run_path(name);
    }
    closedir(dir);
    return rc;
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    char corpus[4096];
    int rc = 0;
    snprintf(corpus, sizeof corpus, "%s/tests/fuzz/corpus/" FUZZ_NAME, top != NULL ? top : ".");
    for (int i = 1; i < argc && rc == 0; i++)
        rc = run_path(argv[i]);
    if (argc == 1)
        rc = run_path(corpus);
    printf("1..1\n%sok 1 - %u inputs of " FUZZ_NAME "\n", rc != 0 || inputs == 0 ? "not " : "",
           inputs);
    return rc != 0 || inputs == 0;
}
