/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helpers of Linux, for the table in helpers.c. Their source: linux/bpf.h. */
#ifndef NETGDB_EBPF_HELPERS_LINUX_H
#define NETGDB_EBPF_HELPERS_LINUX_H

#include "ebpf/helpers.h"

/* helpers_maps.c */
EBPF_HELPER_FUNCTION(ebpf_map_lookup_helper);
EBPF_HELPER_FUNCTION(ebpf_map_update_helper);
EBPF_HELPER_FUNCTION(ebpf_map_delete_helper);
EBPF_HELPER_FUNCTION(ebpf_map_push_helper);
EBPF_HELPER_FUNCTION(ebpf_map_pop_helper);
EBPF_HELPER_FUNCTION(ebpf_tail_call);
EBPF_HELPER_FUNCTION(ebpf_perf_event_output);
EBPF_HELPER_FUNCTION(ebpf_ringbuf_output);
EBPF_HELPER_FUNCTION(ebpf_ringbuf_reserve);
EBPF_HELPER_FUNCTION(ebpf_ringbuf_commit);
EBPF_HELPER_FUNCTION(ebpf_ringbuf_query);

/* helpers_loop.c */
EBPF_HELPER_FUNCTION(ebpf_loop_count);
EBPF_HELPER_FUNCTION(ebpf_loop_map);

/* helpers_packet.c */
EBPF_HELPER_FUNCTION(ebpf_load_bytes);
EBPF_HELPER_FUNCTION(ebpf_store_bytes);
EBPF_HELPER_FUNCTION(ebpf_adjust_packet);
EBPF_HELPER_FUNCTION(ebpf_csum_diff);
EBPF_HELPER_FUNCTION(ebpf_redirect);

/* helpers_linux.c */
EBPF_HELPER_FUNCTION(ebpf_probe_read);
EBPF_HELPER_FUNCTION(ebpf_probe_read_str);
EBPF_HELPER_FUNCTION(ebpf_time);
EBPF_HELPER_FUNCTION(ebpf_random);
EBPF_HELPER_FUNCTION(ebpf_current_comm);
EBPF_HELPER_FUNCTION(ebpf_same_pointer);
EBPF_HELPER_FUNCTION(ebpf_compare_strings);

#endif
