/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bank_checks.h: what a transfer must pass before it is committed, four checks
 * at the same time; and what may still be spent, in memory.
 */
#ifndef BANK_CHECKS_H
#define BANK_CHECKS_H

#include <runnel/runnel.h>

#include "account_store.h"

/* A negative outcome names the check that refused; or RN_TIMEOUT. */
enum check { BALANCE, FRAUD, LIMITS, REGULATORY, CHECKS };
#define REFUSED_BY(check) (-1001 - (int)(check))

#define LIMIT_CENTS 100000

struct bank {
    int64_t unit_ns;    /* the fastest check; the slowest takes three */
    int64_t timeout_ns; /* for all of them */
    struct rn_mutex lock;
    int64_t *available; /* cents by account less what is reserved; under lock */
};

/*
 * Runs the checks; parks. The first that refuses cancels the others. RN_OK with
 * the payer's money reserved, REFUSED_BY a check, RN_TIMEOUT, or the outer
 * context's status; without a reservation then.
 */
int bank_validate(struct rn_ctx *ctx, struct bank *bank,
                  const struct transfer *transfer);

/* A transfer was stored: the payee has the money. Otherwise: it goes back. */
void bank_settle(struct bank *bank, const struct transfer *transfer,
                 bool stored);

/* What became of the transfers. */
struct tally {
    struct rn_mutex lock;
    uint64_t committed, there_before, too_slow, refused[CHECKS]; /* by lock */
};

/* Counts one; `status` is bank_validate's. */
void tally_count(struct tally *tally, const struct transfer *transfer,
                 int status);
/* Prints it, when nobody counts any more. */
void tally_print(const struct tally *tally, double seconds);

#endif
