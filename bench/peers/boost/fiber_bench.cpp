// SPDX-License-Identifier: Apache-2.0
//
// fiber_bench does with Boost.Fiber what bench_runnel does with runnel, as far
// as it has what a line needs: no select, contexts or connections.
//
//     fiber_bench NAME... [--workers N] [--scale X]
//     fiber_bench --list
//
// One worker is the main thread with the usual round-robin scheduler; several
// share their fibers by work stealing. Stacks are pooled where one thread alone
// takes and gives them, as the pool asks for.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include <boost/fiber/all.hpp>

namespace fibers = boost::fibers;
using Clock = std::chrono::steady_clock;
using Channel = fibers::unbuffered_channel<int>;
using Buffered = fibers::buffered_channel<int>;
using Fibers = std::vector<fibers::fiber>;

static double scale = 1;
static unsigned workers = 1;

static long count(long at_full_scale)
{
    return std::max(1L, static_cast<long>(at_full_scale * scale));
}

static double ns_since(Clock::time_point begin)
{
    return std::chrono::duration<double, std::nano>(Clock::now() - begin)
        .count();
}

static void report(const char *name, const char *unit, double value)
{
    std::printf("{\"name\": \"%s\", \"workers\": %u, \"unit\": \"%s\", "
                "\"value\": %.6g}\n",
                name, workers, unit, value);
}

static void report_each(const char *name, Clock::time_point begin, long times)
{
    report(name, "ns", ns_since(begin) / static_cast<double>(times));
}

static void join_all(Fibers &all)
{
    for (auto &fiber : all)
        fiber.join();
}

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "fiber_bench: %s\n", what);
    std::exit(1);
}

static void yield()
{
    long times = count(5000000);
    auto begin = Clock::now();
    Fibers both;
    for (int i = 0; i < 2; i++)
        both.emplace_back([times] {
            for (long n = 0; n < times; n++)
                boost::this_fiber::yield();
        });
    join_all(both);
    report_each("yield", begin, 2 * times);
}

static void play(Channel &in, Channel &out)
{
    for (int ball : in)
        out.push(ball);
    out.close();
}

static void pingpong()
{
    long times = count(2000000);
    int ball;
    Channel there, back;
    fibers::fiber player(play, std::ref(there), std::ref(back));
    auto begin = Clock::now();
    for (long i = 0; i < times; i++) {
        there.push(static_cast<int>(i));
        back.pop(ball);
    }
    report_each("pingpong", begin, times);
    there.close();
    player.join();
}

static void spsc()
{
    long times = count(10000000);
    long received = 0;
    Buffered values(128);
    auto begin = Clock::now();
    fibers::fiber producer([&values, times] {
        for (long i = 0; i < times; i++)
            values.push(static_cast<int>(i));
        values.close();
    });
    for (int value : values)
        received += value >= 0;
    report_each("spsc", begin, times);
    producer.join();
    check(received == times, "spsc: a value was lost");
}

static void mpmc()
{
    enum { EACH = 8 };
    long times = count(1000000);
    long received[EACH] = {};
    Buffered values(128);
    Fibers producers, consumers;
    auto begin = Clock::now();
    for (int i = 0; i < EACH; i++)
        consumers.emplace_back([&values, &received, i] {
            for (int value : values)
                received[i] += value >= 0;
        });
    for (int i = 0; i < EACH; i++)
        producers.emplace_back([&values, times] {
            for (long n = 0; n < times; n++)
                values.push(static_cast<int>(n));
        });
    join_all(producers);
    values.close();
    join_all(consumers);
    report_each("mpmc", begin, EACH * times);
    long all = 0;
    for (long one : received)
        all += one;
    check(all == EACH * times, "mpmc: a value was lost");
}

template <typename Stacks> static void spawn_one_by_one(Stacks stacks)
{
    long times = count(1000000);
    int place = 0;
    auto begin = Clock::now();
    for (long i = 0; i < times; i++)
        fibers::fiber(std::allocator_arg, stacks, [&place] {
            place = 1;
        }).join();
    report_each("spawn_seq", begin, times);
    check(place == 1, "spawn_seq: nothing ran");
}

template <typename Stacks> static void spawn_many(Stacks stacks)
{
    enum { BATCH = 1000 };
    long batches = count(1000);
    std::vector<int> places(BATCH);
    auto begin = Clock::now();
    for (long b = 0; b < batches; b++) {
        Fibers all;
        all.reserve(BATCH);
        for (int i = 0; i < BATCH; i++)
            all.emplace_back(std::allocator_arg, stacks,
                             [place = &places[i]] { *place = 1; });
        join_all(all);
    }
    report_each("spawn_batch", begin, batches * BATCH);
}

static void spawn_seq()
{
    if (workers > 1)
        spawn_one_by_one(fibers::default_stack());
    else
        spawn_one_by_one(fibers::pooled_fixedsize_stack());
}

static void spawn_batch()
{
    if (workers > 1)
        spawn_many(fibers::default_stack());
    else
        spawn_many(fibers::pooled_fixedsize_stack());
}

static void mutex_uncont()
{
    fibers::mutex mutex;
    volatile long counter = 0;
    long times = count(20000000);
    auto begin = Clock::now();
    for (long i = 0; i < times; i++) {
        mutex.lock();
        counter = counter + 1;
        mutex.unlock();
    }
    report_each("mutex_uncont", begin, times);
}

static void contend(const char *name, long times, bool yields)
{
    enum { RIVALS = 8 };
    fibers::mutex mutex;
    volatile long counter = 0;
    Fibers all;
    auto begin = Clock::now();
    for (int i = 0; i < RIVALS; i++)
        all.emplace_back([&mutex, &counter, times, yields] {
            for (long n = 0; n < times; n++) {
                mutex.lock();
                counter = counter + 1;
                if (yields)
                    boost::this_fiber::yield();
                mutex.unlock();
            }
        });
    join_all(all);
    report_each(name, begin, RIVALS * times);
    check(counter == RIVALS * times, "mutex: no exclusion");
}

static void mutex_cont()
{
    contend("mutex_cont", count(1000000), false);
}

static void mutex_queued()
{
    contend("mutex_queued", count(200000), true);
}

static void ring()
{
    enum { MEMBERS = 1000 };
    long rounds = count(2000);
    int token;
    std::vector<std::unique_ptr<Channel>> links(MEMBERS);
    for (auto &link : links)
        link = std::make_unique<Channel>();
    Fibers all;
    for (int i = 0; i + 1 < MEMBERS; i++)
        all.emplace_back(play, std::ref(*links[i]), std::ref(*links[i + 1]));
    auto begin = Clock::now();
    for (long i = 0; i < rounds; i++) {
        links[0]->push(static_cast<int>(i));
        links[MEMBERS - 1]->pop(token);
    }
    report_each("ring", begin, rounds * MEMBERS);
    links[0]->close();
    join_all(all);
}

static void sleep100k()
{
    long times = count(100000);
    std::clock_t begin = std::clock();
    Fibers all;
    all.reserve(static_cast<size_t>(times));
    // Without guards: with them the system gives no more than 32,000 stacks.
    for (long i = 0; i < times; i++)
        all.emplace_back(std::allocator_arg, fibers::default_stack(16384),
                         [ms = 1 + i % 100] {
                             boost::this_fiber::sleep_for(
                                 std::chrono::milliseconds(ms));
                         });
    join_all(all);
    report("sleep100k", "ns",
           1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC /
               static_cast<double>(times));
}

static const struct {
    const char *name;
    void (*run)();
} lines[] = {
    {"yield", yield},
    {"pingpong", pingpong},
    {"spsc", spsc},
    {"mpmc", mpmc},
    {"spawn_seq", spawn_seq},
    {"spawn_batch", spawn_batch},
    {"mutex_uncont", mutex_uncont},
    {"mutex_cont", mutex_cont},
    {"mutex_queued", mutex_queued},
    {"ring", ring},
    {"sleep100k", sleep100k},
};

// Gives threads beside the main one to the fibers until it is destroyed.
class Helpers
{
  public:
    explicit Helpers(unsigned number)
    {
        for (unsigned i = 1; i < number; i++)
            threads.emplace_back([this, number] {
                fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(
                    number);
                std::unique_lock<fibers::mutex> lock(mutex);
                ended.wait(lock, [this] { return over; });
            });
        if (number > 1)
            fibers::use_scheduling_algorithm<fibers::algo::work_stealing>(
                number);
    }
    ~Helpers()
    {
        {
            std::unique_lock<fibers::mutex> lock(mutex);
            over = true;
        }
        ended.notify_all();
        for (auto &thread : threads)
            thread.join();
    }

  private:
    fibers::mutex mutex;
    fibers::condition_variable_any ended;
    bool over = false;
    std::vector<std::thread> threads;
};

int main(int argc, char **argv)
{
    std::vector<const char *> names;
    for (int i = 1; i < argc; i++) {
        if (!std::strcmp(argv[i], "--list")) {
            for (const auto &line : lines)
                std::printf("%s %s\n", line.name, line.name);
            return 0;
        }
        if (!std::strcmp(argv[i], "--workers") && i + 1 < argc)
            workers = static_cast<unsigned>(std::atoi(argv[++i]));
        else if (!std::strcmp(argv[i], "--scale") && i + 1 < argc)
            scale = std::atof(argv[++i]);
        else
            names.push_back(argv[i]);
    }
    Helpers helpers(std::max(1u, workers));
    for (const char *name : names)
        for (const auto &line : lines)
            if (!std::strcmp(name, line.name))
                line.run();
    return 0;
}
