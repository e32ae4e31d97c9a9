# SPDX-License-Identifier: Apache-2.0
import dataclasses
import itertools
import weakref

import pytest
import torch

from handcraft.data import (
    HGAN_TEST,
    HGAN_TRAINING,
    MURPHY_PHOTOGRAPHS,
    MURPHY_RENDERS,
    CropBox,
    HandSample,
    PreprocessConfig,
    normalise_colour,
    prepare,
)
from handcraft.errors import HandcraftError
from tests.data.painted import centroids_px

DOTS = [0, 3, 6, 10, 14, 17, 20]


@pytest.fixture
def images():
    return torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def hand(number=0, *, height=150, width=200, masked=True):
    """A grey ellipse with a bright dot at each of the keypoints ``DOTS``, on a green background."""
    x, y = torch.meshgrid(torch.arange(width) + 0.5, torch.arange(height) + 0.5, indexing="xy")
    mask = ((x - 110) / 60) ** 2 + ((y - 70) / 50) ** 2 < 1
    image = torch.tensor([0.0, 0.6, 0.0])[:, None, None].expand(3, height, width).clone()
    image[:, mask] = 0.3
    column, row = torch.arange(21) % 7, torch.arange(21) // 7
    keypoints_px = torch.stack([68 + 14.0 * column, 46 + 24.0 * row], dim=1)
    for left, top in (keypoints_px[DOTS].long() - 2).tolist():
        image[:, top : top + 4, left : left + 4] = 1
    return HandSample(
        key=f"hand-{number}",
        image=image,
        source="painted",
        is_real=False,
        subject=f"person-{number // 2}",
        mask=mask if masked else None,
        keypoints_px=keypoints_px,
    )


def grey_is_hand(images):
    return ((images[:, 0] - images[:, 1]).abs() < 0.1).float()


def test_a_tint_disappears(images):
    gain = torch.tensor([0.3, 1.0, 0.7])[:, None, None]
    offset = torch.tensor([0.2, 0.0, 0.1])[:, None, None]
    assert torch.allclose(normalise_colour(images * gain + offset), normalise_colour(images), atol=1e-4)


def test_normalised_channels_reach_from_zero_to_one_and_keep_their_order(images):
    normalised = normalise_colour(images)
    assert torch.allclose(normalised.amin((2, 3)), torch.zeros(4, 3))
    assert torch.allclose(normalised.amax((2, 3)), torch.ones(4, 3))
    assert normalised.flatten(2).argsort(dim=2).equal(images.flatten(2).argsort(dim=2))


def test_normalising_is_a_sigmoid_of_z_scores(images):
    channel = images[2, 1].double()
    squashed = 1 / (1 + torch.exp(-(channel - channel.mean()) / channel.std(correction=0)))
    expected = (squashed - squashed.min()) / (squashed.max() - squashed.min())
    assert torch.allclose(normalise_colour(images)[2, 1].double(), expected, atol=1e-5)


def test_batch_mates_do_not_matter(images):
    assert torch.allclose(normalise_colour(images)[1:2], normalise_colour(images[1:2]))


@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 1.0])
def test_a_channel_of_one_value_becomes_zero_and_its_gradient_stays_finite(images, value):
    images[0, 1] = value
    images.requires_grad_()
    normalised = normalise_colour(images)
    assert normalised[0, 1].abs().max() == 0
    assert normalised[0, 0].max() == 1
    normalised.sum().backward()
    assert images.grad.isfinite().all()


@pytest.mark.parametrize("size", [64, 96, 224])
@pytest.mark.parametrize("background", ["masked", "kept"])
def test_keypoints_stay_on_their_pixels(size, background):
    prepared = prepare([hand()], PreprocessConfig(size=size, background=background))
    dots_px = prepared.keypoints_px[0, DOTS]
    found = centroids_px(prepared.float_images()[0], dots_px, reach_px=size // 16)
    assert torch.allclose(found, dots_px.double(), atol=0.1)


def test_the_crop_is_reported_so_that_labels_can_go_back():
    prepared = prepare([hand()], PreprocessConfig())
    box = CropBox(*prepared.crops[0].tolist())
    assert torch.allclose(box.image_from_crop(prepared.keypoints_px[0], 64), hand().keypoints_px, atol=1e-3)
    assert (box.left_px + box.side_px / 2, box.top_px + box.side_px / 2) == pytest.approx((110, 70), abs=0.5)


def test_masked_crops_are_black_outside_the_hand_and_kept_ones_are_not():
    masked, kept = (prepare([hand()], PreprocessConfig(background=mode)) for mode in ("masked", "kept"))
    assert masked.images[0, :, 30, 1].tolist() == [0, 0, 0]
    assert kept.images[0, :, 30, 1].tolist() == [0, 153, 0]
    assert masked.masks.equal(kept.masks)
    inside = torch.nn.functional.max_pool2d(1 - masked.masks[:, None].float(), 3, 1, 1)[0, 0] == 0
    assert masked.images[0, :, inside].equal(kept.images[0, :, inside])
    assert masked.masks.float().mean().item() == pytest.approx(1 / 2.1**2, rel=0.03)


def test_white_crops_are_white_wherever_black_ones_are_black():
    black, white = (
        prepare([hand()], PreprocessConfig(background=mode, crop_scale=6.0)).float_images()[0]
        for mode in ("masked", "white")
    )
    coverage = CropBox(*prepare([hand()], PreprocessConfig(crop_scale=6.0)).crops[0].tolist()).resample(
        hand().mask.float()[None], 64
    )
    assert torch.allclose(white, black + 1 - coverage, atol=1 / 255)
    assert white[:, 0, 0].tolist() == [1, 1, 1]  # out of the picture
    assert white[:, 32, 1].tolist() == [1, 1, 1]  # in the picture, off the hand
    assert white[:, 32, 32].equal(black[:, 32, 32])


@pytest.mark.parametrize(
    "config",
    [MURPHY_RENDERS, MURPHY_PHOTOGRAPHS, HGAN_TRAINING, HGAN_TEST],
    ids=["variance", "centre", "native", "fixed"],
)
def test_keypoints_stay_on_their_pixels_in_every_crop(config):
    prepared = prepare([hand()], dataclasses.replace(config, background="kept"))
    points_px = prepared.keypoints_px[0, DOTS]
    within = ((points_px > 8) & (points_px < config.size - 8)).all(dim=1)
    assert within.sum() >= 2
    found = centroids_px(prepared.float_images()[0], points_px[within], reach_px=5)
    assert torch.allclose(found, points_px[within].double(), atol=0.1)


def test_the_crops_of_the_thesis():
    sample = hand()
    area, share = sample.mask.sum().item(), sample.mask.float().mean().item()
    renders, photographs = (prepare([sample], config) for config in (MURPHY_RENDERS, MURPHY_PHOTOGRAPHS))
    assert renders.crops[0, 2].item() == pytest.approx(1.753 * (area * (1 - share)) ** 0.5, rel=1e-3)
    assert photographs.crops[0].tolist() == [62.5, 37.5, 75.0]
    assert renders.size == photographs.size == 64
    left = dataclasses.replace(sample, side="left")
    assert prepare([left], MURPHY_RENDERS).images.equal(renders.images)  # left hands are not mirrored there


def test_native_crops_copy_pixels_and_are_drawn_by_seed_and_number():
    samples = [hand(number) for number in range(6)]
    config = dataclasses.replace(HGAN_TRAINING, size=16, background="kept")
    first, again = prepare(samples, config), prepare(samples, config)
    assert first.crops.equal(again.crops)
    assert prepare(samples[:3], config).crops.equal(first.crops[:3])
    assert len({tuple(crop) for crop in first.crops.tolist()}) > 3  # equal samples, other numbers
    assert not prepare(samples, dataclasses.replace(config, crop_seed=1)).crops.equal(first.crops)
    left, top, side = (int(value) for value in first.crops[0].tolist())
    assert side == 16
    assert first.float_images()[0].equal((hand().image[:, top : top + 16, left : left + 16] * 255).round() / 255)


def test_a_mask_of_all_pixels_has_no_variance_and_is_skipped():
    full = dataclasses.replace(hand(1), mask=torch.ones(150, 200, dtype=torch.bool))
    assert (prepare([hand(0), full], MURPHY_RENDERS).keys, prepare([full], PreprocessConfig()).skipped) == (
        ("hand-0",),
        0,
    )


def test_segment_stands_in_for_missing_masks_of_any_size():
    samples = [hand(0, masked=False), hand(1, height=180, width=230, masked=False)]
    found = prepare(samples, PreprocessConfig(), segment=grey_is_hand)
    given = prepare([hand(0), hand(1, height=180, width=230)], PreprocessConfig())
    assert (found.masks == given.masks).float().mean() > 0.99
    assert torch.allclose(found.keypoints_px, given.keypoints_px, atol=0.3)


def test_a_mask_that_is_there_is_used_and_segment_is_not_asked():
    def never(images):
        raise AssertionError

    assert len(prepare([hand()], PreprocessConfig(), segment=never)) == 1


def test_samples_without_a_hand_are_skipped_and_counted():
    empty = dataclasses.replace(hand(1), mask=torch.zeros(150, 200, dtype=torch.bool))
    speck = torch.zeros(150, 200, dtype=torch.bool)
    speck[3:5, 3:5] = True
    prepared = prepare([hand(0), empty, dataclasses.replace(hand(2), mask=speck), hand(3)], PreprocessConfig())
    assert (prepared.keys, prepared.skipped) == (("hand-0", "hand-3"), 2)
    assert prepared.subjects == ("person-0", "person-1")
    with pytest.raises(HandcraftError, match="but found a hand in none of 1 pictures of painted"):
        prepare([empty], PreprocessConfig(min_mask_fraction=0.0))


def test_samples_without_keypoints_have_no_confidence_beside_samples_with():
    bare = dataclasses.replace(hand(1), keypoints_px=None)
    sure = dataclasses.replace(hand(2), confidence=torch.full((21,), 0.25))
    prepared = prepare([hand(0), bare, sure], PreprocessConfig())
    assert prepared.confidence[:, 0].tolist() == [1, 0, 0.25]
    unlabelled = prepare([bare], PreprocessConfig())
    assert unlabelled.keypoints_px is None
    assert unlabelled.confidence is None


def test_preparing_holds_no_picture_longer_than_its_turn():
    alive = weakref.WeakSet()

    def stream():
        for number in range(20):
            sample = hand(number)
            alive.add(sample)
            assert len(alive) <= 2
            yield sample

    assert len(prepare(stream(), PreprocessConfig(size=8))) == 20


def test_mistakes_are_told_in_one_line():
    with pytest.raises(HandcraftError, match=r"mask of sample 'hand-0' to have .* size .*, but got \(4, 5\)"):
        prepare([hand(masked=False)], PreprocessConfig(), segment=lambda images: torch.ones(1, 4, 5))
    with pytest.raises(HandcraftError, match="sample 'hand-0' to have a mask; pass `segment`"):
        prepare([hand(masked=False)], PreprocessConfig())
    with pytest.raises(HandcraftError, match="samples of one source, but got 'painted' and 'other'"):
        prepare([hand(), dataclasses.replace(hand(), source="other")], PreprocessConfig())
    with pytest.raises(HandcraftError, match="Expected a sample with a hand, but found a hand in none of 0 pictures;"):
        prepare([], PreprocessConfig())
    for name, value in (("size", 0), ("crop_scale", 0.0), ("crop_scale", float("nan")), ("min_mask_fraction", 1.0)):
        with pytest.raises(HandcraftError, match=f"`{name}`.*but got {value}"):
            PreprocessConfig(**{name: value})


def test_a_crop_larger_than_the_picture_is_filled_with_black():
    prepared = prepare(itertools.repeat(hand(), 2), PreprocessConfig(crop_scale=6.0, background="kept"))
    assert prepared.images[0, :, 0, 0].tolist() == [0, 0, 0]
    middle_px = prepared.keypoints_px[0, [10]]
    assert torch.allclose(centroids_px(prepared.float_images()[0], middle_px, reach_px=2), middle_px.double(), atol=0.1)
