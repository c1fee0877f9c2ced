"""Labels of an atlas: tables of names, sides, and names as one word."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sonolesion.core.errors import InputFault

BACKGROUND = {"unknown", "background", "unlabeled", "clear label", "???"}
SIDES = {"l": "left", "lh": "left", "left": "left", "r": "right", "rh": "right", "right": "right"}
FIRST = re.compile(r"^(?:7Networks_)?(LH|RH|L|R|Left|Right)[ _-]+(?=\S)", re.IGNORECASE)
LAST = re.compile(r"[ _-]+(LH|RH|L|R|Left|Right)$", re.IGNORECASE)


def read_labels(path: str) -> dict[int, str]:
    """Read the table of an atlas' labels, as `parse_labels`."""
    file = Path(path)
    text = file.read_text(encoding="utf-8-sig")
    return parse_labels(text, suffix=file.suffix, file=path)


def parse_labels(text: str, *, suffix: str, file: str) -> dict[int, str]:
    r"""Read the names of an atlas' labels; the background is left out.

    Parameters
    ----------
    text : str
        Content of the table.
    suffix : str
        ``.json`` (a list ``labels``, the index is the place), ``.tsv``, ``.csv`` (columns
        ``index`` and ``name``) or ``.txt`` (a name a line, counted from 1; or pairs of lines, a
        name and ``index red green blue alpha``).
    file : str
        What to name in errors.

    Raises
    ------
    InputFault
        If nothing can be read.

    Examples
    --------
    >>> parse_labels("CL-rh\nCL-lh\n", suffix=".txt", file="labels.txt")
    {1: 'CL-rh', 2: 'CL-lh'}
    """
    readers = {".json": _from_json, ".tsv": _from_table, ".csv": _from_table, ".txt": _from_lines}
    try:
        found = readers[suffix](text)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as fault:
        raise InputFault(
            file=file,
            found=f"a table of labels that can't be read ({fault})",
            expected="JSON with labels, a TSV or CSV with index and name, or a name a line",
            remedy="mend the table, or name another in atlases.own",
        ) from fault
    return {index: name for index, name in found.items() if name.lower() not in BACKGROUND}


def _from_json(text: str) -> dict[int, str]:
    return {index: str(name).strip() for index, name in enumerate(json.loads(text)["labels"])}


def _from_table(text: str) -> dict[int, str]:
    lines = [line for line in text.splitlines() if line.strip()]
    mark = "\t" if "\t" in lines[0] else ","
    header = [cell.strip() for cell in lines[0].split(mark)]
    index, name = header.index("index"), header.index("name")
    cells = [line.split(mark, maxsplit=len(header) - 1) for line in lines[1:]]
    return {int(row[index]): row[name].strip() for row in cells}


def _from_lines(text: str) -> dict[int, str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    coloured = re.compile(r"^(\d+)( \d+){4}$")
    if len(lines) > 1 and coloured.match(lines[1]):
        pairs = zip(lines[::2], lines[1::2], strict=True)
        return {int(colour.split()[0]): name for name, colour in pairs}
    return dict(enumerate(lines, start=1))


def split_side(label: str) -> tuple[str, str]:
    """Return the name of a region without its side, and the side ("" if the label has none).

    Examples
    --------
    >>> split_side("LH-Medio_Dorsal"), split_side("THA-VPl-rh"), split_side("Brain-Stem")
    (('Medio_Dorsal', 'left'), ('THA-VPl', 'right'), ('Brain-Stem', ''))
    """
    for pattern in (FIRST, LAST):
        found = pattern.search(label)
        if found:
            rest = label[: found.start()] + label[found.end() :]
            return rest.strip(), SIDES[found[1].lower()]
    return label, ""


def word(name: str) -> str:
    """Return a name as one word for the tables: letters, digits, ``_ . + -``.

    Examples
    --------
    >>> word("Substantia-Nigra-pars-reticulata "), word("Visual Cortex(BA_17/18)")
    ('Substantia-Nigra-pars-reticulata', 'Visual_Cortex_BA_17_18')
    """
    return re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9.+-]+", "_", name)).strip("_")
