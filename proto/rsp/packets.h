/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of RSP requests. Each entry has the facts that a program between client and stub needs:
 * the request's effect on the target, whether it may run twice, and a one-line explanation. The
 * link, the cache, the log and the documentation use it.
 *
 * Source: GDB manual, "Packets", "General Query Packets", "File-I/O"; LLDB's own packets from
 * lldb/docs/lldb-gdb-remote.txt.
 */
#ifndef NETGDB_PROTO_PACKETS_H
#define NETGDB_PROTO_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Effects of a request on the target; bits. */
enum {
    PKT_READS = 0,
    PKT_CHANGES = 1, /* changes memory, registers, breakpoints or the stub's state */
    PKT_RESUMES = 2, /* resumes the target; the reply is a stop reply, without a time limit */
    PKT_LEAVES = 4,  /* detaches the stub from the target */
};

/* Effect of a late duplicate of the request, which a kernel executes. */
enum packet_repeat {
    REPEAT_SAFE,      /* none */
    REPEAT_MEMORY,    /* none, unless the same memory was written in between */
    REPEAT_REGISTERS, /* none, unless the same register, or the selected thread, was changed */
    REPEAT_POINTS,    /* none, unless the same breakpoint or watchpoint was changed */
    REPEAT_LIST,      /* advances the stub's position in a list */
    REPEAT_NEVER,     /* harmful: the request must run exactly once */
};

/*
 * ENTRY(id, name, effects, repeat, explanation), sorted by the name's first byte. See packet_find
 * for the rules of matching.
 */
#define PACKETS(ENTRY)                                                                             \
    ENTRY(extended, "!", PKT_CHANGES, REPEAT_SAFE, "enable extended mode")                         \
    ENTRY(stop_reason, "?", PKT_READS, REPEAT_SAFE, "why did it stop")                             \
    ENTRY(A, "A", PKT_CHANGES, REPEAT_SAFE, "set program arguments")                               \
    ENTRY(B, "B", PKT_CHANGES, REPEAT_SAFE, "set or clear a breakpoint (old)")                     \
    ENTRY(C, "C", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue with a signal")               \
    ENTRY(D, "D", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "detach")                                \
    ENTRY(F, "F", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER,                                         \
          "reply to a file request of the target")                                                 \
    ENTRY(G, "G", PKT_CHANGES, REPEAT_REGISTERS, "write all registers")                            \
    ENTRY(H, "H", PKT_CHANGES, REPEAT_REGISTERS, "choose a thread")                                \
    ENTRY(I, "I", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step by cycles (old)")                 \
    ENTRY(M, "M", PKT_CHANGES, REPEAT_MEMORY, "write memory, hexadecimal")                         \
    ENTRY(P, "P", PKT_CHANGES, REPEAT_REGISTERS, "write a register")                               \
    ENTRY(Q, "Q", PKT_CHANGES, REPEAT_SAFE, "general set")                                         \
    ENTRY(QAgent, "QAgent", PKT_CHANGES, REPEAT_SAFE, "use the in-process agent")                  \
    ENTRY(QCatchSyscalls, "QCatchSyscalls", PKT_CHANGES, REPEAT_SAFE,                              \
          "choose system calls to stop at")                                                        \
    ENTRY(QDisableRandomization, "QDisableRandomization", PKT_CHANGES, REPEAT_SAFE,                \
          "address space randomization")                                                           \
    ENTRY(QEnvironmentHexEncoded, "QEnvironmentHexEncoded", PKT_CHANGES, REPEAT_SAFE,              \
          "set an environment variable")                                                           \
    ENTRY(QEnvironmentReset, "QEnvironmentReset", PKT_CHANGES, REPEAT_SAFE,                        \
          "reset the environment")                                                                 \
    ENTRY(QEnvironmentUnset, "QEnvironmentUnset", PKT_CHANGES, REPEAT_SAFE,                        \
          "unset an environment variable")                                                         \
    ENTRY(QListThreadsInStopReply, "QListThreadsInStopReply", PKT_CHANGES, REPEAT_SAFE,            \
          "list threads in stops (LLDB)")                                                          \
    ENTRY(QNonStop, "QNonStop", PKT_CHANGES, REPEAT_SAFE, "non-stop mode")                         \
    ENTRY(QPassSignals, "QPassSignals", PKT_CHANGES, REPEAT_SAFE,                                  \
          "signals that the program gets without a stop")                                          \
    ENTRY(QProgramSignals, "QProgramSignals", PKT_CHANGES, REPEAT_SAFE,                            \
          "signals that may be passed to the program")                                             \
    ENTRY(QSetWorkingDir, "QSetWorkingDir", PKT_CHANGES, REPEAT_SAFE, "set the working directory") \
    ENTRY(QStartNoAckMode, "QStartNoAckMode", PKT_CHANGES, REPEAT_NEVER,                           \
          "stop acknowledging packets")                                                            \
    ENTRY(QStartupWithShell, "QStartupWithShell", PKT_CHANGES, REPEAT_SAFE,                        \
          "start programs by a shell")                                                             \
    ENTRY(QThreadEvents, "QThreadEvents", PKT_CHANGES, REPEAT_SAFE,                                \
          "report thread creation and exit")                                                       \
    ENTRY(QThreadOptions, "QThreadOptions", PKT_CHANGES, REPEAT_SAFE,                              \
          "report events of chosen threads")                                                       \
    ENTRY(QThreadSuffixSupported, "QThreadSuffixSupported", PKT_CHANGES, REPEAT_SAFE,              \
          "thread suffixes (LLDB)")                                                                \
    ENTRY(R, "R", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "restart the program")                  \
    ENTRY(S, "S", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step with a signal")                   \
    ENTRY(T, "T", PKT_READS, REPEAT_SAFE, "is a thread alive")                                     \
    ENTRY(X, "X", PKT_CHANGES, REPEAT_MEMORY, "write memory, binary")                              \
    ENTRY(Z, "Z", PKT_CHANGES, REPEAT_POINTS, "insert a breakpoint or watchpoint")                 \
    ENTRY(bc, "bc", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue backwards")                 \
    ENTRY(bs, "bs", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step backwards")                     \
    ENTRY(c, "c", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "continue")                             \
    ENTRY(g, "g", PKT_READS, REPEAT_SAFE, "read all registers")                                    \
    ENTRY(i, "i", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step by cycles (old)")                 \
    ENTRY(jGetLoadedDynamicLibrariesInfos, "jGetLoadedDynamicLibrariesInfos", PKT_READS,           \
          REPEAT_SAFE, "shared libraries (LLDB)")                                                  \
    ENTRY(jLLDBTraceGetBinaryData, "jLLDBTraceGetBinaryData", PKT_CHANGES, REPEAT_NEVER,           \
          "data of a trace (LLDB)")                                                                \
    ENTRY(jThreadExtendedInfo, "jThreadExtendedInfo", PKT_READS, REPEAT_SAFE,                      \
          "more about a thread (LLDB)")                                                            \
    ENTRY(jThreadsInfo, "jThreadsInfo", PKT_READS, REPEAT_SAFE, "all threads (LLDB)")              \
    ENTRY(k, "k", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "kill")                                  \
    ENTRY(m, "m", PKT_READS, REPEAT_SAFE, "read memory, hexadecimal")                              \
    ENTRY(p, "p", PKT_READS, REPEAT_SAFE, "read a register")                                       \
    ENTRY(q, "q", PKT_READS, REPEAT_SAFE, "general query")                                         \
    ENTRY(qAttached, "qAttached", PKT_READS, REPEAT_SAFE, "was it attached to or started")         \
    ENTRY(qC, "qC", PKT_READS, REPEAT_SAFE, "the current thread")                                  \
    ENTRY(qCRC, "qCRC", PKT_READS, REPEAT_SAFE, "checksum of memory")                              \
    ENTRY(qGetTIBAddr, "qGetTIBAddr", PKT_READS, REPEAT_SAFE, "Windows thread block")              \
    ENTRY(qGetTLSAddr, "qGetTLSAddr", PKT_READS, REPEAT_SAFE,                                      \
          "address of a thread-local variable")                                                    \
    ENTRY(qHostInfo, "qHostInfo", PKT_READS, REPEAT_SAFE, "what machine (LLDB)")                   \
    ENTRY(qMemoryRegionInfo, "qMemoryRegionInfo", PKT_READS, REPEAT_SAFE, "what memory (LLDB)")    \
    ENTRY(qOffsets, "qOffsets", PKT_READS, REPEAT_SAFE, "section offsets")                         \
    ENTRY(qP, "qP", PKT_READS, REPEAT_SAFE, "a thread in words (old)")                             \
    ENTRY(qProcessInfo, "qProcessInfo", PKT_READS, REPEAT_SAFE, "what process (LLDB)")             \
    ENTRY(qRcmd, "qRcmd", PKT_CHANGES, REPEAT_NEVER, "monitor command")                            \
    ENTRY(qRegisterInfo, "qRegisterInfo", PKT_READS, REPEAT_SAFE, "what register (LLDB)")          \
    ENTRY(qSearch, "qSearch", PKT_READS, REPEAT_SAFE, "search memory")                             \
    ENTRY(qSupported, "qSupported", PKT_CHANGES, REPEAT_SAFE, "features of both sides")            \
    ENTRY(qSymbol, "qSymbol", PKT_CHANGES, REPEAT_LIST, "symbol look-up for the stub")             \
    ENTRY(qTStatus, "qTStatus", PKT_READS, REPEAT_SAFE, "is a trace running")                      \
    ENTRY(qThreadExtraInfo, "qThreadExtraInfo", PKT_READS, REPEAT_SAFE, "a thread in words")       \
    ENTRY(qThreadStopInfo, "qThreadStopInfo", PKT_READS, REPEAT_SAFE,                              \
          "why a thread stopped (LLDB)")                                                           \
    ENTRY(qXfer, "qXfer", PKT_READS, REPEAT_SAFE, "read or write an object of the target")         \
    ENTRY(qXfer_auxv, "qXfer:auxv", PKT_READS, REPEAT_SAFE, "auxiliary vector")                    \
    ENTRY(qXfer_exec_file, "qXfer:exec-file", PKT_READS, REPEAT_SAFE, "file of the program")       \
    ENTRY(qXfer_features, "qXfer:features", PKT_READS, REPEAT_SAFE, "target description")          \
    ENTRY(qXfer_libraries, "qXfer:libraries", PKT_READS, REPEAT_SAFE, "shared libraries")          \
    ENTRY(qXfer_libraries_svr4, "qXfer:libraries-svr4", PKT_READS, REPEAT_SAFE,                    \
          "shared libraries, with link maps")                                                      \
    ENTRY(qXfer_memory_map, "qXfer:memory-map", PKT_READS, REPEAT_SAFE, "memory map")              \
    ENTRY(qXfer_osdata, "qXfer:osdata", PKT_READS, REPEAT_SAFE, "tables of the system")            \
    ENTRY(qXfer_threads, "qXfer:threads", PKT_READS, REPEAT_SAFE, "thread list")                   \
    ENTRY(qXfer_traceframe_info, "qXfer:traceframe-info", PKT_READS, REPEAT_SAFE, "trace frame")   \
    ENTRY(qfThreadInfo, "qfThreadInfo", PKT_READS, REPEAT_SAFE, "thread list, first part")         \
    ENTRY(qsThreadInfo, "qsThreadInfo", PKT_READS, REPEAT_LIST, "thread list, next part")          \
    ENTRY(r, "r", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "reset")                                \
    ENTRY(s, "s", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step")                                 \
    ENTRY(t, "t", PKT_READS, REPEAT_SAFE, "search memory backwards (old)")                         \
    ENTRY(vAttach, "vAttach", PKT_CHANGES, REPEAT_NEVER, "attach to a process")                    \
    ENTRY(vCont, "vCont", PKT_CHANGES | PKT_RESUMES, REPEAT_NEVER, "step or continue threads")     \
    ENTRY(vCont_actions, "vCont?", PKT_READS, REPEAT_SAFE, "what can vCont do")                    \
    ENTRY(vCtrlC, "vCtrlC", PKT_CHANGES, REPEAT_SAFE, "interrupt, non-stop")                       \
    ENTRY(vFile, "vFile", PKT_CHANGES, REPEAT_NEVER, "file on the target")                         \
    ENTRY(vFile_pread, "vFile:pread", PKT_READS, REPEAT_SAFE, "read a file on the target")         \
    ENTRY(vFlashDone, "vFlashDone", PKT_CHANGES, REPEAT_NEVER, "finish writing flash")             \
    ENTRY(vFlashErase, "vFlashErase", PKT_CHANGES, REPEAT_NEVER, "erase flash")                    \
    ENTRY(vFlashWrite, "vFlashWrite", PKT_CHANGES, REPEAT_NEVER, "write flash")                    \
    ENTRY(vKill, "vKill", PKT_CHANGES | PKT_LEAVES, REPEAT_NEVER, "kill a process")                \
    ENTRY(vMustReplyEmpty, "vMustReplyEmpty", PKT_READS, REPEAT_SAFE,                              \
          "probe: the reply must be empty")                                                        \
    ENTRY(vRun, "vRun", PKT_CHANGES, REPEAT_NEVER, "start a program")                              \
    ENTRY(vStopped, "vStopped", PKT_CHANGES, REPEAT_LIST, "next stop, non-stop")                   \
    ENTRY(x, "x", PKT_READS, REPEAT_SAFE, "read memory, binary")                                   \
    ENTRY(z, "z", PKT_CHANGES, REPEAT_POINTS, "remove a breakpoint or watchpoint")

#define PACKET_ID(id, name, effects, repeat, explanation) PACKET_##id,
enum packet_id { PACKETS(PACKET_ID) PACKET_UNKNOWN };
#undef PACKET_ID

struct packet {
    enum packet_id id;
    const char *name; /* "" for PACKET_UNKNOWN */
    unsigned effects; /* PKT_… */
    enum packet_repeat repeat;
    const char *explanation;
};

/*
 * Returns the entry for a request's content: the longest name with which it begins. After a name of
 * several letters the next byte must not be a letter, so that "qC" does not match "qCRC"; after a
 * single letter anything may follow. Never NULL: a request without an entry is PACKET_UNKNOWN,
 * which counts as one that changes the target and must not run twice.
 */
const struct packet *packet_find(const uint8_t *content, size_t len);

/* Returns the entry of an id, also for PACKET_UNKNOWN. Never NULL. */
const struct packet *packet_of(enum packet_id id);

/* Returns whether the request reads or writes an object (qXfer). The reply to a read is 'm' or 'l'
 * and a piece of the object. */
bool packet_is_object(const struct packet *packet);

/* Returns whether the request has a reply: not k, nor R (GDB manual, "Packets"). */
bool packet_has_reply(const struct packet *packet);

/* Returns whether the reply is a stop reply, unless it is an error: to a request that resumes, ?,
 * vRun and vAttach (GDB manual, "Stop Reply Packets"). */
bool packet_replies_with_stop(const struct packet *packet);

/* Returns whether it is qfThreadInfo or qsThreadInfo, which read a list of threads in parts. */
bool packet_lists_threads(const struct packet *packet);

#endif
