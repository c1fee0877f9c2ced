"""The typed settings, one module a stage; `sonolesion.core.config` puts them together."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A group of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def key(default: Any, description: str, *, unit: str = "", source: str = "", **limits: Any) -> Any:
    """Declare a setting with its default, description, unit and source.

    `unit` is the physical unit (``"mm"``, ``"d"``), empty for a plain number or a word;
    `source` cites where the default comes from. `limits` go to `pydantic.Field`
    (``ge``, ``le``, ``gt``, ``lt``).
    """
    extra: dict[str, Any] = {"unit": unit, "source": source}
    return Field(default=default, description=description, json_schema_extra=extra, **limits)
