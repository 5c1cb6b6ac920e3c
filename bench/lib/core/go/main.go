// main.go - the works of the areas switch, sync, task, memory and timer, by Go's goroutines on one thread.
// usage: program AREA; prints ROW VALUE UNIT.
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const rounds = 5

// The process's own time [ns].
func cpu() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

// Median over the rounds of what each run says it took.
func row(name string, times int, run func(times int) float64) {
	var each []float64
	for i := 0; i < rounds; i++ {
		each = append(each, run(times)/float64(times))
	}
	sort.Float64s(each)
	fmt.Printf("%s %.2f ns\n", name, each[rounds/2])
}

func timed(run func()) float64 {
	start := cpu()
	run()
	return cpu() - start
}

func yieldAmong(tasks int) func(times int) float64 {
	return func(times int) float64 {
		return timed(func() {
			var all sync.WaitGroup
			all.Add(tasks)
			for i := 0; i < tasks; i++ {
				go func() {
					for j := 0; j < times/tasks; j++ {
						runtime.Gosched()
					}
					all.Done()
				}()
			}
			all.Wait()
		})
	}
}

func queue(times int) float64 {
	ping, pong := make(chan int, 8), make(chan int, 8)
	go func() {
		for item := range ping {
			pong <- item
		}
	}()
	return timed(func() {
		for i := 0; i < times; i += 2 {
			ping <- i
			<-pong
		}
		close(ping)
	})
}

// Go's own semaphore stands behind its WaitGroup and Mutex only: a channel of nothing is the idiom.
func semaphore(times int) float64 {
	there, back := make(chan struct{}, 1), make(chan struct{}, 1)
	go func() {
		for range there {
			back <- struct{}{}
		}
	}()
	return timed(func() {
		for i := 0; i < times; i += 2 {
			there <- struct{}{}
			<-back
		}
		close(there)
	})
}

func lock(times int) float64 {
	var mutex sync.Mutex
	return timed(func() {
		for i := 0; i < times; i++ {
			mutex.Lock()
			mutex.Unlock()
		}
	})
}

func spawnJoin(batch int) func(times int) float64 {
	return func(times int) float64 {
		return timed(func() {
			for i := 0; i < times; i += batch {
				var all sync.WaitGroup
				all.Add(batch)
				for j := 0; j < batch; j++ {
					go all.Done()
				}
				all.Wait()
			}
		})
	}
}

func park(times int) float64 {
	leave := make(chan struct{})
	var parked, ended sync.WaitGroup
	parked.Add(times)
	ended.Add(times)
	took := timed(func() {
		for i := 0; i < times; i++ {
			go func() {
				parked.Done()
				<-leave
				ended.Done()
			}()
		}
		parked.Wait()
	})
	close(leave)
	ended.Wait()
	return took
}

// What the process has: pages and their tables.
func resident() int {
	status, _ := os.ReadFile("/proc/self/status")
	sum := 0
	for _, line := range strings.Split(string(status), "\n") {
		var kib int
		name, rest, _ := strings.Cut(line, ":")
		if name == "VmRSS" || name == "VmPTE" {
			fmt.Sscan(rest, &kib)
			sum += kib * 1024
		}
	}
	return sum
}

func idle(times int) {
	leave := make(chan struct{})
	var parked sync.WaitGroup
	parked.Add(times)
	before := resident()
	for i := 0; i < times; i++ {
		go func() {
			parked.Done()
			<-leave
		}()
	}
	parked.Wait()
	fmt.Printf("idle task %d bytes\n", (resident()-before)/times)
	close(leave)
}

//go:noinline
func goDeep() byte {
	var deep [16 * 1024]byte
	for i := 0; i < len(deep); i += 1024 {
		deep[i] = byte(i)
	}
	return deep[os.Getpid()%len(deep)]
}

func burst(times int) {
	leave := make(chan struct{})
	var parked, ended sync.WaitGroup
	parked.Add(times)
	ended.Add(times)
	before := resident()
	for i := 0; i < times; i++ {
		go func() {
			goDeep()
			parked.Done()
			<-leave
			ended.Done()
		}()
	}
	parked.Wait()
	fmt.Printf("burst of deep tasks %d bytes\n", (resident()-before)/times)
	close(leave)
	ended.Wait()
	time.Sleep(time.Second)
	fmt.Printf("left a second after %d bytes\n", (resident()-before)/times)
}

func far() time.Duration {
	return time.Minute + time.Duration(rand.Int63n(1<<42))
}

func armCancel(live int) func(times int) float64 {
	return func(times int) float64 {
		all := armed(live)
		took := timed(func() {
			for i := 0; i < times; i++ {
				time.AfterFunc(far(), func() {}).Stop()
			}
		})
		stop(all)
		return took
	}
}

func armed(times int) []*time.Timer {
	all := make([]*time.Timer, times)
	for i := range all {
		all[i] = time.AfterFunc(far(), func() {})
	}
	return all
}

func stop(all []*time.Timer) {
	for _, timer := range all {
		timer.Stop()
	}
}

func arm(times int) float64 {
	var all []*time.Timer
	took := timed(func() { all = armed(times) })
	stop(all)
	return took
}

func cancel(times int) float64 {
	all := armed(times)
	return timed(func() { stop(all) })
}

func near() time.Duration {
	return time.Duration(rand.Int63n(int64(200 * time.Millisecond)))
}

func expire(times int) float64 {
	var fired atomic.Int64
	start := time.Now().Add(2 * time.Second)
	for i := 0; i < times; i++ {
		time.AfterFunc(time.Until(start.Add(near())), func() { fired.Add(1) })
	}
	time.Sleep(time.Until(start))
	return timed(func() {
		for fired.Load() < int64(times) {
			time.Sleep(time.Millisecond)
		}
	})
}

func sleepers(times int) float64 {
	var all sync.WaitGroup
	all.Add(times)
	start := time.Now().Add(time.Second)
	for i := 0; i < times; i++ {
		go func() {
			time.Sleep(time.Until(start.Add(near())))
			all.Done()
		}()
	}
	time.Sleep(time.Until(start))
	return timed(all.Wait)
}

func main() {
	switch os.Args[1] {
	case "switch":
		row("yield-2", 500000, yieldAmong(2))
		row("yield-1000", 500000, yieldAmong(1000))
	case "sync":
		row("queue", 500000, queue)
		row("semaphore", 500000, semaphore)
		row("lock", 1000000, lock)
	case "task":
		row("spawn-join", 200000, spawnJoin(1))
		row("spawn-join-batch", 200000, spawnJoin(100))
		for _, times := range []int{10, 100, 1000, 10000, 100000, 1000000} {
			row(fmt.Sprintf("park-%d", times), times, park)
		}
	case "memory":
		idle(100000)
	case "burst":
		burst(100000)
	case "timer":
		row("call arm + cancel, 1,000,000 live", 200000, armCancel(1000000))
		row("call arm", 1000000, arm)
		row("call cancel", 1000000, cancel)
		row("call expire", 1000000, expire)
		row("sleeping task woken", 100000, sleepers)
	}
}
