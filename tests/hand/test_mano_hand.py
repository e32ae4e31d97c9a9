# SPDX-License-Identifier: Apache-2.0
"""Laws of MANO as a source: the same anatomical pose as Anny's, the same hand as MANO's own parameters make."""

import dataclasses

import pytest
import torch
from torch import Tensor

from handcraft.errors import HandcraftError
from handcraft.hand import BONES, FINGERS, KEYPOINTS, PARTS, HandModel, HandSource, MANOHand, MANOLayer
from handcraft.hand.anatomy import DOF_NAMES, joint_limits_rad
from handcraft.hand.mano_keypoints import MANO_JOINTS
from handcraft.hand.skeleton import FOREARM_ID

WRIST = torch.tensor([name.startswith("wrist") for name in DOF_NAMES])


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def random_poses(count: int) -> Tensor:
    lowest, highest = joint_limits_rad()
    return lowest + (highest - lowest) * torch.rand(count, len(DOF_NAMES), generator=torch.Generator().manual_seed(1))


def pose(**degrees: float) -> Tensor:
    angles = torch.zeros(1, len(DOF_NAMES))
    for name, value in degrees.items():
        angles[0, DOF_NAMES.index(name)] = value
    return torch.deg2rad(angles)


@pytest.fixture(scope="module")
def mano(mano_folder) -> MANOHand:
    return MANOHand.load(mano_folder / "MANO_RIGHT.pkl")


def test_both_hands_are_sources(hand_model, mano):
    assert isinstance(hand_model.source, HandSource)
    assert isinstance(mano, HandSource)


def test_zero_is_the_flat_hand_with_straight_parallel_fingers(mano_model):
    keypoints_m = mano_model.with_shape(torch.zeros(1, 10)).with_pose(pose()).skin().keypoints_m[0]
    for finger in FINGERS[1:]:
        heads_m = keypoints_m[[KEYPOINTS.index(f"{finger}_{joint}") for joint in ("mcp", "pip", "dip")]]
        along = torch.nn.functional.normalize(heads_m.diff(dim=0), dim=-1)
        assert (along[:, 1] > 0.996).all()  # 5 degrees: the outer joints are straightened by flexion alone
    torch.testing.assert_close(keypoints_m[0], torch.zeros(3))
    assert keypoints_m[KEYPOINTS.index("index_mcp"), 2] > keypoints_m[KEYPOINTS.index("little_mcp"), 2] + 0.03


def test_one_pose_points_the_fingers_of_both_hands_the_same_way(hand_model, mano_model):
    """All over the joints' limits; what is left is the hands' own: how their knuckles stand to their forearms."""
    angles, pointing = random_poses(64), []
    for model, shape in ((hand_model, torch.full((1, 6), 0.5)), (mano_model, torch.zeros(1, 10))):
        bones = [bone for finger in FINGERS[1:] for bone in model.source.finger_bones[finger]]
        pointing.append(model.with_shape(shape).with_pose(angles).hand_from_bones[:, bones, :3, 1])
    between = torch.rad2deg(torch.arccos((pointing[0] * pointing[1]).sum(-1).clamp(-1, 1)))
    assert between.mean() < 11
    assert between.max() < 24


def test_positive_angles_flex_to_the_palm_and_lean_to_the_thumb(mano_model):
    def tip(finger: str, **degrees: float) -> Tensor:
        mesh = mano_model.with_shape(torch.zeros(1, 10)).with_pose(pose(**degrees)).skin()
        return mesh.keypoints_m[0, KEYPOINTS.index(f"{finger}_tip")]

    for finger in FINGERS[1:]:
        for joint in ("mcp", "pip", "dip"):
            assert tip(finger, **{f"{finger}_{joint}_flexion": 40.0})[0] < tip(finger)[0] - 0.003
        assert tip(finger, **{f"{finger}_mcp_deviation": 15.0})[2] > tip(finger)[2] + 0.01
    assert tip("thumb", thumb_cmc_deviation=20.0)[0] < tip("thumb")[0] - 0.01
    assert tip("middle", wrist_flexion=40.0)[0] < -0.05
    assert tip("middle", wrist_deviation=15.0)[2] > tip("middle")[2] + 0.02


def test_bone_lengths_do_not_move_with_pose(mano_model):
    frames = mano_model.with_shape(random(1, 10)).with_pose(random_poses(16)).keypoints_m()
    lengths = torch.stack([(frames[:, b] - frames[:, a]).norm(dim=-1) for a, b in BONES if b % 4 != 0], 1)
    torch.testing.assert_close(lengths, lengths[:1].expand_as(lengths), atol=1e-6, rtol=0)


@pytest.mark.parametrize("side", ["RIGHT", "LEFT"])
def test_the_anatomical_pose_is_manos_own(mano_folder, side):
    """The same pose through our angles and through MANO's axis-angle gives the same vertices."""
    path, shape, angles = mano_folder / f"MANO_{side}.pkl", random(8, 10), random_poses(8).masked_fill(WRIST, 0.0)
    model, mano, layer = HandModel.load_mano(path), MANOHand.load(path), MANOLayer.load(path)
    native = layer.skin(shape, torch.zeros(8, 3), mano.pose_from_angles(angles))
    mirror = torch.tensor([1.0 if side == "RIGHT" else -1.0, 1.0, 1.0])  # MANO's right hand is its left hand's mirror
    in_hand_m = ((native.vertices_m - native.joints_m[:, :1]) * mirror) @ mano.hand_from_mano.T
    ours_m = model.with_shape(shape).with_pose(angles).skin().mirror_where(torch.full((8,), side == "LEFT")).vertices_m
    torch.testing.assert_close(ours_m[:, :778], in_hand_m, atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", ["RIGHT", "LEFT"])
def test_angles_and_axis_angles_undo_each_other(mano_folder, side):
    mano, angles = MANOHand.load(mano_folder / f"MANO_{side}.pkl"), random_poses(32).masked_fill(WRIST, 0.0)
    reading = mano.angles_from_pose(mano.pose_from_angles(angles))
    torch.testing.assert_close(reading.angles_rad, angles, atol=1e-4, rtol=0)
    assert reading.residual_rad.max() < 1e-4


def test_what_no_angle_explains_is_reported_and_kept_by_the_bones(mano_model, mano_folder):
    """Any MANO pose is drawn exactly through its bones; its reading leaves out as much as the residual says."""
    mano, layer = MANOHand.load(mano_folder / "MANO_RIGHT.pkl"), MANOLayer.load(mano_folder / "MANO_RIGHT.pkl")
    free_rad, shape = 0.3 * random(4, 45), torch.zeros(4, 10)
    native = layer.skin(shape, torch.zeros(4, 3), free_rad)
    ours_m = mano_model.with_shape(shape).with_bone_rotations(mano.bones_from_pose(free_rad)).skin().vertices_m
    in_hand_m = (native.vertices_m - native.joints_m[:, :1]) @ mano.hand_from_mano.T
    torch.testing.assert_close(ours_m[:, :778], in_hand_m, atol=1e-5, rtol=0)
    reading = mano.angles_from_pose(free_rad)
    assert reading.residual_rad.mean() > 0.1
    without = mano.angles_from_pose(mano.pose_from_angles(reading.angles_rad))
    torch.testing.assert_close(without.angles_rad, reading.angles_rad, atol=1e-4, rtol=0)
    assert without.residual_rad.max() < 1e-4


def test_a_left_file_is_the_mirror_image_of_the_right_one(mano_folder, mano_model):
    left, shape, angles = HandModel.load_mano(mano_folder / "MANO_LEFT.pkl"), random(4, 10), random_poses(4)
    mirrored = mano_model.with_shape(shape).with_pose(angles).skin().mirror_where(torch.ones(4, dtype=torch.bool))
    mesh = left.with_shape(shape).with_pose(angles).skin()
    assert left.side == "left"
    assert mesh.is_left.all()
    torch.testing.assert_close(mesh.vertices_m, mirrored.vertices_m, atol=1e-6, rtol=0)
    torch.testing.assert_close(mesh.vertex_normals(), mirrored.vertex_normals(), atol=1e-3, rtol=0)


def test_the_forearm_closes_the_wrist_and_stays_when_it_bends(mano_model):
    topology, flat = mano_model.topology, mano_model.with_shape(torch.zeros(1, 10)).with_pose(pose()).skin()
    assert len(topology.loop) == 16
    edges = torch.cat([topology.faces[:, [0, 1]], topology.faces[:, [1, 2]], topology.faces[:, [2, 0]]]).tolist()
    assert {(b, a) for a, b in edges} == {tuple(edge) for edge in edges}
    bent = mano_model.with_shape(torch.zeros(1, 10)).with_pose(pose(wrist_flexion=50.0)).skin()
    forearm = topology.weights[:, 0] == 1
    torch.testing.assert_close(bent.vertices_m[:, forearm], flat.vertices_m[:, forearm])
    a, b, c = (flat.vertices_m[0, topology.faces[:, corner]] for corner in range(3))
    assert 0.4 < 1000 * (torch.linalg.cross(a, b) * c).sum() / 6 < 1.6  # litres, so the triangles face outwards


def test_every_part_has_triangles_and_tips_are_at_the_far_ends(mano_model):
    topology = mano_model.topology
    assert set(topology.face_parts.tolist()) == {*range(1, len(PARTS) + 1), FOREARM_ID}
    for finger, tip in zip(FINGERS, topology.fingertips.tolist(), strict=True):
        joint = MANO_JOINTS.index(f"{finger}_{'ip' if finger == 'thumb' else 'dip'}")
        assert topology.weights[tip].argmax() == joint + 1


def test_gradients_reach_pose_and_shape(mano_model):
    angles, shape = random_poses(2).requires_grad_(), torch.full((2, 10), 0.3).requires_grad_()
    mano_model.with_shape(shape).with_pose(angles).skin().vertices_m.square().sum().backward()
    assert angles.grad is not None
    assert shape.grad is not None
    assert (angles.grad.abs().sum(0) > 0).all()
    assert (shape.grad.abs().sum(0) > 0).all()


def test_shapes_of_another_hand_and_numbers_that_are_none_are_refused(mano_model, hand_model):
    with pytest.raises(HandcraftError, match=r"10 columns \(shape_0.*but got 6"):
        mano_model.with_shape(torch.zeros(1, 6))
    with pytest.raises(HandcraftError, match=r"`shape`.*finite"):
        hand_model.with_shape(torch.full((1, 6), torch.nan))
    with pytest.raises(HandcraftError, match=r"`angles_rad`.*finite"):
        mano_model.with_shape(torch.zeros(1, 10)).with_pose(pose(index_pip_flexion=float("inf")))


def test_manos_corrective_shapes_move_the_skin_and_no_joint(mano_model):
    plain = dataclasses.replace(
        mano_model.source, pose_directions_m=torch.zeros_like(mano_model.source.pose_directions_m)
    )
    angles = random_poses(2)
    with_them, without = (
        dataclasses.replace(mano_model, source=source).with_shape(torch.zeros(2, 10)).with_pose(angles).skin()
        for source in (mano_model.source, plain)
    )
    inner = [number for number, name in enumerate(KEYPOINTS) if not name.endswith("_tip")]
    assert torch.equal(with_them.keypoints_m[:, inner], without.keypoints_m[:, inner])
    assert (with_them.vertices_m - without.vertices_m).norm(dim=-1).max() > 1e-4
