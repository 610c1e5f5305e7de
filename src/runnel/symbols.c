/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbols.c: ask libdw, then the dynamic linker.
 *
 * libdw is loaded when the first name is asked for; a program that never
 * reports never loads it.
 */
#include "symbols.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"

/* Reading the debugging information of a large program takes a while. */
#define OPEN_LIMIT (6 * RN_S)
#define FIND_LIMIT (10 * RN_S)

#ifdef RN_LIBDW

#include <elfutils/libdwfl.h>
#include <unistd.h>

/* The functions of libdw that are used; X(name) each. */
#define FUNCTIONS(X)            \
    X(dwfl_begin)               \
    X(dwfl_report_begin)        \
    X(dwfl_linux_proc_report)   \
    X(dwfl_report_end)          \
    X(dwfl_addrmodule)          \
    X(dwfl_module_addrinfo)     \
    X(dwfl_module_getsrc)       \
    X(dwfl_lineinfo)            \
    X(dwfl_linux_proc_find_elf) \
    X(dwfl_standard_find_debuginfo)

#define MEMBER(name) __typeof__(name) *name;

static struct {
    FUNCTIONS(MEMBER)
    Dwfl *modules;
    bool tried;
} dw;

static bool load(void)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
#define LOAD(name)                               \
    {                                            \
        void *found = dlsym(library, #name);     \
        if (!found)                              \
            return false;                        \
        memcpy(&dw.name, &found, sizeof(found)); \
    }
    FUNCTIONS(LOAD)
#undef LOAD
    return true;
}

struct question {
    uintptr_t pc;
    struct symbol *symbol;
};

static void ask(void *arg);

static void open_modules(void *arg)
{
    static Dwfl_Callbacks callbacks;
    static char *no_path;
    (void)arg;
    /* No names from a server on the network. */
    unsetenv("DEBUGINFOD_URLS");
    if (!load())
        return;
    callbacks.find_elf = dw.dwfl_linux_proc_find_elf;
    callbacks.find_debuginfo = dw.dwfl_standard_find_debuginfo;
    callbacks.debuginfo_path = &no_path;
    Dwfl *modules = dw.dwfl_begin(&callbacks);
    if (!modules)
        return;
    dw.dwfl_report_begin(modules);
    if (dw.dwfl_linux_proc_report(modules, getpid()) == 0 &&
        dw.dwfl_report_end(modules, NULL, NULL) == 0)
        dw.modules = modules;
    if (!dw.modules)
        return;
    /* Most of what a question allocates the first one does: it is asked here,
     * where a copy that cannot answer has printed nothing yet. */
    struct symbol symbol = {.function = 0};
    ask(&(struct question){(uintptr_t)open_modules, &symbol});
}

/* The end of a path that does not fit says more than its beginning. */
static void put_line(struct symbol *symbol, const char *file, int line)
{
    size_t size = strlen(file);
    size_t most = sizeof(symbol->place) - 16;
    if (size > most)
        file += size - most;
    snprintf(symbol->place, sizeof(symbol->place), "%s:%d", file, line);
}

static void ask(void *arg)
{
    const struct question *question = arg;
    struct symbol *symbol = question->symbol;
    Dwfl_Module *module = dw.dwfl_addrmodule(dw.modules, question->pc);
    if (!module)
        return;
    GElf_Off offset = 0;
    GElf_Sym entry;
    const char *name = dw.dwfl_module_addrinfo(module, question->pc, &offset,
                                               &entry, NULL, NULL, NULL);
    if (name) {
        snprintf(symbol->name, sizeof(symbol->name), "%s", name);
        symbol->function = question->pc - (uintptr_t)offset;
    }
    Dwfl_Line *line = dw.dwfl_module_getsrc(module, question->pc);
    int number = 0;
    const char *file =
        line ? dw.dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    if (file)
        put_line(symbol, file, number);
}

void symbols_open(void)
{
    if (!copy_is_one() || dw.tried)
        return;
    dw.tried = true;
    if (!copy_try(open_modules, NULL, OPEN_LIMIT)) {
        copy_again();
        dw.modules = NULL;
    }
}

static void find_debug(uintptr_t pc, struct symbol *symbol)
{
    if (!copy_is_one())
        return;
    struct question question = {pc, symbol};
    if (dw.modules && !copy_try(ask, &question, FIND_LIMIT)) {
        copy_again();
        dw.modules = NULL;
    }
}

#else

void symbols_open(void)
{
}

static void find_debug(uintptr_t pc, struct symbol *symbol)
{
    (void)pc;
    (void)symbol;
}

#endif

static void find_exported(uintptr_t pc, struct symbol *symbol)
{
    Dl_info info = {0};
    if (dladdr((void *)pc, &info) == 0)
        return;
    if (!symbol->name[0] && info.dli_sname) {
        snprintf(symbol->name, sizeof(symbol->name), "%s", info.dli_sname);
        symbol->function = (uintptr_t)info.dli_saddr;
    }
    if (!symbol->place[0] && info.dli_fname)
        snprintf(symbol->place, sizeof(symbol->place), "%s+0x%lx",
                 info.dli_fname,
                 (unsigned long)(pc - (uintptr_t)info.dli_fbase));
}

void symbols_find(const void *pc, struct symbol *symbol)
{
    *symbol = (struct symbol){.function = 0};
    /* The byte before: it belongs to the call, where pc is the return. */
    uintptr_t at = (uintptr_t)pc - 1;
    find_debug(at, symbol);
    if (!symbol->name[0] || !symbol->place[0])
        find_exported(at, symbol);
    if (!symbol->place[0])
        snprintf(symbol->place, sizeof(symbol->place), "0x%lx",
                 (unsigned long)at);
}
