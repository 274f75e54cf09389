# SPDX-License-Identifier: GPL-3.0-or-later
# proto/: the protocols, without a system call.
noinst_LTLIBRARIES += libproto.la
libproto_la_SOURCES = \
	proto/buf.c proto/buf.h \
	proto/debugnet_client.c proto/debugnet_client.h \
	proto/debugnet_transport.c proto/debugnet_transport.h \
	proto/err.c proto/err.h \
	proto/features.c proto/features.h \
	proto/io.c proto/io.h \
	proto/log.c proto/log.h \
	proto/packets.c proto/packets.h \
	proto/requests.c proto/requests.h \
	proto/rsp.c proto/rsp.h \
	proto/rsp_server.c proto/rsp_server.h \
	proto/server.h \
	proto/stream_target.c proto/stream_target.h \
	proto/target.c proto/target.h \
	proto/wire.c proto/wire.h
