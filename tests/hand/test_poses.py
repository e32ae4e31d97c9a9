# SPDX-License-Identifier: Apache-2.0
"""Laws of pose sampling."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand import FINGERS, HandModel
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


def test_fingers_curl_alike_over_their_whole_range_and_at_its_ends_more_often_than_between() -> None:
    poses = torch.rad2deg(poses_from_uniform(uniform(4000)))
    bends = [column(poses, f"{finger}_pip_flexion") for finger in FINGERS[1:]]
    tenths = torch.stack([torch.histc(bend, 10, 0, 100) / len(bend) for bend in bends])
    assert tenths.min() > 0.05
    assert tenths[:, [0, -1]].min() > 0.17
    assert tenths[:, 4:6].max() < 0.1
    assert (tenths[:, [0, -1]].amax(0) - tenths[:, [0, -1]].amin(0)).max() < 0.03  # no finger more than another


def test_a_fan_of_fingers_opens_to_both_sides_and_closes_when_they_curl() -> None:
    poses = torch.rad2deg(poses_from_uniform(uniform(4000)))
    for finger, side in (("index", 1), ("ring", -1), ("little", -1)):
        bend, lean = column(poses, f"{finger}_pip_flexion"), side * column(poses, f"{finger}_mcp_deviation")
        assert lean.mean() > 1.5  # away from the middle finger
        assert lean[bend > 80].abs().mean() < 0.5 * lean[bend < 20].abs().mean()


def test_the_outermost_joint_follows_the_middle_one_and_the_knuckle_goes_its_own_way() -> None:
    poses = poses_from_uniform(uniform(4000))
    for finger in FINGERS[1:]:
        knuckle, middle, outer = (column(poses, f"{finger}_{joint}_flexion") for joint in ("mcp", "pip", "dip"))
        assert correlation(middle, outer) > 0.9
        assert float(outer[middle > 0.8].mean() / middle[middle > 0.8].mean()) == pytest.approx(0.67, abs=0.02)
        assert 0.3 < correlation(middle, knuckle) < 0.75  # hooks and slopes


def test_thumb_and_wrist_joints_are_drawn_independently_and_as_wide_as_asked_for() -> None:
    poses = torch.rad2deg(poses_from_uniform(uniform(4000), PoseConfig(wrist_deg=10.0)))
    free = [index for index, name in enumerate(DOF_NAMES) if name.startswith(("thumb", "wrist"))]
    assert (torch.corrcoef(poses[:, free].T) - torch.eye(6)).abs().max() < 0.06
    assert float(column(poses, "wrist_flexion").std()) == pytest.approx(10, rel=0.05)
    assert float(column(poses, "wrist_deviation").std()) == pytest.approx(5, rel=0.05)
    assert (poses[:, free].std(0) > 4).all()


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


def test_touching_does_not_depend_on_the_hands_size(hand_model: HandModel) -> None:
    shaped, poses = hand_model.with_shape(ADULT), poses_from_uniform(uniform(400))
    scale = torch.ones(4, 4)
    scale[:3, 3] = 0.6
    small = dataclasses.replace(
        shaped, rest_vertices_m=shaped.rest_vertices_m * 0.6, rest_from_bones=shaped.rest_from_bones * scale
    )
    assert (touching(small, poses) == touching(shaped, poses)).float().mean() > 0.99


def test_every_pose_is_opened_for_its_own_hand(hand_model: HandModel) -> None:
    numbers = uniform(600)
    shaped, poses = hand_model.with_shape(numbers[:, 8:14].round()), poses_from_uniform(numbers)
    opened, free = open_until_free(shaped, poses)
    assert not touching(shaped, opened)[free].any()
    for row in range(0, 60, 6):
        alone, is_free = open_until_free(shaped.select(torch.tensor([row])), poses[row : row + 1])
        torch.testing.assert_close(alone[0], opened[row])
        assert bool(is_free) == bool(free[row])


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


def test_a_spread_below_zero_is_refused() -> None:
    with pytest.raises(HandcraftError, match="`wrist_deg` to be at least 0"):
        PoseConfig(wrist_deg=-1.0)
