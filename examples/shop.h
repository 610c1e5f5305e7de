/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shop.h: three services that an order needs: goods from the stock, a shipping
 * quote, a payment. Each is a function for a group, takes its time, and ends
 * early when the context is done.
 */
#ifndef SHOP_H
#define SHOP_H

#include <runnel/runnel.h>

/* Of the fastest service; the slowest takes three. */
extern int64_t shop_unit_ms;

struct item {
    const char *name;
    int cents;
    int stock; /* under the shop's lock */
};

struct order {
    char name[32], country[8], card[32];
    int quantity;
    struct item *reserved; /* written by inventory alone */
    int shipping_cents;    /* by shipping alone */
};

/* RN_OK, the context's status, or what shop_text tells. */
int shop_inventory(struct rn_ctx *ctx, struct order **own);
int shop_shipping(struct rn_ctx *ctx, struct order **own);
int shop_payment(struct rn_ctx *ctx, struct order **own);
const char *shop_text(int status);

/* Undoes what inventory did; false when it did nothing. */
bool shop_give_back(struct order *order);

#endif
