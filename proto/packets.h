/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of RSP requests. One list says of each what a middle must know: whether it changes
 * the target, whether it lets it run, whether it may run twice, and what it is in a line. It
 * drives the link, the cache, the log and the documentation.
 *
 * Source: GDB manual, "Packets", "General Query Packets", "File-I/O"; LLDB's own packets from
 * lldb/docs/lldb-gdb-remote.txt.
 */
#ifndef NETGDB_PROTO_PACKETS_H
#define NETGDB_PROTO_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a packet does to the target: bits. */
enum {
    PKT_READS = 0,
    PKT_CHANGES = 1, /* memory, registers, breakpoints or the stub's own state */
    PKT_RESUMES = 2, /* the target runs; the reply is a stop and may take for ever */
    PKT_LEAVES = 4,  /* the stub lets go of the target */
};

/* What happens when the network makes the target run it again, later. */
enum packet_repeat {
    REPEAT_SAFE,      /* the same reply again and nothing else */
    REPEAT_MEMORY,    /* does no harm unless a later write to the same memory came between */
    REPEAT_REGISTERS, /* the same for a register, or for the choice of a thread */
    REPEAT_POINTS,    /* the same for a breakpoint or watchpoint */
    REPEAT_LIST,      /* moves on a list that the stub is reading out */
    REPEAT_NEVER,     /* runs the target: must be executed exactly once */
};

/* X(name, does, repeat, explanation), in the order of their first letters (ASCII). A name of
 * letters matches as GDB's stubs do it. */
#define PACKETS(X)                                                                                 \
    X("!", PKT_CHANGES, REPEAT_SAFE, "enable extended mode")                                       \
    X("?", PKT_READS, REPEAT_SAFE, "why did it stop")                                              \
    X("A", PKT_CHANGES, REPEAT_SAFE, "set program arguments")                                      \
    X("B", PKT_CHANGES, REPEAT_SAFE, "set or clear a breakpoint (old)")                            \
    X("C", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue with a signal")                      \
    X("D", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "detach")                                       \
    X("F", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "reply to a file request of the target")       \
    X("G", PKT_CHANGES, REPEAT_REGISTERS, "write all registers")                                   \
    X("H", PKT_CHANGES, REPEAT_REGISTERS, "choose a thread")                                       \
    X("I", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step by cycles (old)")                        \
    X("M", PKT_CHANGES, REPEAT_MEMORY, "write memory, hexadecimal")                                \
    X("P", PKT_CHANGES, REPEAT_REGISTERS, "write a register")                                      \
    X("Q", PKT_CHANGES, REPEAT_SAFE, "general set")                                                \
    X("QAgent", PKT_CHANGES, REPEAT_SAFE, "use the in-process agent")                              \
    X("QCatchSyscalls", PKT_CHANGES, REPEAT_SAFE, "choose system calls to stop at")                \
    X("QDisableRandomization", PKT_CHANGES, REPEAT_SAFE, "address space randomization")            \
    X("QEnvironmentHexEncoded", PKT_CHANGES, REPEAT_SAFE, "set an environment variable")           \
    X("QEnvironmentReset", PKT_CHANGES, REPEAT_SAFE, "reset the environment")                      \
    X("QEnvironmentUnset", PKT_CHANGES, REPEAT_SAFE, "unset an environment variable")              \
    X("QListThreadsInStopReply", PKT_CHANGES, REPEAT_SAFE, "list threads in stops (LLDB)")         \
    X("QNonStop", PKT_CHANGES, REPEAT_SAFE, "non-stop mode")                                       \
    X("QPassSignals", PKT_CHANGES, REPEAT_SAFE, "signals that the program gets without a stop")    \
    X("QProgramSignals", PKT_CHANGES, REPEAT_SAFE, "signals that may be passed to the program")    \
    X("QSetWorkingDir", PKT_CHANGES, REPEAT_SAFE, "set the working directory")                     \
    X("QStartNoAckMode", PKT_CHANGES, REPEAT_NEVER, "stop acknowledging packets")                  \
    X("QStartupWithShell", PKT_CHANGES, REPEAT_SAFE, "start programs by a shell")                  \
    X("QThreadEvents", PKT_CHANGES, REPEAT_SAFE, "report thread creation and exit")                \
    X("QThreadOptions", PKT_CHANGES, REPEAT_SAFE, "report events of chosen threads")               \
    X("QThreadSuffixSupported", PKT_CHANGES, REPEAT_SAFE, "thread suffixes (LLDB)")                \
    X("R", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "restart the program")                         \
    X("S", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step with a signal")                          \
    X("T", PKT_READS, REPEAT_SAFE, "is a thread alive")                                            \
    X("X", PKT_CHANGES, REPEAT_MEMORY, "write memory, binary")                                     \
    X("Z", PKT_CHANGES, REPEAT_POINTS, "insert a breakpoint or watchpoint")                        \
    X("bc", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue backwards")                         \
    X("bs", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step backwards")                             \
    X("c", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue")                                    \
    X("g", PKT_READS, REPEAT_SAFE, "read all registers")                                           \
    X("i", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step by cycles (old)")                        \
    X("jGetLoadedDynamicLibrariesInfos", PKT_READS, REPEAT_SAFE, "shared libraries (LLDB)")        \
    X("jThreadExtendedInfo", PKT_READS, REPEAT_SAFE, "more about a thread (LLDB)")                 \
    X("jThreadsInfo", PKT_READS, REPEAT_SAFE, "all threads (LLDB)")                                \
    X("k", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "kill")                                         \
    X("m", PKT_READS, REPEAT_SAFE, "read memory, hexadecimal")                                     \
    X("p", PKT_READS, REPEAT_SAFE, "read a register")                                              \
    X("q", PKT_READS, REPEAT_SAFE, "general query")                                                \
    X("qAttached", PKT_READS, REPEAT_SAFE, "was it attached to or started")                        \
    X("qC", PKT_READS, REPEAT_SAFE, "the current thread")                                          \
    X("qCRC", PKT_READS, REPEAT_SAFE, "checksum of memory")                                        \
    X("qGetTIBAddr", PKT_READS, REPEAT_SAFE, "Windows thread block")                               \
    X("qGetTLSAddr", PKT_READS, REPEAT_SAFE, "address of a thread-local variable")                 \
    X("qHostInfo", PKT_READS, REPEAT_SAFE, "what machine (LLDB)")                                  \
    X("qMemoryRegionInfo", PKT_READS, REPEAT_SAFE, "what memory (LLDB)")                           \
    X("qOffsets", PKT_READS, REPEAT_SAFE, "section offsets")                                       \
    X("qProcessInfo", PKT_READS, REPEAT_SAFE, "what process (LLDB)")                               \
    X("qRcmd", PKT_CHANGES, REPEAT_NEVER, "monitor command")                                       \
    X("qRegisterInfo", PKT_READS, REPEAT_SAFE, "what register (LLDB)")                             \
    X("qSearch", PKT_READS, REPEAT_SAFE, "search memory")                                          \
    X("qSupported", PKT_CHANGES, REPEAT_SAFE, "features of both sides")                            \
    X("qSymbol", PKT_CHANGES, REPEAT_LIST, "symbol look-up for the stub")                          \
    X("qTStatus", PKT_READS, REPEAT_SAFE, "is a trace running")                                    \
    X("qThreadExtraInfo", PKT_READS, REPEAT_SAFE, "a thread in words")                             \
    X("qThreadStopInfo", PKT_READS, REPEAT_SAFE, "why a thread stopped (LLDB)")                    \
    X("qXfer", PKT_READS, REPEAT_SAFE, "read or write an object of the target")                    \
    X("qXfer:threads", PKT_READS, REPEAT_SAFE, "thread list")                                      \
    X("qfThreadInfo", PKT_READS, REPEAT_SAFE, "thread list, first part")                           \
    X("qsThreadInfo", PKT_READS, REPEAT_LIST, "thread list, next part")                            \
    X("r", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "reset")                                       \
    X("s", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step")                                        \
    X("t", PKT_READS, REPEAT_SAFE, "search memory backwards (old)")                                \
    X("vAttach", PKT_CHANGES, REPEAT_NEVER, "attach to a process")                                 \
    X("vCont", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step or continue threads")                \
    X("vCont?", PKT_READS, REPEAT_SAFE, "what can vCont do")                                       \
    X("vCtrlC", PKT_CHANGES, REPEAT_SAFE, "interrupt, non-stop")                                   \
    X("vFile", PKT_CHANGES, REPEAT_NEVER, "file on the target")                                    \
    X("vFile:pread", PKT_READS, REPEAT_SAFE, "read a file on the target")                          \
    X("vFlashDone", PKT_CHANGES, REPEAT_NEVER, "finish writing flash")                             \
    X("vFlashErase", PKT_CHANGES, REPEAT_NEVER, "erase flash")                                     \
    X("vFlashWrite", PKT_CHANGES, REPEAT_NEVER, "write flash")                                     \
    X("vKill", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "kill a process")                           \
    X("vMustReplyEmpty", PKT_READS, REPEAT_SAFE, "probe: the reply must be empty")                 \
    X("vRun", PKT_CHANGES, REPEAT_NEVER, "start a program")                                        \
    X("vStopped", PKT_CHANGES, REPEAT_LIST, "next stop, non-stop")                                 \
    X("x", PKT_READS, REPEAT_SAFE, "read memory, binary")                                          \
    X("z", PKT_CHANGES, REPEAT_POINTS, "remove a breakpoint or watchpoint")

struct packet {
    const char *name;
    unsigned does;
    enum packet_repeat repeat;
    const char *explanation;
};

/*
 * The entry for a request's content: the longest name that it begins with. A name of more than
 * one letter must be followed by something that is not a letter, as "qC" is not "qCRC"; a single
 * letter matches any rest. Never NULL: what is not in the table is "unknown request", taken to
 * change the target and not to be repeated.
 */
const struct packet *packet_find(const uint8_t *content, size_t len);

/* Whether the packet is the entry of this name. */
bool packet_is(const struct packet *packet, const char *name);

/*
 * What a request that is not REPEAT_SAFE touches, as a range [*low, *high) of addresses, register
 * numbers or breakpoint addresses, by its entry's `repeat`. What cannot be read, and requests
 * that choose a thread or move a list, touch everything (0 to UINT64_MAX).
 */
void packet_range(const struct packet *packet, const uint8_t *content, size_t len, uint64_t *low,
                  uint64_t *high);

#endif
