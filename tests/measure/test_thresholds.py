# SPDX-License-Identifier: Apache-2.0
"""The named grids are those of the codes they are named after, and their areas those a pencil finds."""

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import (
    BIHAND_MM,
    FREIHAND_MM,
    HAND3D_MM,
    HAND3D_PX,
    HAND3D_STB_MM,
    JOINT_GRIDS_MM,
    MAX_ERROR_MM,
    MINIMAL_HAND_MM,
    MMPOSE_PX,
    ThresholdGrid,
    pck,
    thresholds_px,
)

AS_THEY_WRITE_IT = {
    HAND3D_PX: np.linspace(0.0, 30.0, 20),
    MMPOSE_PX: 30 * np.linspace(0.0, 0.95, 20),
    HAND3D_MM: 1000 * np.linspace(0.0, 0.05, 20),
    HAND3D_STB_MM: 1000 * np.linspace(0.0, 0.05, 20)[8:],
    MINIMAL_HAND_MM: np.linspace(20, 50, 15),
    BIHAND_MM: np.linspace(20, 50, 20),
    FREIHAND_MM: 1000 * np.linspace(0.0, 0.05, 100),
    MAX_ERROR_MM: np.arange(0, 81),
}


@pytest.mark.parametrize("grid", AS_THEY_WRITE_IT, ids=lambda grid: grid.name)
def test_grids_are_their_owners(grid):
    np.testing.assert_allclose(grid.values().numpy(), AS_THEY_WRITE_IT[grid], rtol=1e-14, atol=1e-12)


def test_hand3d_in_pixels_is_the_grid_2d_areas_are_taken_over():
    assert torch.equal(HAND3D_PX.values(), thresholds_px())


def test_every_grid_has_a_name_of_its_own():
    assert len({grid.area.name for grid in JOINT_GRIDS_MM}) == len(JOINT_GRIDS_MM)
    assert HAND3D_STB_MM.area.name == "AUC (hand3d STB, 21.05-50 mm, 12 steps)"
    assert all(grid.area.improves(by=0.1) and grid.unit == "mm" for grid in JOINT_GRIDS_MM)


@pytest.mark.parametrize(
    ("grid", "area"),
    [
        (HAND3D_MM, (50 - 600 / 19 + 25 / 19) / 50),  # reached from the 13th of its 20 thresholds on
        (HAND3D_STB_MM, (50 - 600 / 19 + 25 / 19) / (550 / 19)),
        (MINIMAL_HAND_MM, (50 - 460 / 14 + 15 / 14) / 30),  # 20 + 6 * 30/14 is the first above 31
        (FREIHAND_MM, (50 - 3100 / 99 + 25 / 99) / 50),
    ],
    ids=lambda value: value.name if isinstance(value, ThresholdGrid) else "",
)
def test_the_area_of_joints_all_off_by_31_mm(grid, area):
    """From threshold t on all are within: (high - t + half a step) / (high - low). Four grids, four figures."""
    assert pck(torch.full((2, 21), 31.0), grid.values()).auc() == pytest.approx(area)


@pytest.mark.parametrize(("low", "high", "steps"), [(0.0, 0.0, 5), (3.0, 1.0, 5), (0.0, 1.0, 1)])
def test_a_grid_spans_something(low, high, steps):
    with pytest.raises(HandcraftError, match="two or more rising thresholds"):
        ThresholdGrid("mine", "mm", low, high, steps)
