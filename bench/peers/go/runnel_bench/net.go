// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func echoOne(conn net.Conn) {
	defer conn.Close()
	data := make([]byte, 4096)
	for {
		got, err := conn.Read(data)
		if err != nil {
			return
		}
		if _, err = conn.Write(data[:got]); err != nil {
			return
		}
	}
}

// echo serves until its standard input ends: one goroutine a connection gives
// back what it is sent. Prints the port.
func echo() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil, "listen")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echoOne(conn)
		}
	}()
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	listener.Close()
}
