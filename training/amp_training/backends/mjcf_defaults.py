"""MJCF's default classes, resolved: which attributes an element has once they are applied."""

from __future__ import annotations

from typing import Dict
from xml.etree.ElementTree import Element

from amp_sdk.errors import InputError

_MAIN = "main"


class Defaults:
    """The ``<default>`` tree of a MJCF file with root element ``root``."""

    def __init__(self, root: Element) -> None:
        self._classes: Dict[str, Dict[str, Dict[str, str]]] = {_MAIN: {}}
        for default in root.findall("default"):
            self._collect(default, default.get("class", _MAIN), {})

    def resolve(self, element: Element, childclass: str) -> Dict[str, str]:
        """All attributes of ``element`` in a body whose ``childclass`` is this one ("": none).

        Raises InputError for a class that is not there.
        """
        name = element.get("class") or childclass or _MAIN
        if name not in self._classes:
            raise InputError(f"<{element.tag}>: no default class is called {name!r}")
        return {**self._classes[name].get(element.tag, {}), **element.attrib}

    def _collect(self, default: Element, name: str, inherited: Dict[str, Dict[str, str]]) -> None:
        mine = {tag: dict(values) for tag, values in inherited.items()}
        for element in default:
            if element.tag != "default":
                mine[element.tag] = {**mine.get(element.tag, {}), **element.attrib}
        self._classes[name] = mine
        for child in default.findall("default"):
            self._collect(child, child.get("class", ""), mine)
