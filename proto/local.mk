# SPDX-License-Identifier: GPL-3.0-or-later
# proto/: the protocols, without a system call.
noinst_LTLIBRARIES += libproto.la
libproto_la_SOURCES = \
	proto/addr.c proto/addr.h \
	proto/buf.c proto/buf.h \
	proto/cache/cache.c proto/cache/cache.h proto/cache/cache_private.h \
	proto/cache/cache_select.c proto/cache/cache_lists.c \
	proto/cache/cache_read.c proto/cache/cache_window.c \
	proto/capture/pcapng.c proto/capture/pcapng.h \
	proto/capture/pcapng_read.c proto/capture/pcapng_read.h \
	proto/capture/udp_read.c proto/capture/udp_read.h \
	proto/check.c proto/check.h \
	proto/cache/cache_memory.c proto/cache/cache_memory.h \
	proto/cache/cache_replies.c proto/cache/cache_replies.h \
	proto/decorator.c proto/decorator.h \
	proto/node/debugnet_client.c proto/node/debugnet_client.h \
	proto/node/debugnet_transport.c proto/node/debugnet_transport.h \
	proto/quirks/debug_mask.c proto/quirks/debug_mask.h \
	proto/quirks/describe.c proto/quirks/describe.h \
	proto/quirks/description.c proto/quirks/description.h \
	proto/err.c proto/err.h \
	proto/rsp/features.c proto/rsp/features.h \
	proto/guard.c proto/guard.h \
	proto/io.c proto/io.h \
	proto/json.c proto/json.h proto/json_read.c proto/json_read.h \
	proto/quirks/keepout.c proto/quirks/keepout.h \
	proto/link/link.c proto/link/link.h \
	proto/link/link_acks.c proto/link/link_input.c proto/link/link_late.c \
	proto/link/link_notes.c proto/link/link_private.h \
	proto/log.c proto/log.h \
	proto/kernel/netgdb_target.c proto/kernel/netgdb_target.h proto/kernel/netgdb_private.h \
	proto/kernel/netgdb_ask.c \
	proto/node/netgdb_node.c proto/kernel/netgdb_ready.c proto/kernel/netgdb_wait.c \
	proto/nearest.c proto/nearest.h \
	proto/options.c proto/options.h \
	proto/rsp/packets.c proto/rsp/packets.h \
	proto/kernel/replies.c proto/kernel/replies.h \
	proto/rsp/request.c proto/rsp/request.h \
	proto/rsp/requests.c proto/rsp/requests.h \
	proto/quirks/quirks.c proto/quirks/quirks.h proto/quirks/quirks_private.h \
	proto/quirks/quirks_leave.c proto/quirks/quirks_memory.c proto/quirks/quirks_points.c \
	proto/quirks/quirks_registers.c proto/quirks/quirks_replies.c proto/quirks/quirks_threads.c \
	proto/regions.c proto/regions.h \
	proto/rsp/rsp.c proto/rsp/rsp.h \
	proto/rsp/rsp_server.c proto/rsp/rsp_server.h \
	proto/kernel/send_delay.c proto/kernel/send_delay.h \
	proto/rsp/server.h \
	proto/kernel/silence.c proto/kernel/silence.h \
	proto/stop.c proto/stop.h \
	proto/rsp/stream_target.c proto/rsp/stream_target.h \
	proto/target.c proto/target.h \
	proto/target_memory.c proto/target_memory.h \
	proto/transport.h \
	proto/visible.c proto/visible.h \
	proto/xml.c proto/xml.h \
	proto/link/wire.c proto/link/wire.h
