from __future__ import annotations

from pathlib import Path


def test_scripts_start_without_future_imports(root: Path) -> None:
    """Snakemake puts lines of its own before a script, so these would be syntax errors."""
    for script in (root / "scripts").rglob("*.py"):
        assert "from __future__" not in script.read_text(), script
