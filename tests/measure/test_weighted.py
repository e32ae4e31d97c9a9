# SPDX-License-Identifier: Apache-2.0
"""A weight is a number of copies: weighted summaries equal plain summaries of the copied rows."""

import numpy as np
import pytest
import torch

from handcraft.measure import weighted_mean, weighted_median
from handcraft.randomness import generator_for
from tests.oracles.joint_error import over_keypoints


@pytest.mark.parametrize(("weighted", "plain"), [(weighted_mean, np.mean), (weighted_median, np.median)])
@pytest.mark.parametrize("images", [1, 2, 7, 30])
def test_weights_are_copies(weighted, plain, images):
    generator = generator_for(images)
    values = torch.rand(images, 6, generator=generator, dtype=torch.float64).mul(8).round()  # ties on purpose
    values[torch.rand(images, 6, generator=generator) < 0.2] = torch.nan
    values[0, 0] = 3
    weights = torch.randint(0, 4, (25, images), generator=generator).double()
    weights[:, 0] += 1
    copied = [values.repeat_interleave(row.long(), dim=0).numpy() for row in weights]
    expected = [over_keypoints(rows, plain) for rows in copied]
    np.testing.assert_allclose(weighted(values, weights).numpy(), expected)


@pytest.mark.parametrize("weighted", [weighted_mean, weighted_median])
def test_nothing_to_count_is_nan(weighted):
    values = torch.tensor([[torch.nan, 1.0], [torch.nan, torch.nan]], dtype=torch.float64)
    weights = torch.tensor([[1.0, 1.0], [0.0, 5.0]], dtype=torch.float64)
    figures = weighted(values, weights)
    assert figures[0] == 1
    assert figures[1].isnan()
