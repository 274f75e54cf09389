/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text in an XML document. */
#ifndef NETGDB_PROTO_XML_H
#define NETGDB_PROTO_XML_H

#include "proto/buf.h"

/* Appends text with XML's special characters escaped. The text must not contain control
 * characters, which XML 1.0 has no escapes for. Returns 0 or the buffer's error. */
int xml_add_text(struct buf *b, const char *text);

#endif
