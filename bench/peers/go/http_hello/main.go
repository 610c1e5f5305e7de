// SPDX-License-Identifier: Apache-2.0

// http_hello answers every request with a small JSON object: the peer of
// `sluice serve` in bench/serve/bench_http. It prints its address. Given the
// files of a certificate and its key it answers through TLS.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	body := []byte(`{"status":"healthy"}`)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}
	server := &http.Server{Handler: http.HandlerFunc(handler)}
	if len(os.Args) < 3 {
		fmt.Printf("listening on http://%s\n", listener.Addr())
		panic(server.Serve(listener))
	}
	// HTTP/1.1 alone, as the other side speaks it.
	server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	fmt.Printf("listening on https://%s\n", listener.Addr())
	panic(server.ServeTLS(listener, os.Args[1], os.Args[2]))
}
