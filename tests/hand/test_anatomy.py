# SPDX-License-Identifier: Apache-2.0
"""Laws of degrees of freedom and their limits."""

import pytest
import torch

from handcraft.hand.anatomy import DEGREES_OF_FREEDOM, DOF_NAMES, dof_indices, joint_limits_rad, within_limits
from handcraft.hand.skeleton import FINGERS, KEYPOINTS

FARTHEST_DEG = {
    ("wrist", "flexion"): (-70, 80), ("wrist", "deviation"): (-30, 20), ("mcp", "flexion"): (-45, 90),
    ("pip", "flexion"): (0, 100), ("dip", "flexion"): (-10, 90), ("ip", "flexion"): (-20, 80),
}  # fmt: skip
"""The clinic's ranges, backwards and forwards; the wrist leans farther away from the thumb than towards it."""


def test_a_hand_has_22_degrees_of_freedom_at_joints_that_are_keypoints() -> None:
    assert len(DOF_NAMES) == len(set(DOF_NAMES)) == 22
    assert {dof.joint for dof in DEGREES_OF_FREEDOM} == {name for name in KEYPOINTS if not name.endswith("_tip")}
    assert DOF_NAMES[:2] == ("wrist_flexion", "wrist_deviation")


@pytest.mark.parametrize("dof", DEGREES_OF_FREEDOM, ids=DOF_NAMES)
def test_no_joint_goes_farther_than_the_clinic_measures(dof) -> None:
    assert dof.lowest_deg <= 0 < dof.highest_deg  # zero, the flat hand, is inside
    kind = (dof.joint.rsplit("_", maxsplit=1)[-1], dof.motion)
    if kind in FARTHEST_DEG and dof.joint != "thumb_mcp":
        backwards, forwards = FARTHEST_DEG[kind]
        assert backwards <= dof.lowest_deg
        assert 0.8 * forwards <= dof.highest_deg <= forwards


def test_limits_are_the_degrees_in_radians() -> None:
    lowest, highest = joint_limits_rad()
    index = DOF_NAMES.index("index_mcp_flexion")
    assert float(highest[index]) == pytest.approx(torch.pi / 2)
    assert float(lowest[index]) == pytest.approx(-torch.pi / 9)


def test_one_joint_beyond_either_limit_is_enough() -> None:
    lowest, highest = joint_limits_rad()
    step = torch.deg2rad(torch.tensor(0.1)) * torch.eye(len(DOF_NAMES))
    assert within_limits(torch.stack([lowest, highest])).all()
    assert not within_limits(lowest - step).any()
    assert not within_limits(highest + step).any()
    assert within_limits(highest + 0.05 * step).all()  # rounding is forgiven


def test_indices_of_a_motion_come_in_finger_order() -> None:
    names = [DOF_NAMES[index] for index in dof_indices("flexion", "mcp")]
    assert names == [f"{finger}_mcp_flexion" for finger in FINGERS]
    assert len(dof_indices("deviation", "mcp")) == len(dof_indices("flexion", "pip")) == 4
