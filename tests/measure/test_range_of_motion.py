# SPDX-License-Identifier: Apache-2.0
"""Range of motion on hands whose angles are known: chains built of them, and the model's own."""

import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand import KEYPOINTS
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.measure.range_of_motion import MEASURED_ANGLES, MEASURED_FINGERS, finger_angles, range_of_motion

BONES_M = (0.042, 0.025, 0.022)
FINGERTIP = [KEYPOINTS.index(f"{finger}_tip") for finger in MEASURED_FINGERS]


def built_hand(degrees):
    """A right hand whose fingers have the given angles (finger, angle), built bone by bone with turns about axes."""
    joints = torch.zeros(21, 3, dtype=torch.float64)
    knuckles = torch.tensor([[0.0, 0.088, 0.020], [0.003, 0.090, 0.0], [0.0, 0.085, -0.018], [-0.003, 0.077, -0.033]])
    joints[1:5] = torch.tensor([[-0.01, 0.025, 0.018], [-0.03, 0.055, 0.03], [-0.04, 0.08, 0.04], [-0.05, 0.1, 0.05]])
    knuckles = knuckles.double()
    thumbwards = knuckles[0] - knuckles[3]
    for row, knuckle in enumerate(knuckles):
        y = knuckle / knuckle.norm()
        n = torch.linalg.cross(y, thumbwards)
        n = n / n.norm()
        frame = torch.stack([torch.linalg.cross(n, y), y, n], 1)
        flexion, abduction, pip, dip = (math.radians(value) for value in degrees[row])
        # The frame turns first about x towards the palm, then about its own turned normal towards the thumb.
        frame = frame @ turn(0, -flexion) @ turn(2, -abduction)
        points = [knuckle]
        for length, bend in zip(BONES_M, (0.0, pip, dip), strict=True):
            frame = frame @ turn(0, -bend)
            points.append(points[-1] + length * frame[:, 1])
        joints[FINGERTIP[row] - 3 : FINGERTIP[row] + 1] = torch.stack(points)
    return joints.float()


def turn(axis, angle):
    vector = torch.zeros(3, dtype=torch.float64)
    vector[axis] = angle
    return rotation_from_axis_angle(vector)


def moved(joints_m, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rotation = rotation_from_axis_angle(torch.randn(len(joints_m), 3, generator=generator))
    return joints_m @ rotation.transpose(1, 2) + torch.randn(len(joints_m), 1, 3, generator=generator)


def some_degrees(count):
    """Angles over and beyond what hands do, hyperextension included."""
    low, high = torch.tensor([-40.0, -25.0, -20.0, -15.0]), torch.tensor([95.0, 25.0, 120.0, 95.0])
    return low + (high - low) * torch.rand(count, 4, 4, generator=torch.Generator().manual_seed(1))


def test_built_angles_are_measured_exactly_wherever_the_hand_is():
    degrees = some_degrees(30)
    hands = moved(torch.stack([built_hand(each.tolist()) for each in degrees]))
    measured = finger_angles(hands)
    assert measured.valid.all()
    assert (torch.rad2deg(measured.angles_rad) - degrees).abs().max() < 0.02


def test_size_changes_no_angle():
    hands = torch.stack([built_hand(each.tolist()) for each in some_degrees(5)])
    assert torch.allclose(finger_angles(1.3 * hands).angles_rad, finger_angles(hands).angles_rad, atol=1e-5)


def test_quantiles_are_those_of_known_angles():
    """101 hands whose index bends by 0, 1, ... 100 degrees: each percentile is its own number."""
    hands = torch.stack([built_hand([[0, 0, bend, 0], *[[0, 0, 10, 5]] * 3]) for bend in range(101)])
    found = range_of_motion(moved(hands), "x").degrees["index"]["pip_flexion"]
    wanted = {"count": 101, "min": 0, "p1": 1, "p50": 50, "p99": 99, "max": 100}
    assert found == pytest.approx(wanted, abs=0.03)


def test_the_models_hands_measure_as_they_were_posed(hand_model):
    """Each angle of the model, turned alone, is measured as that turn, but for what its axes are tilted by.

    Our fingers lean about an axis that is not quite the palm's normal, so a lean of 18 is read as 14.5 to 16.2.
    """
    hand = hand_model.with_shape(torch.full((1, 6), 0.5))
    flat = finger_angles(hand.with_pose(torch.zeros(1, 22)).keypoints_m()).angles_rad
    for angle, name in enumerate(("mcp_flexion", "mcp_deviation", "pip_flexion", "dip_flexion")):
        for row, finger in enumerate(MEASURED_FINGERS):
            pose = torch.zeros(1, 22)
            pose[0, DOF_NAMES.index(f"{finger}_{name}")] = math.radians(18)
            change = torch.rad2deg(finger_angles(hand.with_pose(pose).keypoints_m()).angles_rad - flat)[0]
            assert change[row, angle] == pytest.approx(18, abs=4 if angle == 1 else 1.5)
            change[row] = 0
            assert change.abs().max() < 1e-3  # no other finger


def test_bones_without_length_are_left_out():
    hands = torch.stack([built_hand(each.tolist()) for each in some_degrees(3)])
    middle_tip = KEYPOINTS.index("middle_tip")
    hands[1, middle_tip] = hands[1, middle_tip - 1]
    hands[2, middle_tip - 2] = hands[2, middle_tip - 3]
    valid = finger_angles(hands).valid
    assert valid[1, 1].tolist() == [True, True, True, False]
    assert valid[2, 1].tolist() == [False] * 4
    assert valid.sum() == 3 * 16 - 5


def test_joints_beyond_the_reference_are_named():
    bent = [[0, 0, 115, 30], [0, 0, 105, 85], [0, 0, 100, 60], [0, 0, 90, 79]]
    measured = range_of_motion(torch.stack([built_hand(bent)] * 4), "x")
    assert measured.beyond_reference() == ["index_pip", "middle_dip"]
    assert measured.to_json()["reference"] == {"pip_greatest_flexion_deg": [100.0, 110.0], "dip_at_most_deg": 80.0}


def test_angles_that_cannot_be_seen_are_not_counted():
    hands = torch.stack([built_hand([[0, 0, 10, 30]] * 4)] * 3)
    hands[1, FINGERTIP[3]] = hands[1, FINGERTIP[3] - 1]
    little = range_of_motion(hands, "x").degrees["little"]
    assert little["dip_flexion"]["count"] == 2
    assert little["dip_flexion"]["min"] == pytest.approx(30, abs=0.03)
    assert little["pip_flexion"]["count"] == 3


def test_what_is_no_hand_is_refused():
    hands = torch.stack([built_hand([[0, 0, 10, 30]] * 4)] * 3)
    with pytest.raises(HandcraftError, match="millimetres"):
        range_of_motion(1000 * hands, "x")


def test_the_names_are_fingers_and_angles():
    measured = range_of_motion(torch.stack([built_hand([[0, 0, 10, 5]] * 4)] * 2), "x")
    assert tuple(measured.degrees) == MEASURED_FINGERS == ("index", "middle", "ring", "little")
    assert all(tuple(angles) == MEASURED_ANGLES for angles in measured.degrees.values())
