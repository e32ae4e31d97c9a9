# SPDX-License-Identifier: Apache-2.0
"""Another look moves no label; what a refiner leaves alone stays as it was rendered, to the last bit."""

from dataclasses import fields

import pytest
import torch

from handcraft.data import PreprocessConfig
from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand.examples import examples_from
from handcraft.estimate.hand.restyled import put_back, restyled_look, unrestyled_from
from handcraft.estimate.hand.stream import StreamConfig

MASKED = PreprocessConfig(size=24)
KEPT = PreprocessConfig(size=24, background="kept")


@pytest.fixture(scope="module")
def samples():
    scene, _ = StreamConfig(render_px=48, block=32).scenes()[0]
    return list(RenderedSet(scene, 3, 8))


def looked(samples, restyle, crops):
    look = restyled_look(restyle, crops, {"kind": "test"})
    return look.join([look.make(samples[:5]), look.make(samples[5:])])


def unchanged(images, masks, numbers):
    return images


def inverted(images, masks, numbers):
    return 1 - images


@pytest.mark.parametrize("crops", [MASKED, KEPT])
def test_a_refiner_that_changes_nothing_changes_nothing(samples, crops):
    assert torch.equal(looked(samples, unchanged, crops).images, examples_from(samples).images)


@pytest.mark.parametrize("crops", [MASKED, KEPT])
def test_labels_stay(samples, crops):
    before, after = examples_from(samples), looked(samples, inverted, crops)
    assert not torch.equal(after.images, before.images)
    for each in fields(before):
        if each.name != "images":
            assert torch.equal(getattr(after, each.name), getattr(before, each.name)), each.name


def test_crops_without_backdrop_change_the_hand_only(samples):
    before, after = examples_from(samples), looked(samples, inverted, MASKED)
    hands = torch.stack([sample.mask for sample in samples])
    changed = (before.images != after.images).any(1)
    assert not (changed & ~hands).any()
    assert (changed & hands).sum() > 0.7 * hands.sum()


def test_the_hand_changes_up_to_its_edge(samples):
    def brighter(images, masks, numbers):
        return torch.where(masks[:, None], images + 0.1, 0.9)

    before, after = examples_from(samples), looked(samples, brighter, MASKED)
    hands = torch.stack([sample.mask for sample in samples])
    change = (after.images.int() - before.images.int())[:, 1][hands & (before.images[:, 1] < 200)]
    assert (change[change > 3] - 25.5).abs().max() < 1
    assert (change > 3).float().mean() > 0.9


def test_crops_with_their_backdrop_change_it_too_but_not_at_their_border(samples):
    before, after = examples_from(samples), looked(samples, lambda images, masks, numbers: images * 0, KEPT)
    change = (before.images.int() - after.images.int()).abs().amax(1)
    hands = torch.stack([sample.mask for sample in samples])
    assert (change * ~hands > 30).any()
    for number, (left_px, _, side_px) in enumerate(unrestyled_from(samples, crops=KEPT).boxes_px.tolist()):
        mirrored = samples[number].side == "left"
        column = round(48 - left_px - side_px if mirrored else left_px)
        if 1 < column < 46:
            gone = change[number] / before.images[number].amax(0).clamp_min(1)
            assert gone[:, column].max() < 0.65


def test_a_change_lands_where_it_was_made(samples):
    """Hands of either side: left ones are refined in a mirror."""
    assert {sample.side for sample in samples} == {"left", "right"}

    def reddened(images, masks, numbers):
        left_half = torch.arange(images.shape[-1]) < images.shape[-1] // 2
        return torch.where(left_half & torch.tensor([True, False, False])[:, None, None], 1.0, images)

    before, after = examples_from(samples), looked(samples, reddened, KEPT)
    part = unrestyled_from(samples, crops=KEPT)
    for number, sample in enumerate(samples):
        change = (after.images[number].int() - before.images[number].int())[0].clamp_min(0).float()
        left_px, _, side_px = part.boxes_px[number].tolist()
        middle_px = left_px + side_px / 2
        middle_px = 48 - middle_px if sample.side == "left" else middle_px
        columns = torch.arange(48) + 0.5
        on_left = change[:, columns < middle_px - 2].sum()
        on_right = change[:, columns > middle_px + 2].sum()
        assert (on_left > 10 * on_right) == (sample.side == "right"), number
        assert change.sum() > 0


def test_crops_are_put_back_where_they_were_cut():
    crops = torch.zeros(1, 1, 10, 10)
    crops[0, 0, 3, 7] = 1
    placed = put_back(crops, torch.tensor([[6.0, -4.0, 20.0]]), 32)[0, 0]
    centres = torch.arange(32) + 0.5
    assert ((placed.sum(0) * centres).sum() / placed.sum()).item() == pytest.approx(6 + 2 * 7.5)
    assert ((placed.sum(1) * centres).sum() / placed.sum()).item() == pytest.approx(-4 + 2 * 3.5)
    assert put_back(torch.ones(1, 1, 10, 10), torch.tensor([[6.0, -4.0, 20.0]]), 32).sum().item() == pytest.approx(320)


def test_each_render_has_its_own_number(samples):
    seen = []

    def watching(images, masks, numbers):
        seen.extend(numbers.tolist())
        return images

    looked(samples, watching, MASKED)
    assert len(set(seen)) == len(samples)
    again = unrestyled_from(samples[3:4], crops=MASKED).numbers
    assert again.tolist() == seen[3:4]
