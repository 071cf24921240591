import sys

import numpy as np
import pytest

from benchmarks.memory import forget_peak, peak_mib


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process forget its peak")
def test_the_peak_is_seen_and_forgotten():
    before = peak_mib()
    held = np.ones(100 << 17)  # 100 MiB
    during = peak_mib()
    del held
    assert peak_mib() >= during >= before
    forget_peak()
    assert peak_mib() < during - 50
