// main.rs - the works of the areas switch, sync, task, memory and timer, by tokio on one thread.
// usage: program AREA; prints ROW VALUE UNIT.
// SPDX-License-Identifier: MIT
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, Mutex, Notify, Semaphore};
use tokio::task::yield_now;

const ROUNDS: usize = 5;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

/// The process's own time, of one thread. [ns]
fn cpu() -> f64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

fn row<F>(name: &str, times: usize, runtime: &tokio::runtime::Runtime, run: F)
where
    F: Fn(usize) -> std::pin::Pin<Box<dyn std::future::Future<Output = f64>>>,
{
    let mut each: Vec<f64> =
        (0..ROUNDS).map(|_| runtime.block_on(run(times)) / times as f64).collect();
    each.sort_by(|a, b| a.total_cmp(b));
    println!("{} {:.2} ns", name, each[ROUNDS / 2]);
}

async fn yield_among(tasks: usize, times: usize) -> f64 {
    let start = cpu();
    let all: Vec<_> = (0..tasks)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..times / tasks {
                    yield_now().await;
                }
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    cpu() - start
}

async fn queue(times: usize) -> f64 {
    let (ping, mut there) = mpsc::channel::<usize>(8);
    let (back, mut pong) = mpsc::channel::<usize>(8);
    tokio::spawn(async move {
        while let Some(item) = there.recv().await {
            back.send(item).await.unwrap();
        }
    });
    let start = cpu();
    for i in 0..times / 2 {
        ping.send(i).await.unwrap();
        pong.recv().await.unwrap();
    }
    cpu() - start
}

async fn semaphore(times: usize) -> f64 {
    let there = Arc::new(Semaphore::new(0));
    let back = Arc::new(Semaphore::new(0));
    let (a, b) = (there.clone(), back.clone());
    tokio::spawn(async move {
        for _ in 0..times / 2 {
            a.acquire().await.unwrap().forget();
            b.add_permits(1);
        }
    });
    let start = cpu();
    for _ in 0..times / 2 {
        there.add_permits(1);
        back.acquire().await.unwrap().forget();
    }
    cpu() - start
}

async fn lock(times: usize) -> f64 {
    let lock = Mutex::new(());
    let start = cpu();
    for _ in 0..times {
        drop(lock.lock().await);
    }
    cpu() - start
}

async fn spawn_join(batch: usize, times: usize) -> f64 {
    let start = cpu();
    for _ in 0..times / batch {
        let all: Vec<_> = (0..batch).map(|_| tokio::spawn(async {})).collect();
        for one in all {
            one.await.unwrap();
        }
    }
    cpu() - start
}

/// So many tasks that wait for `leave`; each has got that far.
async fn parked(times: usize, leave: &Arc<Notify>) -> Vec<tokio::task::JoinHandle<()>> {
    let there = Arc::new(AtomicUsize::new(0));
    let all = (0..times)
        .map(|_| {
            let (leave, there) = (leave.clone(), there.clone());
            tokio::spawn(async move {
                there.fetch_add(1, Relaxed);
                leave.notified().await
            })
        })
        .collect();
    while there.load(Relaxed) < times {
        yield_now().await;
    }
    all
}

async fn park(times: usize) -> f64 {
    let leave = Arc::new(Notify::new());
    let start = cpu();
    let all = parked(times, &leave).await;
    let took = cpu() - start;
    leave.notify_waiters();
    for one in all {
        one.await.unwrap();
    }
    took
}

/// What the process has: pages and their tables. [bytes]
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let fields = status.lines().filter(|line| line.starts_with("VmRSS:") || line.starts_with("VmPTE:"));
    fields.map(|line| line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() * 1024).sum()
}

async fn idle(times: usize) {
    let leave = Arc::new(Notify::new());
    let before = resident();
    let all = parked(times, &leave).await;
    println!("idle task {} bytes", (resident() - before) / times as i64);
    leave.notify_waiters();
    for one in all {
        one.await.unwrap();
    }
}

fn near(state: &mut u64) -> Duration {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    Duration::from_nanos((*state >> 33) % 200_000_000)
}

async fn sleepers(times: usize) -> f64 {
    let (mut state, begin) = (4, Instant::now() + Duration::from_secs(1));
    let all: Vec<_> = (0..times)
        .map(|_| {
            let when = begin + near(&mut state);
            tokio::spawn(async move { tokio::time::sleep_until(when.into()).await })
        })
        .collect();
    tokio::time::sleep_until(begin.into()).await;
    let start = cpu();
    for one in all {
        one.await.unwrap();
    }
    cpu() - start
}

async fn deadline(times: usize) -> f64 {
    let start = cpu();
    for _ in 0..times {
        tokio::time::timeout(Duration::from_secs(1), yield_now()).await.unwrap();
    }
    cpu() - start
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    match std::env::args().nth(1).unwrap().as_str() {
        "switch" => {
            row("yield-2", 200000, &runtime, |n| Box::pin(yield_among(2, n)));
            row("yield-1000", 500000, &runtime, |n| Box::pin(yield_among(1000, n)));
        }
        "sync" => {
            row("queue", 200000, &runtime, |n| Box::pin(queue(n)));
            row("semaphore", 200000, &runtime, |n| Box::pin(semaphore(n)));
            row("lock", 1000000, &runtime, |n| Box::pin(lock(n)));
        }
        "task" => {
            row("spawn-join", 200000, &runtime, |n| Box::pin(spawn_join(1, n)));
            row("spawn-join-batch", 200000, &runtime, |n| Box::pin(spawn_join(100, n)));
            for times in [10, 100, 1000, 10000, 100000, 1000000] {
                row(&format!("park-{times}"), times, &runtime, |n| Box::pin(park(n)));
            }
        }
        "memory" => runtime.block_on(idle(100000)),
        _ => {
            row("sleeping task woken", 100000, &runtime, |n| Box::pin(sleepers(n)));
            row("deadline around a wait", 200000, &runtime, |n| Box::pin(deadline(n)));
        }
    }
}
