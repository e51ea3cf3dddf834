"""When an application under test is at rest: told by its loop, not only by the clock.

Textual's own pilot sleeps 20 ms, and again, after every key and every pause; over a thousand tests that is minutes.
"""

import asyncio
import time

SLEEP = 0.004  # seconds between two looks
BUSY = 0.0015  # seconds of processor time within a look: something is still being worked at
LOOKS = 2  # in a row that find nothing to do; on a busy machine one alone may come while the process waits for its turn


async def wait_for_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until nothing is ready to run in the loop and the process hardly works.

    Args:
        min_sleep: Seconds to wait at least.
        max_sleep: Seconds after which it is given up.
    """
    loop = asyncio.get_running_loop()
    start, found = time.monotonic(), 0
    while True:
        before = time.process_time()
        await asyncio.sleep(SLEEP)
        resting = not loop._ready and time.process_time() - before < BUSY  # type: ignore[attr-defined]
        found = found + 1 if resting else 0
        elapsed = time.monotonic() - start
        if elapsed >= max_sleep or (found >= LOOKS and elapsed >= min_sleep):
            return
