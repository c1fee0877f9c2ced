"""A hash of the code a step runs, so that a change reruns exactly what it touches."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# The harness opens logs and checks names; no result depends on it.
HARNESS = {"sonolesion.core.run", "sonolesion.core.errors", "sonolesion.core.codehash"}


@cache
def code_hash(script: str) -> str:
    """Return 12 hexadecimal digits for a script and every sonolesion module it needs.

    Docstrings, comments and layout do not count: the hash is taken of the parsed code, and
    of the templates that stand beside a module.
    """
    digest = hashlib.sha256()
    for path in sorted(_closure(Path(script)), key=lambda p: (p.name, str(p))):
        digest.update(path.name.encode() + _canonical(path))
    return digest.hexdigest()[:12]


def _closure(script: Path) -> set[Path]:
    """Return the script, its modules, theirs, and so on, with their templates."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += _imported(path)
    templates = {file for path in found for file in path.parent.glob("templates/*")}
    return found | {file for file in templates if file.suffix in {".html", ".css", ".md"}}


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    return tuple(_walked(path))


def _walked(path: Path) -> Iterator[Path]:
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.startswith("sonolesion.") and name not in HARNESS:
                yield from _module_files(name)


def _module_files(name: str) -> Iterator[Path]:
    place = PACKAGE.joinpath(*name.split(".")[1:])
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return (file for file in candidates if file.is_file())


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _canonical(path: Path) -> bytes:
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[1:] if _starts_with_docstring(node.body) else node.body
    return ast.unparse(tree).encode()


def _starts_with_docstring(body: list[ast.stmt]) -> bool:
    first = body[0] if body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
