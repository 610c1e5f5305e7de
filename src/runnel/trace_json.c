/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_json.c: all rings in one pass, in the order of time.
 *
 * Rings begin at different times when some have lost events; what is older than
 * the youngest of those beginnings is left out, so that the rest is complete:
 * whoever starts was made ready before, unless that was before the trace.
 *
 * What is written:
 *
 *     "B" "E"     slices on the track of a thread: goroutines that run, and
 *                 regions within them, which end and begin again with them;
 *                 calls that block; waits of foreign threads
 *     "s" "f"     an arrow "wake" from who made a goroutine ready to its slice,
 *                 or ended the wait of a foreign thread to the end of that wait
 *     "b" "e"     a region as a whole, by the goroutine's id
 *     "i"         what happens at a moment
 *     "C"         curves
 *     "M"         names of tracks
 *
 * Slices come as pairs rather than whole ("X"): then the order of the file is
 * that of time, and of nesting within one nanosecond.
 */
#include "trace_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "os.h"
#include "report.h"
#include "trace_out.h"
#include "trace_ring.h"
#include "trace_who.h"

/* Tracks of threads without a ring come after those of workers. */
#define THREADS_FROM   10000u
#define TRACKS         (TRACE_RINGS + TRACE_THREADS + 1)
/* Between two points of a curve, at least. */
#define CURVE_INTERVAL (10 * RN_US)

struct track {
    bool seen;
    bool blocks;      /* a thread for calls that block */
    bool in_call;     /* of those */
    bool waits;       /* a foreign thread */
    uint64_t running; /* goroutine; 0: none */
};

struct source {
    struct trace_view view;
    struct trace_event next;
    bool left; /* `next` is one */
};

struct curve {
    int64_t value;
    int64_t shown;
    uint64_t at_ns; /* when it was shown; UINT64_MAX: never */
};

struct writer {
    struct trace_out out;
    struct source sources[TRACE_RINGS];
    unsigned source_count;
    struct track tracks[TRACKS];
    unsigned track_count; /* up to the last one seen */
    struct whos whos;
    uint64_t flows; /* arrows so far */
    uint64_t lost;
    uint64_t cut; /* ticks: everything is there from here ... */
    uint64_t end; /* ... to here */
    double ns_per_tick;
    struct curve alive;
    struct curve ready;
    bool comma;
    bool out_of_memory;
    /* Of the event at hand. */
    unsigned tid;
    uint64_t ns;
    char buffer[TRACE_OUT_BYTES];
};

/* ------------------------------------------------------------------ pieces */

/* The beginning of a JSON event on the current track, now. */
static void begin(struct writer *w, const char *ph)
{
    out_text(&w->out, w->comma ? ",\n{\"ph\":\"" : "\n{\"ph\":\"");
    w->comma = true;
    out_text(&w->out, ph);
    out_text(&w->out, "\",\"pid\":1,\"tid\":");
    out_number(&w->out, w->tid);
    out_text(&w->out, ",\"ts\":");
    out_time(&w->out, w->ns);
}

static void add_name(struct writer *w, const char *name)
{
    out_text(&w->out, ",\"name\":");
    out_string(&w->out, "", name);
}

static void add_number(struct writer *w, const char *before, uint64_t number)
{
    out_text(&w->out, before);
    out_number(&w->out, number);
}

static void end(struct writer *w, const char *closing)
{
    out_text(&w->out, closing);
}

/* At a moment, with a number of what it is. */
static void instant(struct writer *w, const char *name, const char *what,
                    int64_t number)
{
    begin(w, "i");
    add_name(w, name);
    out_text(&w->out, ",\"s\":\"t\",\"args\":{");
    out_string(&w->out, "", what);
    out_text(&w->out, ":");
    out_signed(&w->out, number);
    end(w, "}}");
}

static void curve(struct writer *w, const char *name, int64_t value)
{
    begin(w, "C");
    add_name(w, name);
    out_text(&w->out, ",\"args\":{\"value\":");
    out_signed(&w->out, value);
    end(w, "}}");
}

static void show(struct writer *w, struct curve *c, const char *name, bool last)
{
    if (c->at_ns == UINT64_MAX ||
        (c->value != c->shown &&
         (last || w->ns - c->at_ns >= (uint64_t)CURVE_INTERVAL))) {
        curve(w, name, c->value);
        c->shown = c->value;
        c->at_ns = w->ns;
    }
}

static void show_curves(struct writer *w, bool last)
{
    show(w, &w->alive, "goroutines", last);
    show(w, &w->ready, "ready goroutines", last);
}

/*
 * An arrow from here to where it goes on; here is a slice, or made one. `to` is
 * whose number `number` is.
 */
static void arrow_to(struct writer *w, const struct track *track,
                     struct who *who, const char *to, uint64_t number)
{
    bool within = track->running || track->in_call;
    if (!within) {
        begin(w, "B");
        end(w, ",\"name\":\"wake\",\"cat\":\"wake\"}");
    }
    who->flow = ++w->flows;
    begin(w, "s");
    add_number(w, ",\"name\":\"wake\",\"cat\":\"wake\",\"id\":", who->flow);
    out_text(&w->out, ",\"args\":{");
    out_string(&w->out, "", to);
    add_number(w, ":", number);
    end(w, "}}");
    if (!within) {
        begin(w, "E");
        end(w, "}");
    }
}

static void arrow(struct writer *w, const struct track *track, struct who *who)
{
    arrow_to(w, track, who, "goroutine", who->key);
}

/* The arrow to here, if there is one; within the slice that it leads to. */
static void arrow_ends(struct writer *w, struct who *who)
{
    if (who->flow == 0)
        return;
    begin(w, "f");
    add_number(w, ",\"bp\":\"e\",\"name\":\"wake\",\"cat\":\"wake\",\"id\":",
               who->flow);
    end(w, "}");
    who->flow = 0;
}

static struct who *find_who(struct writer *w, uint64_t key)
{
    struct who *who = who_find(&w->whos, key);
    if (!who)
        w->out_of_memory = true;
    return who;
}

/* ----------------------------------------------------------------- regions */

static void whole_region(struct writer *w, const char *ph,
                         const struct who *who, const char *name)
{
    begin(w, ph);
    add_name(w, name);
    add_number(w, ",\"cat\":\"region\",\"id\":\"", who->key);
    end(w, "\"}");
}

static void region_slice(struct writer *w, const char *name)
{
    begin(w, "B");
    add_name(w, name);
    end(w, ",\"cat\":\"region\"}");
}

/* Who leaves its track, or comes to one. */
static void close_slices(struct writer *w, const struct who *who)
{
    const char *names[WHO_DEPTH];
    for (size_t left = who_open(&w->whos, who, names); left > 0; left--) {
        begin(w, "E");
        end(w, "}");
    }
}

static void open_slices(struct writer *w, const struct who *who)
{
    const char *names[WHO_DEPTH];
    for (size_t left = who_open(&w->whos, who, names); left > 0; left--)
        region_slice(w, names[left - 1]);
}

/* Ends the `count` innermost ones, on the track that they are on. */
static void end_regions(struct writer *w, struct who *who, size_t count)
{
    const char *names[WHO_DEPTH];
    who_open(&w->whos, who, names);
    for (size_t i = 0; i < count; i++) {
        begin(w, "E");
        end(w, "}");
        whole_region(w, "e", who, names[i]);
        who_pop(&w->whos, who);
    }
}

/* All of them. */
static void end_all_regions(struct writer *w, struct who *who)
{
    while (who->depth > WHO_DEPTH)
        who_pop(&w->whos, who);
    end_regions(w, who, who->depth);
}

static void region_begins(struct writer *w, struct who *who, const char *name)
{
    if (who->depth < WHO_DEPTH) {
        whole_region(w, "b", who, name);
        region_slice(w, name);
    }
    if (!who_push(&w->whos, who, name))
        w->out_of_memory = true;
}

static void region_ends(struct writer *w, struct who *who, const char *name)
{
    const char *names[WHO_DEPTH];
    if (who->depth > WHO_DEPTH) {
        who_pop(&w->whos, who);
        return;
    }
    size_t count = who_open(&w->whos, who, names);
    for (size_t i = 0; i < count; i++)
        if (names[i] == name || strcmp(names[i], name) == 0) {
            end_regions(w, who, i + 1);
            return;
        }
}

/* -------------------------------------------------------------- goroutines */

static void set_state(struct writer *w, struct who *who, enum who_state state)
{
    w->ready.value += (state == WHO_READY) - (who->state == WHO_READY);
    who->state = state;
}

static void add_label(struct writer *w, uint32_t number)
{
    const struct trace_label *label = trace_label(number);
    if (label->name[0])
        add_name(w, label->name);
    else
        add_name(w, label->where ? label->where : "goroutine");
}

/* Where a channel was made, into the arguments of an event. */
static void add_made_at(struct writer *w, const struct trace_event *event)
{
    const char *made_at = (const char *)(uintptr_t)event->b;
    if (!made_at)
        return;
    out_text(&w->out, ",\"made_at\":");
    out_string(&w->out, "", made_at);
}

static void leaves(struct writer *w, struct track *track,
                   const struct trace_event *event)
{
    struct who *who = find_who(w, track->running);
    const char *left = "yield";
    track->running = 0;
    if (!who)
        return;
    if (trace_left(event) == LEFT_PARKED)
        left = report_reason(trace_reason(event));
    else if (trace_left(event) == LEFT_ENDED)
        left = "end";
    if (trace_left(event) == LEFT_ENDED) {
        end_all_regions(w, who);
    } else {
        close_slices(w, who);
    }
    begin(w, "E");
    out_text(&w->out, ",\"args\":{\"left\":");
    out_string(&w->out, "", left);
    add_made_at(w, event);
    end(w, "}}");
    set_state(w, who,
              trace_left(event) == LEFT_PARKED    ? WHO_WAITS
              : trace_left(event) == LEFT_YIELDED ? WHO_READY
                                                  : WHO_ENDED);
    w->alive.value -= trace_left(event) == LEFT_ENDED;
}

static void starts(struct writer *w, struct track *track, struct who *who,
                   const struct trace_event *event)
{
    const struct trace_label *label = trace_label(event->label);
    begin(w, "B");
    add_label(w, event->label);
    add_number(w, ",\"cat\":\"goroutine\",\"args\":{\"goroutine\":", who->key);
    if (label->where) {
        out_text(&w->out, ",\"created_at\":");
        out_string(&w->out, "", label->where);
    }
    end(w, "}}");
    arrow_ends(w, who);
    open_slices(w, who);
    set_state(w, who, WHO_RUNS);
    track->running = who->key;
}

static void created(struct writer *w, const struct track *track,
                    struct who *who, const struct trace_event *event)
{
    begin(w, "i");
    out_text(&w->out, ",\"name\":\"create\",\"s\":\"t\"");
    add_number(w, ",\"args\":{\"goroutine\":", who->key);
    const struct trace_label *label = trace_label(event->label);
    if (label->name[0]) {
        out_text(&w->out, ",\"name\":");
        out_string(&w->out, "", label->name);
    }
    end(w, "}}");
    w->alive.value++;
    set_state(w, who, WHO_READY);
    arrow(w, track, who);
}

/* ------------------------------------------------------------------ events */

static void in_call(struct writer *w, struct track *track,
                    const struct trace_event *event)
{
    struct who *who = find_who(w, who_thread(event->thread));
    bool begins = event->kind == TRACE_BLOCK_BEGIN;
    track->blocks = true;
    if (track->in_call && who) {
        end_all_regions(w, who);
        begin(w, "E");
        end(w, "}");
    }
    if (begins) {
        begin(w, "B");
        add_number(w, ",\"name\":\"blocking call\",\"args\":{\"goroutine\":",
                   event->a);
        end(w, "}}");
    }
    track->in_call = begins;
}

static void foreign_waits(struct writer *w, struct track *track,
                          const struct trace_event *event)
{
    track->waits = true;
    begin(w, "B");
    out_text(&w->out, ",\"name\":\"waits\",\"cat\":\"wait\","
                      "\"args\":{\"reason\":");
    out_string(&w->out, "", report_reason(trace_reason(event)));
    add_made_at(w, event);
    end(w, "}}");
}

static void foreign_goes_on(struct writer *w, struct track *track,
                            const struct trace_event *event)
{
    struct who *who = find_who(w, who_thread(event->thread));
    if (!track->waits)
        return; /* since before the trace */
    if (who)
        arrow_ends(w, who);
    track->waits = false;
    begin(w, "E");
    end(w, "}");
}

static void foreign_woken(struct writer *w, const struct track *track,
                          const struct trace_event *event)
{
    struct who *who = find_who(w, who_thread((unsigned)event->a));
    if (who)
        arrow_to(w, track, who, "thread", event->a);
}

/* Whose region it is: a goroutine that is known to run here, or the thread. */
static struct who *owner(struct writer *w, const struct track *track,
                         const struct trace_event *event, unsigned ring)
{
    if (ring == 0)
        return find_who(w, who_thread(event->thread));
    return track->running ? find_who(w, track->running) : NULL;
}

static struct track *track_of(struct writer *w, unsigned ring,
                              const struct trace_event *event)
{
    unsigned number = ring ? ring : TRACE_RINGS + event->thread;
    if (number >= w->track_count)
        w->track_count = number + 1;
    w->tracks[number].seen = true;
    return &w->tracks[number];
}

/* What became of a goroutine. */
static void take_of(struct writer *w, struct track *track,
                    const struct trace_event *event)
{
    if (event->kind == TRACE_SWITCH && track->running)
        leaves(w, track, event);
    else if (event->kind == TRACE_SWITCH && trace_left(event) == LEFT_ENDED)
        w->alive.value--; /* it was not known to run */
    struct who *who = event->a ? find_who(w, event->a) : NULL;
    if (!who)
        return;
    if (event->kind == TRACE_SWITCH) {
        starts(w, track, who, event);
    } else if (event->kind == TRACE_CREATED) {
        created(w, track, who, event);
    } else {
        set_state(w, who, WHO_READY);
        arrow(w, track, who);
    }
}

static void take_region(struct writer *w, struct who *who,
                        const struct trace_event *event)
{
    const char *name = (const char *)(uintptr_t)event->a;
    if (who && event->kind == TRACE_REGION_BEGIN)
        region_begins(w, who, name);
    else if (who)
        region_ends(w, who, name);
}

static void take(struct writer *w, unsigned ring,
                 const struct trace_event *event)
{
    struct track *track = track_of(w, ring, event);
    switch ((enum trace_kind)event->kind) {
    case TRACE_CREATED:
    case TRACE_READY:
    case TRACE_SWITCH:
        take_of(w, track, event);
        break;
    case TRACE_READY_THREAD:
        foreign_woken(w, track, event);
        break;
    case TRACE_WAIT_BEGIN:
        foreign_waits(w, track, event);
        break;
    case TRACE_WAIT_END:
        foreign_goes_on(w, track, event);
        break;
    case TRACE_SEAT:
        instant(w, event->b ? "seat taken" : "seat left", "worker",
                (int64_t)event->a);
        break;
    case TRACE_STEAL:
        instant(w, "steal", "from_worker", (int64_t)event->a);
        break;
    case TRACE_POLL:
        instant(w, "poll", "ready", (int64_t)event->a);
        break;
    case TRACE_TIMER:
        instant(w, "timer", "late_ns", (int64_t)event->a);
        break;
    case TRACE_BLOCK_BEGIN:
    case TRACE_BLOCK_END:
        in_call(w, track, event);
        break;
    case TRACE_REGION_BEGIN:
    case TRACE_REGION_END:
        take_region(w, owner(w, track, event, ring), event);
        break;
    case TRACE_INSTANT:
        instant(w, (const char *)(uintptr_t)event->a, "value",
                (int64_t)event->b);
        break;
    case TRACE_COUNTER:
        curve(w, (const char *)(uintptr_t)event->a, (int64_t)event->b);
        break;
    case TRACE_NONE:
        break;
    }
}

/* ----------------------------------------------------------- in their order */

static void open_sources(struct writer *w)
{
    w->source_count = 0;
    for (unsigned ring = 0; ring < TRACE_RINGS; ring++) {
        struct source *source = &w->sources[w->source_count];
        if (!trace_view(ring, &source->view))
            continue;
        source->left = trace_next(&source->view, &source->next);
        w->source_count++;
    }
}

static bool in_window(const struct writer *w, const struct trace_event *event)
{
    return event->time >= w->cut && event->time <= w->end;
}

/* What is whole, and how many goroutines there were at its beginning. */
static void find_window(struct writer *w)
{
    w->cut = trace_span()->begin_ticks;
    w->end = trace_span()->end_ticks;
    w->lost = trace_unrecorded();
    open_sources(w);
    for (unsigned i = 0; i < w->source_count; i++) {
        const struct source *source = &w->sources[i];
        w->lost += source->view.lost;
        if (source->view.lost > 0 && source->left && source->next.time > w->cut)
            w->cut = source->next.time;
    }
    for (unsigned i = 0; i < w->source_count; i++) {
        struct source *source = &w->sources[i];
        for (; source->left;
             source->left = trace_next(&source->view, &source->next)) {
            const struct trace_event *event = &source->next;
            w->lost += event->time < w->cut;
            if (!in_window(w, event))
                continue;
            w->alive.value -= event->kind == TRACE_CREATED;
            w->alive.value +=
                event->kind == TRACE_SWITCH && trace_left(event) == LEFT_ENDED;
        }
    }
}

static uint64_t ns_of(const struct writer *w, uint64_t ticks)
{
    return (uint64_t)((double)(ticks - trace_span()->begin_ticks) *
                      w->ns_per_tick);
}

/* The source whose next event is the oldest, and the time of the second. */
static struct source *oldest(struct writer *w, uint64_t *second)
{
    struct source *first = NULL;
    *second = UINT64_MAX;
    for (unsigned i = 0; i < w->source_count; i++) {
        struct source *source = &w->sources[i];
        if (!source->left)
            continue;
        if (!first || source->next.time < first->next.time) {
            *second = first ? first->next.time : UINT64_MAX;
            first = source;
        } else if (source->next.time < *second) {
            *second = source->next.time;
        }
    }
    return first;
}

static void take_all(struct writer *w)
{
    uint64_t second;
    open_sources(w);
    for (struct source *s = oldest(w, &second); s; s = oldest(w, &second))
        while (s->left && s->next.time <= second) {
            if (in_window(w, &s->next)) {
                w->ns = ns_of(w, s->next.time);
                w->tid =
                    s->view.ring ? s->view.ring : THREADS_FROM + s->next.thread;
                take(w, s->view.ring, &s->next);
                show_curves(w, false);
            }
            s->left = trace_next(&s->view, &s->next);
        }
}

/* ----------------------------------------------------------- around all that */

static void name_track(struct writer *w, unsigned number, const char *kind)
{
    w->ns = 0;
    begin(w, "M");
    out_text(&w->out, ",\"name\":\"thread_name\",\"args\":{\"name\":\"");
    out_text(&w->out, kind);
    out_number(&w->out, number);
    end(w, "\"}}");
    begin(w, "M");
    add_number(
        w, ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":", w->tid);
    end(w, "}}");
}

static void name_tracks(struct writer *w)
{
    w->tid = 0;
    w->ns = 0;
    begin(w, "M");
    out_text(&w->out, ",\"name\":\"process_name\",\"args\":{\"name\":");
    out_string(&w->out, "", program_invocation_short_name);
    end(w, "}}");
    for (unsigned i = 0; i < w->track_count; i++) {
        const struct track *track = &w->tracks[i];
        if (!track->seen)
            continue;
        unsigned thread = i - TRACE_RINGS;
        w->tid = i < TRACE_RINGS ? i : THREADS_FROM + thread;
        if (i < TRACE_RINGS)
            name_track(w, i - 1, "worker ");
        else
            name_track(w, thread,
                       track->blocks ? "blocking thread " : "thread ");
    }
}

/* What still runs at the end. */
static void close_tracks(struct writer *w)
{
    for (unsigned i = 0; i < w->track_count; i++) {
        struct track *track = &w->tracks[i];
        if (!track->seen)
            continue;
        unsigned thread = i - TRACE_RINGS;
        w->tid = i < TRACE_RINGS ? i : THREADS_FROM + thread;
        uint64_t key = i < TRACE_RINGS ? track->running : who_thread(thread);
        const struct who *who = key ? find_who(w, key) : NULL;
        if (track->waits) {
            begin(w, "E");
            end(w, "}");
        }
        if (who)
            close_slices(w, who);
        if (track->running || track->in_call) {
            begin(w, "E");
            end(w, "}");
        }
    }
}

/* Regions as a whole that are still open. */
static void close_regions(struct writer *w)
{
    w->tid = 0;
    for (size_t i = 0; i < w->whos.places; i++) {
        struct who *who = &w->whos.table[i];
        if (who->key == 0)
            continue;
        const char *names[WHO_DEPTH];
        size_t count = who_open(&w->whos, who, names);
        for (size_t j = 0; j < count; j++)
            whole_region(w, "e", who, names[j]);
    }
}

static void tell_lost(struct writer *w)
{
    if (w->lost == 0)
        return;
    w->tid = 0;
    w->ns = ns_of(w, w->cut);
    begin(w, "i");
    out_text(&w->out, ",\"name\":\"older events are lost\",\"s\":\"g\"");
    add_number(w, ",\"args\":{\"events\":", w->lost);
    end(w, "}}");
}

static void write_all(struct writer *w)
{
    const struct trace_span *span = trace_span();
    out_text(&w->out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    tell_lost(w);
    take_all(w);
    w->ns = ns_of(w, w->end);
    close_tracks(w);
    close_regions(w);
    show_curves(w, true);
    name_tracks(w);
    add_number(w, "\n],\n\"otherData\":{\"lost_events\":", w->lost);
    add_number(w, ",\"begin_ns\":", (uint64_t)span->begin_ns);
    add_number(w, ",\"end_ns\":", (uint64_t)span->end_ns);
    end(w, "}}\n");
    out_flush(&w->out);
}

int trace_json(const struct trace_sink *sink, size_t alive)
{
    /* Zeroed pages, of which few are touched. */
    struct writer *w = os_map(sizeof(*w));
    if (!w)
        return RN_NOMEM;
    w->out = (struct trace_out){.sink = sink, .buffer = w->buffer};
    w->alive = (struct curve){.value = (int64_t)alive, .at_ns = UINT64_MAX};
    w->ready = (struct curve){.at_ns = UINT64_MAX};
    w->ns_per_tick = trace_span()->ns_per_tick;
    find_window(w);
    write_all(w);
    int status = w->out.status;
    if (status == RN_OK && w->out_of_memory)
        status = RN_NOMEM;
    who_drop(&w->whos);
    os_unmap(w, sizeof(*w));
    return status;
}
