# SPDX-License-Identifier: Apache-2.0
"""Laws of interpolated rotations."""

import pytest
import torch

from handcraft.geometry import rotation_about, rotation_from_axis_angle, slerp
from handcraft.geometry.interpolation import axis_angle_from_rotation, quaternion_from_rotation
from handcraft.randomness import generator_for


def rotations(count, stream):
    axis = torch.nn.functional.normalize(torch.randn(count, 3, generator=generator_for(3, stream)), dim=-1)
    angle = 3.1 * torch.rand(count, 1, generator=generator_for(4, stream))
    return rotation_from_axis_angle((axis * angle).double())


def angle_between(one, other):
    return axis_angle_from_rotation(one.transpose(-1, -2) @ other).norm(dim=-1)


def at(share, count=50):
    return torch.full((count,), share, dtype=torch.float64)


def test_both_ends_are_hit():
    start, end = rotations(50, 0), rotations(50, 1)
    torch.testing.assert_close(slerp(start, end, at(0.0)), start)
    torch.testing.assert_close(slerp(start, end, at(1.0)), end)


def test_speed_is_constant_and_the_way_the_shortest():
    start, end = rotations(50, 0), rotations(50, 1)
    whole = angle_between(start, end)
    assert whole.max() <= torch.pi
    for share in (0.1, 0.5, 0.75):
        between = slerp(start, end, at(share))
        torch.testing.assert_close(angle_between(start, between), share * whole)
        torch.testing.assert_close(angle_between(between, end), (1 - share) * whole)


def test_the_path_does_not_depend_on_the_frames_it_is_expressed_in():
    start, end, left, right = (rotations(50, stream) for stream in range(4))
    moved = slerp(left @ start @ right, left @ end @ right, at(0.3))
    torch.testing.assert_close(moved, left @ slerp(start, end, at(0.3)) @ right)


def test_a_quarter_turn_about_y_is_a_known_place():
    start, end = torch.eye(3), rotation_about((0.0, 1.0, 0.0), torch.tensor(1.2))
    torch.testing.assert_close(
        slerp(start, end, torch.tensor(0.25)), rotation_about((0.0, 1.0, 0.0), torch.tensor(0.3))
    )
    assert torch.equal(slerp(start, start, torch.tensor(0.7)), start)


@pytest.mark.parametrize("angle_rad", [0.0, 1e-6, 0.5, 3.0, torch.pi - 1e-6, torch.pi])
@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.48, 0.6, 0.64)])
def test_logarithm_undoes_the_exponential(axis, angle_rad):
    vector = torch.tensor(axis, dtype=torch.float64) * angle_rad
    rotation = rotation_from_axis_angle(vector)
    again = axis_angle_from_rotation(rotation)
    torch.testing.assert_close(rotation_from_axis_angle(again), rotation)
    assert abs(again.norm() - angle_rad) < 1e-6
    assert quaternion_from_rotation(rotation)[0] >= 0
