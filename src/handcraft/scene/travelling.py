# SPDX-License-Identifier: Apache-2.0
"""Backdrops behind moving cameras: a window that slides over a larger picture."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from handcraft.scene.backdrop import plain_backdrops, sample_backdrops
from handcraft.scene.draws import Stream, uniform_rows
from handcraft.scene.photographs import WINDOW_UNIFORMS, backdrop_folder, sample_windows
from handcraft.scene.scene import SceneConfig
from handcraft.scene.spreading import spread

MARGIN = 0.25
"""A textured backdrop is larger than its window by this share of the window's sides."""


def travelling_backdrops(
    config: SceneConfig, seed: int, sequences: Sequence[int], rows: Int[Tensor, " frame"], gone: Float[Tensor, " frame"]
) -> Float[Tensor, "frame 3 height width"]:
    """Linear light behind frame ``i`` of sequence ``sequences[rows[i]]``, after ``gone[i]`` of its window's way."""
    usual, size = "even" if config.look == "plain" else "textured", config.size_px
    kind = usual if config.backdrop == "of the look" else config.backdrop
    if kind == "even":
        return plain_backdrops(len(rows), size, size)
    ends = uniform_rows(seed, [-1 - sequence for sequence in sequences], Stream.BACKDROP, 4)
    if kind == "textured":
        margin_px = round(MARGIN * size)
        pictures = sample_backdrops(seed, sequences, size + margin_px, size + margin_px)
        corner_px = margin_px * torch.lerp(ends[rows, :2], ends[rows, 2:], gone[:, None])
        places = zip(rows.tolist(), corner_px.tolist(), strict=True)
        return torch.stack([_window(pictures[row], left_px, top_px, size) for row, (left_px, top_px) in places])
    folder = backdrop_folder(config.photographs)
    uniform = uniform_rows(seed, sequences, Stream.BACKDROP, WINDOW_UNIFORMS)
    windows = spread(sample_windows(uniform, len(folder.paths), config.photographs), rows)
    return folder.cut(windows.towards(ends[rows, :2], gone), size, size)


def _window(
    picture: Float[Tensor, "3 picture_height picture_width"], left_px: float, top_px: float, size: int
) -> Float[Tensor, "3 {size} {size}"]:
    """A square cut out between pixels: light moves by less than a pixel without a jerk."""
    left, top = int(left_px), int(top_px)
    wide = picture[:, :, left : left + size + 1]
    wide = torch.lerp(wide[:, :, :size], wide[:, :, -size:], left_px - left)[:, top : top + size + 1]
    return torch.lerp(wide[:, :size], wide[:, -size:], top_px - top)
