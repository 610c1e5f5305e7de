/* SPDX-License-Identifier: Apache-2.0 */
/* bank_checks.c: balance, fraud, limits and regulations, at the same time. */
#include "bank_checks.h"

#include <stdio.h>

#include "common/example.h"

struct question {
    enum check check;
    struct bank *bank;
    const struct transfer *transfer;
    bool *reserved; /* written by the balance check alone */
};

static bool reserve(struct bank *bank, const struct transfer *t)
{
    rn_mutex_lock(&bank->lock);
    bool enough = bank->available[t->payer] >= t->cents;
    if (enough)
        bank->available[t->payer] -= t->cents;
    rn_mutex_unlock(&bank->lock);
    return enough;
}

static int answer(struct rn_ctx *ctx, struct question *own)
{
    static const int units[CHECKS] = {1, 3, 1, 2};
    const struct transfer *t = own->transfer;
    int status = example_sleep(ctx, units[own->check] * own->bank->unit_ns);
    bool good = true;

    if (status != RN_OK)
        return status;
    switch (own->check) {
    case BALANCE:
        good = *own->reserved = reserve(own->bank, t);
        break;
    case FRAUD:
        good = t->payee % 97 != 13; /* accounts that were reported */
        break;
    case LIMITS:
        good = t->cents <= LIMIT_CENTS;
        break;
    default:
        good = t->payer % 89 != 7; /* countries under embargo */
    }
    return good ? RN_OK : REFUSED_BY(own->check);
}

int bank_validate(struct rn_ctx *outer, struct bank *bank,
                  const struct transfer *transfer)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(outer, bank->timeout_ns);
    struct rn_group *group = rn_group_make(ctx, 0);
    bool reserved = false;

    for (int check = 0; check < CHECKS; check++)
        rn_group_go(
            group, answer,
            (struct question){(enum check)check, bank, transfer, &reserved});
    int status = rn_group_wait(group);
    rn_ctx_release(ctx);
    if (status != RN_OK && reserved)
        bank_settle(bank, transfer, false);
    return status;
}

void bank_settle(struct bank *bank, const struct transfer *transfer,
                 bool stored)
{
    rn_mutex_lock(&bank->lock);
    bank->available[stored ? transfer->payee : transfer->payer] +=
        transfer->cents;
    rn_mutex_unlock(&bank->lock);
}

void tally_count(struct tally *tally, const struct transfer *t, int status)
{
    rn_mutex_lock(&tally->lock);
    if (status == RN_OK && t->stored)
        tally->committed++;
    else if (status == RN_OK)
        tally->there_before++;
    else if (status == RN_TIMEOUT)
        tally->too_slow++;
    else
        tally->refused[REFUSED_BY(0) - status]++;
    rn_mutex_unlock(&tally->lock);
}

void tally_print(const struct tally *tally, double seconds)
{
    static const char *const names[CHECKS] = {"balance", "fraud", "limits",
                                              "regulatory"};
    uint64_t all = tally->committed + tally->there_before + tally->too_slow;

    printf("committed: %llu\nthere before: %llu\ntoo slow: %llu\n",
           (unsigned long long)tally->committed,
           (unsigned long long)tally->there_before,
           (unsigned long long)tally->too_slow);
    for (int check = 0; check < CHECKS; check++) {
        printf("refused by %s: %llu\n", names[check],
               (unsigned long long)tally->refused[check]);
        all += tally->refused[check];
    }
    printf("%llu transactions in %.2f s: %.0f a second\n",
           (unsigned long long)all, seconds, (double)all / seconds);
}
