// SPDX-License-Identifier: Apache-2.0

// runnel_cgo measures what a call of C costs in Go: the line "block". Go makes
// such a call on the goroutine's own thread and only moves the others away when
// it takes long, so it is not the same work as a call that is offloaded. It
// stands apart from runnel_bench, whose lines are to be measured without cgo.
package main

// static void add_one(long *number) { (*number)++; }
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

func main() {
	scale := 1.0
	for i := 1; i < len(os.Args); i++ {
		switch {
		case os.Args[i] == "--list":
			fmt.Println("block block")
			return
		case os.Args[i] == "--workers" && i+1 < len(os.Args):
			workers, _ := strconv.Atoi(os.Args[i+1])
			runtime.GOMAXPROCS(workers)
		case os.Args[i] == "--scale" && i+1 < len(os.Args):
			scale, _ = strconv.ParseFloat(os.Args[i+1], 64)
		}
	}
	times := max(1, int(5000000*scale))
	var called C.long
	begin := time.Now()
	for i := 0; i < times; i++ {
		C.add_one(&called)
	}
	each := float64(time.Since(begin)) / float64(times)
	fmt.Printf("{\"name\": \"block\", \"workers\": %d, \"unit\": \"ns\", "+
		"\"value\": %.6g}\n", runtime.GOMAXPROCS(0), each)
}
