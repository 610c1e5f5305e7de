/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the functions of test_errno_migration_uses.c in goroutines that migrate,
 * and prints for each: its name, how often it woke on another thread, and how
 * often it then used the wrong thread's variable.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <runnel/runnel.h>

#undef errno /* this file means the C library's */
#define errno (*__errno_location())

#define GOROUTINES 8
#define ENOUGH     300
#define LIMIT_NS   (10 * RN_S)

void park(void);
int *true_errno(void);
bool plain_write(void);
bool plain_read(void);
bool plain_loop(void);
bool runnel_write(void);
bool runnel_read(void);
bool runnel_loop(void);

/* The goroutine's number, asked through the library on both sides of a park. */
static bool task_id_changes(void)
{
    uint64_t before = rn_task_id();

    park();
    return rn_task_id() != before;
}

static struct use {
    const char *name;
    bool (*is_wrong)(void);
    atomic_int moved;
    atomic_int wrong;
} uses[] = {
    {.name = "plain_write", .is_wrong = plain_write},
    {.name = "plain_read", .is_wrong = plain_read},
    {.name = "plain_loop", .is_wrong = plain_loop},
    {.name = "runnel_write", .is_wrong = runnel_write},
    {.name = "runnel_read", .is_wrong = runnel_read},
    {.name = "runnel_loop", .is_wrong = runnel_loop},
    {.name = "task_id", .is_wrong = task_id_changes},
};
#define USES     (sizeof(uses) / sizeof(uses[0]))
#define CONTROLS 3 /* the plain ones, which come first */

/* A call that no compiler may fold: the address is new each time. */
__attribute__((noinline)) int *true_errno(void)
{
    int *place = &errno;

    __asm__ volatile("" : "+r"(place)::"memory");
    return place;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Parks in ways from which it may wake on any worker. */
__attribute__((noinline)) void park(void)
{
    static atomic_uint count;

    switch (atomic_fetch_add(&count, 1) % 4) {
    case 0:
        rn_block(nothing, NULL);
        break;
    case 1:
        rn_sleep(RN_US);
        break;
    default:
        rn_yield();
    }
}

static long thread_id(void)
{
    return syscall(SYS_gettid);
}

/*
 * The uses [from, to) that run together. The controls have a phase of their
 * own: a stale address writes into another thread's errno at any moment, also
 * between a call there and the look at its result.
 */
struct phase {
    size_t from;
    size_t to;
};

struct user {
    struct phase phase;
    struct rn_waitgroup *all;
};

/* Uses one after the other until each has seen enough migrations. */
static void use_all(struct user *own)
{
    int64_t end = rn_deadline(LIMIT_NS);
    bool enough = false;

    while (!enough && rn_now() < end) {
        enough = true;
        for (size_t i = own->phase.from; i < own->phase.to; i++) {
            long before = thread_id();
            bool wrong = uses[i].is_wrong();

            if (thread_id() != before)
                atomic_fetch_add(&uses[i].moved, 1);
            if (wrong)
                atomic_fetch_add(&uses[i].wrong, 1);
            enough = enough && atomic_load(&uses[i].moved) >= ENOUGH;
        }
    }
    rn_waitgroup_done(own->all);
}

static int start(void *arg)
{
    struct rn_waitgroup all = {0};
    struct phase *phase = arg;

    rn_waitgroup_add(&all, GOROUTINES);
    for (int i = 0; i < GOROUTINES; i++)
        rn_go(use_all, (struct user){*phase, &all});
    rn_waitgroup_wait(&all);
    return 0;
}

int main(void)
{
    struct rn_options options = {.procs = 4};
    struct phase phases[] = {{0, CONTROLS}, {CONTROLS, USES}};
    int status = 0;

    for (int i = 0; i < 2 && status == 0; i++)
        status = rn_run_with(&options, start, &phases[i]);

    for (size_t i = 0; i < USES; i++)
        printf("%s %d %d\n", uses[i].name, atomic_load(&uses[i].moved),
               atomic_load(&uses[i].wrong));
    return status;
}
