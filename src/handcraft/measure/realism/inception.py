# SPDX-License-Identifier: Apache-2.0
"""Inception score: how sure a classifier is of each made image, and how many classes it sees in all of them.

It never looks at a real image, so it says how varied and clear-cut images are to that classifier, not how like
photographs: in seed 000 the decoloured renders, which nobody takes for photographs, score best (fig. 4.3). Read it
beside the score of the real images.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.measure.metric import Metric
from handcraft.measure.realism.distances import expect_features

INCEPTION_SCORE = Metric("inception score", unit="classes", better="higher")


def inception_score(probabilities: Float[Tensor, "image class"], *, splits: int = 1) -> float:
    """``exp(mean KL(p(class | image) || mean p))`` (Salimans et al., NeurIPS 2016; seed 000, eq. 4.1).

    Between 1 and the number of classes. With several splits, the mean over that many consecutive parts: lower, as fewer
    images fill fewer classes, so scores of different sizes do not compare.

    Raises:
        HandcraftError: rows that are no probabilities, or more splits than images.

    >>> inception_score(torch.eye(4))
    4.0
    """
    expect_probabilities(probabilities, "probabilities")
    if not 1 <= splits <= len(probabilities):
        raise HandcraftError(f"Expected `splits` to be from 1 to {len(probabilities)} (the images), but got {splits}.")
    scores = []
    for part in probabilities.double().tensor_split(splits):
        divergence = torch.xlogy(part, part) - torch.xlogy(part, part.mean(dim=0))
        scores.append(divergence.sum(dim=1).mean().exp())
    return float(torch.stack(scores).mean())


def expect_probabilities(probabilities: Tensor, name: str) -> None:
    """Refuse rows that are negative somewhere or do not sum to 1."""
    expect_features(probabilities, name, at_least=1)
    off = (probabilities.double().sum(dim=1) - 1).abs() > 1e-3
    wrong = int((off | (probabilities < 0).any(dim=1)).sum())
    if wrong:
        raise HandcraftError(
            f"Expected each row of `{name}` to be probabilities that sum to 1, but {wrong} of {len(probabilities)} "
            "are not; give the softmax of the classifier's logits."
        )
