# MuJoCo's classes come from compiled modules without type information: all of it is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
