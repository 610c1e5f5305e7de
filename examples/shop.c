/* SPDX-License-Identifier: Apache-2.0 */
/* shop.c: a stock of three items, and three services that take their time. */
#include "shop.h"

#include <string.h>

#include "common/example.h"

int64_t shop_unit_ms = 200;

/* Statuses of the services, beside those of runnel. */
enum { NO_SUCH_ITEM = -1001, OUT_OF_STOCK, NO_SHIPPING, BAD_CARD, DECLINED };

const char *shop_text(int status)
{
    static const char *const texts[] = {
        "no such item", "out of stock", "no shipping to that country",
        "not a card number", "payment declined"};

    if (status >= NO_SUCH_ITEM && status <= DECLINED)
        return texts[status - NO_SUCH_ITEM];
    return rn_status_text(status);
}

static struct item items[] = {
    {"tea", 320, 10}, {"cake", 500, 1}, {"coffee", 450, 0}};
static struct rn_mutex stock_lock;

int shop_inventory(struct rn_ctx *ctx, struct order **own)
{
    struct order *order = *own;
    int status = example_sleep(ctx, shop_unit_ms * RN_MS);
    if (status != RN_OK)
        return status;

    status = NO_SUCH_ITEM;
    rn_mutex_lock(&stock_lock);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (strcmp(items[i].name, order->name) != 0)
            continue;
        status = OUT_OF_STOCK;
        if (items[i].stock >= order->quantity) {
            items[i].stock -= order->quantity;
            order->reserved = &items[i];
            status = RN_OK;
        }
    }
    rn_mutex_unlock(&stock_lock);
    return status;
}

int shop_shipping(struct rn_ctx *ctx, struct order **own)
{
    static const struct {
        const char *country;
        int cents;
    } rates[] = {{"FR", 690}, {"DE", 690}, {"NZ", 2100}};
    int status = example_sleep(ctx, 2 * shop_unit_ms * RN_MS);

    if (status != RN_OK)
        return status;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        if (strcmp(rates[i].country, (*own)->country) == 0) {
            (*own)->shipping_cents = rates[i].cents;
            return RN_OK;
        }
    }
    return NO_SHIPPING;
}

/* The check digit of ISO/IEC 7812. */
static bool is_card(const char *digits)
{
    int sum = 0, place = 0;

    for (size_t i = strlen(digits); i-- > 0; place++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        int digit = (digits[i] - '0') << (place & 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    return place >= 12 && sum % 10 == 0;
}

int shop_payment(struct rn_ctx *ctx, struct order **own)
{
    if (!is_card((*own)->card))
        return BAD_CARD; /* at once: the others need not go on */
    int status = example_sleep(ctx, 3 * shop_unit_ms * RN_MS);
    if (status != RN_OK)
        return status;
    return strncmp((*own)->card, "4000", 4) == 0 ? DECLINED : RN_OK;
}

bool shop_give_back(struct order *order)
{
    if (!order->reserved)
        return false;
    rn_mutex_lock(&stock_lock);
    order->reserved->stock += order->quantity;
    rn_mutex_unlock(&stock_lock);
    return true;
}
