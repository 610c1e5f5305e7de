/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals as values: which arrive, where, how often; what a signal does before
 * and after; how they mix with the rest.
 */
#include <pthread.h>

#include "net_check.h"

/* A signal to the process arrives on the channel, again and again. */
static void signal_arrives(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);

    CHECK_EQ_INT(rn_signal_notify(chan, SIGUSR1), RN_OK);
    for (int i = 0; i < 10; i++) {
        int number = 0;

        CHECK_EQ_INT(kill(getpid(), SIGUSR1), 0);
        CHECK(rn_recv(chan, &number));
        CHECK_EQ_INT(number, SIGUSR1);
    }
    rn_signal_stop(chan);
    rn_chan_free(chan);
}

/* One channel for several signals; several channels for one signal. */
static void each_goes_where_it_was_asked_for(void)
{
    rn_chan(int) both = rn_chan_make(int, 4);
    rn_chan(int) one = rn_chan_make(int, 4);
    int number = 0;

    CHECK_EQ_INT(rn_signal_notify(rn_send_end(both), SIGUSR1), RN_OK);
    CHECK_EQ_INT(rn_signal_notify(both, SIGUSR2), RN_OK);
    CHECK_EQ_INT(rn_signal_notify(both, SIGUSR2), RN_OK);
    CHECK_EQ_INT(rn_signal_notify(one, SIGUSR2), RN_OK);
    kill(getpid(), SIGUSR1);
    rn_recv(both, &number);
    CHECK_EQ_INT(number, SIGUSR1);
    kill(getpid(), SIGUSR2);
    rn_recv(both, &number);
    CHECK_EQ_INT(number, SIGUSR2);
    rn_recv(one, &number);
    CHECK_EQ_INT(number, SIGUSR2);
    CHECK_EQ_INT(rn_chan_len(both), 0);
    rn_signal_stop(both);
    kill(getpid(), SIGUSR2);
    rn_recv(one, &number);
    CHECK_EQ_INT(number, SIGUSR2);
    CHECK_EQ_INT(rn_chan_len(both), 0);
    rn_signal_stop(one);
    rn_signal_stop(one);
    rn_chan_free(both);
    rn_chan_free(one);
}

/* What is no signal, or cannot be had as a value, is refused. */
static void what_cannot_be_notified(void)
{
    static const int wrong[] = {0,      -1,      65,      32,
                                33,     SIGKILL, SIGSTOP, SIGSEGV,
                                SIGBUS, SIGFPE,  SIGILL,  1000};
    rn_chan(int) chan = rn_chan_make(int, 1);
    rn_chan(int) nil = 0;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_MSG(rn_signal_notify(chan, wrong[i]) == RN_INVALID,
                  "takes signal %d", wrong[i]);
    CHECK_EQ_INT(rn_signal_notify(nil, SIGUSR1), RN_INVALID);
    rn_signal_stop(chan);
    rn_chan_free(chan);
}

/* What comes while the channel is full is dropped. */
static void full_channel_drops(void)
{
    rn_chan(int) narrow = rn_chan_make(int, 1);
    rn_chan(int) wide = rn_chan_make(int, 8);

    CHECK_EQ_INT(rn_signal_notify(narrow, SIGUSR1), RN_OK);
    CHECK_EQ_INT(rn_signal_notify(wide, SIGUSR1), RN_OK);
    for (int i = 0; i < 3; i++) {
        kill(getpid(), SIGUSR1);
        while (rn_chan_len(wide) < (size_t)i + 1)
            rn_sleep(100 * RN_US);
    }
    CHECK_EQ_INT(rn_chan_len(narrow), 1);
    rn_signal_stop(narrow);
    rn_signal_stop(wide);
    rn_chan_free(narrow);
    rn_chan_free(wide);
}

static atomic_int handled;

static void own_handler(int number)
{
    (void)number;
    atomic_fetch_add(&handled, 1);
}

/* After the last stop a signal does what it did before the first notify. */
static void stop_gives_the_old_handler_back(void)
{
    struct sigaction action = {.sa_handler = own_handler};
    struct sigaction now;
    rn_chan(int) chan = rn_chan_make(int, 1);

    atomic_store(&handled, 0);
    CHECK_EQ_INT(sigaction(SIGUSR2, &action, NULL), 0);
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ_INT(rn_signal_notify(chan, SIGUSR2), RN_OK);
        kill(getpid(), SIGUSR2);
        CHECK(rn_recv(chan, NULL));
        CHECK_EQ_INT(atomic_load(&handled), 0);
        rn_signal_stop(chan);
    }
    sigaction(SIGUSR2, NULL, &now);
    CHECK(now.sa_handler == own_handler);
    signal(SIGUSR2, SIG_DFL);
    rn_chan_free(chan);
}

/* A process of its own sends it, so that no thread of ours gives hope. */
static pid_t kill_later(int number)
{
    pid_t child = fork();

    if (child == 0) {
        usleep(50000);
        kill(getppid(), number);
        _exit(0);
    }
    return child;
}

/* Who waits for a signal is not deadlocked: one may come. */
static void waiting_for_a_signal_is_no_deadlock(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int number = 0;
    pid_t child;

    CHECK_EQ_INT(rn_signal_notify(chan, SIGUSR1), RN_OK);
    child = kill_later(SIGUSR1);
    CHECK(rn_recv(chan, &number));
    CHECK_EQ_INT(number, SIGUSR1);
    CHECK_EQ_INT(waitpid(child, NULL, 0), child);
    rn_signal_stop(chan);
    rn_chan_free(chan);
}

/* Nor is one that selects. */
static void selecting_on_a_signal_is_no_deadlock(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    rn_chan(int) idle = rn_chan_make(int, 0);
    int number = 0;
    struct rn_case cases[] = {rn_case_recv(idle, NULL),
                              rn_case_recv(chan, &number)};
    pid_t child;

    CHECK_EQ_INT(rn_signal_notify(chan, SIGUSR1), RN_OK);
    child = kill_later(SIGUSR1);
    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK_EQ_INT(number, SIGUSR1);
    CHECK_EQ_INT(waitpid(child, NULL, 0), child);
    rn_signal_stop(chan);
    rn_chan_free(chan);
    rn_chan_free(idle);
}

static void *kill_on_thread(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        kill(getpid(), SIGUSR1);
        usleep(100);
    }
    return NULL;
}

static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

static void echo(struct rn_conn **own)
{
    char byte;

    while (rn_conn_read(*own, &byte, 1) == 1)
        CHECK_EQ_INT(rn_conn_write(*own, &byte, 1, NULL), RN_OK);
}

/* Signals while connections, timers and channels are busy disturb none. */
static void signals_during_load(void)
{
    const int rounds = rn_check_rounds(3000);
    rn_chan(int) chan = rn_chan_make(int, 100);
    struct net_pair pair;
    pthread_t thread;

    CHECK_EQ_INT(rn_signal_notify(chan, SIGUSR1), RN_OK);
    if (!net_pair_make(&pair))
        return;
    rn_go(echo, pair.accepted);
    CHECK_EQ_INT(pthread_create(&thread, NULL, kill_on_thread, NULL), 0);
    for (int i = 0; i < rounds; i++) {
        char byte = (char)i;

        CHECK_EQ_INT(rn_conn_write(pair.dialed, &byte, 1, NULL), RN_OK);
        CHECK_EQ_INT(rn_conn_read(pair.dialed, &byte, 1), 1);
        CHECK_EQ_INT(byte, (char)i);
        if (i % 100 == 0)
            rn_sleep(RN_US);
    }
    rn_block(join_thread, &thread);
    CHECK(rn_recv(chan, NULL));
    rn_conn_close_write(pair.dialed);
    net_join_all();
    net_pair_free(&pair);
    rn_signal_stop(chan);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(signal_arrives, each_goes_where_it_was_asked_for,
              what_cannot_be_notified, full_channel_drops,
              stop_gives_the_old_handler_back,
              waiting_for_a_signal_is_no_deadlock,
              selecting_on_a_signal_is_no_deadlock, signals_during_load)
