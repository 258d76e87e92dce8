"""What touches the floor, from the sensors that ``model.build_batch_model`` adds."""

from __future__ import annotations

import mujoco
import numpy as np


class FloorSensors:
    """Where in ``sensordata`` the feet and the trunk are; ``count`` feet."""

    def __init__(self, model: mujoco.MjModel, count: int) -> None:
        at = {model.sensor(i).name: int(model.sensor_adr[i]) for i in range(model.nsensor)}
        self.count = count
        self._contact, self._pos, self._lin, self._ang = (
            np.array([at[f"foot_{i}_{ending}"] for i in range(count)])
            for ending in ("contact", "pos", "lin", "ang")
        )
        self._trunk = np.array([a for name, a in at.items() if name.startswith("trunk_")])

    def feet(self, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Contact ``[N, F]`` bool and slip ``[N, F]`` m/s of ``sensordata [N, S]``.

        Slip is the horizontal velocity of the foot's material at the contact point, ``v + w x r``:
        zero where the foot stands or rolls, and zero without contact.
        """
        three = np.arange(3)
        where, pos, lin, ang = (
            data[:, first[:, None] + three]
            for first in (self._contact + 1, self._pos, self._lin, self._ang)
        )
        touch = data[:, self._contact] > 0.0
        velocity = lin + np.cross(ang, where - pos)
        return touch, np.linalg.norm(velocity[..., :2], axis=-1) * touch

    def trunk(self, data: np.ndarray) -> np.ndarray:
        """Whether the trunk touches the floor, ``[N]`` bool."""
        return np.asarray((data[:, self._trunk] > 0.0).any(axis=1))
