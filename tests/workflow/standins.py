"""The real Snakefile, rules and harness, with scripts that stand in for the science.

Each stand-in keeps the signature of the script it replaces, notes that it ran, fails if it is
told to, and writes what it was given: so the content of every output tells what it was made of.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path

BODY = """

VERSION = 1


def _stand_in(given):
    import hashlib
    from pathlib import Path

    from sonolesion.core.errors import InputFault

    name = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
    with Path("runs.txt").open("a") as file:
        file.write(name + "\\n")
    broken = Path("break.txt").read_text().splitlines() if Path("break.txt").exists() else []
    if name in broken:
        raise InputFault(file=name, found="a fault", expected="none", remedy="mend it")
    if f"crash {name}" in broken:
        raise ValueError("crashed")
    outputs, inputs = dict(snakemake.output.items()), dict(snakemake.input.items())
    digest = hashlib.sha256(f"{VERSION}".encode())
    for key in sorted(given):
        if key in outputs:
            continue
        values = given[key] if isinstance(given[key], list) else [given[key]]
        for value in values:
            is_file = key in inputs
            digest.update(Path(value).read_bytes() if is_file else f"{key}={value}".encode())
    for key, files in sorted(outputs.items()):
        text = f"{name} {key} {digest.hexdigest()}\\n"
        for file in [files] if isinstance(files, str) else files:
            Path(file).write_text(text)


if __name__ == "__main__":
    run(main, snakemake)
"""


def copy_pipeline(root: Path, folder: Path) -> Path:
    """Copy the pipeline into a folder, each script replaced by its stand-in."""
    for name in ("rules", "config", "profiles", "atlases"):
        shutil.copytree(root / name, folder / name)
    shutil.copy(root / "Snakefile", folder)
    for script in (root / "scripts").rglob("*.py"):
        target = folder / script.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(stand_in(script))
    return folder


def stand_in(script: Path) -> str:
    """Return a script with the same `main()` signature that only notes what it was given."""
    tree = ast.parse(script.read_text())
    main = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "main")
    arguments = [*main.args.args, *main.args.kwonlyargs]
    names = ", ".join(argument.arg for argument in arguments)
    text = "from sonolesion.core.run import run\n\n\n"
    text += f"def main({names}):\n    _stand_in(dict(locals()))\n"
    return text + BODY


def set_version(pipeline: Path, step: str, version: int) -> None:
    """Change the code of a step."""
    script = pipeline / "scripts" / f"{step.replace('.', '/')}.py"
    script.write_text(re.sub(r"VERSION = \d+", f"VERSION = {version}", script.read_text()))


def runs(output: Path) -> list[str]:
    """Return the jobs that ran since the last call, sorted."""
    file = output / "runs.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return sorted(lines)


def contents(output: Path) -> dict[str, str]:
    """Return path → text of everything the stand-ins made."""
    found = {}
    for folder, folders, files in os.walk(output):
        hidden = {".snakemake", "logs", "work", "sourcedata"}
        folders[:] = [name for name in folders if name not in hidden]
        for name in files:
            path = Path(folder, name)
            if name not in {"runs.txt", "break.txt"}:
                found[str(path.relative_to(output))] = path.read_text()
    return found
