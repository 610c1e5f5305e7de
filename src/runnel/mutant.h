/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutant.h: mistakes that a build for tests can make, one at a time.
 *
 * A test suite is worth what it finds. tests/model/test_mutants.c builds the
 * runtime with RN_MUTANTS, plants one mistake after another and shows that a
 * scenario fails under it. In every other build MUTANT(...) is the constant
 * false and no code is left of it.
 *
 * A mutant spoils a condition or a value where it stands; it has no code of its
 * own beyond that.
 */
#ifndef RUNNEL_MUTANT_H
#define RUNNEL_MUTANT_H

/* X(name, what goes wrong) */
#define MUTANTS(X)                                                        \
    X(LOSE_RECEIVER, "a send does not wake the receiver that it serves")  \
    X(LOSE_SENDER, "a receive does not wake the sender that it serves")   \
    X(FORGET_SENDER, "a freed place is not given to a sender that waits") \
    X(CLOSE_WAKES_NONE, "close forgets the receivers that wait")          \
    X(CLOSE_WAKES_ONE, "close wakes one receiver only")                   \
    X(CLOSE_DROPS, "what is buffered is lost by close")                   \
    X(WIN_TWICE, "a wait that has ended is ended again")                  \
    X(LEAVE_WAITER, "one that timed out stays in the queue")              \
    X(TIMEOUT_EATS, "a value that came at the deadline is lost")          \
    X(BUFFER_DOUBLES, "a value stays in the buffer when it is received")  \
    X(DIRTY_ZERO, "the end of a channel leaves the place as it was")      \
    X(SELECT_LEAVES_LAST, "a select leaves its last case in the queue")   \
    X(SELECT_FORGETS_CTX, "a select does not wait for its context")       \
    X(TOKEN_WAKES_ONE, "a cancel wakes one waiter only")                  \
    X(TOKEN_MISSED, "a cancel between look and wait is missed")           \
    X(CANCEL_SKIPS_TREE, "a cancel does not reach the grandchildren")     \
    X(CHILD_MISSES, "a child of a context that is done is not")           \
    X(UNLOCK_FORGETS, "unlock does not wake the oldest waiter")           \
    X(UNMARKED_WAITER, "a waiter does not say that it waits")             \
    X(TRY_LOCK_TAKES, "try_lock takes a lock that is held")               \
    X(GIVE_UP_UNMARKS, "one that gives up forgets the others")            \
    X(READERS_PASS, "readers enter beside a writer")                      \
    X(WRITER_PASSED, "new readers pass a writer that waits")              \
    X(LAST_READER, "the last reader does not wake the writer")            \
    X(WRITER_GONE_BLOCKS, "a writer that gives up keeps readers out")     \
    X(TRIES_ON, "a reader may be passed by one writer after the other")   \
    X(QUEUE_WINS_TWICE, "one that gave up is given what it wanted")       \
    X(SIGNAL_MISSED, "a signal before the waiter has parked is lost")     \
    X(SIGNAL_WAKES_ALL, "a signal wakes all that wait")                   \
    X(PLACES_UNSEEN, "places given back are not handed on")               \
    X(LARGE_PASSED, "small requests pass a large one that waits")         \
    X(LARGE_GONE_BLOCKS, "a large one that gives up keeps others out")    \
    X(STOPPED_IS_CALLED, "a function that was stopped runs")              \
    X(CAUSE_LOST, "a child made late does not have its parent's cause")   \
    X(OBJECT_SHARED, "a cached object stays when it is taken")            \
    X(GROUP_WAKES_ONE, "the end of the work wakes one waiter only")       \
    X(GROUP_EARLY, "the waiters wake before the last is done")            \
    X(ONCE_EARLY, "once counts as done before its function is")           \
    X(TIMER_EARLY, "a timer is taken for due too early")                  \
    X(HEAP_UNSIFTED, "the heap is out of order after a removal")          \
    X(STOP_LEAVES_TICK, "a stopped timer's tick is still received")       \
    X(TICKS_ONCE, "a ticker fires once")                                  \
    X(LAST_ERROR, "a group returns its last error")                       \
    X(PLACE_KEPT, "a failing member keeps its place in the group")

/* Those that need two threads at once: tests/model/test_model.c finds them. */
#define THREAD_MUTANTS(X)                                               \
    X(SEIZE_BLIND, "a thief takes while the owner takes")               \
    X(ENTER_BLIND, "the owner takes while a thief takes")               \
    X(CLAIM_BLIND, "a claim is looked at and then taken, in two steps") \
    X(MARKS_LIGHT, "a waiter says so in a word that is not shared")     \
    X(SHARES_UNFENCED, "a word is shared while its holder lets it go")  \
    X(MARK_BLIND, "a reader by a mark does not see a writer come")      \
    X(MARKS_LOST, "a writer takes marks of readers for none")           \
    X(IDLE_BLIND, "who falls idle does not look for work once more")    \
    X(RESERVE_EARLY, "who falls idle counts itself as awake")           \
    X(TIMER_UNSAID, "the poller does not say that it asks for timers")  \
    X(TIMER_UNTOLD, "the poller forgets of which timer it was told")

#define MUTANT_NUMBER_(name, text) MUTANT_##name,
enum mutant {
    MUTANT_NONE,
    MUTANTS(MUTANT_NUMBER_) MUTANT_END,
    THREAD_MUTANTS(MUTANT_NUMBER_) MUTANT_END_OF_ALL
};

#ifdef RN_MUTANTS
extern enum mutant mutant_planted; /* the test program's */
#define MUTANT(name) (mutant_planted == MUTANT_##name)
#else
#define MUTANT(name) 0
#endif

#endif
