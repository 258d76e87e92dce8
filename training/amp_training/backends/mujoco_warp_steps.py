"""MuJoCo Warp: numbers of physics steps, each captured once as a graph.

On a GPU it is CUDA's; on the CPU Warp replays what it recorded, without Python between two kernels,
which takes longer than they do where environments are few.
"""

from __future__ import annotations

from typing import Any, Dict, Sequence

import mujoco_warp as mjw
import torch
import warp as wp
from torch import Tensor


class PhysicsSteps:
    """Advances all worlds.

    A graph keeps the arrays that it was captured with: what changes is written in place.

    Args:
        model: Warp's model.
        data: Warp's data of all worlds.
        device: where they live.
        state: views of what a step changes and the next one goes on from.
    """

    def __init__(
        self, model: Any, data: Any, device: torch.device, state: Sequence[Tensor]
    ) -> None:
        self._model, self._data, self._device, self._state = model, data, device, state
        self._on_gpu = device.type == "cuda"
        self._warp_device = wp.device_from_torch(device)
        self._graphs: Dict[int, Any] = {}  # by steps

    def advance(self, steps: int) -> None:
        """Take so many physics steps."""
        if steps not in self._graphs:
            self._graphs[steps] = self._captured(steps)
        stream = None
        if self._on_gpu:  # torch's stream, between the tensor operations that belong to the step
            stream = wp.stream_from_torch(torch.cuda.current_stream(self._device))
        wp.capture_launch(self._graphs[steps], stream=stream)

    def _launch(self, steps: int) -> None:
        with wp.ScopedDevice(self._warp_device):
            for _ in range(steps):
                mjw.step(self._model, self._data)

    def _captured(self, steps: int) -> Any:
        """So many physics steps as a graph; the state is as before afterwards.

        On a GPU it is captured on Warp's own stream: torch's is often the default stream, which
        cannot be.
        """
        saved = [tensor.clone() for tensor in self._state]
        if self._on_gpu:
            torch.cuda.synchronize(self._device)
        self._launch(steps)  # loads every kernel, which a capture may not
        with wp.ScopedCapture(device=self._warp_device) as capture:
            self._launch(steps)
        wp.synchronize_device(self._warp_device)
        for tensor, value in zip(self._state, saved):
            tensor.copy_(value)
        return capture.graph
