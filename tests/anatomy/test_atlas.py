from __future__ import annotations

from pathlib import Path

import pytest

from sonolesion.anatomy import atlas


@pytest.mark.parametrize("name", sorted(atlas.TEMPLATES))
def test_every_template_is_installed(name: str) -> None:
    assert Path(atlas.template_file(name)).is_file()


def test_a_package_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(atlas.TEMPLATES, "other", ("no_such_package_here", "a.nii.gz"))
    with pytest.raises(FileNotFoundError, match="no_such_package_here"):
        atlas.template_file("other")
