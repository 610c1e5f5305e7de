// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"
)

// Made with a deadline, canceled before it comes; ns for both.
func ctxTimeout() {
	times := count(1000000)
	begin := time.Now()
	for i := 0; i < times; i++ {
		_, cancel := context.WithTimeout(context.Background(), time.Hour)
		cancel()
	}
	reportEach("ctx_timeout", begin, times)
}

// Made and canceled; ns for both.
func ctxCancel() {
	times := count(5000000)
	begin := time.Now()
	for i := 0; i < times; i++ {
		_, cancel := context.WithCancel(context.Background())
		cancel()
	}
	reportEach("ctx_cancel", begin, times)
}

// A context is canceled that has 100,000 children, for each of which a
// goroutine waits; ns for each child, until all have ended.
func ctxTree() {
	times := count(100000)
	var there, gone sync.WaitGroup
	root, cancelRoot := context.WithCancel(context.Background())
	there.Add(times)
	gone.Add(times)
	for i := 0; i < times; i++ {
		child, cancel := context.WithCancel(root)
		go func() {
			defer gone.Done()
			defer cancel()
			there.Done()
			<-child.Done()
		}()
	}
	there.Wait()
	begin := time.Now()
	cancelRoot()
	gone.Wait()
	reportEach("ctx_tree", begin, times)
}
