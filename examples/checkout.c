/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkout.c: three services at once; the first error cancels the others.
 *
 * An order needs goods from the stock, a shipping quote and a payment. They do
 * not depend on each other, so the customer waits for the slowest and not for
 * the sum. Look at order: the group starts three functions with a context in
 * common; the first that fails cancels it, the others notice where they wait,
 * and rn_group_wait returns the first error. What was already done is then
 * undone: the goods go back.
 *
 *     checkout tea:2:NZ:4242424242424242 cake:1:FR:4000000000000002
 *     checkout --unit-ms 20 ...        ten times faster
 *
 * An order is ITEM:QUANTITY:COUNTRY:CARD.
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"

static int64_t unit_ms = 200;

/* Statuses of the services, beside those of runnel. */
enum { NO_SUCH_ITEM = -1001, OUT_OF_STOCK, NO_SHIPPING, BAD_CARD, DECLINED };

static const char *text_of(int status)
{
    static const char *const texts[] = {
        "no such item", "out of stock", "no shipping to that country",
        "not a card number", "payment declined"};

    if (status >= NO_SUCH_ITEM && status <= DECLINED)
        return texts[status - NO_SUCH_ITEM];
    return rn_status_text(status);
}

struct item {
    const char *name;
    int cents;
    int stock; /* under stock_lock */
};
static struct item items[] = {
    {"tea", 320, 10}, {"cake", 500, 1}, {"coffee", 450, 0}};
static struct rn_mutex stock_lock;

struct order {
    char name[32], country[8], card[32];
    int quantity;
    struct item *reserved; /* written by inventory alone */
    int shipping_cents;    /* by shipping alone */
};

static int inventory(struct rn_ctx *ctx, struct order **own)
{
    struct order *order = *own;
    int status = example_sleep(ctx, unit_ms * RN_MS);
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

static int shipping(struct rn_ctx *ctx, struct order **own)
{
    static const struct {
        const char *country;
        int cents;
    } rates[] = {{"FR", 690}, {"DE", 690}, {"NZ", 2100}};
    int status = example_sleep(ctx, 2 * unit_ms * RN_MS);

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

static int payment(struct rn_ctx *ctx, struct order **own)
{
    if (!is_card((*own)->card))
        return BAD_CARD; /* at once: the others need not go on */
    int status = example_sleep(ctx, 3 * unit_ms * RN_MS);
    if (status != RN_OK)
        return status;
    return strncmp((*own)->card, "4000", 4) == 0 ? DECLINED : RN_OK;
}

static void give_back(struct order *order)
{
    if (!order->reserved)
        return;
    rn_mutex_lock(&stock_lock);
    order->reserved->stock += order->quantity;
    rn_mutex_unlock(&stock_lock);
    printf("  %d %s put back into stock\n", order->quantity, order->name);
}

static bool check_out(struct rn_ctx *ctx, struct order *order)
{
    int64_t start = rn_now();
    struct rn_group *group = rn_group_make(ctx, 0);

    rn_group_go(group, inventory, order);
    rn_group_go(group, shipping, order);
    rn_group_go(group, payment, order);
    int status = rn_group_wait(group);
    if (status != RN_OK) {
        printf("%s: %s, after %.0f ms\n", order->name, text_of(status),
               example_ms_since(start));
        give_back(order);
        return false;
    }
    int cents = order->quantity * order->reserved->cents;
    cents += order->shipping_cents;
    printf("%s: paid %d.%02d, after %.0f ms\n", order->name, cents / 100,
           cents % 100, example_ms_since(start));
    return true;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    int failed = 0;

    for (int i = 0; i < argc && rn_ctx_err(ctx) == RN_OK; i++) {
        struct order order = {0};
        char rest;

        if (sscanf(argv[i], "%31[^:]:%4d:%7[^:]:%31[^:]%c", order.name,
                   &order.quantity, order.country, order.card, &rest) != 4 ||
            order.quantity < 1) {
            example_error("\"%s\" is not ITEM:QUANTITY:COUNTRY:CARD", argv[i]);
            failed++;
        } else if (!check_out(ctx, &order)) {
            failed++;
        }
    }
    return failed > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"unit-ms", "MS", "the fastest service; the slowest takes three",
         .number = &unit_ms, 0, 60000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--unit-ms MS] ORDER...",
                          .about = "Checks out ITEM:QUANTITY:COUNTRY:CARD.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = -1,
                          .run = run});
}
