# SPDX-License-Identifier: Apache-2.0
"""Laws of label pictures: one colour per part, near is bright, a normal towards the viewer is blue."""

import numpy as np
import torch

from handcraft.data import show_depth, show_mask, show_normals, show_parts
from handcraft.data.label_pictures import EMPTY_COLOUR
from handcraft.hand.skeleton import FINGER_COLOURS, FOREARM_ID, PARTS, part_id


def test_every_part_has_a_colour_of_its_own_and_zero_is_empty() -> None:
    ids = torch.arange(FOREARM_ID + 1, dtype=torch.uint8)[None]
    pixels = np.asarray(show_parts(ids, scale=1))[0]
    assert tuple(pixels[0]) == EMPTY_COLOUR
    assert len({tuple(pixel) for pixel in pixels}) == len(PARTS) + 2
    ring = pixels[part_id("ring_proximal")]
    assert np.allclose(ring / 255, FINGER_COLOURS["ring"], atol=0.01)
    assert pixels[part_id("ring_tip")].sum() > ring.sum()


def test_labels_keep_hard_pixels_when_enlarged() -> None:
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[1, 2] = True
    pixels = np.asarray(show_mask(mask, scale=5))
    assert pixels.shape == (15, 20, 3)
    assert (pixels[5:10, 10:15] == pixels[7, 12]).all()
    assert (pixels != np.uint8(EMPTY_COLOUR)).all(axis=-1).sum() == 25


def test_near_is_brighter_than_far_and_nothing_is_empty() -> None:
    depth_m = torch.tensor([[0.0, 0.40, 0.45, 0.50]])
    pixels = np.asarray(show_depth(depth_m, scale=1))[0].astype(int)
    assert tuple(pixels[0]) == EMPTY_COLOUR
    assert pixels[1].sum() > pixels[2].sum() > pixels[3].sum()
    assert (np.asarray(show_depth(torch.zeros(2, 2), scale=1)) == np.uint8(EMPTY_COLOUR)).all()


def test_a_fixed_range_makes_depth_pictures_comparable() -> None:
    near, far = torch.full((1, 1), 0.4), torch.full((1, 1), 0.6)
    shared = [np.asarray(show_depth(depth, near_m=0.4, far_m=0.6, scale=1))[0, 0] for depth in (near, far)]
    assert int(shared[0].sum()) > int(shared[1].sum())


def test_normals_have_the_colours_of_other_peoples_normal_maps() -> None:
    towards_viewer, right, up, nothing = (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 0.0)
    normals = torch.tensor([[towards_viewer, right, up, nothing]]).permute(2, 0, 1)
    pixels = np.asarray(show_normals(normals, scale=1))[0]
    expected = [(128, 128, 255), (255, 128, 128), (128, 255, 128), EMPTY_COLOUR]
    assert [tuple(pixel) for pixel in pixels.tolist()] == expected
