# SPDX-License-Identifier: Apache-2.0
"""What refiners with one generator are fed, and how their discriminator is trained."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.refine.one_sided import UnpairedBatches
from handcraft.training import make_accelerator
from tests.refine.style.toy import learner
from tests.refine.toy import SIZE, photographs, renders


def batches(rendered, photographed, turn_photographs_deg=0.0):
    return UnpairedBatches(
        rendered,
        photographed,
        batch_size=4,
        turn_photographs_deg=turn_photographs_deg,
        seed=0,
        accelerator=make_accelerator("cpu"),
    )


def test_batches_are_signed_and_depend_on_the_step_alone():
    fed = batches(renders(), photographs())
    first = fed.at(3)
    fed.at(0)
    again = fed.at(3)
    for name in ("rendered", "photographed", "rendered_masks", "photographed_masks"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert all(each.min() == -1 and each.max() > 0 for each in (first.rendered, first.photographed))
    assert not torch.equal(first.rendered, fed.at(4).rendered)


def test_only_photographs_are_turned():
    plain, turning = batches(renders(), photographs()).at(0), batches(renders(), photographs(), 180.0).at(0)
    assert torch.equal(plain.rendered, turning.rendered)
    assert torch.equal(plain.rendered_masks, turning.rendered_masks)
    assert not torch.equal(plain.photographed, turning.photographed)
    brightness = (turning.photographed.sum(dim=1) + 3) / 2
    assert brightness[turning.photographed_masks].mean() > 10 * brightness[~turning.photographed_masks].mean()


def test_variety_is_watched():
    """Whoever paints photographs of two colours all alike is told; whoever gives both back is not."""
    trained = learner()
    for step in range(110):
        batch = trained.batches.at(step)
        seen = trained.duel.watch(batch, batch.rendered, [0.5])
    assert seen["variety_warning"] == seen["identity_warning"] == 1.0
    trained = learner()
    for step in range(110):
        batch = trained.batches.at(step)
        alike = dataclasses.replace(batch, rendered_masks=batch.photographed_masks)
        seen = trained.duel.watch(alike, batch.photographed, [0.5])
    assert seen["variety_warning"] == seen["identity_warning"] == 0.0


def test_discriminator_learns_to_tell_colours_apart():
    duel = learner().duel
    red, blue = (torch.full((4, 3, SIZE, SIZE), -1.0) for _ in range(2))
    red[:, 0, 4:12, 4:12], blue[:, 2, 4:12, 4:12] = 1.0, 1.0
    first = duel.improve_discriminator(red, blue, 0)
    for step in range(1, 60):
        last = duel.improve_discriminator(red, blue, step)
    assert last["discriminator_photographs"] < first["discriminator_photographs"]
    assert last["accuracy_photographs"] == last["accuracy_refined"] == 1.0


def test_an_answer_tells_of_the_whole_step():
    """Terms of the refiner, the discriminator's loss and accuracies, and alarms that heard of those accuracies."""
    trained = learner()
    batch, duel = trained.batches.at(0), trained.duel
    duel.alarms.accuracy = 1.0
    told = duel.answer(batch, -batch.rendered, {"pixel_rendered": torch.tensor(3.0)}, 0)
    assert told["pixel_rendered"] == 3.0
    assert told.keys() >= {"discriminator_photographs", "accuracy_photographs", "accuracy_refined", "change", "variety"}
    accuracies = [told["accuracy_photographs"], told["accuracy_refined"]]
    assert duel.alarms.accuracy == pytest.approx(0.95 + 0.05 * sum(accuracies) / 2)
    assert told["collapse_warning"] == float(duel.alarms.accuracy > 0.99)
    assert told["change"] > 0.05, "what was made is watched, not what it was made of"


def test_hands_are_watched_inside_their_own_masks():
    """The colour of a hand is that of its own pixels: not of where the other domain's hand is, not of the backdrop."""
    trained = learner()
    batch = trained.batches.at(0)
    left, right = torch.zeros(2, *batch.rendered_masks.shape, dtype=torch.bool)
    left[..., :4], right[..., 12:] = True, True
    shades = torch.linspace(-0.8, 0.8, len(left))[:, None, None, None].expand_as(batch.rendered)
    odd = shades.flip(0)
    batch = dataclasses.replace(
        batch,
        rendered=torch.zeros_like(batch.rendered),
        photographed=torch.where(right[:, None], shades, torch.zeros_like(shades)),
        rendered_masks=left,
        photographed_masks=right,
    )
    trained.duel.watch(batch, torch.where(left[:, None], odd, torch.zeros_like(odd)), [])
    alarms = trained.duel.alarms
    assert alarms.target.spread == pytest.approx(alarms.refined.spread)
    assert alarms.target.spread > 0.3


@pytest.mark.parametrize("size", [12, 18])
def test_unsuitable_sizes_are_refused(size):
    def resized(prepared):
        return dataclasses.replace(
            prepared,
            images=torch.zeros(len(prepared), 3, size, size, dtype=torch.uint8),
            masks=torch.zeros(len(prepared), size, size, dtype=torch.bool),
        )

    with pytest.raises(HandcraftError, match=f"at least 16 and a multiple of 4, but got crops of {size} pixels"):
        batches(resized(renders()), resized(photographs()))
    with pytest.raises(HandcraftError, match=f"crops of one size, but got {SIZE} and {size} pixels"):
        batches(renders(), resized(photographs()))
