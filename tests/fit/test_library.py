# SPDX-License-Identifier: Apache-2.0
"""Libraries of people's joints: what is no hand and what is too far is left out and counted; nearness is measured."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.fit import build_library, coverage, fit_angles
from handcraft.hand.pose_library import PoseLibrary


@pytest.fixture(scope="module")
def posed(hand_model):
    return PoseLibrary.sampled(hand_model, 12, seed=5)


def test_the_library_of_a_librarys_joints_is_that_library(hand_model, posed):
    built = build_library(hand_model, posed.joints_m, "again")
    assert torch.allclose(built.library.angles_rad, posed.angles_rad, atol=1e-3)
    assert torch.allclose(built.library.joints_m, posed.joints_m, atol=1e-5)
    told = built.summary()
    assert (told["given"], told["kept"], told["unlike_hands"], told["too_far"]) == (12, 12, 0, 0)
    assert built.library.source == "again"


def test_odd_rows_are_left_out_and_counted(hand_model, posed):
    joints_m = posed.joints_m.clone()
    joints_m[2, 8] += 0.3  # a finger twice as long as the hand
    joints_m[7] *= torch.tensor([1.0, 1.0, -1.0])  # a left hand among right ones
    built = build_library(hand_model, joints_m, "odd", max_residual_mm=5.0)
    assert (built.given, built.unlike_hands, built.too_far, len(built.library)) == (12, 1, 1, 10)
    kept = [row for row in range(12) if row not in (2, 7)]
    assert torch.allclose(built.library.angles_rad, posed.angles_rad[kept], atol=1e-3)


def test_hands_of_the_other_side_are_refused_with_the_cure(hand_model, posed):
    mirrored = posed.joints_m * torch.tensor([1.0, 1.0, -1.0])
    with pytest.raises(HandcraftError, match="if these are left hands say so"):
        build_library(hand_model, mirrored, "left", max_residual_mm=1.0)


def test_any_way_from_joints_to_poses_can_be_used_and_its_progress_seen(hand_model, posed):
    seen = []

    def slowly(parts, count):
        seen.append(count)
        yield from parts

    def stiff(joints_m):
        fitted = fit_angles(hand_model, joints_m)
        return type(fitted)(0 * fitted.angles_rad, fitted.residual_mm, fitted.scale)

    built = build_library(hand_model, posed.joints_m, "stiff", fit=stiff, progress=slowly)
    assert (built.library.angles_rad == 0).all()
    assert seen == [1]


def test_coverage_tells_missing_poses_from_strange_ones(hand_model, posed):
    half = posed.select(torch.arange(6))
    near = coverage(half, posed)
    assert near.from_reference_mm.max() == 0  # nothing strange
    assert near.to_reference_mm[6:].min() > 1  # half is missing
    assert near.to_reference_mm[:6].max() == 0
    told = near.summary()
    assert told["samples_to_reference_mm_p95"] == 0 < told["reference_to_samples_mm_p95"]
