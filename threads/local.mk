# SPDX-License-Identifier: GPL-3.0-or-later
# threads/: RTOS threads for any stub. A program that uses it links $(THREADS_LIBS) after its own
# objects.
noinst_LTLIBRARIES += libthreads.la
libthreads_la_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS)
libthreads_la_SOURCES = \
	threads/arch.c threads/arch.h \
	threads/contexts.c \
	threads/current.c \
	threads/engine.c threads/engine.h \
	threads/frame.c threads/frame.h threads/frame_pieces.h \
	threads/freertos_contexts.c threads/freertos_private.h \
	threads/ids.c threads/ids.h \
	threads/layout.c \
	threads/lists.c \
	threads/program.c threads/program.h \
	threads/questions.c \
	threads/registers.c \
	threads/regmap.c threads/regmap.h \
	threads/rtos.c threads/rtos.h \
	threads/run.c \
	threads/stops.c \
	threads/threads.c threads/threads.h \
	threads/threads_private.h \
	threads/tids.c \
	threads/walk.c \
	$(RTOS_DESCRIPTORS)

# The RTOSes: threads/NAME.c defines `const struct rtos rtos_NAME`. They are tried in this order.
RTOS_DESCRIPTORS = \
	threads/freertos.c \
	threads/threadx.c \
	threads/zephyr.c \
	threads/chibios.c \
	threads/nuttx.c \
	threads/riot.c

# rtos_list.h: a line RTOS(NAME) for each of them, included by rtos.c.
threads/rtos_list.h: Makefile
	@$(MKDIR_P) threads
	$(AM_V_GEN)for file in $(RTOS_DESCRIPTORS); do \
		echo "RTOS($$(basename $$file .c))"; \
	done >$@.tmp && mv $@.tmp $@
RTOS_OBJECT = threads/libthreads_la-rtos.lo # a variable: automake writes the rule itself
$(RTOS_OBJECT): threads/rtos_list.h
CLEANFILES += threads/rtos_list.h

THREADS_LIBS = libthreads.la $(SYMBOLS_LIBS)
