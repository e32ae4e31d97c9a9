# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import auc_shares, hand_sizes, pck, thresholds_px, thresholds_relative, weighted_mean
from handcraft.randomness import generator_for
from tests.oracles import pck as oracle

GRIDS = [thresholds_px(), thresholds_relative(), torch.tensor([20.0, 21.5, 40.0, 50.0])]


def some_errors(scale):
    generator = generator_for(5)
    errors = torch.rand(13, 21, generator=generator, dtype=torch.float64) * scale
    return errors.masked_fill(torch.rand(13, 21, generator=generator) < 0.3, torch.nan)


@pytest.mark.parametrize("thresholds", GRIDS)
def test_equals_the_oracle(thresholds):
    errors = some_errors(1.2 * float(thresholds[-1]))
    curve = pck(errors, thresholds)
    np.testing.assert_allclose(curve.values.numpy(), oracle.pck(errors.numpy(), thresholds.numpy()))
    assert curve.auc() == pytest.approx(oracle.auc(errors.numpy(), thresholds.double().numpy()))


@pytest.mark.parametrize("thresholds", GRIDS)
def test_the_mean_of_the_shares_is_the_area_under_the_curve(thresholds):
    errors = some_errors(1.2 * float(thresholds[-1]))
    shares = auc_shares(errors, thresholds)
    area = weighted_mean(shares, torch.ones(1, len(errors), dtype=torch.float64))
    assert float(area) == pytest.approx(pck(errors, thresholds).auc())


def test_a_perfect_prediction_fills_the_curve():
    curve = pck(torch.zeros(4, 21), thresholds_px())
    assert curve.values.tolist() == [1.0] * 20
    assert curve.auc() == 1


def test_the_curve_never_falls_and_stays_a_share():
    values = pck(some_errors(40.0), thresholds_px()).values
    assert bool((values.diff() >= 0).all())
    assert values.min() >= 0
    assert values.max() <= 1


def test_a_keypoint_on_the_threshold_counts():
    curve = pck(torch.tensor([[2.0]]), torch.tensor([0.0, 1.9999, 2.0, 3.0]))
    assert curve.values.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("error", "area"), [(0.0, 1.0), (0.5, 0.95), (1.0, 0.95), (7.2, 0.25), (9.5, 0.05), (10.1, 0.0)]
)
def test_the_area_of_a_constant_error_has_a_closed_form(error, area):
    """On a grid of step h up to T, the first threshold t >= error gives (T - t + h / 2) / T; 0 gives 1."""
    curve = pck(torch.full((3, 21), error), torch.linspace(0, 10, 11))
    assert curve.auc() == pytest.approx(area)


def test_fine_thresholds_approach_the_exact_area():
    curve = pck(torch.full((3, 21), 12.0), torch.linspace(0, 30, 30001, dtype=torch.float64))
    assert curve.auc() == pytest.approx(1 - 12 / 30, abs=1e-4)


def test_a_worse_prediction_never_has_more_area():
    errors = some_errors(25.0)
    assert pck(errors + 1.6, thresholds_px()).auc() < pck(errors, thresholds_px()).auc()


def test_hand_size_is_the_longer_side_of_the_labelled_box():
    generator = generator_for(6)
    true = torch.rand(9, 21, 2, generator=generator) * 64
    confidence = (torch.rand(9, 21, generator=generator) - 0.4).clamp(min=0)
    expected = [oracle.hand_size(*pair) for pair in zip(true.double().numpy(), confidence.numpy(), strict=True)]
    np.testing.assert_allclose(hand_sizes(true, confidence).numpy(), expected)
    spoilt = true.masked_fill((confidence == 0)[..., None], torch.nan)
    torch.testing.assert_close(hand_sizes(spoilt, confidence), hand_sizes(true, confidence))
    torch.testing.assert_close(hand_sizes(true + 100, confidence), hand_sizes(true, confidence), rtol=1e-4, atol=1e-4)


def test_labels_that_span_nothing_have_no_size():
    true = torch.rand(2, 21, 2)
    confidence = torch.zeros(2, 21)
    confidence[0, 5] = 1  # one keypoint; the second image has none
    assert hand_sizes(true, confidence).isnan().all()


@pytest.mark.parametrize("thresholds", [[0.0], [0.0, 2.0, 1.0], [1.0, 1.0]])
def test_thresholds_have_to_rise(thresholds):
    with pytest.raises(HandcraftError, match="Expected `thresholds` to be two or more rising values, but got"):
        pck(torch.zeros(1, 21), torch.tensor(thresholds))
