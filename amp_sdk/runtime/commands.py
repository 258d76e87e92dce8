"""The commands that a loop takes from its operator, and where a policy finds its own among them."""

from __future__ import annotations

from typing import List

from amp_sdk.contract import PolicyContract
from amp_sdk.errors import InputError

LOOP_COMMANDS = ("lin_vel_x", "lin_vel_y", "ang_vel_z")
"""In the order of ``velocity_command`` of the loop's messages."""


def command_columns(contract: PolicyContract) -> List[int]:
    """Places ``[C]`` of the contract's commands in those of the loop. Raises InputError where the
    policy observes one that no loop takes."""
    found = [command.name for command in contract.commands]
    if not set(found) <= set(LOOP_COMMANDS):
        raise InputError(
            f"a control loop takes the commands {', '.join(LOOP_COMMANDS)}; the policy observes "
            f"{', '.join(found)}; train one that is commanded by velocities to run it under a loop"
        )
    return [LOOP_COMMANDS.index(name) for name in found]
