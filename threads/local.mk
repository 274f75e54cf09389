# SPDX-License-Identifier: GPL-3.0-or-later
# threads/: RTOS threads for any stub. What links libthreads.la adds $(THREADS_LIBS) instead,
# behind its own objects.
noinst_LTLIBRARIES += libthreads.la
libthreads_la_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS) $(DW_CFLAGS)
libthreads_la_SOURCES = \
	threads/arch.c threads/arch.h \
	threads/chibios.c \
	threads/contexts.c \
	threads/dwarf.c threads/dwarf.h \
	threads/engine.c threads/engine.h \
	threads/frame.c threads/frame.h \
	threads/frames_arm.c threads/frames_other.c \
	threads/freertos.c \
	threads/ids.c threads/ids.h \
	threads/layout.c \
	threads/lists.c \
	threads/memory.c threads/memory.h \
	threads/program.c threads/program.h \
	threads/parts.h \
	threads/questions.c \
	threads/registers.c \
	threads/regmap.c threads/regmap.h \
	threads/rtos.c threads/rtos.h \
	threads/run.c \
	threads/stops.c \
	threads/threads.c threads/threads.h \
	threads/threadx.c \
	threads/tids.c \
	threads/walk.c \
	threads/zephyr.c
THREADS_LIBS = libthreads.la $(SYMBOLS_LIBS) $(THREADS_DW_LIBS)
