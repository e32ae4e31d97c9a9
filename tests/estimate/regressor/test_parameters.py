# SPDX-License-Identifier: Apache-2.0
"""Vectors become the hands that ``hand`` makes of the same numbers, of either model, seen as cameras see them."""

from dataclasses import replace

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.regressor import HandParameters, MANONumbers
from handcraft.estimate.regressor.camera import pixels_from_places
from handcraft.geometry import rotation_from_axis_angle
from handcraft.hand import KEYPOINTS, MANO_JOINTS, PHENOTYPES, MANOLayer
from handcraft.hand.anatomy import DOF_NAMES
from handcraft.hand.skeleton import reorder
from handcraft.randomness import generator_for
from handcraft.scene.placement import CAMERA_FROM_DORSAL

WRIST, THUMB_TIP, MIDDLE_TIP = (KEYPOINTS.index(name) for name in ("wrist", "thumb_tip", "middle_tip"))
DORSAL = torch.tensor(CAMERA_FROM_DORSAL)


@pytest.fixture(params=["anny", "mano"])
def hand(request):
    return request.getfixturevalue(request.param)


def vectors_near(hand, count=3, spread=0.3):
    return hand.mean + spread * torch.randn(count, len(hand.mean), generator=generator_for(4))


def test_the_mean_hand_fills_its_share_in_the_middle_of_the_picture(hand):
    for convention, fill in (("s(X+t)", 0.75), ("sX+t", 0.5)):
        places = replace(hand, convention=convention, fill=fill).places
        corners = places(replace(hand, convention=convention, fill=fill).mean[None])[0].aminmax(dim=0)
        assert (corners.max - corners.min).max().item() == pytest.approx(2 * fill, abs=1e-4)
        torch.testing.assert_close(corners.min + corners.max, torch.zeros(2), atol=1e-4, rtol=0)


def test_the_mean_hand_shows_its_back_fingers_up_and_a_roll_turns_it(hand):
    upright = hand.places(hand.mean[None])[0]
    assert upright[MIDDLE_TIP, 1] < upright[WRIST, 1] - 0.5
    assert upright[THUMB_TIP, 0] < upright[WRIST, 0], "a right hand's thumb is on the left as its back is seen"
    hanging = replace(hand, roll_deg=180.0)
    torch.testing.assert_close(hanging.places(hanging.mean[None])[0], -upright, atol=1e-5, rtol=0)
    quarter = replace(hand, roll_deg=90.0)
    assert quarter.places(quarter.mean[None])[0, MIDDLE_TIP, 0] > 0.5, "clockwise: fingers to the right"


def test_a_vector_s_parts_are_the_document_s(anny, mano):
    counts = [[getattr(each.parts(each.mean[None]), name).shape[1] for name in ("camera", "turn", "pose", "shape")]
              for each in (anny, mano)]  # fmt: skip
    assert counts == [[3, 6, len(DOF_NAMES), len(PHENOTYPES)], [3, 3, 45, 10]]
    assert len(mano.mean) == 61, "table 6.1"


def test_mano_s_joints_and_vertices_are_those_of_its_layer(mano, mano_folder):
    layer, vectors = MANOLayer.load(mano_folder / "MANO_RIGHT.pkl"), vectors_near(mano)
    parts = mano.parts(vectors)
    mesh = layer.skin(parts.shape, torch.zeros(3, 3), parts.pose)
    camera_from_mano = rotation_from_axis_angle(parts.turn) @ DORSAL @ mano.numbers.hand.hand_from_mano
    joints_m, vertices_m = (
        (points_m - mesh.joints_m[:, :1]) @ camera_from_mano.transpose(-1, -2)
        for points_m in (mesh.joints_m, mesh.vertices_m)
    )
    found_m = mano.keypoints_m(vectors)[:, reorder(target=MANO_JOINTS, source=KEYPOINTS)]
    torch.testing.assert_close(found_m, joints_m, atol=2e-6, rtol=0)
    torch.testing.assert_close(mano.vertices_m(vectors)[:, :778], vertices_m, atol=2e-6, rtol=0)


def test_a_left_file_gives_the_right_hand_that_it_mirrors(mano, mano_folder):
    left = HandParameters(MANONumbers.load(mano_folder / "MANO_LEFT.pkl"))
    shaped, of_right = (each.mean[None].clone() for each in (left, mano))
    shaped[:, -1] = of_right[:, -1] = 1.0
    torch.testing.assert_close(left.keypoints_m(shaped), mano.keypoints_m(of_right), atol=1e-5, rtol=0)
    found_m, expected_m = (hand.vertices_m(v)[:, :778] for hand, v in ((left, shaped), (mano, of_right)))
    torch.testing.assert_close(found_m, expected_m, atol=1e-5, rtol=0)


def test_anny_s_keypoints_are_those_of_the_posed_hand(anny, hand_model):
    vectors = vectors_near(anny)
    parts = anny.parts(vectors)
    posed = hand_model.with_shape(anny.numbers.source_shape(parts.shape)).with_pose(parts.pose)
    turn = anny.camera_from_hand(vectors)
    expected_m = posed.skin().keypoints_m @ turn.transpose(-1, -2)
    torch.testing.assert_close(anny.keypoints_m(vectors), expected_m, atol=1e-6, rtol=0)
    torch.testing.assert_close(anny.keypoints_m(vectors)[:, WRIST], torch.zeros(3, 3), atol=1e-6, rtol=0)


def test_anny_s_shapes_are_people_whatever_the_numbers(anny):
    numbers = torch.cat([torch.zeros(1, 6), torch.full((1, 6), 50.0), torch.full((1, 6), -50.0)])
    phenotypes = anny.numbers.source_shape(numbers)
    torch.testing.assert_close(phenotypes[0], torch.tensor([0.5, 0.7, 0.5, 0.5, 0.5, 0.5]))
    assert ((phenotypes >= 0) & (phenotypes <= 1)).all()
    assert (phenotypes[1] > phenotypes[2]).all()


def test_places_are_what_the_camera_sees_of_the_joints(hand):
    vectors = vectors_near(hand)
    seen_px = hand.camera(vectors, 64).pixels_from_camera(hand.keypoints_m(vectors))
    torch.testing.assert_close(pixels_from_places(hand.places(vectors), 64), seen_px, atol=1e-3, rtol=0)


def test_places_teach_every_part(hand):
    vectors = vectors_near(hand).requires_grad_()
    hand.places(vectors).square().sum().backward()
    assert vectors.grad.isfinite().all()
    for part in ("camera", "turn", "pose", "shape"):
        assert (getattr(hand.parts(vectors.grad), part).abs().sum(1) > 1e-3).all(), part


def test_a_fill_of_nothing_is_refused(anny):
    with pytest.raises(HandcraftError, match="`fill` to be above 0, but got 0"):
        replace(anny, fill=0.0)
