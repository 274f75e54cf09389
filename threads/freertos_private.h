/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FreeRTOS's saved contexts (freertos_contexts.c), for its descriptor (freertos.c). */
#ifndef NETGDB_THREADS_FREERTOS_PRIVATE_H
#define NETGDB_THREADS_FREERTOS_PRIVATE_H

#include "threads/frame.h"

extern const struct frame *const freertos_frames[]; /* ends in NULL */

#endif
