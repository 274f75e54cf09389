/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains of targets; see chain.h. */
#include "session/chain.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freebsd/freebsd.h"
#include "io/progress.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/guard.h"
#include "proto/quirks/keepout.h"
#include "proto/quirks/quirks.h"
#include "proto/rsp/stream_target.h"
#include "record/exchange.h"
#include "session/kernel.h"
#include "session/observed.h"
#include "symbols/qsymbol.h"
#include "threads/rtos.h"
#include "threads/threads.h"

bool chain_takes(const struct options *o, char *error, size_t size)
{
    if (strcmp(o->rtos, "auto") == 0 || strcmp(o->rtos, "off") == 0 || rtos_find(o->rtos) != NULL)
        return true;
    int n = snprintf(error, size, "rtos=%s: takes one of auto, off", o->rtos);
    for (const struct rtos *const *r = rtos_all; *r != NULL && n > 0 && (size_t)n < size; r++)
        n += snprintf(error + n, size - (size_t)n, ", %s", (*r)->name);
    return false;
}

/* The next owner of the target notices a failure. */
static void settle(struct chain *chain)
{
    if (chain->quirks != NULL)
        (void)quirks_hand_off(chain->quirks);
}

void chain_close(struct chain *chain)
{
    settle(chain);
    target_free(chain->target);
    recorder_free(chain->recorder);
    symbols_free(chain->symbols);
    *chain = (struct chain){.target = NULL};
}

struct target *chain_strip(struct chain *chain)
{
    settle(chain);
    struct target *last = target_strip(chain->target);
    CHECK(chain->netgdb == NULL || last == chain->netgdb);
    recorder_free(chain->recorder);
    symbols_free(chain->symbols);
    *chain = (struct chain){.target = NULL};
    return last;
}

int chain_add(struct chain *chain, struct target *decorator)
{
    if (decorator == NULL)
        return NETGDB_NOMEM;
    CHECK(decorator->next == chain->target); /* which it owns from now on */
    chain->target = decorator;
    return 0;
}

void chain_note_link(const struct chain *chain, struct profile *profile)
{
    if (chain->netgdb != NULL && profile != NULL)
        profile_note_link(profile, chain->netgdb);
}

bool chain_cache_stats(const struct chain *chain, struct cache_stats *stats)
{
    if (chain->cache != NULL)
        cache_stats(chain->cache, stats);
    return chain->cache != NULL;
}

void chain_flush_cache(const struct chain *chain)
{
    if (chain->cache != NULL)
        cache_flush(chain->cache);
}

bool chain_has_queries(const struct chain *chain)
{
    return chain->freebsd != NULL && (!chain->recorded || freebsd_has_queries(chain->freebsd));
}

int chain_query(const struct chain *chain, const char *line, struct buf *text)
{
    return chain->freebsd != NULL ? freebsd_query(chain->freebsd, line, text) : NETGDB_UNSUPPORTED;
}

/* Opens the symbols of the named file, if any. */
static int open_symbols(struct chain *chain, const struct chain_config *config, bool kernel)
{
    const struct options *o = config->options;
    if (o == NULL)
        return 0;
    const struct symbols_options options = {.file = o->symbols[0] != '\0' ? o->symbols : NULL,
                                            .program = config->program,
                                            .have_slide = o->have_slide,
                                            .slide = o->slide,
                                            .freebsd = kernel,
                                            .recorded = chain->recorded,
                                            .only = config->only,
                                            .context = config->context,
                                            .log = config->log};
    if (options.file == NULL && options.program == NULL)
        return 0;
    chain->symbols = symbols_new(&options);
    return chain->symbols != NULL ? 0 : NETGDB_NOMEM;
}

static bool find_region(void *context, uint64_t address, struct region *region)
{
    return symbols_region(context, address, region);
}

static bool find_function(void *context, uint64_t address, char *name, size_t size)
{
    return symbols_function(context, address, name, size);
}

static bool elf_machine_of_symbols(void *context, unsigned *machine, bool *is64, bool *big)
{
    const struct elf_ident *ident = symbols_ident(context);
    if (ident == NULL)
        return false;
    *machine = ident->machine;
    *is64 = ident->is64;
    *big = ident->big;
    return true;
}

/* Adds the cache, unless cache=off. */
static int add_cache(struct chain *chain, const struct chain_config *config, bool kernel)
{
    const struct options *o = config->options;
    struct cache_options options = {.kernel = kernel};
    if (o == NULL || !o->cache || o->observe) /* the first client changes what is cached */
        return 0;
    options.nocache = o->nocache;
    options.nocaches = o->nocaches;
    if (chain->symbols != NULL)
        options.program =
            (struct cache_program){find_region, elf_machine_of_symbols, chain->symbols};
    chain->cache = cache_new(chain->target, &options);
    return chain_add(chain, chain->cache);
}

/* The last stop is in the session state, which changes with the session. */
static struct stop *find_stop(void *context)
{
    return link_stop(netgdb_target_link(context));
}

static void hurry(void *context, bool on)
{
    netgdb_target_hurry(context, on);
}

/* Adds the corrections of a FreeBSD stub, which also leave its kernel at db>. */
static int add_quirks(struct chain *chain, const struct chain_config *config)
{
    struct quirks_options options = {
        .stop = find_stop, .hurry = hurry, .context = chain->netgdb, .log = config->log};
    if (chain->symbols != NULL) {
        options.function = find_function;
        options.function_context = chain->symbols;
    }
    chain->quirks = quirks_new(chain->target, &options);
    int rc = chain_add(chain, chain->quirks);
    return rc == 0 ? quirks_attach(chain->quirks) : rc;
}

/* Adds the decorator that reads a FreeBSD kernel's data. */
static int add_freebsd(struct chain *chain, const struct chain_config *config,
                       const struct description *description)
{
    const struct options *o = config->options;
    if (o == NULL || chain->symbols == NULL)
        return 0;
    const struct freebsd_options options = {
        .symbols = chain->symbols,
        .kernel = o->symbols[0] != '\0' ? o->symbols : config->program,
        .modules = o->modules,
        .machine = description != NULL ? description->machine : "of an unknown machine",
        .log = config->log};
    chain->freebsd = freebsd_new(chain->target, &options);
    int rc = chain_add(chain, chain->freebsd);
    return rc == 0 ? freebsd_introduce(chain->freebsd) : rc;
}

/* Adds an RTOS's threads, unless rtos=off. */
static int add_threads(struct chain *chain, const struct chain_config *config)
{
    const struct options *o = config->options;
    if (o == NULL || strcmp(o->rtos, "off") == 0)
        return 0;
    const struct threads_options options = {
        .rtos = o->rtos, .symbols = chain->symbols, .log = config->log};
    return chain_add(chain, threads_new(chain->target, &options));
}

/* ---- recording ---- */

enum { HEX_MAX = 256 }; /* digits of a build-id with their NUL */

static const char *name_of_peer(enum netgdb_peer peer)
{
    return peer == NETGDB_PEER_KERNEL ? "kernel" : peer == NETGDB_PEER_NODE ? "node" : "other";
}

/* Adds what records memory, next to the target. A session that cannot be recorded goes on. */
static int add_recorder(struct chain *chain, const struct chain_config *config)
{
    const struct options *o = config->options;
    bool saves = o != NULL && o->save[0] != '\0';
    if ((!config->records && !saves) || chain->recorded)
        return 0;
    chain->recorder = recorder_new(config->log);
    chain->may_save = config->records;
    if (chain->recorder == NULL && saves)
        log_error(config->log, "the session cannot be saved: %s", netgdb_strerror(NETGDB_NOMEM));
    if (chain->recorder == NULL)
        return 0;
    recorder_fact(chain->recorder, EXCHANGE_PEER, name_of_peer(chain->peer));
    if (config->log != NULL && config->log->name != NULL)
        recorder_fact(chain->recorder, EXCHANGE_NAME, config->log->name);
    return chain_add(chain, recorder_memory_new(chain->target, chain->recorder));
}

/* The machine of a kernel, else that of the program. */
static void set_core_machine(const struct chain *chain, const struct description *d)
{
    const struct elf_ident *ident = chain->symbols != NULL ? symbols_ident(chain->symbols) : NULL;
    struct core_machine m = {.machine = EM_NONE, .is64 = true};
    if (d != NULL)
        m = (struct core_machine){d->elf_machine, ELFOSABI_FREEBSD, d->is64, d->big};
    else if (ident != NULL)
        m = (struct core_machine){ident->machine, ident->osabi, ident->is64, ident->big};
    recorder_set_machine(chain->recorder, &m);
}

/* Notes the build-id that the program and the target share. */
static void note_build_id(const struct chain *chain)
{
    struct buf hex;
    size_t len = 0;
    const uint8_t *id = chain->symbols != NULL ? symbols_build_id(chain->symbols, &len) : NULL;
    buf_init(&hex, HEX_MAX);
    if (id != NULL && buf_addhex(&hex, id, len) == 0 && buf_addc(&hex, '\0') == 0)
        recorder_fact(chain->recorder, EXCHANGE_BUILD_ID, (const char *)hex.data);
    buf_free(&hex);
}

/* Begins a file, if save= names one. A failure is one line, and the session goes on. */
static void begin_file(const struct chain *chain, const struct chain_config *config,
                       const struct description *description)
{
    const struct options *o = config->options;
    char why[LOG_LINE_MAX];
    if (chain->recorder == NULL)
        return;
    set_core_machine(chain, description);
    note_build_id(chain);
    if (o != NULL && o->save[0] != '\0' &&
        recorder_save(chain->recorder, o->save, why, sizeof why) != 0)
        log_error(config->log, "%s: the session goes on without it", why);
}

int chain_record(struct chain *chain)
{
    if (chain->recorder == NULL)
        return 0;
    return chain_add(chain, recorder_exchanges_new(chain->target, chain->recorder));
}

void chain_save(const struct chain *chain, const char *path, struct buf *text)
{
    char why[LOG_LINE_MAX];
    if (chain->recorder == NULL || !chain->may_save)
        (void)buf_adds(text, "this session is not recorded\n");
    else if (*path == '\0')
        (void)buf_adds(text, "save: takes the name of a file\n");
    else if (recorder_save(chain->recorder, path, why, sizeof why) != 0)
        (void)buf_printf(text, "%s\n", why);
    else
        (void)buf_printf(text, "this session is saved to %s, with what was read before\n", path);
}

/* Returns whether to forward a kill. A gdb on the control socket decides that itself. */
static bool wants_kill_forwarded(const struct chain_config *config, bool safe)
{
    const struct options *o = config->options;
    if (o == NULL || o->kill == OPTIONS_KILL_BY_TARGET)
        return o == NULL || safe;
    return o->kill == OPTIONS_KILL_FORWARD;
}

/* Adds the decorators of every chain. */
static int add_decorators(struct chain *chain, const struct chain_config *config)
{
    const struct description *description = NULL;
    bool kernel = chain->peer == NETGDB_PEER_KERNEL, link = chain->netgdb != NULL;
    int rc = add_recorder(chain, config);
    if (rc == 0)
        rc = open_symbols(chain, config, kernel);
    if (rc == 0 && kernel && link) /* otherwise the proxy does this */
        rc = add_quirks(chain, config);
    if (rc == 0 && kernel && link)
        rc = kernel_keep_debug_masked(chain, config->log);
    if (rc == 0 && kernel && !config->asked)
        rc = kernel_examine(chain, config, &description);
    if (rc == 0 && config->observed != NULL)
        rc = chain_add(chain, observed_share_new(chain->target, config->observed));
    if (rc == 0 && kernel && !link && !chain->recorded && chain->symbols != NULL)
        rc = chain_add(chain,
                       keepout_new(chain->target, find_function, chain->symbols, config->log));
    if (rc == 0 && kernel && !config->asked)
        rc = kernel_describe(chain, config, description);
    if (rc == 0 && !chain->recorded)
        rc = add_cache(chain, config, kernel);
    if (rc == 0 && kernel && !config->asked)
        rc = add_freebsd(chain, config, description);
    if (rc == 0 && chain->symbols != NULL)
        rc = chain_add(chain, qsymbol_new(chain->target, chain->symbols, config->log));
    if (rc == 0 && !kernel && !chain->recorded)
        rc = add_threads(chain, config);
    if (rc == 0 && config->options != NULL)
        rc = chain_add(chain, guard_new(chain->target, config->options->fileio, config->log));
    if (rc == 0)
        begin_file(chain, config, description);
    return rc;
}

/* Symbols may take long to read, and so may a slow link. */
static int complete(struct chain *chain, const struct chain_config *config)
{
    const char *name = config->log != NULL ? config->log->name : NULL;
    struct progress *progress =
        progress_start("reading symbols and the kernel of %s", name != NULL ? name : "the target");
    int rc = add_decorators(chain, config);
    progress_stop(progress);
    return rc;
}

int chain_renew(struct chain *chain, struct target *netgdb, const struct chain_config *config)
{
    CHECK_OR_RETURN(netgdb != NULL && netgdb->next == NULL);
    *chain = (struct chain){.target = netgdb, .netgdb = netgdb};
    int rc = netgdb_target_identify(netgdb, &chain->peer);
    if (rc == 0)
        log_info(config->log, "%s",
                 chain->peer == NETGDB_PEER_KERNEL ? "a FreeBSD kernel"
                 : chain->peer == NETGDB_PEER_NODE ? "a netgdb node"
                                                   : "a stub that is not FreeBSD's");
    if (rc == 0)
        rc = complete(chain, config);
    chain->forward_kill = wants_kill_forwarded(config, chain->peer == NETGDB_PEER_NODE);
    if (rc != 0)
        (void)chain_strip(chain);
    return rc;
}

/* Completes a chain; chain->target is NULL if memory was short. */
static int complete_stream(struct chain *chain, const struct chain_config *config)
{
    int rc = chain->target != NULL ? complete(chain, config) : NETGDB_NOMEM;
    if (rc != 0)
        chain_close(chain);
    return rc;
}

int chain_for_stream(struct chain *chain, struct io *io, const struct chain_config *config)
{
    CHECK_OR_RETURN(config->options != NULL && config->options->kind == OPTIONS_STREAM);
    *chain = (struct chain){.target = stream_target_new(io, config->log),
                            .peer = NETGDB_PEER_OTHER,
                            .forward_kill = wants_kill_forwarded(config, true)};
    if (chain->target != NULL && !config->options->transport->may_be_silent)
        stream_target_give_up(chain->target);
    return complete_stream(chain, config);
}

int chain_for_proxy(struct chain *chain, struct io *io, enum netgdb_peer peer,
                    const struct chain_config *config)
{
    *chain = (struct chain){.target = stream_target_new(io, config->log),
                            .peer = peer,
                            .forward_kill = wants_kill_forwarded(config, peer == NETGDB_PEER_NODE)};
    bool observes = config->options != NULL && config->options->observe;
    if (chain->target != NULL && peer != NETGDB_PEER_NODE && !observes)
        stream_target_no_interrupt(chain->target);
    return complete_stream(chain, config);
}

int chain_for_recording(struct chain *chain, struct target *recording, enum netgdb_peer peer,
                        const struct chain_config *config)
{
    *chain =
        (struct chain){.target = recording, .peer = peer, .forward_kill = true, .recorded = true};
    return complete_stream(chain, config);
}

int chain_for_target(struct chain *chain, struct target *target, enum netgdb_peer peer,
                     const struct chain_config *config)
{
    *chain = (struct chain){.target = target, .peer = peer};
    return complete_stream(chain, config);
}
