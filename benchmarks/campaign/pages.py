"""Put tables between the markers of a page, so that no figure is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

MARKED = r"(<!-- table:{name} -->\n).*?(<!-- end -->)"


def fill(page: Path, tables: Mapping[str, str]) -> list[str]:
    """Replace what stands between ``<!-- table:NAME -->`` and ``<!-- end -->``.

    Returns the names of tables for which the page has no place.
    """
    text = page.read_text(encoding="utf-8")
    homeless = []
    for name, table in tables.items():
        place = re.compile(MARKED.format(name=re.escape(name)), re.DOTALL).search(text)
        if place is None:
            homeless.append(name)
            continue
        text = f"{text[: place.end(1)]}{table}\n{text[place.start(2) :]}"
    page.write_text(text, encoding="utf-8")
    return homeless
