# SPDX-License-Identifier: Apache-2.0
"""Encoding and decoding are inverses, up to the border of the image itself."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.heatmaps import HeatmapCodec

CODECS = {
    "quarter size, as compact": HeatmapCodec(64, 16, sigma_px=4.0, window_cells=7),
    "eighth size, as posenet": HeatmapCodec(256, 32, sigma_px=17.7, window_cells=7),
    "half size, narrow": HeatmapCodec(64, 32, sigma_px=1.0, window_cells=4),
    "full size, whole map": HeatmapCodec(48, 48, sigma_px=2.0, window_cells=48),
    "cells of broken size": HeatmapCodec(50, 16, sigma_px=3.0, window_cells=5),
}


def inside_and_border(side):
    inside = torch.rand(400, 2, generator=torch.Generator().manual_seed(3)) * side
    along, zero = torch.linspace(0, side, 101), torch.zeros(101)
    border = [torch.stack([along, zero], -1), torch.stack([zero + side, along], -1), torch.stack([along, along], -1)]
    return torch.cat([inside, *border])[None]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_decoding_undoes_encoding_everywhere(codec):
    points_px = inside_and_border(codec.image_px)
    maps, weights = codec.encode(points_px)
    assert (weights == 1).all()
    assert (codec.decode(maps) - points_px).norm(dim=-1).max() < 0.01


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_height_does_not_matter_and_negative_cells_are_empty(codec):
    points_px = inside_and_border(codec.image_px)
    maps, _ = codec.encode(points_px)
    assert (codec.decode(torch.where(maps > 1e-6, 7.3 * maps, -1.0)) - points_px).norm(dim=-1).max() < 0.1


def test_a_cell_is_where_its_pixels_are():
    codec = HeatmapCodec(64, 16, sigma_px=4.0, window_cells=5)
    maps, _ = codec.encode(torch.tensor([[[4 * 3 + 2.0, 4 * 9 + 2.0]]]))
    assert maps[0, 0].argmax() == 9 * 16 + 3
    assert maps[0, 0, 9, 3] == 1.0
    assert torch.equal(maps[0, 0, :, :7], maps[0, 0, :, :7].flip(-1))


def test_the_gaussian_has_its_width_in_image_pixels():
    codec = HeatmapCodec(64, 32, sigma_px=3.0, window_cells=7)
    maps, _ = codec.encode(torch.tensor([[[33.0, 33.0]]]))
    torch.testing.assert_close(maps[0, 0, 16, 17], torch.exp(torch.tensor(-(2.0**2) / (2 * 3.0**2))))


def test_a_keypoint_outside_counts_nothing():
    codec = HeatmapCodec(64, 16, sigma_px=4.0, window_cells=5)
    maps, weights = codec.encode(torch.tensor([[[-0.1, 30.0], [30.0, 64.1], [torch.nan, 3.0], [64.0, 0.0]]]))
    assert weights.tolist() == [[0, 0, 0, 1]]
    assert (maps[0, :3] == 0).all()
    assert codec.decode(maps)[0, 0].tolist() == [32.0, 32.0]


def test_a_broad_map_far_from_the_border_decodes_to_its_middle():
    wide = HeatmapCodec(64, 32, sigma_px=6.0, window_cells=9)
    narrow = HeatmapCodec(64, 32, sigma_px=2.0, window_cells=9)
    points_px = torch.tensor([[[31.0, 35.0]]])
    torch.testing.assert_close(narrow.decode(wide.encode(points_px)[0]), points_px, atol=0.01, rtol=0)


def test_the_expected_place_is_differentiable_and_right_in_the_middle():
    codec = HeatmapCodec(64, 32, sigma_px=2.0, window_cells=7)
    points_px = torch.tensor([[[30.3, 33.9]]], requires_grad=True)
    maps, _ = codec.encode(points_px)
    place = codec.expected(maps / maps.sum((-2, -1), keepdim=True))
    torch.testing.assert_close(place, points_px, atol=1e-3, rtol=0)
    (slope,) = torch.autograd.grad(place[0, 0, 0], points_px)
    torch.testing.assert_close(slope[0, 0], torch.tensor([1.0, 0.0]), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("values", "words"),
    [((64, 128, 4.0, 5), "`cells`"), ((64, 16, 4.0, 17), "`window_cells`"), ((64, 16, 0.5, 5), "`sigma_px`")],
)
def test_a_codec_that_cannot_decode_is_refused(values, words):
    with pytest.raises(HandcraftError, match=words):
        HeatmapCodec(*values)
