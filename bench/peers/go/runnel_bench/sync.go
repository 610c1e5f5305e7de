// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"sync"
	"time"
)

const rivals = 8

var (
	mutex   sync.Mutex
	rwmutex sync.RWMutex
	counter int
	value   int
	sink    int
)

// Nobody else wants it; ns for lock and unlock.
func mutexUncont() {
	times := count(20000000)
	begin := time.Now()
	for i := 0; i < times; i++ {
		mutex.Lock()
		counter++
		mutex.Unlock()
	}
	reportEach("mutex_uncont", begin, times)
}

func contend(figure string, times int, function func(times int)) {
	counter = 0
	var all sync.WaitGroup
	begin := time.Now()
	for i := 0; i < rivals; i++ {
		all.Add(1)
		go func() {
			function(times)
			all.Done()
		}()
	}
	all.Wait()
	reportEach(figure, begin, rivals*times)
	check(counter == rivals*times, "mutex: no exclusion")
}

// Eight want it all the time; ns for each lock and unlock.
func mutexCont() {
	contend("mutex_cont", count(1000000), func(times int) {
		for i := 0; i < times; i++ {
			mutex.Lock()
			counter++
			mutex.Unlock()
		}
	})
}

// Eight, and who has it yields, so that all others queue.
func mutexQueued() {
	contend("mutex_queued", count(200000), func(times int) {
		for i := 0; i < times; i++ {
			mutex.Lock()
			counter++
			runtime.Gosched()
			mutex.Unlock()
		}
	})
}

// The read side, nobody else; ns for lock and unlock.
func rwUncont() {
	times := count(20000000)
	read := 0
	begin := time.Now()
	for i := 0; i < times; i++ {
		rwmutex.RLock()
		read += value
		rwmutex.RUnlock()
	}
	reportEach("rw_uncont", begin, times)
	sink = read
}

// Eight read, one time in a thousand they write; ns for lock and unlock.
func rwRead() {
	value = 0
	times := count(2000000)
	var all sync.WaitGroup
	begin := time.Now()
	for i := 0; i < rivals; i++ {
		all.Add(1)
		go func() {
			read := 0
			for i := 1; i <= times; i++ {
				if i%1000 == 0 {
					rwmutex.Lock()
					value++
					rwmutex.Unlock()
				} else {
					rwmutex.RLock()
					read += value
					rwmutex.RUnlock()
				}
			}
			_ = read
			all.Done()
		}()
	}
	all.Wait()
	reportEach("rw_read", begin, rivals*times)
	check(value == rivals*(times/1000), "rwmutex: no exclusion")
}

// It has been done; ns to learn of it.
func onceDone() {
	var once sync.Once
	done := 0
	times := count(100000000)
	set := func() { done++ }
	once.Do(set)
	begin := time.Now()
	for i := 0; i < times; i++ {
		once.Do(set)
	}
	reportEach("once", begin, times)
	check(done == 1, "once: not done once")
}
