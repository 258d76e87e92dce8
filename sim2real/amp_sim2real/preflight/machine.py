"""The computer that will run loop and policy."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Iterator, List

import numpy as np

from amp_sdk.doctor._finding import NOTE, OK, PROBLEM, Finding
from amp_sdk.policy import Policy
from amp_sdk.runtime import LoopSettings

_SLEEPS, _STEPS = 200, 100
_GOOD_CLOCKS = ("tsc", "arch_sys_counter", "kvm-clock")


def real_time(settings: LoopSettings) -> Iterator[Finding]:
    """Real-time priority and locked memory, without which a loaded machine makes ticks late."""
    limits = "in /etc/security/limits.conf, or start it by the systemd unit of the deployment kit"
    wanted = settings.priority
    if wanted:
        allowed = _may_use_fifo(wanted)
        yield Finding(
            "real-time priority",
            f"SCHED_FIFO {wanted} is {'permitted' if allowed else 'not permitted'}",
            OK if allowed else NOTE,
            "permission for this user",
            f"'@robot - rtprio 99' {limits}",
        )
    if settings.lock_memory:
        soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
        allowed = soft == resource.RLIM_INFINITY or os.geteuid() == 0
        yield Finding(
            "locked memory",
            "permitted" if allowed else f"limited to {soft // 1024} KiB",
            OK if allowed else NOTE,
            "no limit, so that no tick waits for a page",
            f"'@robot - memlock unlimited' {limits}",
        )


def _may_use_fifo(priority: int) -> bool:
    """Asked in a process of its own, which is over at once."""
    pid = os.fork()
    if pid == 0:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        except (OSError, AttributeError):
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def clock(period_s: float) -> Iterator[Finding]:
    """How late this process wakes up, and what it reads the time from."""
    late: List[float] = []
    for _ in range(_SLEEPS):
        begin = time.monotonic()
        time.sleep(period_s)
        late.append(time.monotonic() - begin - period_s)
    worst = float(np.quantile(late, 0.99))
    yield Finding(
        "clock",
        f"sleeps of {period_s * 1e3:g} ms end {np.median(late) * 1e6:.0f} us late, 99 % within "
        f"{worst * 1e6:.0f} us",
        OK if worst < 0.5 * period_s else NOTE,
        f"99 % within {0.5e6 * period_s:.0f} us",
        "end other programs; set the processor's governor to 'performance'",
    )
    try:
        folder = Path("/sys/devices/system/clocksource/clocksource0")
        source = (folder / "current_clocksource").read_text().strip()
    except OSError:
        return
    yield Finding(
        "clock source",
        source,
        OK if source in _GOOD_CLOCKS else NOTE,
        f"one of {', '.join(_GOOD_CLOCKS)}: others take a system call for each look",
        "see the kernel's log on why it left its fast clock",
    )


def inference(policy: Policy) -> Iterator[Finding]:
    """The golden vectors were reproduced when it was loaded; how long an action takes."""
    contract = policy.contract
    yield Finding("golden vectors", f"{len(contract.golden.obs)} reproduced on this processor")
    obs = np.array(contract.golden.obs[0], dtype=np.float32)
    times = []
    for _ in range(_STEPS):
        begin = time.perf_counter()
        policy.act(obs)
        times.append(time.perf_counter() - begin)
    median, longest = float(np.median(times)), max(times[1:])
    allowed = 0.5 * contract.control_period_s
    yield Finding(
        "inference",
        f"median {median * 1e3:.2f} ms, longest {longest * 1e3:.2f} ms",
        OK if longest < allowed else NOTE if median < allowed else PROBLEM,
        f"at most {allowed * 1e3:g} ms, half the policy's period",
        "end other programs, or use a smaller network",
    )
