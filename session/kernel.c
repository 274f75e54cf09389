/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Examines a kernel; see kernel.h. */
#include "session/kernel.h"

#include <inttypes.h>
#include <stdlib.h>

#include "freebsd/find_kernel.h"
#include "freebsd/freebsd.h"
#include "freebsd/queries.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/quirks/debug_mask.h"
#include "proto/quirks/describe.h"
#include "symbols/osabi.h"

/* Returns the machine of the symbols' file; NULL: no file, or an unknown machine. */
static const struct description *machine_of_file(struct symbols *symbols)
{
    const struct elf_ident *ident = symbols != NULL ? symbols_ident(symbols) : NULL;
    return ident != NULL ? description_of_elf(ident->machine, ident->is64, ident->big) : NULL;
}

/* Returns whether the file can be this kernel's; powerpc64's byte order is only guessed. */
static bool is_same(const struct description *file, const struct description *kernel)
{
    return file != NULL && file->elf_machine == kernel->elf_machine && file->len == kernel->len;
}

/*
 * Reports a file of another machine (NULL: an unknown one). With gdb's own program, the session
 * would show the registers of another machine, if it worked at all; symbols= only answers a stub
 * that asks for addresses.
 */
static int tell_other_machine(const struct chain_config *config, const struct description *file,
                              const struct description *kernel)
{
    const char *machine = file != NULL ? file->machine : "another machine";
    bool chosen = config->options != NULL && config->options->symbols[0] != '\0';
    const char *path = chosen ? config->options->symbols : config->program;
    if (chosen) {
        log_warn(config->log, "symbols: %s is for %s, the kernel runs on %s: not used", path,
                 machine, kernel->machine);
        return 0;
    }
    if (config->only != NULL && !config->only(config->context))
        return 0; /* the file may belong to another connection */
    log_error(config->log,
              "%s is for %s, but this kernel runs on %s: start gdb with that kernel's own file",
              path, machine, kernel->machine);
    return NETGDB_REFUSED;
}

/* Names the file that has this kernel's build-id, if NETGDB_DEBUG_DIR has one. */
static int suggest_file(struct chain *chain, const struct chain_config *config,
                        const struct description *kernel)
{
    char *path = NULL;
    if (config->options == NULL || config->options->debug_dir[0] == '\0' || kernel == NULL)
        return 0;
    int rc = find_kernel(chain->target, config->options->debug_dir, kernel->elf_machine,
                         kernel->is64, &path);
    if (path != NULL)
        log_warn(config->log, "this kernel's file is %s: start gdb with it, \"netgdb run gdb %s\"",
                 path, path);
    else if (rc == 0)
        log_warn(config->log, "no file in NETGDB_DEBUG_DIR (%s) has this kernel's build-id",
                 config->options->debug_dir);
    free(path);
    return rc;
}

/* Compares the file with the kernel. */
static int compare_with_kernel(struct chain *chain, const struct chain_config *config,
                               const struct description *file, const struct description *kernel)
{
    int rc;
    if (kernel != NULL && !is_same(file, kernel)) {
        symbols_reject(chain->symbols);
        rc = tell_other_machine(config, file, kernel);
    } else {
        rc = symbols_prepare(chain->symbols, chain->target);
    }
    if (rc == 0 && !symbols_may_answer(chain->symbols))
        rc = suggest_file(chain, config, kernel);
    return rc;
}

enum { ARM64_SP = 31, ARM64_PC = 32 };

/* Whether the machine is certainly another one, by its last stop. */
static bool is_not_arm64(const struct stop *s)
{
    return s->pc_len != 0 && (s->pc != ARM64_PC || s->pc_len != 8);
}

int kernel_keep_debug_masked(const struct chain *chain, const struct log *log)
{
    const struct description *kernel = NULL;
    uint64_t sp, pc;
    struct buf reply;
    CHECK_OR_RETURN(chain->netgdb != NULL && chain->peer == NETGDB_PEER_KERNEL);
    if (is_not_arm64(link_stop(netgdb_target_link(chain->netgdb))))
        return 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(chain->target, "g", &reply);
    if (rc == 0)
        kernel = description_of_registers(reply.data, reply.len);
    if (kernel != NULL && kernel->elf_machine == EM_AARCH64 &&
        description_register(kernel, ARM64_SP, reply.data, reply.len, &sp) &&
        description_register(kernel, kernel->pc, reply.data, reply.len, &pc))
        rc = debug_mask_keep(chain->target, sp, pc, log);
    buf_free(&reply);
    return rc;
}

int kernel_examine(struct chain *chain, const struct chain_config *config,
                   const struct description **description)
{
    const struct description *file = machine_of_file(chain->symbols), *kernel = NULL;
    bool has_file = chain->symbols != NULL && symbols_ident(chain->symbols) != NULL;
    uint64_t pc;
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(chain->target, "g", &reply);
    if (rc == 0)
        kernel = description_of_registers(reply.data, reply.len);
    if (kernel != NULL && has_file &&
        description_register(kernel, kernel->pc, reply.data, reply.len, &pc))
        symbols_stopped_at(chain->symbols, pc);
    buf_free(&reply);
    bool other = has_file && kernel != NULL && !is_same(file, kernel);
    *description = other || file == NULL ? kernel : file;
    if (rc != 0)
        return rc;
    return has_file ? compare_with_kernel(chain, config, file, kernel)
                    : suggest_file(chain, config, kernel);
}

int kernel_identity(const struct chain *chain, const char *host, char id[SIGNATURE_ID_MAX])
{
    uint64_t moment[QUERY_MOMENT];
    struct buf registers, text;
    id[0] = '\0';
    if (!chain_has_queries(chain))
        return 0;
    int rc = query_moment(freebsd_image(chain->freebsd), moment);
    if (rc != 0)
        return rc == IMAGE_UNREADABLE ? 0 : rc;
    buf_init(&registers, TARGET_REPLY_MAX);
    buf_init(&text, 2 * TARGET_REPLY_MAX);
    rc = target_ask(chain->target, "g", &registers);
    (void)buf_printf(&text, "%s", host);
    for (unsigned i = 0; i < QUERY_MOMENT; i++)
        (void)buf_printf(&text, " %" PRIx64, moment[i]);
    (void)buf_add(&text, registers.data, registers.len);
    if (rc == 0 && buf_addc(&text, '\0') == 0)
        signature_id((const char *)text.data, id);
    buf_free(&text);
    buf_free(&registers);
    return rc;
}

/*
 * A gdb that was started with an x86 FreeBSD file has that file's registers, of FreeBSD's OS ABI
 * or of none: it needs no description.
 */
int kernel_describe(struct chain *chain, const struct chain_config *config,
                    const struct description *description)
{
    if (description == NULL || description->arch == NULL)
        return 0;
    const struct describe_config describe = {.description = description,
                                             .offer = config->program == NULL ||
                                                      !osabi_is_x86_freebsd(config->program),
                                             .osabi_missing = config->osabi_missing,
                                             .log = config->log};
    if (description->big && machine_of_file(chain->symbols) == NULL)
        log_warn(config->log,
                 "this kernel is big-endian (%s): without its file, gdb needs \"set endian big\" "
                 "before target remote",
                 description->machine);
    return chain_add(chain, describe_new(chain->target, &describe));
}
