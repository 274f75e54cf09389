# SPDX-License-Identifier: GPL-3.0-or-later
# tools/: the command netgdb.
bin_PROGRAMS += tools/netgdb
tools_netgdb_SOURCES = \
	tools/args.c tools/tools.h \
	tools/autopsy.c tools/autopsy.h \
	tools/autopsy_crash.c \
	tools/autopsy_gdb.c \
	tools/autopsy_kernel.c \
	tools/autopsy_options.c \
	tools/autopsy_proxy.c \
	tools/autopsy_report.c tools/autopsy_report.h \
	tools/autopsy_results.c \
	tools/autopsy_run.c \
	tools/autopsy_store.c \
	tools/autopsy_text.c \
	tools/await.c tools/await.h \
	tools/bpf.c tools/bpf.h \
	tools/bpf_programs.c \
	tools/capture_options.c tools/capture_options.h \
	tools/check.c \
	tools/confine.c tools/confine.h \
	tools/doctor.c tools/doctor.h \
	tools/doctor_kernel.c \
	tools/doctor_local.c \
	tools/doctor_network.c \
	tools/firewall.c \
	tools/kernel.c tools/kernel.h \
	tools/kernel_snapshot.c \
	tools/hold.c tools/hold.h \
	tools/listen.c \
	tools/ls.c \
	tools/main.c \
	tools/node.c tools/node.h \
	tools/node_options.c \
	tools/node_tls.c \
	tools/obstacle.c tools/obstacle.h \
	tools/proxy.c tools/proxy.h \
	tools/proxy_client.c \
	tools/proxy_control.c \
	tools/proxy_end.c \
	tools/proxy_observe.c \
	tools/proxy_take.c \
	tools/proxy_tls.c \
	tools/proxy_options.c \
	tools/proxy_say.c \
	tools/proxy_endpoints.c \
	tools/proxy_session.c \
	tools/replay.c \
	tools/rtos.c \
	tools/run.c tools/run.h \
	tools/symbols_option.c \
	tools/tls_options.c tools/tls_options.h \
	tools/tls_server.c
tools_netgdb_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS) -DNETGDB_BINDIR='"$(bindir)"' \
	-DNETGDB_LIBRARY='"$(libdir)/libnetgdb.so"'
tools_netgdb_CFLAGS = $(AM_CFLAGS) $(HARDEN_PROGRAM_CFLAGS)
tools_netgdb_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_PROGRAM_LDFLAGS)
tools_netgdb_LDADD = libsession.la libio.la libebpf.la $(FREEBSD_LIBS)

# TLS for both ends, in processes of its own.
TLS_SOURCES = \
	tools/tls.c tools/tls.h \
	tools/tls_handshake.c \
	tools/tls_keys.c \
	tools/tls_relay.c \
	session/tls_keys.c session/tls.h
if HAVE_TLS
pkglibexec_PROGRAMS = tools/netgdb-tls
tools_netgdb_tls_SOURCES = $(TLS_SOURCES)
tools_netgdb_tls_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS) $(HARDEN_PROGRAM_CFLAGS)
tools_netgdb_tls_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_PROGRAM_LDFLAGS)
tools_netgdb_tls_LDADD = libio.la libproto.la $(GNUTLS_LIBS)
else
EXTRA_DIST += $(TLS_SOURCES)
endif

# The plug-in of the public conformance suite.
bin_PROGRAMS += tools/netgdb-bpf-plugin
tools_netgdb_bpf_plugin_SOURCES = \
	tools/args.c tools/tools.h \
	tools/bpf_plugin.c tools/bpf.h \
	tools/bpf_programs.c
tools_netgdb_bpf_plugin_CFLAGS = $(AM_CFLAGS) $(HARDEN_PROGRAM_CFLAGS)
tools_netgdb_bpf_plugin_LDFLAGS = $(AM_LDFLAGS) $(HARDEN_PROGRAM_LDFLAGS)
tools_netgdb_bpf_plugin_LDADD = libebpf.la libproto.la

completionsdir = $(datadir)/bash-completion/completions
zshcompletionsdir = $(datadir)/zsh/site-functions
fishcompletionsdir = $(datadir)/fish/vendor_completions.d
dist_fishcompletions_DATA = tools/netgdb.fish
EXTRA_DIST += tools/netgdb.bash-completion tools/netgdb.zsh-completion
install-data-local: install-completion
uninstall-local: uninstall-completion
.PHONY: install-completion uninstall-completion
install-completion:
	$(MKDIR_P) '$(DESTDIR)$(completionsdir)' '$(DESTDIR)$(zshcompletionsdir)'
	$(INSTALL_DATA) $(srcdir)/tools/netgdb.bash-completion '$(DESTDIR)$(completionsdir)/netgdb'
	$(INSTALL_DATA) $(srcdir)/tools/netgdb.zsh-completion '$(DESTDIR)$(zshcompletionsdir)/_netgdb'
uninstall-completion:
	rm -f '$(DESTDIR)$(completionsdir)/netgdb' '$(DESTDIR)$(zshcompletionsdir)/_netgdb'

# These name installed files. So they are made when those places are final: by install.
systemdunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
pkgconfigdir = $(libdir)/pkgconfig
dist_systemdunit_DATA = tools/netgdb-proxy.socket
EXTRA_DIST += tools/netgdb-autopsy.service.in tools/netgdb-proxy.service.in \
	tools/netgdb.sysusers tools/netgdb.pc.in
install-data-local: install-service
uninstall-local: uninstall-service
.PHONY: install-service uninstall-service
INSTALLED = sed -e 's|[@]bindir@|$(bindir)|' -e 's|[@]libdir@|$(libdir)|' \
	-e 's|[@]prefix@|$(prefix)|' -e 's|[@]version@|$(PACKAGE_VERSION)|'
install-service:
	$(MKDIR_P) '$(DESTDIR)$(systemdunitdir)' '$(DESTDIR)$(sysusersdir)' \
		'$(DESTDIR)$(pkgconfigdir)'
	for name in netgdb-autopsy netgdb-proxy; do \
	    $(INSTALLED) $(srcdir)/tools/$$name.service.in \
		>'$(DESTDIR)$(systemdunitdir)'/$$name.service && \
	    chmod 644 '$(DESTDIR)$(systemdunitdir)'/$$name.service || exit 1; \
	done
	$(INSTALLED) $(srcdir)/tools/netgdb.pc.in >'$(DESTDIR)$(pkgconfigdir)/netgdb.pc'
	$(INSTALL_DATA) $(srcdir)/tools/netgdb.sysusers '$(DESTDIR)$(sysusersdir)/netgdb.conf'
	chmod 644 '$(DESTDIR)$(pkgconfigdir)/netgdb.pc'
uninstall-service:
	rm -f '$(DESTDIR)$(systemdunitdir)/netgdb-autopsy.service' \
		'$(DESTDIR)$(systemdunitdir)/netgdb-proxy.service' \
		'$(DESTDIR)$(pkgconfigdir)/netgdb.pc' '$(DESTDIR)$(sysusersdir)/netgdb.conf'

# One of these has directories of configure in it.
$(tools_netgdb_OBJECTS): Makefile
