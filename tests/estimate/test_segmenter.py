# SPDX-License-Identifier: Apache-2.0
"""The segmenter: its loss, what it learns, and that a picture's size, aspect and batch mates do not matter."""

import dataclasses
import math

import pytest
import torch

from handcraft.data import CropBox
from handcraft.errors import HandcraftError
from handcraft.estimate import (
    SEGMENTER_LAPTOP,
    SEGMENTER_PAPER,
    SEGMENTER_SMOKE,
    DegradeConfig,
    Segmenter,
    SegmenterConfig,
    SegmenterLearner,
    largest_component,
    train_segmenter,
)
from handcraft.estimate.degrade import degrade
from handcraft.estimate.segmentation_network import SegmentationNet
from handcraft.estimate.segmenter import _into_picture, _resample_replicated
from handcraft.estimate.segmenter_learner import mask_loss
from handcraft.randomness import generator_for
from handcraft.training import RunFolder, make_accelerator
from handcraft.training import train as run_training
from tests.estimate.painted import centre_of_mass, painted_discs

CONFIG = dataclasses.replace(
    SEGMENTER_SMOKE,
    width=8,
    steps=120,
    batch_size=8,
    learning_rate=1e-2,
    draw_every=120,
    checkpoint_every=120,
    device="cpu",
)
SHORT = dataclasses.replace(SEGMENTER_SMOKE, device="cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A segmenter of bright discs."""
    images, masks = painted_discs(16)
    path = tmp_path_factory.mktemp("runs") / "segmenter"
    return train_segmenter(images, masks, CONFIG, path, progress=False), path


def disc_picture(height, width, x_px, y_px, radius_px):
    """One picture with a disc like those of the training, and its mask."""
    x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    mask = (x - x_px) ** 2 + (y[:, None] - y_px) ** 2 < radius_px**2
    ground = 0.2 + 0.1 * torch.rand(3, height, width, generator=generator_for(1))
    return torch.where(mask, torch.tensor([0.9, 0.7, 0.6]).view(3, 1, 1), ground), mask


def overlap(one, other):
    return ((one & other).sum() / (one | other).sum()).item()


def test_finds_what_it_was_trained_on(trained):
    images, masks = painted_discs(8, seed=5)
    found = trained[0](images.float() / 255) > 0.5
    assert overlap(found, masks) > 0.85


@pytest.mark.parametrize(("height", "width"), [(300, 200), (120, 333), (32, 32), (5, 90)])
def test_any_size_and_aspect(trained, height, width):
    radius_px = 0.22 * min(height, width)
    image, mask = disc_picture(height, width, 0.4 * width, 0.55 * height, radius_px)
    probabilities = trained[0](image[None])
    assert probabilities.shape == (1, height, width)
    assert 0 <= probabilities.min() <= probabilities.max() <= 1
    if height > 5:
        found = trained[0].segment(image)
        assert overlap(found, mask) > 0.75
        assert (centre_of_mass(found.float()) - centre_of_mass(mask.float())).norm() < 0.15 * radius_px + 0.5


class Brightness(torch.nn.Module):
    """A network whose answer is known: bright pixels are hand."""

    def __init__(self):
        super().__init__()
        self.steepness = torch.nn.Parameter(torch.tensor(40.0))

    def forward(self, images):
        return self.steepness * (images.mean(1) - 0.5)


@pytest.mark.parametrize("zoom", [False, True])
@pytest.mark.parametrize(("height", "width"), [(300, 200), (120, 333), (64, 64), (60, 500)])
def test_an_answer_lands_on_the_pixels_it_is_about(trained, height, width, zoom):
    config = dataclasses.replace(CONFIG, image_px=96, zoom=zoom)
    segmenter = Segmenter(trained[0].network.state_dict(), config)
    segmenter.network = Brightness()
    radius_px = 0.3 * min(height, width)
    image, mask = disc_picture(height, width, 0.1 * width + radius_px, 0.6 * height, radius_px)
    found = segmenter.segment(image)
    offset_px = (centre_of_mass(found.float()) - centre_of_mass(mask.float())).norm()
    assert offset_px < 0.25 * max(height, width) / 96, "a quarter of a pixel of the working square"
    assert overlap(found, mask) > (0.7 if (height, zoom) == (60, False) else 0.9)


def test_the_second_look_finds_the_outline_of_a_small_hand(trained):
    segmenter, _ = trained
    once = Segmenter(segmenter.network.state_dict(), dataclasses.replace(CONFIG, zoom=False))
    image, mask = disc_picture(300, 400, 130.0, 190.0, 28.0)
    first, second = overlap(once.segment(image), mask), overlap(segmenter.segment(image), mask)
    assert second > first + 0.15
    assert second > 0.65


def test_batch_mates_do_not_matter(trained):
    images = torch.stack([disc_picture(90, 70, 20.0 + 10 * i, 40.0, 6.0 + 4 * i)[0] for i in range(4)])
    alone = torch.cat([trained[0](image[None]) for image in images])
    torch.testing.assert_close(trained[0](images), alone, atol=1e-4, rtol=0)
    assert trained[0](images[:0]).shape == (0, 90, 70)


def test_only_one_place_is_kept(trained):
    image, mask = disc_picture(64, 64, 20.0, 20.0, 12.0)
    second, also = disc_picture(64, 64, 50.0, 50.0, 7.0)
    both = torch.where(also, second, image)
    once = Segmenter(trained[0].network.state_dict(), dataclasses.replace(CONFIG, zoom=False))
    raw = once._look(both[None])[0] > 0.5
    assert overlap(raw & also, also) > 0.5, "the test's second disc has to be seen at all"
    found = once.segment(both)
    assert not (found & also).any()
    assert overlap(found, mask) > 0.8


def test_the_largest_component_is_the_largest():
    mask = torch.zeros(9, 9, dtype=torch.bool)
    mask[0:2, 0:2] = True
    mask[4:8, 4:8] = True
    mask[2, 2] = True  # touches a corner only
    kept = largest_component(mask)
    assert kept.sum() == 16
    assert kept[5, 5]
    assert not largest_component(torch.zeros_like(mask)).any()
    assert torch.equal(largest_component(kept), kept)


def test_a_crop_goes_back_to_where_it_came_from():
    """Also where it sticks out of the picture: pixels return to their places."""
    rows, columns = torch.meshgrid(torch.arange(60) + 0.5, torch.arange(80) + 0.5, indexing="ij")
    image = torch.stack([columns / 80, rows / 60, rows / 60])
    for box in (CropBox(20.3, 10.7, 30.0), CropBox(-10.0, 30.5, 41.7)):
        crop = _resample_replicated(image, box, 64)
        back = torch.stack([_into_picture(channel, box, 60, 80) for channel in crop])
        centre = torch.tensor([box.left_px, box.top_px]) + box.side_px / 2
        near = ((columns - centre[0]).abs() < 0.48 * box.side_px) & ((rows - centre[1]).abs() < 0.48 * box.side_px)
        away = ((columns - centre[0]).abs() > 0.55 * box.side_px) | ((rows - centre[1]).abs() > 0.55 * box.side_px)
        interior = near & (columns > 2) & (rows < 58)
        torch.testing.assert_close(back[:, interior], image[:, interior], atol=3e-3, rtol=0)
        assert (back[:, away] == 0).all()


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path):
    images, masks = painted_discs(10)
    train_segmenter(images, masks, SHORT, tmp_path / "whole", progress=False)
    learner = SegmenterLearner(images, masks, SHORT, make_accelerator("cpu"))
    inputs = RunFolder.open(tmp_path / "whole").record["inputs"]
    run = RunFolder.create(tmp_path / "cut", stage="segment", config=SHORT, seed=SHORT.seed, inputs=inputs)
    run_training(learner, dataclasses.replace(SHORT.loop, steps=2), run, resume=False, progress=False)
    train_segmenter(images, masks, SHORT, tmp_path / "cut", resume=True, progress=False)
    whole, cut = (Segmenter.load(tmp_path / name).network.state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_a_loaded_segmenter_answers_as_the_trained_one(trained):
    segmenter, path = trained
    image, _ = disc_picture(50, 60, 30.0, 25.0, 9.0)
    for place in (path, path / "checkpoint.pt"):
        loaded = Segmenter.load(place)
        assert loaded.config == CONFIG
        assert torch.equal(loaded(image[None]), segmenter(image[None]))
    assert len(list((path / "pictures").glob("*.png"))) == 1


def test_mask_loss_is_its_closed_form():
    """Undecided everywhere: cross-entropy log 2; Dice from half of every pixel."""
    masks = torch.zeros(1, 10, 10)
    masks[:, :4] = 1
    dice = (2 * 20 + 1) / (50 + 40 + 1)
    assert mask_loss(torch.zeros(1, 10, 10), masks).item() == pytest.approx(math.log(2) + 1 - dice, abs=1e-6)
    assert mask_loss(100 * (2 * masks - 1), masks).item() == pytest.approx(0, abs=1e-6)


def test_gradient_reaches_every_parameter():
    network = SegmentationNet(width=4, depth=2, generator=generator_for(1))
    images, masks = painted_discs(2, size=32)
    mask_loss(network(images.float() / 255), masks.float()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_images_and_masks_are_moved_together():
    images, masks = painted_discs(32)
    config = dataclasses.replace(SHORT, image_px=48, batch_size=32, degrade=DegradeConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    seen, moved = SegmenterLearner(images, masks, config, make_accelerator("cpu"))._batch(1)
    assert overlap(seen[:, 0] > 0.65, moved > 0.5) > 0.95


def test_degrading_changes_looks_within_range_and_nothing_when_off():
    images = (torch.rand(8, 3, 16, 16, generator=generator_for(2)) > 0.3).float()
    off = DegradeConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    torch.testing.assert_close(degrade(images, off, generator=generator_for(3)), images)
    changed = degrade(images, DegradeConfig(), generator=generator_for(3))
    assert 0 <= changed.min() <= changed.max() <= 1
    assert ((changed - images).abs().mean((1, 2, 3)) > 0.02).all()
    assert torch.equal(changed, degrade(images, DegradeConfig(), generator=generator_for(3)))


def test_training_data_that_cannot_work_is_refused():
    images, masks = painted_discs(3)
    with pytest.raises(HandcraftError, match="`masks`"):
        SegmenterLearner(images, torch.zeros_like(masks), SHORT, make_accelerator("cpu"))


def test_presets_survive_json():
    for preset in (SEGMENTER_SMOKE, SEGMENTER_LAPTOP, SEGMENTER_PAPER):
        assert SegmenterConfig.from_json(dataclasses.asdict(preset)) == preset
    with pytest.raises(HandcraftError, match="segmenter"):
        SegmenterConfig.from_json({"width": 3})


@pytest.mark.parametrize(
    "change", [{"depth": 0}, {"image_px": 16}, {"image_px": 97}, {"zoom_scale": 0.9}, {"learning_rate": 0.0}]
)
def test_what_cannot_be_trained_is_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        SegmenterConfig(**change)
