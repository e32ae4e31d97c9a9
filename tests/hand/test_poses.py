# SPDX-License-Identifier: Apache-2.0
"""Laws of pose sampling."""

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand import HandModel
from handcraft.hand.anatomy import DOF_NAMES, within_limits
from handcraft.hand.poses import PoseConfig, open_until_free, poses_from_uniform, touching

ADULT = torch.tensor([[0.5, 0.67, 0.5, 0.5, 0.5, 0.5]])


def uniform(count: int) -> Tensor:
    return torch.rand(count, 20, generator=torch.Generator().manual_seed(0))


def column(poses: Tensor, name: str) -> Tensor:
    return poses[:, DOF_NAMES.index(name)]


def correlation(a: Tensor, b: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([a, b]))[0, 1])


def test_poses_stay_inside_the_limits_even_at_the_ends_of_the_numbers() -> None:
    assert within_limits(poses_from_uniform(uniform(4000))).all()
    assert within_limits(poses_from_uniform(torch.cat([torch.zeros(1, 20), torch.ones(1, 20)]))).all()


def test_neighbouring_fingers_move_together_more_than_distant_ones() -> None:
    poses = poses_from_uniform(uniform(4000))
    curls = [column(poses, f"{finger}_pip_flexion") for finger in ("index", "middle", "ring", "little")]
    near, far = correlation(curls[0], curls[1]), correlation(curls[0], curls[3])
    assert 0.3 < near < 0.7
    assert 0.02 < far < near - 0.15
    loose = poses_from_uniform(uniform(4000), PoseConfig(neighbour_correlation=0.0))
    assert abs(correlation(column(loose, "index_pip_flexion"), column(loose, "middle_pip_flexion"))) < 0.06


def test_the_whole_range_is_used() -> None:
    poses = torch.rad2deg(poses_from_uniform(uniform(4000)))
    for finger in ("index", "middle", "ring", "little"):
        bend = column(poses, f"{finger}_pip_flexion")
        assert bend.min() < 3
        assert bend.max() > 97


def test_the_same_numbers_make_the_same_pose_in_any_batch() -> None:
    numbers = uniform(8)
    torch.testing.assert_close(poses_from_uniform(numbers)[3:4], poses_from_uniform(numbers[3:4]), atol=1e-6, rtol=0)


def test_a_flat_hand_touches_nothing_and_a_thumb_through_the_palm_does(hand_model: HandModel) -> None:
    shaped = hand_model.with_shape(ADULT)
    flat, through = torch.zeros(1, 22), torch.zeros(1, 22)
    for name, degrees in {"cmc_flexion": 30.0, "cmc_deviation": -30.0, "mcp_flexion": 50.0, "ip_flexion": 40.0}.items():
        through[0, DOF_NAMES.index(f"thumb_{name}")] = degrees * torch.pi / 180
    assert not touching(shaped, flat).any()
    assert touching(shaped, through).all()


def test_opening_frees_nearly_all_poses_stays_inside_limits_and_leaves_free_ones_alone(hand_model: HandModel) -> None:
    shaped = hand_model.with_shape(ADULT).select(torch.zeros(400, dtype=torch.long))
    poses = poses_from_uniform(uniform(400))
    touched = touching(shaped, poses)
    opened, free = open_until_free(shaped, poses)
    assert touched.any()
    assert free.float().mean() > 0.99
    assert not touching(shaped, opened)[free].any()
    assert torch.equal(opened[~touched], poses[~touched])
    assert within_limits(opened).all()
    assert torch.equal(opened[:, :2], poses[:, :2])  # the wrist


@pytest.mark.parametrize("value", [-0.1, 1.0])
def test_a_correlation_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(HandcraftError, match="neighbour_correlation"):
        PoseConfig(neighbour_correlation=value)
