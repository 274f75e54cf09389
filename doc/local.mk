# SPDX-License-Identifier: GPL-3.0-or-later
# doc/: manual pages, texts, examples.
dist_man_MANS += doc/netgdb.1 doc/netgdb-bpf-plugin.1 doc/libnetgdb.7
EXTRA_DIST += \
	doc/clients.md \
	doc/design.md \
	doc/ebpf.md \
	doc/kernel.md \
	doc/messages.md \
	doc/performance.md \
	doc/protocol.md \
	doc/regression.md \
	doc/rtos.md \
	doc/tutorial.md \
	doc/examples/regression/ci.yaml \
	doc/examples/regression/connect.gdb \
	doc/examples/regression/lab.sh \
	doc/examples/regression/lava.yaml \
	doc/examples/regression/panic.gdb \
	doc/examples/regression/result.gdb \
	doc/examples/regression/run \
	doc/examples/regression/state.gdb \
	doc/examples/vscode/launch.json \
	doc/examples/vscode/netgdb-gdb \
	doc/examples/vscode/tasks.json
