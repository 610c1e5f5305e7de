// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"sync"
	"time"
)

// Two goroutines yield to each other; ns a switch.
func yield() {
	times := count(5000000)
	var both sync.WaitGroup
	begin := time.Now()
	for i := 0; i < 2; i++ {
		both.Add(1)
		go func() {
			for i := 0; i < times; i++ {
				runtime.Gosched()
			}
			both.Done()
		}()
	}
	both.Wait()
	reportEach("yield", begin, 2*times)
}

// play gives back whatever comes, and passes the end on.
func play(in <-chan int32, out chan<- int32) {
	for ball := range in {
		out <- ball
	}
	close(out)
}

// There and back over two unbuffered channels; ns a round trip.
func pingpong() {
	times := count(2000000)
	there := make(chan int32)
	back := make(chan int32)
	go play(there, back)
	begin := time.Now()
	for i := 0; i < times; i++ {
		there <- int32(i)
		<-back
	}
	reportEach("pingpong", begin, times)
	close(there)
	<-back
}

// A parked goroutine is woken after 5 us in which nothing else had work; ns
// from the send to the answer.
func wake() {
	times := count(50000)
	var waited time.Duration
	there := make(chan int32)
	back := make(chan int32)
	go play(there, back)
	for i := 0; i < times; i++ {
		begin := time.Now()
		for time.Since(begin) < 5*time.Microsecond {
		}
		begin = time.Now()
		there <- int32(i)
		<-back
		waited += time.Since(begin)
	}
	report("wake", "ns", float64(waited)/float64(times))
	close(there)
	<-back
}

// A token goes round a ring of 1,000 goroutines; ns a hop.
func ring() {
	const members = 1000
	rounds := count(2000)
	var links [members]chan int32
	for i := range links {
		links[i] = make(chan int32)
	}
	for i := 0; i+1 < members; i++ {
		go play(links[i], links[i+1])
	}
	begin := time.Now()
	for i := 0; i < rounds; i++ {
		links[0] <- int32(i)
		<-links[members-1]
	}
	reportEach("ring", begin, rounds*members)
	close(links[0])
	<-links[members-1]
}
