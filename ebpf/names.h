/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux's names of helpers, types of maps and results of programs, for messages. */
#ifndef NETGDB_EBPF_NAMES_H
#define NETGDB_EBPF_NAMES_H

#include <stdint.h>

#include "ebpf/machine.h"

/* The name of a helper without "bpf_"; NULL: unknown. */
const char *ebpf_helper_name(uint32_t id);

/* The name of a map type in lower case; "unknown". */
const char *ebpf_map_type_name(uint32_t type);

/* The name of a result for a kind of program ("XDP_PASS"); NULL: it has none. */
const char *ebpf_result_name(enum ebpf_context_kind context, uint64_t r0);

#endif
