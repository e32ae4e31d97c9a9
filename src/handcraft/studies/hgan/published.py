# SPDX-License-Identifier: Apache-2.0
"""What seed 002 printed: its Tables I, II and III and the counts of its Figure 7, to stand beside our figures.

Its spread in Table I is one over subsets of the test images of one trained model each, and larger than every difference
of kernel distances in the table. Its text gives the counts between real and generated hands the wrong way round: read
as it says, other counts of Figure 7 would be negative; turned round, they fit Table III (``FIGURE_7``).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor


@dataclass(frozen=True)
class PrintedDistances:
    """A row of Table I."""

    frechet: float
    kernel: float
    kernel_subset_std: float
    """Over subsets of test images; no spread over trained models."""


TABLE_I: dict[str, PrintedDistances] = {
    "pixCycleGAN6": PrintedDistances(71.639, 0.0530, 0.0065),
    "pixCycleGAN4": PrintedDistances(70.815, 0.0517, 0.0065),
    "GeoConGAN": PrintedDistances(66.786, 0.0481, 0.0065),
    "msH-GAN4": PrintedDistances(63.297, 0.0479, 0.0067),
    "msH-GAN6": PrintedDistances(63.185, 0.0480, 0.0066),
}
"""By model, in the order of the table; Inception-v3 features of 2,000 images, fewer than the 2,048 features."""


@dataclass(frozen=True)
class PrintedShares:
    """Shares of a classifier in the order of its classes."""

    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    accuracy: float


TABLE_II: dict[tuple[str, str], PrintedShares] = {
    ("real", "real"): PrintedShares((0.9451, 0.9738), (0.9746, 0.9434), (0.9596, 0.9584), 0.9590),
    ("real", "generated"): PrintedShares((0.9562, 0.9718), (0.9723, 0.9554), (0.9642, 0.9635), 0.9639),
    ("generated", "real"): PrintedShares((0.9529, 0.9265), (0.9243, 0.9543), (0.9384, 0.9402), 0.9393),
    ("generated", "generated"): PrintedShares((0.9891, 0.9360), (0.9323, 0.9897), (0.9598, 0.9621), 0.9610),
    ("half real, half generated", "real"): PrintedShares((0.9483, 0.9696), (0.9703, 0.9471), (0.9592, 0.9582), 0.9587),
    ("half real, half generated", "generated"): PrintedShares(
        (0.9725, 0.9715), (0.9714, 0.9726), (0.9720, 0.9720), 0.9720
    ),
}
"""By what was taught as real beside synthetic hands, and what was tested as real; classes are synthetic and real."""

TABLE_III = PrintedShares((0.9540, 0.7930, 0.8468), (0.9546, 0.8329, 0.8037), (0.9543, 0.8124, 0.8247), 0.8637)
"""Classes are synthetic, real and generated hands."""

FIGURE_7: Int64[Tensor, "true predicted"] = torch.tensor([[3341, 114, 44], [120, 2915, 465], [40, 647, 2813]])
"""Rows are the true class: the only counts with 647 and 465 between real and generated that fit Table III."""

TRANSPOSED = (
    "The document's text says that 647 real hands were called generated and 465 generated ones real. With its "
    "Table III that cannot be: two other counts would be negative. The other way round everything fits, so it is 465 "
    "(13 %) of the real hands that were called generated and 647 (18 %) of the generated ones that were called real."
)
