// SPDX-License-Identifier: Apache-2.0

// http_hello answers every request with a small JSON object: the peer of
// `sluice serve` in bench/serve/bench_http. It prints its address.
package main

import (
	"fmt"
	"net"
	"net/http"
)

func main() {
	body := []byte(`{"status":"healthy"}`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}
	panic(http.Serve(listener, http.HandlerFunc(handler)))
}
