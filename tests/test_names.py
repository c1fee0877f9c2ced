"""One name runs through folders, rules, scripts, settings, logs and docs."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import yaml

from tests.stages import STAGES

SECOND_PASS = {"measures", "report"}


def rules_of(root: Path) -> dict[str, str]:
    """Return rule name → text of the rule, of every stage's rule file."""
    found = {}
    for path in (root / "rules").glob("*.smk"):
        if path.stem in {"common", "inputs"}:
            continue
        for text in re.split(r"^(?=rule )", path.read_text(), flags=re.MULTILINE)[1:]:
            name = re.match(r"rule (\w+):", text)
            assert name
            found[name[1]] = text
            assert name[1].startswith(f"{path.stem}_"), f"{name[1]} in {path.name}"
    return found


def test_every_stage_has_package_and_page(root: Path) -> None:
    for stage in STAGES:
        assert (root / "workflow/sonolesion" / stage / "__init__.py").is_file(), stage
        assert (root / "docs" / f"{stage}.md").is_file(), stage
        assert (root / "tests" / stage).is_dir(), stage


def test_rule_script_and_log_carry_one_name(root: Path) -> None:
    rules = rules_of(root)
    assert rules
    for name, text in rules.items():
        stage, _, step = name.partition("_")
        assert f'script:\n        "../scripts/{stage}/{step}.py"' in text, name
        assert f"logs/{stage}/{step}/" in text, name
        assert f'code=code("{stage}.{step}")' in text, name
        assert "message:" in text, name


def test_every_script_has_a_rule(root: Path) -> None:
    rules = rules_of(root)
    for path in (root / "scripts").rglob("*.py"):
        assert f"{path.parent.name}_{path.stem}" in rules, path


def test_rules_and_main_agree_on_every_name(root: Path) -> None:
    for name, text in rules_of(root).items():
        stage, _, step = name.partition("_")
        tree = ast.parse((root / f"scripts/{stage}/{step}.py").read_text())
        main = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "main")
        arguments = {a.arg for a in [*main.args.args, *main.args.kwonlyargs]} - {"threads"}
        blocks = re.findall(r"^    (input|output|params):\n((?:        .*\n)+)", text, re.MULTILINE)
        given = set()
        for part, block in blocks:
            names = set(re.findall(r"^        (\w+)=", block, re.MULTILINE))
            given |= names - {"code", "scan"} if part == "params" else names
        assert given == arguments, name


def test_snakefile_is_a_table_of_contents(root: Path) -> None:
    lines = (root / "Snakefile").read_text().splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
    assert len(code) <= 45


def test_scripts_are_short(root: Path) -> None:
    for path in (root / "scripts").rglob("*.py"):
        tree = ast.parse(path.read_text())
        main = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "main")
        assert (main.end_lineno or 0) - main.lineno < 45, path


def test_environment_is_in_step_with_pyproject(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((root / "environment.yml").read_text())
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert pip[1:] == project["dependencies"] + project["optional-dependencies"]["slurm"]
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    assert python == f"python{project['requires-python']}"


def test_lock_file_names_hashes_and_no_address(root: Path) -> None:
    for name in ("requirements.lock", "requirements-uv.lock"):
        text = (root / name).read_text()
        assert "http" not in text
        for requirement in re.split(r"\n(?=\w)", text.strip()):
            assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_atlas_files_are_what_the_table_says(root: Path) -> None:
    import hashlib
    import importlib.util

    from sonolesion.core.tables import read_tsv

    rows = read_tsv(root / "atlases/atlases.tsv")
    assert rows
    for row in rows:
        if row["source"] != "package":
            continue
        spec = importlib.util.find_spec(row["package"])
        assert spec is not None
        assert spec.origin is not None
        content = (Path(spec.origin).parent / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"], row["name"]
