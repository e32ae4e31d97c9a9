# SPDX-License-Identifier: Apache-2.0
"""Keypoints as Gaussian heatmaps, and back: one object encodes and decodes, so neither can drift from the other.

The heatmap's cells tile the square image. Pixel (0, 0) has its centre at (0.5, 0.5), so cell (row, column) has its
centre at ``((column + 0.5) * cell_px, (row + 0.5) * cell_px)``.

Decoding takes the mean position in a window around the highest cell and asks which Gaussian of the encoder's own
width has that mean on those very cells. This is the maximum-likelihood place of the encoded Gaussian given the window
(moment matching, the Gaussian on a fixed set of cells being an exponential family). Plain soft-argmax pulls towards the
middle of the window wherever the Gaussian is cut, most of all at the image's border; matching the mean undoes it, so
``decode(encode(x)) == x`` up to the border itself.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.errors import HandcraftError

TABLE_STEPS_PER_CELL = 64
TABLE_OVERHANG_CELLS = 1.5
"""How far outside its window a Gaussian may be centred; the border of the image is half a cell outside."""


@dataclass(frozen=True)
class HeatmapCodec:
    """Encodes keypoints of a square image as heatmaps and decodes heatmaps into keypoints."""

    image_px: int
    """Side of the square image the keypoints live in."""
    cells: int
    """Side of the square heatmap."""
    sigma_px: float
    """Standard deviation of the Gaussian, in image pixels."""
    window_cells: int
    """Side of the window decoding looks at; ``cells`` looks at the whole map."""

    def __post_init__(self) -> None:
        """Refuse a codec that cannot be decoded."""
        if self.cells < 2 or self.image_px < self.cells:
            raise HandcraftError(f"Expected 2 <= `cells` <= `image_px`, but got {self.cells} and {self.image_px}.")
        if not 1 < self.window_cells <= self.cells:
            raise HandcraftError(f"Expected `window_cells` between 2 and {self.cells}, but got {self.window_cells}.")
        if not self.sigma_px >= 0.4 * self.cell_px:
            raise HandcraftError(
                f"Expected `sigma_px` to be at least 0.4 cells ({0.4 * self.cell_px:g} px), but got {self.sigma_px}; "
                "a narrower Gaussian falls between the cells."
            )

    @property
    def cell_px(self) -> float:
        """Side of one cell in image pixels."""
        return self.image_px / self.cells

    def encode(
        self, keypoints_px: Float[Tensor, "batch joint 2"]
    ) -> tuple[Float[Tensor, "batch joint cells cells"], Float[Tensor, "batch joint"]]:
        """Gaussians of height 1 centred at the keypoints, and a weight for each.

        A keypoint outside the image (or not finite) gets an empty map and weight 0, every other one weight 1.
        """
        inside = ((keypoints_px >= 0) & (keypoints_px <= self.image_px)).all(-1)
        keypoints_px = torch.where(inside[..., None], keypoints_px, 0.0)
        centres_px = (torch.arange(self.cells, device=keypoints_px.device) + 0.5) * self.cell_px
        along = torch.exp(-((centres_px - keypoints_px[..., None]) ** 2) / (2 * self.sigma_px**2))
        weights = inside.to(keypoints_px.dtype)
        return along[..., 1, :, None] * along[..., 0, None, :] * weights[..., None, None], weights

    def decode(self, maps: Float[Tensor, "batch joint cells cells"]) -> Float[Tensor, "batch joint 2"]:
        """Keypoints in image pixels from heatmaps of any positive height; negative cells count as empty.

        An empty map gives the middle of the image.
        """
        maps = maps.float().clamp_min(0)
        peak = maps.flatten(-2).argmax(-1)
        peak_cells = torch.stack([peak % self.cells, peak // self.cells], -1)
        starts = (peak_cells - self.window_cells // 2).clamp(0, self.cells - self.window_cells)
        cells = torch.arange(self.cells, device=maps.device)
        in_window = (cells >= starts[..., None]) & (cells < starts[..., None] + self.window_cells)
        windowed = maps * in_window[..., 1, :, None] * in_window[..., 0, None, :]
        marginals = torch.stack([windowed.sum(-2), windowed.sum(-1)], -2)
        means = (marginals * (cells - starts[..., None])).sum(-1) / marginals.sum(-1).clamp_min(1e-30)
        keypoints_px = (starts + self._centre_from_mean(means) + 0.5) * self.cell_px
        keypoints_px = keypoints_px.clamp(0, self.image_px)
        return torch.where(windowed.flatten(-2).amax(-1)[..., None] > 0, keypoints_px, self.image_px / 2)

    def expected(self, maps: Float[Tensor, "batch joint cells cells"]) -> Float[Tensor, "batch joint 2"]:
        """Mean position of maps that each sum to 1, in image pixels: differentiable, and biased near the border."""
        centres_px = (torch.arange(self.cells, device=maps.device) + 0.5) * self.cell_px
        return torch.stack([(maps.sum(-2) * centres_px).sum(-1), (maps.sum(-1) * centres_px).sum(-1)], -1)

    @cached_property
    def _mean_and_centre(self) -> tuple[Tensor, Tensor]:
        """Centres of a Gaussian along one side of the window, and the mean it has on the window's cells."""
        count = math.ceil((self.window_cells - 1 + 2 * TABLE_OVERHANG_CELLS) * TABLE_STEPS_PER_CELL) + 1
        centres = torch.linspace(
            -TABLE_OVERHANG_CELLS, self.window_cells - 1 + TABLE_OVERHANG_CELLS, count, dtype=torch.float64
        )
        cells = torch.arange(self.window_cells, dtype=torch.float64)
        sigma_cells = self.sigma_px / self.cell_px
        share = torch.softmax(-((cells - centres[:, None]) ** 2) / (2 * sigma_cells**2), -1)
        return (share * cells).sum(-1).float(), centres.float()

    def _centre_from_mean(self, means: Float[Tensor, "batch joint 2"]) -> Float[Tensor, "batch joint 2"]:
        """Invert the table by linear interpolation; a mean beyond its ends gives the end."""
        table_means, table_centres = (table.to(means.device) for table in self._mean_and_centre)
        above = torch.searchsorted(table_means, means.contiguous()).clamp(1, len(table_means) - 1)
        low, high = table_means[above - 1], table_means[above]
        share = ((means - low) / (high - low).clamp_min(1e-12)).clamp(0, 1)
        return table_centres[above - 1] + share * (table_centres[above] - table_centres[above - 1])
