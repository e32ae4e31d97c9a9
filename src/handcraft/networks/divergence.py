# SPDX-License-Identifier: Apache-2.0
"""How far the codes of a variational network are from the standard normal distribution they are to have."""

from jaxtyping import Float
from torch import Tensor


def kl_to_standard_normal(
    mean: Float[Tensor, "item code"], log_variance: Float[Tensor, "item code"]
) -> Float[Tensor, " item"]:
    """KL(N(mean, variance) || N(0, I)) in nats: the closed form of Kingma and Welling 2014, appendix B.

    >>> from torch import ones, zeros
    >>> kl_to_standard_normal(zeros(2, 3), zeros(2, 3)).tolist()
    [0.0, 0.0]
    >>> kl_to_standard_normal(ones(1, 3), zeros(1, 3)).item()
    1.5
    """
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=-1)
