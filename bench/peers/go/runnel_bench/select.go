// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

const waysMax = 8

type ways [waysMax]chan int32

func makeWays(number, capacity int) (made ways) {
	for i := 0; i < number; i++ {
		made[i] = make(chan int32, capacity)
	}
	return made
}

func select2(w *ways) int {
	select {
	case <-w[0]:
		return 0
	case <-w[1]:
		return 1
	}
}

func select8(w *ways) int {
	select {
	case <-w[0]:
		return 0
	case <-w[1]:
		return 1
	case <-w[2]:
		return 2
	case <-w[3]:
		return 3
	case <-w[4]:
		return 4
	case <-w[5]:
		return 5
	case <-w[6]:
		return 6
	case <-w[7]:
		return 7
	}
}

// A send into one of the ways, and a select that finds it; ns for both.
func ready(figure string, number int, choose func(*ways) int) {
	times := count(2000000)
	w := makeWays(number, 1)
	begin := time.Now()
	for i := 0; i < times; i++ {
		way := i % number
		w[way] <- int32(way)
		check(choose(&w) == way, "select: the wrong case")
	}
	reportEach(figure, begin, times)
}

// A peer sends into unbuffered channels in turn; ns a value.
func block(figure string, number int, choose func(*ways) int) {
	times := count(1000000)
	w := makeWays(number, 0)
	var peer sync.WaitGroup
	begin := time.Now()
	peer.Add(1)
	go func() {
		for i := 0; i < times; i++ {
			w[i%number] <- int32(i)
		}
		peer.Done()
	}()
	for i := 0; i < times; i++ {
		check(choose(&w) == i%number, "select: the wrong case")
	}
	reportEach(figure, begin, times)
	peer.Wait()
}

func select2Ready() { ready("select2_ready", 2, select2) }
func select8Ready() { ready("select8_ready", 8, select8) }
func select2Block() { block("select2_block", 2, select2) }
func select8Block() { block("select8_block", 8, select8) }
