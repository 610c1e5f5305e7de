/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkout.c: three services at once; the first error cancels the others.
 *
 * An order needs goods from the stock, a shipping quote and a payment. They do
 * not depend on each other, so the customer waits for the slowest and not for
 * the sum. Look at check_out: the group starts three functions with a context in
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

#include "common/example.h"
#include "shop.h"

static bool check_out(struct rn_ctx *ctx, struct order *order)
{
    int64_t start = rn_now();
    struct rn_group *group = rn_group_make(ctx, 0);

    rn_group_go(group, shop_inventory, order);
    rn_group_go(group, shop_shipping, order);
    rn_group_go(group, shop_payment, order);
    int status = rn_group_wait(group);
    if (status != RN_OK) {
        printf("%s: %s, after %.0f ms\n", order->name, shop_text(status),
               example_ms_since(start));
        if (shop_give_back(order))
            printf("  %d %s put back into stock\n", order->quantity,
                   order->name);
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
         .number = &shop_unit_ms, 0, 60000},
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
