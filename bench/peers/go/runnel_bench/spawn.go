// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

func set(place *int32, done *sync.WaitGroup) {
	*place = 1
	done.Done()
}

// Start one, wait for its end; ns for each.
func spawnSeq() {
	times := count(1000000)
	var place int32
	var one sync.WaitGroup
	begin := time.Now()
	for i := 0; i < times; i++ {
		one.Add(1)
		go set(&place, &one)
		one.Wait()
	}
	reportEach("spawn_seq", begin, times)
	check(place == 1, "spawn_seq: nothing ran")
}

// Start a thousand, wait for all; ns for each.
func spawnBatch() {
	const batch = 1000
	batches := count(1000)
	var places [batch]int32
	var all sync.WaitGroup
	begin := time.Now()
	for b := 0; b < batches; b++ {
		for i := 0; i < batch; i++ {
			all.Add(1)
			go set(&places[i], &all)
		}
		all.Wait()
	}
	reportEach("spawn_batch", begin, batches*batch)
	for _, place := range places {
		check(place == 1, "spawn_batch: one did not run")
	}
}

// addLeaves tells the sum of its leaves' numbers: asks ten below it, or is a
// leaf.
func addLeaves(sum chan<- int, first, leaves int) {
	if leaves == 1 {
		sum <- first
		return
	}
	sums := make(chan int)
	below := leaves / 10
	for i := 0; i < 10; i++ {
		go addLeaves(sums, first+i*below, below)
	}
	all := 0
	for i := 0; i < 10; i++ {
		all += <-sums
	}
	sum <- all
}

// A tree of ten branches each, down to a million leaves; ms for all.
func skynet() {
	wanted := count(1000000)
	leaves := 1
	for leaves*10 <= wanted {
		leaves *= 10
	}
	sum := make(chan int)
	begin := time.Now()
	go addLeaves(sum, 0, leaves)
	got := <-sum
	reportMs("skynet", begin)
	check(got == leaves*(leaves-1)/2, "skynet: a wrong sum")
}

// A million goroutines that wait for one channel: ns to start each and have it
// wait, bytes of memory that each takes, ns to wake each and have it end.
func park1m() {
	parkAMillion("park1m")
}

// The same: every goroutine begins with a small stack.
func park1mSmall() {
	parkAMillion("park1m_small")
}

func parkAMillion(name string) {
	times := count(1000000)
	var there, gone sync.WaitGroup
	morning := make(chan int32)
	before := residentBytes()
	begin := time.Now()
	there.Add(times)
	gone.Add(times)
	for i := 0; i < times; i++ {
		go func() {
			there.Done()
			<-morning
			gone.Done()
		}()
	}
	there.Wait()
	reportEach(name+"_create", begin, times)
	report(name+"_bytes", "bytes", (residentBytes()-before)/float64(times))
	begin = time.Now()
	close(morning)
	gone.Wait()
	reportEach(name+"_wake", begin, times)
}

func compute(steps int) uint64 {
	x := uint64(1)
	for i := 0; i < steps; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// 64 goroutines compute without waiting; ms for all.
func parallel() {
	const tasks = 64
	var results [tasks]uint64
	steps := count(2000000)
	var all sync.WaitGroup
	begin := time.Now()
	for i := 0; i < tasks; i++ {
		all.Add(1)
		go func(result *uint64) {
			*result = compute(steps)
			all.Done()
		}(&results[i])
	}
	all.Wait()
	reportMs("parallel", begin)
	for _, result := range results {
		check(result == results[0], "parallel: a wrong result")
	}
}
