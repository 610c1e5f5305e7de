// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

// One sends, one receives, 128 places; ns a value.
func spsc() {
	times := count(10000000)
	received := 0
	values := make(chan int32, 128)
	begin := time.Now()
	go func() {
		for i := 0; i < times; i++ {
			values <- int32(i)
		}
		close(values)
	}()
	for value := range values {
		if value >= 0 {
			received++
		}
	}
	reportEach("spsc", begin, times)
	check(received == times, "spsc: a value was lost")
}

// Eight send, eight receive, 128 places; ns a value.
func mpmc() {
	const each = 8
	times := count(1000000)
	var received [each]int
	var producers, consumers sync.WaitGroup
	values := make(chan int32, 128)
	begin := time.Now()
	for i := 0; i < each; i++ {
		consumers.Add(1)
		go func(place *int) {
			got := 0
			for value := range values {
				if value >= 0 {
					got++
				}
			}
			*place = got
			consumers.Done()
		}(&received[i])
	}
	for i := 0; i < each; i++ {
		producers.Add(1)
		go func() {
			for i := 0; i < times; i++ {
				values <- int32(i)
			}
			producers.Done()
		}()
	}
	producers.Wait()
	close(values)
	consumers.Wait()
	reportEach("mpmc", begin, each*times)
	all := 0
	for _, got := range received {
		all += got
	}
	check(all == each*times, "mpmc: a value was lost")
}

func generate(out chan<- int32) {
	for n := int32(2); ; n++ {
		out <- n
	}
}

func passOthers(in <-chan int32, out chan<- int32, prime int32) {
	for n := range in {
		if n%prime != 0 {
			out <- n
		}
	}
}

// The first 2,000 primes by a goroutine each, over unbuffered channels; ms for
// all. Its goroutines are left where they are.
func sieve() {
	times := count(2000)
	values := make(chan int32)
	prime := int32(0)
	begin := time.Now()
	go generate(values)
	for i := 0; i < times; i++ {
		prime = <-values
		next := make(chan int32)
		go passOthers(values, next, prime)
		values = next
	}
	reportMs("sieve", begin)
	check(times != 2000 || prime == 17389, "sieve: a wrong prime")
}
