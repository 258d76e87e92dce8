"""The modes of the controller, as numbers that Python and the loop share."""

from __future__ import annotations

import enum


class Mode(enum.IntEnum):
    """What the loop does with the motors, in the order of its state machine."""

    STOP = 0
    DAMP = 1
    STAND = 2
    POLICY = 3
