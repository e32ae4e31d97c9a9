# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure.realism import inception_score
from handcraft.randomness import generator_for
from tests.oracles import fidelity
from tests.oracles.realism import inception_score as oracle

LOGITS = 3 * torch.randn(120, 7, generator=generator_for(0))


def test_equals_the_oracle():
    probabilities = LOGITS.double().softmax(dim=1)
    assert inception_score(probabilities) == pytest.approx(oracle(probabilities.numpy()))


@pytest.mark.parametrize("splits", [1, 4, 10])
def test_equals_torch_fidelity(splits):
    ours = inception_score(LOGITS.double().softmax(dim=1), splits=splits)
    assert ours == pytest.approx(fidelity.inception_score(LOGITS, splits))


def test_lies_between_one_and_the_number_of_classes():
    assert inception_score(torch.eye(7).repeat(3, 1)) == pytest.approx(7)
    assert inception_score(torch.full((5, 7), 1 / 7)) == pytest.approx(1)
    assert inception_score(torch.eye(7)[[2, 2, 2]]) == pytest.approx(1)  # sure, but all of one class


def test_smaller_parts_score_lower():
    probabilities = LOGITS.softmax(dim=1)
    assert inception_score(probabilities, splits=20) < 0.95 * inception_score(probabilities)


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="probabilities that sum to 1, but 120 of 120 are not; give the softmax"):
        inception_score(LOGITS)
    with pytest.raises(HandcraftError, match="probabilities that sum to 1, but 1 of 2"):
        inception_score(torch.tensor([[1.5, -0.5], [0.5, 0.5]]))
    with pytest.raises(HandcraftError, match=r"`splits` to be from 1 to 3 \(the images\), but got 4"):
        inception_score(torch.eye(3), splits=4)
