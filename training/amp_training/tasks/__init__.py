"""Tasks: what the policy is told, and how well it does (see ``base``)."""

from amp_training.tasks.base import Task
from amp_training.tasks.build import build_task, command_terms
from amp_training.tasks.results import TaskResult, TaskTally

__all__ = ["Task", "TaskResult", "TaskTally", "build_task", "command_terms"]
