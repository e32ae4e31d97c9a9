# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.measure import MAX_ERROR_MM, max_error_curve, pck, worst_errors
from handcraft.randomness import generator_for


def errors(images=200):
    return torch.rand(images, 14, generator=generator_for(51), dtype=torch.float64) * 60


def test_one_lost_joint_loses_the_frame():
    lost = torch.zeros(10, 14)
    lost[:3, 5] = 50.0
    curve = max_error_curve(lost, torch.tensor([0.0, 49.9, 50.0]))
    assert curve.values.tolist() == pytest.approx([0.7, 0.7, 1.0])


def test_the_worst_joint_is_never_within_more_often_than_any():
    table, thresholds = errors(), MAX_ERROR_MM.values()
    worst, any_joint = max_error_curve(table, thresholds).values, pck(table, thresholds).values
    assert bool((worst <= any_joint).all())
    assert bool((worst.diff() >= 0).all())
    assert worst[-1] == 1


def test_the_share_is_what_counting_finds():
    table = errors()
    expected = [sum(max(row) <= threshold for row in table.tolist()) / 200 for threshold in range(81)]
    assert max_error_curve(table, MAX_ERROR_MM.values()).values.tolist() == pytest.approx(expected)


def test_what_is_not_labelled_neither_helps_nor_harms():
    table = errors()
    holed = torch.cat([table, torch.full((5, 14), torch.nan)])
    holed[7] = holed[7].where(holed[7] == holed[7].max(), torch.nan)  # only the worst one is known
    thresholds = MAX_ERROR_MM.values()
    assert torch.equal(max_error_curve(holed, thresholds).values, max_error_curve(table, thresholds).values)
    assert worst_errors(holed)[-5:].isnan().all()
