"""The configuration: one typed model, its YAML file, and errors that help.

``config/config.yaml`` is generated from this model (``python -m sonolesion.core.config``);
a test holds them together.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from sonolesion.core.errors import ConfigError
from sonolesion.core.settings import Section, key
from sonolesion.core.settings.anatomy import Anatomy
from sonolesion.core.settings.atlases import Atlases
from sonolesion.core.settings.diffusion import Diffusion
from sonolesion.core.settings.functional import Functional
from sonolesion.core.settings.ingest import Ingest
from sonolesion.core.settings.lesion import Lesion
from sonolesion.core.settings.measures import Measures
from sonolesion.core.settings.perfusion import Perfusion
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import PhantomAsl
from sonolesion.core.settings.phantom_bold import PhantomBold
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.core.settings.report import Report
from sonolesion.core.settings.susceptibility import Susceptibility
from sonolesion.core.settings.tracts import Tracts


class Settings(Section):
    """Every setting of a study."""

    bids_dir: str = key("", "Folder of the BIDS data set; never written to.")
    output_dir: str = key("", "Folder that receives everything; made if it is not there.")
    ingest: Ingest = Ingest()
    anatomy: Anatomy = Anatomy()
    atlases: Atlases = Atlases()
    diffusion: Diffusion = Diffusion()
    susceptibility: Susceptibility = Susceptibility()
    functional: Functional = Functional()
    perfusion: Perfusion = Perfusion()
    lesion: Lesion = Lesion()
    tracts: Tracts = Tracts()
    measures: Measures = Measures()
    report: Report = Report()
    phantom: Phantom = Phantom()
    phantom_dti: PhantomDti = PhantomDti()
    phantom_asl: PhantomAsl = PhantomAsl()
    phantom_bold: PhantomBold = PhantomBold()


def parse(content: Mapping[str, Any], *, file: object) -> Settings:
    """Fill a configuration with the defaults and check it.

    Raises
    ------
    ConfigError
        Naming the first wrong key, and the nearest right one.
    """
    whole = merged(Settings().model_dump(mode="json"), content)
    try:
        return Settings.model_validate(whole)
    except ValidationError as faults:
        fault = faults.errors()[0]
        raise _explained(fault, file=file) from None


def read(path: str | Path) -> dict[str, Any]:
    """Read a YAML mapping; raise `ConfigError` if it is none."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as fault:
        raise ConfigError(
            file=path, found=str(fault), expected="a YAML file", remedy="mend the file"
        ) from fault
    if not isinstance(content or {}, dict):
        raise ConfigError(
            file=path, found="no mapping", expected="keys and values", remedy="see config.yaml"
        )
    return content or {}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over`, section by section."""
    result = dict(base)
    for name, value in over.items():
        old = result.get(name)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[name] = merged(old, value) if both and isinstance(old, Mapping) else value
    return result


def _explained(fault: Any, *, file: object) -> ConfigError:
    place = [str(part) for part in fault["loc"]]
    dotted = ".".join(place)
    if fault["type"] != "extra_forbidden":
        return ConfigError(
            file=file,
            found=f"{dotted} = {fault.get('input')!r}",
            expected=fault["msg"],
            remedy=f"see {dotted} in config/config.yaml for unit and default",
        )
    known = [name for name, _, _ in keys(Settings)]
    near = difflib.get_close_matches(dotted, known, n=1, cutoff=0.5)
    return ConfigError(
        file=file,
        found=f"unknown key {dotted}",
        expected="a key of config/config.yaml",
        remedy=f"did you mean {near[0]}?" if near else "remove it",
    )


def keys(model: type[Section], prefix: str = "") -> Iterator[tuple[str, FieldInfo, bool]]:
    """Yield (dotted name, field, is a section) of a model, depth first."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        nested = isinstance(kind, type) and issubclass(kind, Section)
        yield prefix + name, info, nested
        if nested and isinstance(kind, type) and issubclass(kind, Section):
            yield from keys(kind, f"{prefix}{name}.")


def as_yaml() -> str:
    """Return config/config.yaml: each key with default, unit, description and source."""
    lines = [
        "# Defaults of every setting. Generated: python -m sonolesion.core.config > "
        "config/config.yaml",
        "# Copy the keys you want to change into your own study.yaml.",
    ]
    defaults = Settings().model_dump(mode="json")
    for dotted, info, nested in keys(Settings):
        *sections, name = dotted.split(".")
        pad = "  " * len(sections)
        if nested:
            lines += ["", f"{pad}# {info.description or _first_line(info)}", f"{pad}{name}:"]
            continue
        default = reduce(getitem, dotted.split("."), defaults)
        text = json.dumps(default, ensure_ascii=False)
        lines += [f"{pad}# {_comment(info)}", f"{pad}{name}: {text}"]
    return "\n".join(lines) + "\n"


def _first_line(info: FieldInfo) -> str:
    return (info.annotation.__doc__ or "").partition("\n")[0]


def _comment(info: FieldInfo) -> str:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit, source = extra.get("unit"), extra.get("source")
    text = f"{info.description}" + (f" [{unit}]" if unit else "")
    return text + (f" Source: {source}." if source else "")


if __name__ == "__main__":
    print(as_yaml(), end="")
