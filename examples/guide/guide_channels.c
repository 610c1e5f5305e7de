/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_channels.c: what channels do; the channels chapter shows its parts.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: meet */
static void greet(rn_sender(const char *) *own)
{
    rn_send(*own, "hello");
    rn_send(*own, "from another goroutine");
    rn_close(*own);
}

static void meet(void)
{
    rn_chan(const char *) words = rn_chan_make(const char *, 0);
    rn_go(greet, rn_send_end(words));
    rn_range (const char *, word, words)
        printf("%s\n", word);
    rn_chan_free(words);
}
/* guide: end meet */

/* guide: buffer */
static void run_ahead(void)
{
    rn_chan(int) numbers = rn_chan_make(int, 2);
    rn_send(numbers, 1);
    rn_send(numbers, 2); /* nobody receives yet: there is room */
    printf("%zu of %zu places taken\n", rn_chan_len(numbers),
           rn_chan_cap(numbers));
    if (rn_try_send(numbers, 3) == RN_AGAIN)
        printf("full: rn_send would wait here\n");
    rn_chan_free(numbers);
}
/* guide: end buffer */

/* guide: ends */
struct adder {
    rn_receiver(int) numbers;
    rn_sender(int) sum;
};

static void add(struct adder *own)
{
    int sum = 0;
    rn_range (int, number, own->numbers)
        sum += number;
    rn_send(own->sum, sum);
}

static void give_each_its_end(void)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    rn_chan(int) sum = rn_chan_make(int, 0);
    rn_go(add, (struct adder){rn_recv_end(numbers), rn_send_end(sum)});
    for (int i = 1; i <= 100; i++)
        rn_send(numbers, i);
    rn_close(numbers);
    int total;
    rn_recv(sum, &total);
    printf("1 + ... + 100 = %d\n", total);
    rn_chan_free(numbers);
    rn_chan_free(sum);
}
/* guide: end ends */

/* guide: closed */
static void see_the_end(void)
{
    rn_chan(int) numbers = rn_chan_make(int, 1);
    rn_send(numbers, 7);
    rn_close(numbers);
    int number;
    bool more = rn_recv(numbers, &number);
    printf("%d, %s\n", number, more ? "more may come" : "that was the end");
    more = rn_recv(numbers, &number);
    printf("%d, %s\n", number, more ? "more may come" : "that was the end");
    rn_chan_free(numbers);
}
/* guide: end closed */

/* guide: drop */
static void close_letter(FILE **letter)
{
    fclose(*letter);
    printf("a letter that nobody read is closed\n");
}

static void own_what_is_sent(void)
{
    rn_chan(FILE *) letters = rn_chan_make(FILE *, 2);
    rn_chan_set_drop(letters, close_letter);
    rn_send(letters, tmpfile());
    rn_send(letters, tmpfile());
    FILE *mine;
    rn_recv(letters, &mine);
    fclose(mine);
    rn_chan_free(letters);
}
/* guide: end drop */

static int start(void *arg)
{
    (void)arg;
    meet();
    run_ahead();
    give_each_its_end();
    see_the_end();
    own_what_is_sent();
    return 0;
}

int main(void)
{
    return rn_run(start, NULL);
}
