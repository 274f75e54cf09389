# SPDX-License-Identifier: GPL-3.0-or-later
# proto/: the protocols, without a system call.
noinst_LTLIBRARIES += libproto.la
libproto_la_SOURCES = \
	proto/addr.c proto/addr.h \
	proto/buf.c proto/buf.h \
	proto/cache.c proto/cache.h proto/cache_private.h \
	proto/cache_select.c proto/cache_lists.c \
	proto/cache_read.c proto/cache_window.c \
	proto/check.c proto/check.h \
	proto/cache_memory.c proto/cache_memory.h \
	proto/cache_replies.c proto/cache_replies.h \
	proto/decorator.c proto/decorator.h \
	proto/debugnet_client.c proto/debugnet_client.h \
	proto/debugnet_transport.c proto/debugnet_transport.h \
	proto/describe.c proto/describe.h \
	proto/description.c proto/description.h \
	proto/err.c proto/err.h \
	proto/features.c proto/features.h \
	proto/guard.c proto/guard.h \
	proto/holdback.c proto/holdback.h \
	proto/io.c proto/io.h \
	proto/keepout.c proto/keepout.h \
	proto/link.c proto/link.h \
	proto/link_acks.c proto/link_input.c proto/link_late.c proto/link_private.h \
	proto/log.c proto/log.h \
	proto/netgdb_target.c proto/netgdb_target.h proto/netgdb_private.h \
	proto/netgdb_ask.c \
	proto/netgdb_node.c proto/netgdb_ready.c proto/netgdb_wait.c \
	proto/options.c proto/options.h \
	proto/packets.c proto/packets.h \
	proto/replies.c proto/replies.h \
	proto/request.c proto/request.h \
	proto/requests.c proto/requests.h \
	proto/quirks.c proto/quirks.h proto/quirks_private.h \
	proto/quirks_leave.c proto/quirks_memory.c proto/quirks_points.c \
	proto/quirks_registers.c proto/quirks_replies.c proto/quirks_threads.c \
	proto/regions.c proto/regions.h \
	proto/rsp.c proto/rsp.h \
	proto/rsp_server.c proto/rsp_server.h \
	proto/server.h \
	proto/silence.c proto/silence.h \
	proto/stop.c proto/stop.h \
	proto/stream_target.c proto/stream_target.h \
	proto/target.c proto/target.h \
	proto/visible.c proto/visible.h \
	proto/wire.c proto/wire.h
