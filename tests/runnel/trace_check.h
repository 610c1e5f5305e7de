/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_check.h: takes a trace, parses it, and checks what holds of every one.
 *
 *     struct traced trace = {0};
 *
 *     if (trace_begin(&trace, 0)) {
 *         ...
 *         trace_end(&trace); // checked as a whole
 *         ... trace_count(&trace, 'i', "create") ...
 *     }
 *     trace_free(&trace);
 */
#ifndef TRACE_CHECK_H
#define TRACE_CHECK_H

#include <stdlib.h>

#include <jansson.h>
#include <runnel/runnel.h>

#include "check.h"

/* Goroutines, arrows and tracks that are told apart. */
#define TRACE_GOROUTINES   4096
#define TRACE_ARROWS       65536
#define TRACE_TRACKS       80000
/* The track of the thread of that number without a ring is so much higher. */
#define TRACE_THREADS_FROM 10000

struct traced {
    char *text;
    size_t size;
    json_t *root;
    json_t *events;
};

static inline int trace_take(void *arg, const char *data, size_t size)
{
    struct traced *trace = arg;
    char *text = realloc(trace->text, trace->size + size);

    if (!text)
        return RN_NOMEM;
    memcpy(text + trace->size, data, size);
    trace->text = text;
    trace->size += size;
    return RN_OK;
}

static inline const char *trace_text(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    return text ? text : "";
}

static inline int64_t trace_number(const json_t *event, const char *key)
{
    return json_integer_value(json_object_get(event, key));
}

static inline char trace_ph(const json_t *event)
{
    return trace_text(event, "ph")[0];
}

static inline const char *trace_arg_text(const json_t *event, const char *key)
{
    return trace_text(json_object_get(event, "args"), key);
}

static inline int64_t trace_arg(const json_t *event, const char *key)
{
    return trace_number(json_object_get(event, "args"), key);
}

static inline bool trace_is(const json_t *event, char ph, const char *name)
{
    return trace_ph(event) == ph &&
           strcmp(trace_text(event, "name"), name) == 0;
}

static inline size_t trace_size(const struct traced *trace)
{
    return json_array_size(trace->events);
}

/* NULL: there is none. */
static inline json_t *trace_at(const struct traced *trace, size_t i)
{
    return json_array_get(trace->events, i);
}

static inline size_t trace_count(const struct traced *trace, char ph,
                                 const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < trace_size(trace); i++)
        count += trace_is(trace_at(trace, i), ph, name);
    return count;
}

/* The last event of that kind, or NULL. */
static inline json_t *trace_last(const struct traced *trace, char ph,
                                 const char *name)
{
    json_t *last = NULL;

    for (size_t i = 0; i < trace_size(trace); i++)
        if (trace_is(trace_at(trace, i), ph, name))
            last = trace_at(trace, i);
    return last;
}

static inline int64_t trace_lost(const struct traced *trace)
{
    return trace_number(json_object_get(trace->root, "otherData"),
                        "lost_events");
}

/* ------------------------------------------------- what holds of every trace */

struct trace_track {
    double at; /* the newest event */
    int depth; /* open slices */
    int64_t runs;
};

/* What is known of a goroutine. */
enum trace_state {
    TRACE_NEW,
    TRACE_READY,
    TRACE_RUNS,
    TRACE_WAITS,
    TRACE_OVER
};

struct trace_world {
    struct trace_track tracks[TRACE_TRACKS];
    int64_t last_track;
    unsigned char state[TRACE_GOROUTINES];
    /* Who is made ready by it, below 0 a thread; 0: none, or used. */
    int64_t arrow[TRACE_ARROWS];
    double sent[TRACE_ARROWS];
    int64_t due[TRACE_GOROUTINES]; /* the arrow that has to end at its start */
    long regions;                  /* open as a whole */
};

static inline void trace_slice(struct trace_world *world, json_t *event,
                               json_t *next)
{
    struct trace_track *track = &world->tracks[trace_number(event, "tid")];
    int64_t id = trace_arg(event, "goroutine");

    track->depth++;
    if (strcmp(trace_text(event, "cat"), "goroutine") != 0)
        return;
    CHECK_MSG(track->depth == 1, "goroutine %d runs within another slice",
              (int)id);
    CHECK_MSG(world->state[id] == TRACE_READY || world->state[id] == TRACE_NEW,
              "goroutine %d starts in state %d", (int)id, world->state[id]);
    if (world->due[id] != 0)
        CHECK_MSG(next && trace_ph(next) == 'f' &&
                      trace_number(next, "id") == world->due[id],
                  "no arrow ends where goroutine %d starts", (int)id);
    world->due[id] = 0;
    world->state[id] = TRACE_RUNS;
    track->runs = id;
}

static inline void trace_slice_end(struct trace_world *world, json_t *event)
{
    struct trace_track *track = &world->tracks[trace_number(event, "tid")];
    const char *left = trace_arg_text(event, "left");

    CHECK_MSG(track->depth-- > 0, "an end without a begin");
    if (track->depth > 0 || track->runs == 0)
        return;
    if (strcmp(left, "yield") == 0)
        world->state[track->runs] = TRACE_READY;
    else
        world->state[track->runs] =
            strcmp(left, "end") == 0 ? TRACE_OVER : TRACE_WAITS;
    track->runs = 0;
}

static inline void trace_arrow(struct trace_world *world, const json_t *event)
{
    int64_t arrow = trace_number(event, "id");
    double at = json_number_value(json_object_get(event, "ts"));
    int64_t id = trace_arg(event, "goroutine");
    int64_t tid = trace_number(event, "tid");

    if (trace_ph(event) == 's' &&
        json_object_get(json_object_get(event, "args"), "thread")) {
        world->arrow[arrow] = -trace_arg(event, "thread");
        world->sent[arrow] = at;
    } else if (trace_ph(event) == 's') {
        CHECK_MSG(
            world->state[id] == TRACE_NEW || world->state[id] == TRACE_WAITS,
            "goroutine %d is woken in state %d", (int)id, world->state[id]);
        world->state[id] = TRACE_READY;
        world->arrow[arrow] = id;
        world->sent[arrow] = at;
        world->due[id] = arrow;
    } else {
        id = world->tracks[tid].runs;
        if (tid >= TRACE_THREADS_FROM)
            id = TRACE_THREADS_FROM - tid;
        CHECK_MSG(world->arrow[arrow] == id, "arrow %d ends at goroutine %d",
                  (int)arrow, (int)id);
        CHECK(world->sent[arrow] <= at);
        world->arrow[arrow] = 0;
    }
}

/*
 * What the format asks of each event, by the description of the "Trace Event
 * Format": the fields that its phase cannot do without, and their types; that
 * the ends of an arrow lie within slices.
 */
static inline void trace_form(const struct trace_world *world, json_t *event)
{
    const struct trace_track *track =
        &world->tracks[trace_number(event, "tid")];
    const json_t *args = json_object_get(event, "args");
    const char *ph = trace_text(event, "ph");
    const char *scope = trace_text(event, "s");
    const json_t *id = json_object_get(event, "id");
    const json_t *value;
    const char *key;

    CHECK(strlen(ph) == 1 && strchr("BEsfbeiCM", *ph));
    CHECK(json_is_integer(json_object_get(event, "pid")));
    CHECK(json_is_integer(json_object_get(event, "tid")));
    CHECK(json_is_real(json_object_get(event, "ts")) &&
          json_real_value(json_object_get(event, "ts")) >= 0);
    CHECK(!args || json_is_object(args));
    if (*ph != 'E')
        CHECK_MSG(json_is_string(json_object_get(event, "name")),
                  "an event of kind %c has no name", *ph);
    if (strchr("sfbe", *ph))
        CHECK(id && *trace_text(event, "cat"));
    if (strchr("sf", *ph))
        CHECK_MSG(track->depth > 0, "an arrow does not touch a slice");
    if (*ph == 'i')
        CHECK(strcmp(scope, "t") == 0 || strcmp(scope, "g") == 0);
    if (strchr("CM", *ph))
        CHECK(json_object_size(args) > 0);
    if (*ph == 'C')
        json_object_foreach((json_t *)(uintptr_t)args, key, value)
            CHECK(json_is_number(value));
}

/* Checks one event and what it does to the world. */
static inline void trace_event(struct trace_world *world, json_t *event,
                               json_t *next)
{
    struct trace_track *track = &world->tracks[trace_number(event, "tid")];
    double at = json_number_value(json_object_get(event, "ts"));
    char ph = trace_ph(event);

    trace_form(world, event);
    if (ph == 'M')
        return;
    CHECK_MSG(at >= track->at, "a track goes back in time");
    if (trace_number(event, "tid") > world->last_track)
        world->last_track = trace_number(event, "tid");
    track->at = at;
    if (ph == 'B')
        trace_slice(world, event, next);
    else if (ph == 'E')
        trace_slice_end(world, event);
    else if (ph == 's' || ph == 'f')
        trace_arrow(world, event);
    else if (ph == 'b')
        world->regions++;
    else if (ph == 'e')
        world->regions--;
    else
        CHECK_MSG(ph == 'i' || ph == 'C', "an event of kind %c", ph);
}

static inline void trace_check(struct traced *trace)
{
    struct trace_world *world = calloc(1, sizeof(*world));

    for (size_t i = 0; world && i < trace_size(trace); i++)
        trace_event(world, trace_at(trace, i), trace_at(trace, i + 1));
    for (int64_t t = 0; world && t <= world->last_track; t++)
        CHECK_MSG(world->tracks[t].depth == 0, "track %d does not end", (int)t);
    CHECK(world && world->regions == 0);
    free(world);
}

static inline bool trace_parse(struct traced *trace)
{
    json_error_t error;

    trace->root = json_loadb(trace->text, trace->size, 0, &error);
    if (!CHECK_MSG(trace->root, "no JSON: %s, line %d", error.text, error.line))
        return false;
    trace->events = json_object_get(trace->root, "traceEvents");
    return CHECK(json_is_array(trace->events));
}

/* On a thread: jansson knows nothing of small stacks. */
static inline void trace_parse_and_check(void *arg)
{
    if (trace_parse(arg))
        trace_check(arg);
}

static inline bool trace_begin(struct traced *trace, size_t events)
{
    const struct rn_trace_options options = {
        .write = trace_take, .arg = trace, .events = events};

    return CHECK_EQ_INT(rn_trace_start_with(&options), RN_OK);
}

static inline void trace_end(struct traced *trace)
{
    CHECK_EQ_INT(rn_trace_stop(), RN_OK);
    rn_block(trace_parse_and_check, trace);
}

static inline void trace_free(struct traced *trace)
{
    json_decref(trace->root);
    free(trace->text);
    *trace = (struct traced){0};
}

#endif
