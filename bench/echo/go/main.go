// main.go - Go's echo: a goroutine for each connection.
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// widen lets every thread run on any core: who started us has chosen one.
func widen() {
	var every [128]byte
	for i := range every {
		every[i] = 0xff
	}
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		number, _ := strconv.Atoi(task.Name())
		syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(number), uintptr(len(every)),
			uintptr(unsafe.Pointer(&every)))
	}
}

func serve(connection net.Conn, size int) {
	defer connection.Close()
	buffer := make([]byte, size)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err = connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	size := 65536
	if len(os.Args) > 1 {
		size, _ = strconv.Atoi(os.Args[1])
	}
	if len(os.Args) > 2 {
		widen()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go serve(connection, size)
	}
}
