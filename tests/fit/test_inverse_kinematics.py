# SPDX-License-Identifier: Apache-2.0
"""Laws of inverse kinematics: it undoes posing, whoever's hand and however turned, and never leaves the limits."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.fit import FitConfig, fit_angles, normalise_joints
from handcraft.fit.inverse_kinematics import FINGER_DOFS, FINGER_JOINTS
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand import BONES
from handcraft.hand.anatomy import joint_limits_rad, within_limits
from handcraft.hand.pose_library import PoseLibrary, middle_hand


@pytest.fixture(scope="module")
def library(hand_model):
    return PoseLibrary.sampled(hand_model, 24, seed=0)


@pytest.fixture(scope="module")
def wild(hand_model):
    """Every angle anywhere between its limits, however unlikely together."""
    lowest, highest = joint_limits_rad()
    share = torch.rand(24, 22, generator=torch.Generator().manual_seed(0))
    return PoseLibrary.from_angles(hand_model, lowest + (highest - lowest) * share, "wild")


def moved(joints_m, scale=1.0):
    generator = torch.Generator().manual_seed(2)
    rotation = rotation_from_axis_angle(2 * torch.randn(len(joints_m), 3, generator=generator))
    return scale * joints_m @ rotation.transpose(1, 2) + torch.randn(len(joints_m), 1, 3, generator=generator)


def off_deg(found, wanted):
    return torch.rad2deg((found - wanted).abs())


@pytest.mark.parametrize("poses", ["library", "wild"])
def test_posing_is_undone(hand_model, poses, request):
    posed = request.getfixturevalue(poses)
    fitted = fit_angles(hand_model, moved(posed.joints_m, scale=1.15))
    assert off_deg(fitted.angles_rad, posed.angles_rad).max() < 0.05
    assert fitted.residual_mm.max() < 0.01
    assert torch.allclose(fitted.scale, torch.tensor(1.15), atol=1e-4)


def test_few_steps_are_enough(hand_model, library):
    """The derivative is exact, so the last steps double the digits."""
    fitted = fit_angles(hand_model, library.joints_m, FitConfig(iterations=5))
    assert off_deg(fitted.angles_rad, library.angles_rad).max() < 0.05


def test_other_peoples_hands_are_understood(hand_model, library):
    """Other bone lengths and palms: the angles still come back within a few degrees."""
    people = torch.rand(24, 6, generator=torch.Generator().manual_seed(3))
    joints_m = hand_model.with_shape(people).with_pose(library.angles_rad).keypoints_m()
    fitted = fit_angles(hand_model, moved(joints_m))
    assert off_deg(fitted.angles_rad, library.angles_rad).median() < 1
    assert fitted.residual_mm.max() < 2
    assert fitted.scale.max() / fitted.scale.min() > 1.3  # a child's and an adult's


def test_the_way_of_a_joint_is_a_circle_so_the_derivative_is_exact(hand_model, wild):
    """What the solver's Jacobian rests on: quarter turns ahead and behind give what automatic differentiation gives."""
    hand = middle_hand(hand_model)
    weights = torch.randn(wild.joints_m.shape, generator=torch.Generator().manual_seed(5))
    angles = wild.angles_rad.clone().requires_grad_()
    (slope,) = torch.autograd.grad((hand.with_pose(angles).keypoints_m() * weights).sum(), angles)
    for column in range(2, 22):
        quarter = torch.zeros(22)
        quarter[column] = torch.pi / 2
        ahead, behind = (hand.with_pose(wild.angles_rad + sign * quarter).keypoints_m() for sign in (1, -1))
        assert torch.allclose(((ahead - behind) / 2 * weights).sum((1, 2)), slope[:, column], atol=1e-5)


def test_a_finger_moves_its_own_joints_only(hand_model, library):
    """Why a pose is five problems of four angles."""
    assert sorted(dof for dofs in FINGER_DOFS for dof in dofs) == list(range(2, 22))
    for dofs, joints in zip(FINGER_DOFS, FINGER_JOINTS, strict=True):
        bent = library.angles_rad.clone()
        bent[:, dofs] += 0.2
        change = (middle_hand(hand_model).with_pose(bent).keypoints_m() - library.joints_m).norm(dim=-1).amax(0)
        others = [joint for joint in range(21) if joint not in joints]
        assert change[joints].min() > 1e-3
        assert change[others].max() < 1e-6


def test_the_answer_for_a_hand_does_not_depend_on_the_hands_beside_it(hand_model, library):
    together = fit_angles(hand_model, library.joints_m)
    apart = fit_angles(hand_model, library.joints_m[5:9], FitConfig(chunk=3))
    assert off_deg(apart.angles_rad, together.angles_rad[5:9]).max() < 0.01


def test_impossible_hands_get_the_nearest_possible_pose(hand_model, library):
    """Mirrored hands bend backwards: no pose of ours, so the limits hold and the residual says so."""
    some = library.select(torch.arange(8))
    fitted = fit_angles(hand_model, some.joints_m * torch.tensor([1.0, 1.0, -1.0]))
    assert within_limits(fitted.angles_rad).all()
    assert fitted.residual_mm.median() > 10
    worse = [fit_angles(hand_model, some.joints_m + noise).residual_mm for noise in jitters(some)]
    assert worse[0].median() < worse[1].median()


def jitters(library):
    noise = torch.randn(library.joints_m.shape, generator=torch.Generator().manual_seed(4))
    return 0.001 * noise, 0.004 * noise


def test_normalised_joints_keep_directions_and_take_the_models_bones(hand_model, library):
    given = moved(library.joints_m * torch.tensor(1.3))
    normalised = normalise_joints(hand_model, given)
    assert torch.allclose(normalised.joints_m, library.joints_m, atol=2e-6)
    assert len(BONES) == 20


def test_what_is_no_hand_is_refused(hand_model, library):
    for spoilt, said in (
        (library.joints_m * 1000, "millimetres"),
        (library.joints_m.flip(1), "order"),
        (library.joints_m * float("nan"), "NaN"),
        (library.joints_m[:0], "at least one"),
    ):
        with pytest.raises(HandcraftError, match=said):
            fit_angles(hand_model, spoilt)
    with pytest.raises(HandcraftError, match="`iterations`"):
        FitConfig(iterations=0)
