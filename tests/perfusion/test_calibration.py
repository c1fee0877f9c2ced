from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.perfusion import calibration


def test_recovery_by_hand() -> None:
    # A T1 after the pulse, 1 - 1/e of it is back.
    back = calibration.relaxed(np.array([1 - np.exp(-1)]), recovery_s=1.3, tissue_t1_s=1.3)
    assert back[0] == pytest.approx(1.0, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 30), st.floats(0.5, 4), st.floats(1, 1e4))
def test_relaxation_undone_is_the_truth(recovery: float, t1: float, truth: float) -> None:
    measured = np.array([truth * (1 - np.exp(-recovery / t1))])
    found = calibration.relaxed(measured, recovery_s=recovery, tissue_t1_s=t1)
    assert found[0] == pytest.approx(truth, rel=1e-6)


def test_impossible_recovery() -> None:
    with pytest.raises(ValueError, match="above 0"):
        calibration.relaxed(np.ones(1), recovery_s=0.0, tissue_t1_s=1.0)
