/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structures of a FreeBSD kernel that freebsd/ reads, in declarations of our own: the members
 * have FreeBSD's names, and only those that are read exist, with others between them. LAYOUT
 * chooses one of two orders. The files that include this have the names of FreeBSD's files, by
 * which the debug information is searched.
 */
#ifndef NETGDB_TESTS_KERNEL_H
#define NETGDB_TESTS_KERNEL_H

#ifndef LAYOUT
#define LAYOUT 1
#endif

typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;

struct mtx {
    const char *name;
    u_long lock;
};

/* ---- processes and threads ---- */

struct proc;

#if LAYOUT == 1
enum td_states { TDS_INACTIVE, TDS_INHIBITED, TDS_CAN_RUN, TDS_RUNQ, TDS_RUNNING };

struct thread {
    struct mtx *volatile td_lock;
    struct proc *td_proc;
    struct {
        struct thread *tqe_next, **tqe_prev;
    } td_plist;
    int td_tid;
    int td_inhibitors;
    const void *td_wchan;
    const char *td_wmesg;
    const char *td_lockname;
    char td_name[20];
    enum td_states td_state;
    int td_lastcpu, td_oncpu;
    u_long td_kstack;
    u_short td_kstack_pages;
};

struct proc {
    struct {
        struct proc *le_next, **le_prev;
    } p_list;
    struct {
        struct thread *tqh_first, **tqh_last;
    } p_threads;
    enum p_states { PRS_NEW, PRS_NORMAL, PRS_ZOMBIE } p_state;
    int p_pid;
    struct proc *p_pptr;
    char p_comm[20];
};
#else
struct thread {
    short td_oncpu, td_lastcpu;
    char padding[300];
    enum { TDS_INACTIVE = 0, TDS_INHIBITED, TDS_CAN_RUN, TDS_RUNQ, TDS_RUNNING } td_state;
    union {
        struct {
            const char *td_lockname;
            char td_name[20];
        };
        char td_area[64];
    };
    const char *td_wmesg;
    const void *td_wchan;
    int td_inhibitors;
    int td_tid;
    struct {
        struct thread *tqe_next, **tqe_prev;
    } td_plist;
    struct proc *td_proc;
    int td_kstack_pages;
    u_long td_kstack;
};

struct proc {
    char p_comm[20];
    char padding[100];
    int p_pid;
    enum { PRS_NEW = 0, PRS_NORMAL, PRS_ZOMBIE } p_state;
    struct proc *p_pptr;
    struct {
        struct thread *tqh_first, **tqh_last;
    } p_threads;
    struct {
        struct proc *le_next, **le_prev;
    } p_list;
};
#endif

struct pcpu {
#if LAYOUT == 1
    struct thread *pc_curthread, *pc_idlethread;
    u_int pc_cpuid;
#else
    u_int pc_cpuid;
    struct thread *pc_idlethread, *pc_curthread;
#endif
};

/* ---- the linker ---- */

struct kobj_class {
    const char *name;
    void *methods;
};

struct kobj_ops {
    void *cache[256];
    struct kobj_class *cls;
};

struct linker_file {
    struct kobj_ops *ops;
#if LAYOUT == 1
    int refs, userrefs, flags;
    struct {
        struct linker_file *tqe_next, **tqe_prev;
    } link;
    char *filename, *pathname;
    int id;
    char *address;
    u_long size;
#else
    u_long size;
    char *address;
    char *pathname, *filename;
    int id, flags, userrefs, refs;
    struct {
        struct linker_file *tqe_next, **tqe_prev;
    } link;
#endif
};

struct linker_file_head {
    struct linker_file *tqh_first, **tqh_last;
};

/* ---- others ---- */

struct msgbuf {
#if LAYOUT == 1
    char *msg_ptr;
    u_int msg_magic, msg_size, msg_wseq, msg_rseq, msg_cksum, msg_seqmod;
    int msg_lastpri;
    u_int msg_flags;
#else
    u_int msg_flags, msg_seqmod, msg_rseq, msg_wseq, msg_size, msg_magic;
    char *msg_ptr;
#endif
};

struct prison {
#if LAYOUT == 1
    int pr_id;
    char pr_hostname[256];
#else
    char padding[40];
    char pr_hostname[256];
    int pr_id;
#endif
};

extern struct thread thread0, kernel_thread2, panicked, waiting, blocked, idle0, idle1, swi;
extern struct kobj_ops relocatable_ops, shared_ops;

/* The first member of each struct elf_file, under a name of its own. */
extern struct linker_file kernel_linker_file, hello_linker_file, gone_linker_file;

/* tests/kernel/make defines KERNEL_TEXT and MODULE_TEXT, the addresses of their code. */

void kdb_enter(const char *why);
void syscall_enter(int number);

#endif
