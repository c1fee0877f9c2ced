"""Licence and citation of the atlases that a subject's numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Citation:
    """An atlas that was used, and what its owner asks for."""

    atlas: str
    space: str
    citation: str
    licence: str
    note: str


def of_atlases(record: Mapping[str, Any]) -> list[Citation]:
    """Return the citations of the atlases in use, sorted by name.

    Parameters
    ----------
    record : mapping
        Sidecar of ``desc-atlases_probseg``, as the step `atlases_carry` writes it.
    """
    return [
        Citation(name, told["space"], told["citation"], told["licence"], told["note"])
        for name, told in sorted(record["atlases"].items())
        if told["status"] == "carried"
    ]
