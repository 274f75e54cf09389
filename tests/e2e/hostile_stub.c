/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hostile stub on standard input and output: at each continue it prints escape sequences, then
 * requests gdb to delete a file (GDB's File-I/O), prints the reply on standard error, and stops.
 *
 *   hostile_stub FILE
 */
#include <stdlib.h>
#include <string.h>

#include "tests/rsp_plain.h"

enum { NAME = 0x1000, PATIENCE_MS = 60000 };

/*
 * amd64's integer registers: zeros, but for a pc at which a program may be. From it gdb computes
 * where ld.so is; gdb 16 aborts on the debug information of an ld.so that would be below 0.
 */
static const char registers[] = "0*~0*~0*X" /* 256 zeros */ "0050555555550000"
                                "0*T"; /* 56 zeros */

static void put_memory(const char *file, const char *request)
{
    char reply[180] = "";
    char *end;
    unsigned long at = strtoul(request + 1, &end, 16), n = strtoul(end + 1, NULL, 16);
    for (unsigned long i = 0; i < n && i < 80; i++) {
        unsigned long offset = at + i - NAME;
        (void)snprintf(reply + 2 * i, 3, "%02x",
                       at >= NAME && offset < strlen(file) ? (unsigned char)file[offset] : 0);
    }
    rsp_put(1, reply);
}

static void answer(const char *file, const char *request)
{
    char delete[64];
    (void)snprintf(delete, sizeof delete, "Funlink,%x/%zx", NAME, strlen(file) + 1);
    if (strncmp(request, "qSupported", 10) == 0) {
        rsp_put(1, "PacketSize=100");
    } else if (request[0] == '?') {
        rsp_put(1, "T05thread:1;");
    } else if (request[0] == 'm') {
        put_memory(file, request);
    } else if (request[0] == 'g') {
        rsp_put(1, registers);
    } else if (request[0] == 'c' || request[0] == 's') {
        rsp_put(1, "O1b5d303b68610770776e65640a"); /* ESC ] 0 ; h a BEL p w n e d */
        rsp_put(1, delete);
    } else if (request[0] == 'F') {
        (void)fprintf(stderr, "was answered %s\n", request);
        rsp_put(1, "T05thread:1;");
    } else {
        rsp_put(1, request[0] == 'D' || request[0] == 'H' ? "OK" : "");
    }
}

int main(int argc, char **argv)
{
    char request[2000];
    while (argc == 2 && rsp_get(0, request, sizeof request, PATIENCE_MS)) {
        (void)!write(1, "+", 1);
        answer(argv[1], request);
    }
    return argc == 2 ? 0 : 2;
}
