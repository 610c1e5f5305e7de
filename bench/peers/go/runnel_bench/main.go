// SPDX-License-Identifier: Apache-2.0

// runnel_bench does in Go what bench/runnel/bench_runnel does with runnel: the
// same lines, the same work, as often, the way a user of Go would write it.
//
//	runnel_bench NAME... [--workers N] [--scale X]
//	runnel_bench --list
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type line struct {
	name    string
	run     func()
	figures string // where they are named otherwise than the line
}

var lines = []line{
	{"yield", yield, ""},
	{"pingpong", pingpong, ""},
	{"spsc", spsc, ""},
	{"mpmc", mpmc, ""},
	{"select2_ready", select2Ready, ""},
	{"select8_ready", select8Ready, ""},
	{"select2_block", select2Block, ""},
	{"select8_block", select8Block, ""},
	{"spawn_seq", spawnSeq, ""},
	{"spawn_batch", spawnBatch, ""},
	{"mutex_uncont", mutexUncont, ""},
	{"mutex_cont", mutexCont, ""},
	{"mutex_queued", mutexQueued, ""},
	{"rw_uncont", rwUncont, ""},
	{"rw_read", rwRead, ""},
	{"ring", ring, ""},
	{"sieve", sieve, ""},
	{"skynet", skynet, ""},
	{"park1m", park1m, "park1m_create park1m_wake park1m_bytes"},
	{"park1m_small", park1mSmall, "park1m_small_create park1m_small_wake park1m_small_bytes"},
	{"timer_fire", timerFire, ""},
	{"timer_far", timerFar, "timer_create timer_stop"},
	{"timer_reset", timerReset, ""},
	{"sleep100k", sleep100k, ""},
	{"ctx_timeout", ctxTimeout, ""},
	{"ctx_cancel", ctxCancel, ""},
	{"ctx_tree", ctxTree, ""},
	{"once", onceDone, ""},
	{"wake", wake, ""},
	{"parallel", parallel, ""},
	{"echo", echo, ""},
}

var scale = 1.0

// count is so many at full scale; at least 1.
func count(atFullScale int) int {
	return max(1, int(float64(atFullScale)*scale))
}

func report(figure, unit string, value float64) {
	fmt.Printf("{\"name\": \"%s\", \"workers\": %d, \"unit\": \"%s\", "+
		"\"value\": %.6g}\n", figure, runtime.GOMAXPROCS(0), unit, value)
}

func reportEach(figure string, begin time.Time, times int) {
	report(figure, "ns", float64(time.Since(begin))/float64(times))
}

func reportMs(figure string, begin time.Time) {
	report(figure, "ms", float64(time.Since(begin))/1e6)
}

// cpuNs is the processor's time that this process has used.
func cpuNs() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil, "getrusage")
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func residentBytes() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	check(err == nil, "statm")
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	check(err == nil, "statm")
	return float64(pages * os.Getpagesize())
}

func check(holds bool, what string) {
	if !holds {
		fmt.Fprintln(os.Stderr, "runnel_bench:", what)
		os.Exit(1)
	}
}

func (l line) names() string {
	if l.figures == "" {
		return l.name
	}
	return l.figures
}

func (l line) is(name string) bool {
	if name == "all" {
		return l.name != "echo"
	}
	if l.name == name {
		return true
	}
	for _, figure := range strings.Fields(l.figures) {
		if figure == name {
			return true
		}
	}
	return false
}

func usage() {
	fmt.Fprintln(os.Stderr,
		"usage: runnel_bench NAME... [--workers N] [--scale X]\n"+
			"       runnel_bench --list")
	os.Exit(2)
}

func main() {
	wanted := map[string]bool{}
	for i := 1; i < len(os.Args); i++ {
		arg := os.Args[i]
		switch {
		case arg == "--list":
			for _, l := range lines {
				fmt.Println(l.name, l.names())
			}
			return
		case arg == "--workers" && i+1 < len(os.Args):
			i++
			workers, _ := strconv.Atoi(os.Args[i])
			runtime.GOMAXPROCS(workers)
		case arg == "--scale" && i+1 < len(os.Args):
			i++
			scale, _ = strconv.ParseFloat(os.Args[i], 64)
		default:
			found := false
			for _, l := range lines {
				if l.is(arg) {
					wanted[l.name] = true
					found = true
				}
			}
			if !found {
				fmt.Fprintln(os.Stderr, "runnel_bench: no line", arg)
				usage()
			}
		}
	}
	if len(wanted) == 0 || !(scale > 0) {
		usage()
	}
	for _, l := range lines {
		if wanted[l.name] {
			l.run()
		}
	}
}
