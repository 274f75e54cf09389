/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message buffer of 128 bytes that has not wrapped, with a hole; see kernel.h. */
#include "tests/kernel/kernel.h"

#define MESSAGES                                                                                   \
    "<118>Copyright\n<6>vtnet0: link up\n\0\0panic: page fault\ncolour \033[31mred\nKDB: enter: "  \
    "panic\n"

char message_text[128] = MESSAGES;
static struct msgbuf message_buffer = {.msg_ptr = message_text,
                                       .msg_magic = 0x063062,
                                       .msg_size = sizeof message_text,
                                       .msg_wseq = sizeof MESSAGES - 1,
                                       .msg_seqmod = 16 * sizeof message_text};
struct msgbuf *msgbufp = &message_buffer;
