// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// A million functions run within 100 ms; CPU ns for each, from its start.
func timerFire() {
	times := count(1000000)
	timers := make([]*time.Timer, times)
	over := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(times))
	begin := cpuNs()
	for i := range timers {
		timers[i] = time.AfterFunc(time.Duration(1+i%100)*time.Millisecond,
			func() {
				if left.Add(-1) == 0 {
					close(over)
				}
			})
	}
	<-over
	report("timer_fire", "ns", float64(cpuNs()-begin)/float64(times))
}

func never() {
	check(false, "timer: fired an hour too early")
}

// A million that are an hour away: ns to make each, ns to stop each.
func timerFar() {
	times := count(1000000)
	stopped := 0
	timers := make([]*time.Timer, times)
	begin := time.Now()
	for i := range timers {
		timers[i] = time.AfterFunc(time.Hour+time.Duration(i), never)
	}
	reportEach("timer_create", begin, times)
	begin = time.Now()
	for _, timer := range timers {
		if timer.Stop() {
			stopped++
		}
	}
	reportEach("timer_stop", begin, times)
	check(stopped == times, "timer: one was not stopped")
}

// One of 10,000 that are an hour away is moved; ns for each.
func timerReset() {
	const live = 10000
	times := count(10000000)
	var timers [live]*time.Timer
	for i := range timers {
		timers[i] = time.AfterFunc(time.Hour+time.Duration(i), never)
	}
	begin := time.Now()
	for i := 0; i < times; i++ {
		timers[i%live].Reset(time.Hour + time.Duration(i))
	}
	reportEach("timer_reset", begin, times)
	for _, timer := range timers {
		timer.Stop()
	}
}

// 100,000 goroutines sleep for 1 to 100 ms; CPU ns for each.
func sleep100k() {
	times := count(100000)
	var all sync.WaitGroup
	begin := cpuNs()
	for i := 0; i < times; i++ {
		all.Add(1)
		go func() {
			time.Sleep(time.Duration(1+i%100) * time.Millisecond)
			all.Done()
		}()
	}
	all.Wait()
	report("sleep100k", "ns", float64(cpuNs()-begin)/float64(times))
}
