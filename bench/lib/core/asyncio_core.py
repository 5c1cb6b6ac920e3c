"""asyncio_core.py - the works of the areas generator, switch, sync, task and timer by Python: asyncio
on its own loop or uvloop's.

usage: asyncio_core.py asyncio|uvloop AREA; prints ROW VALUE UNIT.
"""
# SPDX-License-Identifier: MIT
import asyncio
import random
import statistics
import sys
import time

ROUNDS = 5


def passed(start):
    return time.process_time_ns() - start


async def yields(times):
    for _ in range(times):
        await asyncio.sleep(0)


async def yield_among(tasks, times):
    start = time.process_time_ns()
    await asyncio.gather(*(yields(times // tasks) for _ in range(tasks)))
    return passed(start)


async def queue(times):
    ping, pong = asyncio.Queue(8), asyncio.Queue(8)

    async def back():
        for _ in range(times // 2):
            await pong.put(await ping.get())

    task = asyncio.create_task(back())
    start = time.process_time_ns()
    for i in range(times // 2):
        await ping.put(i)
        await pong.get()
    took = passed(start)
    await task
    return took


async def semaphore(times):
    there, other = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def back():
        for _ in range(times // 2):
            await there.acquire()
            other.release()

    task = asyncio.create_task(back())
    start = time.process_time_ns()
    for _ in range(times // 2):
        there.release()
        await other.acquire()
    took = passed(start)
    await task
    return took


async def lock(times):
    one = asyncio.Lock()
    start = time.process_time_ns()
    for _ in range(times):
        await one.acquire()
        one.release()
    return passed(start)


async def nothing():
    pass


async def spawn_join(batch, times):
    start = time.process_time_ns()
    for _ in range(times // batch):
        await asyncio.gather(*[asyncio.create_task(nothing()) for _ in range(batch)])
    return passed(start)


async def park(times):
    leave = asyncio.Event()
    start = time.process_time_ns()
    tasks = [asyncio.create_task(leave.wait()) for _ in range(times)]
    await asyncio.sleep(0)
    took = passed(start)
    leave.set()
    await asyncio.gather(*tasks)
    return took


def far():
    return 60 + random.random() * 4400


def armed(loop, times):
    return [loop.call_later(far(), time.time) for _ in range(times)]


async def arm_cancel(live, times):
    loop = asyncio.get_running_loop()
    all_of_them = armed(loop, live)
    start = time.process_time_ns()
    for _ in range(times):
        loop.call_later(far(), time.time).cancel()
    took = passed(start)
    for handle in all_of_them:
        handle.cancel()
    return took


async def arm(times):
    start = time.process_time_ns()
    all_of_them = armed(asyncio.get_running_loop(), times)
    took = passed(start)
    for handle in all_of_them:
        handle.cancel()
    await asyncio.sleep(0)
    return took


async def cancel(times):
    all_of_them = armed(asyncio.get_running_loop(), times)
    start = time.process_time_ns()
    for handle in all_of_them:
        handle.cancel()
    await asyncio.sleep(0)
    return passed(start)


async def sleepers(times):
    begin = time.monotonic() + 2
    tasks = [asyncio.create_task(asyncio.sleep(begin + random.random() * 0.2 - time.monotonic()))
             for _ in range(times)]
    await asyncio.sleep(begin - time.monotonic())
    start = time.process_time_ns()
    await asyncio.gather(*tasks)
    return passed(start)


def resident():
    """What the process has: pages and their tables."""
    with open("/proc/self/status", encoding="ascii") as status:
        return sum(int(line.split()[1]) * 1024 for line in status
                   if line.startswith(("VmRSS:", "VmPTE:")))


async def idle(times):
    leave = asyncio.Event()
    before = resident()
    tasks = [asyncio.create_task(leave.wait()) for _ in range(times)]
    await asyncio.sleep(0)
    print(f"idle task {(resident() - before) // times} bytes")
    leave.set()
    await asyncio.gather(*tasks)


async def generator(times):
    def count():
        i = 0
        while True:
            yield i
            i += 1
    values = count()
    start = time.process_time_ns()
    for _ in range(times):
        next(values)
    return passed(start)


AREAS = {
    "generator": [("next", 1000000, generator)],
    "switch": [("yield-2", 100000, lambda times: yield_among(2, times)),
               ("yield-1000", 100000, lambda times: yield_among(1000, times))],
    "sync": [("queue", 50000, queue), ("semaphore", 50000, semaphore), ("lock", 200000, lock)],
    "task": [("spawn-join", 20000, lambda times: spawn_join(1, times)),
             ("spawn-join-batch", 50000, lambda times: spawn_join(100, times))]
            + [(f"park-{times}", times, park) for times in (10, 100, 1000, 10000, 100000)],
    "timer": [("call arm + cancel, 1,000,000 live", 100000, lambda times: arm_cancel(1000000, times)),
              ("call arm", 1000000, arm), ("call cancel", 1000000, cancel),
              ("sleeping task woken", 20000, sleepers)],
}


async def main(area):
    if area == "memory":
        await idle(100000)
        return
    for name, times, run in AREAS[area]:
        each = [await run(times) / times for _ in range(ROUNDS)]
        print(f"{name} {statistics.median(each):.2f} ns")


if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main(sys.argv[2]))
else:
    asyncio.run(main(sys.argv[2]))
