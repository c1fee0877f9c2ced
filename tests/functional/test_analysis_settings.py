from __future__ import annotations

import pytest
from pydantic import ValidationError

from sonolesion.core.config import keys
from sonolesion.core.settings.functional import Functional
from sonolesion.core.settings.functional_analysis import Homogeneity


def test_every_number_has_a_description_and_a_source() -> None:
    for name, info, is_section in keys(Functional):
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        assert is_section or info.description, name
        if info.annotation in (int, float):
            assert extra.get("source"), name


def test_impossible_values_are_refused() -> None:
    with pytest.raises(ValidationError, match="neighbours"):
        Homogeneity.model_validate({"neighbours": 26})
    with pytest.raises(ValidationError, match="extra"):
        Functional.model_validate({"alff": {}})
