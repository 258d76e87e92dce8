# pyright: reportMissingImports=false
"""Times training of a task of mjlab; run by ``bench.mjlab`` with the Python that has mjlab.

It imports nothing of this package: mjlab needs another release of MuJoCo, so it has another
environment. One argument, JSON: task, num_envs, horizon, actor, critic, epochs, minibatches,
iterations, device, folder. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Any, Dict, List


def measure(options: Dict[str, Any]) -> Dict[str, Any]:
    """Seconds of each iteration after the first, which compiles."""
    import mjlab
    import mjlab.tasks
    import torch
    from mjlab.envs import ManagerBasedRlEnv
    from mjlab.rl import MjlabOnPolicyRunner, RslRlVecEnvWrapper
    from mjlab.tasks.registry import load_env_cfg, load_rl_cfg, load_runner_cls

    env_cfg, agent = load_env_cfg(options["task"]), load_rl_cfg(options["task"])
    env_cfg.scene.num_envs = options["num_envs"]
    agent.num_steps_per_env = options["horizon"]
    agent.actor.hidden_dims = tuple(options["actor"])
    agent.critic.hidden_dims = tuple(options["critic"])
    agent.algorithm.num_learning_epochs = options["epochs"]
    agent.algorithm.num_mini_batches = options["minibatches"]
    agent.logger, agent.save_interval = "tensorboard", 10**9
    device = options["device"]
    env = RslRlVecEnvWrapper(ManagerBasedRlEnv(cfg=env_cfg, device=device))
    runner_class = load_runner_cls(options["task"]) or MjlabOnPolicyRunner
    runner = runner_class(env, asdict(agent), options["folder"], device)
    seconds: List[float] = []
    for _ in range(options["iterations"] + 1):
        begin = time.perf_counter()
        runner.learn(num_learning_iterations=1, init_at_random_ep_len=not seconds)
        if device != "cpu":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - begin)
    return {"version": getattr(mjlab, "__version__", "unknown"), "seconds": seconds[1:]}


if __name__ == "__main__":
    result = measure(json.loads(sys.argv[1]))
    print("\n" + json.dumps(result), flush=True)
