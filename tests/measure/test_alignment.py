# SPDX-License-Identifier: Apache-2.0
"""What an alignment forgives costs nothing, what it does not stays; more freedom never lies farther off."""

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry import rotation_from_axis_angle
from handcraft.measure import (
    best_similarity,
    centroid_aligned,
    centroid_and_radius_aligned,
    procrustes_aligned,
    root_aligned,
    root_and_bone_aligned,
    scale_aligned,
)
from handcraft.randomness import generator_for
from tests.oracles import alignment as oracle

ROOT, BONE = 0, (0, 9)
MIRROR = torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
ALIGNMENTS = {
    "root": lambda predicted, true: root_aligned(predicted, true, root=ROOT),
    "bone": lambda predicted, true: root_and_bone_aligned(predicted, true, root=ROOT, bone=BONE),
    "scale": lambda predicted, true: scale_aligned(predicted, true, root=ROOT),
    "centroid": centroid_aligned,
    "radius": centroid_and_radius_aligned,
    "procrustes": procrustes_aligned,
    "reflected": lambda predicted, true: procrustes_aligned(predicted, true, allow_reflection=True),
}
WITH_SIZE = [name for name in ALIGNMENTS if name not in ("root", "centroid")]


def hands(count=5, seed=0):
    """Point sets as large as hands half a metre from a camera, metres."""
    generator = generator_for(31, seed)
    points = torch.randn(count, 21, 3, generator=generator, dtype=torch.float64) * 0.05
    return points + torch.tensor([0.1, -0.05, 0.5], dtype=torch.float64)


def near(true, seed=1):
    return true + torch.randn(true.shape, generator=generator_for(32, seed), dtype=torch.float64) * 0.01


def moved(points, seed=2):
    """Another turn, size and place for every hand."""
    generator = generator_for(33, seed)
    turns = rotation_from_axis_angle(torch.randn(len(points), 3, generator=generator, dtype=torch.float64))
    sizes = 0.5 + torch.rand(len(points), 1, 1, generator=generator, dtype=torch.float64)
    shifts = torch.randn(len(points), 1, 3, generator=generator, dtype=torch.float64)
    return sizes * points @ turns.transpose(-1, -2) + shifts


def rms(predicted, true):
    return (predicted - true).square().sum(-1).mean(-1).sqrt()


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("root", lambda predicted, true: oracle.root_aligned(predicted, true, ROOT)),
        ("bone", lambda predicted, true: oracle.root_and_bone_aligned(predicted, true, ROOT, BONE)),
        ("scale", lambda predicted, true: oracle.scale_aligned(predicted, true, ROOT)),
        ("radius", oracle.centroid_and_radius_aligned),
        ("procrustes", oracle.procrustes),
        ("reflected", oracle.procrustes_with_reflection),
    ],
)
def test_equals_the_oracle(name, twin):
    true = hands()
    for predicted in (moved(near(true)), near(true) * MIRROR, torch.randn(true.shape, dtype=torch.float64)):
        aligned = ALIGNMENTS[name](predicted, true)
        for hand in range(len(true)):
            expected = twin(predicted[hand].numpy(), true[hand].numpy())
            np.testing.assert_allclose(aligned[hand].numpy(), expected, atol=1e-7)  # FreiHAND adds 1e-8 to norms


def test_a_similar_hand_has_no_procrustes_error():
    true = hands()
    torch.testing.assert_close(procrustes_aligned(moved(true), true), true)


def test_procrustes_does_not_see_where_how_large_or_how_turned_a_prediction_is():
    true = hands()
    predicted = near(true)
    for seed in range(3):
        again = procrustes_aligned(moved(predicted, seed), true)
        torch.testing.assert_close(again, procrustes_aligned(predicted, true))


def test_a_mirrored_hand_stays_far_off_unless_it_is_allowed():
    true = hands()
    mirrored = moved(true * MIRROR)
    assert float(rms(procrustes_aligned(mirrored, true), true).min()) > 0.01
    assert not best_similarity(mirrored, true).is_reflection.any()
    allowed = best_similarity(mirrored, true, allow_reflection=True)
    assert allowed.is_reflection.all()
    torch.testing.assert_close(allowed.apply(mirrored), true)


def test_reflection_is_left_where_the_hand_is_right():
    true = hands()
    predicted = moved(near(true))
    torch.testing.assert_close(
        procrustes_aligned(predicted, true), procrustes_aligned(predicted, true, allow_reflection=True)
    )


def test_the_map_is_a_similarity_and_is_found_again():
    true = hands()
    found = best_similarity(near(true), true)
    eye = torch.eye(3, dtype=torch.float64).expand(len(true), 3, 3)
    torch.testing.assert_close(found.rotation @ found.rotation.transpose(-1, -2), eye)
    assert bool((found.scale > 0).all())
    back = best_similarity(true, found.apply(true))
    torch.testing.assert_close(back.scale, found.scale)
    torch.testing.assert_close(back.rotation, found.rotation)
    torch.testing.assert_close(back.shift, found.shift)


@pytest.mark.parametrize("name", ALIGNMENTS)
def test_place_is_forgiven_by_all(name):
    true = hands()
    predicted = near(true)
    shifted = predicted + torch.tensor([0.3, -2.0, 7.0])
    torch.testing.assert_close(ALIGNMENTS[name](shifted, true), ALIGNMENTS[name](predicted, true))


@pytest.mark.parametrize("name", WITH_SIZE)
def test_size_is_forgiven_by_those_that_say_so(name):
    true = hands()
    predicted = near(true)
    torch.testing.assert_close(ALIGNMENTS[name](3 * predicted, true), ALIGNMENTS[name](predicted, true))


@pytest.mark.parametrize("name", ["root", "centroid"])
def test_size_is_not_forgiven_by_the_others(name):
    true = hands()
    assert float(rms(ALIGNMENTS[name](2 * true, true), true).min()) > 0.02


@pytest.mark.parametrize(
    ("freer", "tighter"),
    [
        ("reflected", "procrustes"), ("procrustes", "scale"), ("procrustes", "bone"), ("procrustes", "radius"),
        ("procrustes", "centroid"), ("scale", "root"), ("scale", "bone"), ("centroid", "root"),
    ],
)  # fmt: skip
def test_more_freedom_never_lies_farther_off_in_the_mean_square(freer, tighter):
    true = hands(20)
    predicted = near(true) * 1.1 + 0.02
    errors = {name: rms(ALIGNMENTS[name](predicted, true), true) for name in (freer, tighter)}
    assert bool((errors[freer] <= errors[tighter] + 1e-12).all())
    assert bool((errors[freer] < errors[tighter] - 1e-6).any()) or freer == "reflected"
    assert bool((rms(centroid_aligned(predicted, true), true) <= rms(predicted, true)).all())


def test_a_hand_is_aligned_alike_alone_and_in_any_batch():
    true = hands(6)
    predicted = moved(near(true))
    for align in ALIGNMENTS.values():
        whole = align(predicted, true)
        torch.testing.assert_close(align(predicted.view(2, 3, 21, 3), true.view(2, 3, 21, 3)).view(6, 21, 3), whole)
        torch.testing.assert_close(align(predicted[4], true[4]), whole[4])


def test_what_is_not_labelled_takes_no_part():
    true = hands()
    predicted = near(true)
    gone = [3, 4, 20]
    holed, spoilt = true.clone(), predicted.clone()
    holed[:, gone], spoilt[:, gone] = torch.nan, 77.0
    kept = [joint for joint in range(21) if joint not in gone]
    for name in ("root", "bone", "scale", "centroid", "radius", "procrustes"):
        aligned = ALIGNMENTS[name](spoilt, holed)[:, kept]
        torch.testing.assert_close(aligned, ALIGNMENTS[name](predicted[:, kept], true[:, kept]) if name != "bone" else
                                   ALIGNMENTS[name](predicted, true)[:, kept])  # fmt: skip


@pytest.mark.parametrize(("name", "least"), [("centroid", 2), ("radius", 2), ("procrustes", 3), ("reflected", 3)])
def test_points_that_would_fit_by_chance_count_for_nothing(name, least):
    true = hands(1)
    for labelled in range(4):
        holed = true.clone()
        holed[:, labelled:] = torch.nan
        aligned = ALIGNMENTS[name](near(true), holed)[:, : max(1, labelled)]
        assert bool(aligned.isnan().all()) == (labelled < least)


def test_a_missing_root_leaves_nothing_to_be_relative_to():
    true = hands(2)
    true[0, ROOT] = torch.nan
    for name in ("root", "bone", "scale"):
        aligned = ALIGNMENTS[name](near(true.nan_to_num()), true)
        assert aligned[0].isnan().all()
        assert aligned[1].isfinite().all()


@pytest.mark.parametrize("place", [0.0, 0.1, 1 / 3])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_prediction_in_one_place_fits_no_noise(place, kind):
    """Rounding leaves such a hand a spread of 1e-17, which a scale of 1e16 would turn into a good-looking answer."""
    true = hands(3)
    collapsed = torch.full((3, 21, 3), place, dtype=kind)
    centred = true.mean(1, keepdim=True).expand(3, 21, 3)
    for name in ("centroid", "radius", "procrustes", "reflected"):
        torch.testing.assert_close(ALIGNMENTS[name](collapsed, true), centred)
    rooted = true[:, :1].expand(3, 21, 3)
    for name in ("root", "bone", "scale"):
        torch.testing.assert_close(ALIGNMENTS[name](collapsed, true), rooted)


def test_flat_and_straight_hands_are_aligned():
    true = hands()
    for flattened in (true * torch.tensor([1.0, 1.0, 0.0]), true * torch.tensor([1.0, 0.0, 0.0]), true * 0):
        torch.testing.assert_close(procrustes_aligned(moved(flattened), flattened), flattened)
        assert not best_similarity(moved(flattened), flattened).is_reflection.any()


def test_a_scale_never_turns_a_hand_inside_out():
    true = hands()
    aligned = scale_aligned(2 * true[:, :1] - true, true, root=ROOT)  # each point on the other side of the root
    torch.testing.assert_close(aligned, true[:, :1].expand_as(true))


def test_single_precision_is_computed_in_double():
    true = hands()
    predicted = near(true).float()
    for align in ALIGNMENTS.values():
        assert align(predicted, true.float()).dtype == torch.float64
        torch.testing.assert_close(align(predicted, true), align(predicted.double(), true))


@pytest.mark.parametrize("name", ALIGNMENTS)
def test_a_prediction_that_is_no_number_is_refused(name):
    true = hands()
    predicted = near(true)
    predicted[2, 5, 1] = torch.nan
    with pytest.raises(HandcraftError, match="finite `predicted` points wherever `true` is labelled, but 1 are not"):
        ALIGNMENTS[name](predicted, true)
    true[2, 5] = torch.nan
    assert ALIGNMENTS[name](predicted, true)[1].isfinite().all()
