# SPDX-License-Identifier: Apache-2.0
"""Laws of joint angles as turns of bones: reading undoes bending, for either hand, and says what it leaves out."""

import pytest
import torch

from handcraft.geometry.rotations import Y_AXIS, Z_AXIS, rotation_about
from handcraft.hand.anatomy import DOF_NAMES, joint_limits_rad
from handcraft.hand.joint_turns import FLEXING_JOINTS, rotation_angle


def random_poses(count):
    lowest, highest = joint_limits_rad()
    return lowest + (highest - lowest) * torch.rand(count, len(DOF_NAMES), generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["hand_model", "mano_model"])
def model(request):
    return request.getfixturevalue(request.param)


def shapes(model, count):
    return torch.rand(count, len(model.source.shape_names), generator=torch.Generator().manual_seed(2))


def test_angles_are_read_back_from_the_bones_as_they_were_set(model):
    angles_rad = random_poses(64)
    reading = model.with_shape(shapes(model, 64)).with_pose(angles_rad).read_angles()
    torch.testing.assert_close(reading.angles_rad, angles_rad, atol=1e-4, rtol=0)
    assert reading.residual_rad.max() < 1e-4


def test_a_hand_that_is_turned_as_a_whole_reads_the_same(model):
    angles_rad = random_poses(4)
    shaped = model.with_shape(shapes(model, 4))
    turned = torch.eye(4)
    turned[:3, :3] = rotation_about(Y_AXIS, torch.tensor(0.7)) @ rotation_about(Z_AXIS, torch.tensor(-1.1))
    reading = shaped.read_angles(turned @ shaped.with_pose(angles_rad).hand_from_bones)
    torch.testing.assert_close(reading.angles_rad, angles_rad, atol=1e-4, rtol=0)


@pytest.mark.parametrize("joint", ["index_mcp", "ring_mcp"])
def test_twist_between_lean_and_bend_is_the_residual(model, joint):
    """A turn lean (z), twist (y), bend (x) of a knuckle: the twist is left over, the angles are what they were."""
    angles_rad, twist_rad = random_poses(3), torch.tensor(0.2)
    rotations = model.bone_rotations(angles_rad)
    bone = model.bone_of_joint[joint]
    leaned = rotation_about(Z_AXIS, _lean_of(model, bone) - angles_rad[:, DOF_NAMES.index(f"{joint}_deviation")])
    rotations[:, bone] = leaned @ rotation_about(Y_AXIS, twist_rad) @ leaned.transpose(-1, -2) @ rotations[:, bone]
    reading = model.with_shape(shapes(model, 3)).with_bone_rotations(rotations).read_angles()
    torch.testing.assert_close(reading.angles_rad, angles_rad, atol=1e-4, rtol=0)
    residual = reading.residual_rad[:, FLEXING_JOINTS.index(joint)]
    torch.testing.assert_close(residual, twist_rad.expand(3), atol=1e-4, rtol=0)


def _lean_of(model, bone):
    zero = model.zero_rotations[bone]
    return torch.atan2(zero[1, 0], zero[0, 0])


def test_the_angle_of_a_rotation_is_exact_at_both_ends():
    for angle in (0.0, 1e-5, 0.3, 2.0, torch.pi):
        turned = rotation_about((0.6, 0.0, 0.8), torch.tensor(angle))
        torch.testing.assert_close(rotation_angle(turned), torch.tensor(angle), atol=1e-6, rtol=0)
