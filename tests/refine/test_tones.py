# SPDX-License-Identifier: Apache-2.0
"""Tones are those of colour science; hands of one tone meet, wherever there are any, and nobody is left out."""

import dataclasses

import pytest
import torch

from handcraft.refine.tones import TonePairs, lab_from_srgb, tone_bins, typology_angles_deg
from tests.refine.toy import TINY, blobs, learner


@pytest.mark.parametrize(
    ("srgb", "lab"),
    [
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (53.24, 80.09, 67.20)),
        ((0.5, 0.5, 0.5), (53.39, 0.0, 0.0)),
        ((0.0, 0.0, 1.0), (32.30, 79.19, -107.86)),
    ],
)
def test_cielab_of_known_colours(srgb, lab):
    images = torch.tensor(srgb).view(1, 3, 1, 1)
    torch.testing.assert_close(lab_from_srgb(images)[0, :, 0, 0], torch.tensor(lab), rtol=0, atol=0.02)


def test_the_angle_is_of_what_lies_inside_the_mask():
    skin = torch.tensor([0.9, 0.72, 0.6]).view(1, 3, 1, 1).expand(1, 3, 4, 4).clone()
    masks = torch.zeros(1, 4, 4, dtype=torch.bool)
    masks[:, :2] = True
    whole = typology_angles_deg(skin, torch.ones_like(masks))
    skin[:, :, 2:] = 0.0
    torch.testing.assert_close(typology_angles_deg(skin, masks), whole)
    lightness, _, yellow = lab_from_srgb(skin)[0, :, 0, 0]
    assert whole.item() == pytest.approx(torch.rad2deg(torch.atan((lightness - 50) / yellow)).item(), abs=0.01)


def test_darker_skin_has_a_lower_class():
    colours = [(0.25, 0.15, 0.1), (0.45, 0.3, 0.2), (0.62, 0.45, 0.33), (0.95, 0.8, 0.7)]
    classes = [tone_bins(blobs(3, colour, seed=1)).tolist() for colour in colours]
    means = [sum(each) / 3 for each in classes]
    assert means == sorted(means)
    assert means[0] < means[-1]


def pairs(rendered, photographed, epoch=0):
    return TonePairs(tuple(rendered), tuple(photographed), seed=3, stream=6).pairs(epoch).tolist()


SETS = [
    ([0, 0, 0, 2, 2, 5], [0, 2, 2, 2, 5, 5, 5]),
    ([0, 1, 2, 3, 4, 5, 5], [2, 2, 2]),
    ([3], [0, 1, 2, 3, 4, 5]),
    ([0, 0, 1], [4, 5]),
]


@pytest.mark.parametrize(("rendered", "photographed"), SETS)
def test_tones_meet_their_own_where_there_is_one_else_the_nearest(rendered, photographed):
    for render, photograph in pairs(rendered, photographed):
        mine, theirs = rendered[render], photographed[photograph]
        nearest = min(abs(mine - tone) for tone in photographed), min(abs(theirs - tone) for tone in rendered)
        assert abs(mine - theirs) in nearest


@pytest.mark.parametrize(("rendered", "photographed"), SETS)
def test_every_epoch_shows_everyone(rendered, photographed):
    for epoch in range(3):
        met = pairs(rendered, photographed, epoch)
        assert {render for render, _ in met} == set(range(len(rendered)))
        assert {photograph for _, photograph in met} == set(range(len(photographed)))
    assert pairs(rendered, photographed, 0) == pairs(rendered, photographed, 0)


def test_both_sides_of_a_step_are_one_row_of_pairs():
    tones = TonePairs((0, 0, 2, 2, 2), (0, 2, 2), seed=3, stream=6)
    sides = [tones.order(side, 4) for side in ("rendered", "photographed")]
    rows = torch.cat([torch.stack([side(step) for side in sides], dim=1) for step in range(5)])
    assert torch.equal(rows, torch.cat([tones.pairs(epoch) for epoch in range(4)]))


def test_a_learner_shows_tones_together():
    trained = learner(dataclasses.replace(TINY, match_tones=True))
    light, dark = ((0.95, 0.8, 0.7), (0.25, 0.15, 0.1))
    sets = [blobs(6, light, seed=1), blobs(6, dark, seed=2)]
    mixed = dataclasses.replace(
        sets[0],
        images=torch.cat([sets[0].images[:3], sets[1].images[:3]]),
        masks=torch.cat([sets[0].masks[:3], sets[1].masks[:3]]),
    )
    trained = type(trained)(mixed, mixed.select([5, 4, 3, 2, 1, 0]), trained.config, trained.accelerator)
    for step in range(4):
        rendered, photographed = (each.images.mean(dim=(1, 2, 3)) for each in trained.batch(step))
        assert torch.equal(rendered > rendered.mean(), photographed > photographed.mean())
