# SPDX-License-Identifier: GPL-3.0-or-later
# doc/: manual pages.
dist_man_MANS += doc/netgdb.1 doc/netgdb-bpf-plugin.1 doc/libnetgdb.7
