"""Robots: their numbers, limits, joint orders and MuJoCo models."""

from amp_sdk.robots.spec import RobotSpec, load, load_file, names

__all__ = ["RobotSpec", "load", "load_file", "names"]
