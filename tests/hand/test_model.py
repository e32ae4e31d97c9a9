# SPDX-License-Identifier: Apache-2.0
"""Laws of the staged hand."""

import dataclasses

import torch
from torch import Tensor

from handcraft.geometry.rotations import rotation_about
from handcraft.hand import BONES, KEYPOINTS, PARTS, PHENOTYPES, HandMesh, HandModel
from handcraft.hand.anatomy import DOF_NAMES, joint_limits_rad
from handcraft.hand.skeleton import FINGERS, FOREARM_ID, part_id

ADULT = torch.tensor([[0.5, 0.67, 0.5, 0.5, 0.5, 0.5]])


def random_poses(count: int) -> Tensor:
    lowest, highest = joint_limits_rad()
    return lowest + (highest - lowest) * torch.rand(count, len(DOF_NAMES), generator=torch.Generator().manual_seed(1))


def pose(**degrees: float) -> Tensor:
    angles = torch.zeros(1, len(DOF_NAMES))
    for name, value in degrees.items():
        angles[0, DOF_NAMES.index(name)] = value
    return torch.deg2rad(angles)


def keypoint(mesh: HandMesh, name: str) -> Tensor:
    return mesh.keypoints_m[0, KEYPOINTS.index(name)]


def adult(model: HandModel, angles_rad: Tensor) -> HandMesh:
    return model.with_shape(ADULT).with_pose(angles_rad).skin()


def test_the_flat_hand_has_straight_parallel_fingers_of_human_size(hand_model: HandModel) -> None:
    mesh = adult(hand_model, pose())
    for finger in FINGERS[1:]:
        mcp, pip, dip = (keypoint(mesh, f"{finger}_{joint}") for joint in ("mcp", "pip", "dip"))
        outer, inner = torch.nn.functional.normalize(dip - pip, dim=0), torch.nn.functional.normalize(pip - mcp, dim=0)
        assert torch.rad2deg(torch.arccos(outer @ inner)) < 12
        assert outer[1] > 0.97  # along the hand
    length_mm = 1000 * (keypoint(mesh, "middle_tip") - keypoint(mesh, "wrist")).norm()
    # From the wrist's joint, some 15 mm behind the crease from which adults' hands measure 172 to 202 mm.
    assert 180 < length_mm < 220


def test_the_frame_is_dorsal_distal_thumb(hand_model: HandModel) -> None:
    mesh = adult(hand_model, pose())
    assert keypoint(mesh, "middle_mcp")[1] > 0.05
    assert keypoint(mesh, "index_mcp")[2] > keypoint(mesh, "little_mcp")[2]
    flexed = adult(hand_model, pose(middle_mcp_flexion=60.0))
    assert keypoint(flexed, "middle_tip")[0] < keypoint(mesh, "middle_tip")[0] - 0.03  # bends away from the back


def test_positive_angles_flex_to_the_palm_and_lean_to_the_thumb(hand_model: HandModel) -> None:
    flat = adult(hand_model, pose())
    for finger in FINGERS[1:]:
        for joint in ("mcp", "pip", "dip"):
            moved = adult(hand_model, pose(**{f"{finger}_{joint}_flexion": 40.0}))
            assert keypoint(moved, f"{finger}_tip")[0] < keypoint(flat, f"{finger}_tip")[0] - 0.003
        leaned = adult(hand_model, pose(**{f"{finger}_mcp_deviation": 15.0}))
        assert keypoint(leaned, f"{finger}_tip")[2] > keypoint(flat, f"{finger}_tip")[2] + 0.01
    assert keypoint(adult(hand_model, pose(wrist_flexion=40.0)), "middle_tip")[0] < -0.05
    assert (
        keypoint(adult(hand_model, pose(wrist_deviation=15.0)), "middle_tip")[2]
        > keypoint(flat, "middle_tip")[2] + 0.02
    )
    abducted = adult(hand_model, pose(thumb_cmc_deviation=20.0))
    assert keypoint(abducted, "thumb_tip")[0] < keypoint(flat, "thumb_tip")[0] - 0.01


def test_one_joint_moves_its_own_finger_only_and_by_its_angle(hand_model: HandModel) -> None:
    flat, bent = adult(hand_model, pose()), adult(hand_model, pose(ring_pip_flexion=50.0))
    still = [i for i, name in enumerate(KEYPOINTS) if name not in ("ring_dip", "ring_tip")]
    torch.testing.assert_close(flat.keypoints_m[:, still], bent.keypoints_m[:, still], atol=1e-6, rtol=0)
    before, after = (keypoint(mesh, "ring_dip") - keypoint(mesh, "ring_pip") for mesh in (flat, bent))
    angle = torch.rad2deg(torch.arccos(before @ after / before.norm() / after.norm()))
    torch.testing.assert_close(angle, torch.tensor(50.0), atol=0.05, rtol=0)


def test_a_finger_curls_in_the_plane_it_leans_to(hand_model: HandModel) -> None:
    """The lean turns the knuckle by the same rotation, however far the finger is bent."""
    knuckle, shaped = hand_model.bone_of_joint["index_mcp"], hand_model.with_shape(ADULT)

    def orientation(deviation: float, flexion: float) -> Tensor:
        posed = shaped.with_pose(pose(index_mcp_deviation=deviation, index_mcp_flexion=flexion))
        return posed.hand_from_bones[0, knuckle, :3, :3]

    lean_of_flat, lean_of_bent = (orientation(15.0, bend) @ orientation(0.0, bend).T for bend in (0.0, 60.0))
    torch.testing.assert_close(lean_of_flat, lean_of_bent, atol=1e-5, rtol=0)


def test_bone_lengths_do_not_move_with_pose(hand_model: HandModel) -> None:
    keypoints_m = adult(hand_model, random_poses(16)).keypoints_m
    lengths = torch.stack([(keypoints_m[:, child] - keypoints_m[:, parent]).norm(dim=-1) for parent, child in BONES], 1)
    torch.testing.assert_close(lengths, lengths[:1].expand_as(lengths), atol=2e-4, rtol=0)


def test_batch_equals_loop_and_keypoints_need_no_skin(hand_model: HandModel) -> None:
    shapes, angles = torch.rand(4, 6, generator=torch.Generator().manual_seed(2)), random_poses(4)
    together = hand_model.with_shape(shapes).with_pose(angles).skin()
    for row in range(4):
        alone = hand_model.with_shape(shapes[row : row + 1]).with_pose(angles[row : row + 1]).skin()
        torch.testing.assert_close(alone.vertices_m[0], together.vertices_m[row], atol=1e-6, rtol=0)
    without_skin = hand_model.with_shape(shapes).with_pose(angles).keypoints_m()
    torch.testing.assert_close(without_skin, together.keypoints_m, atol=1e-5, rtol=0)


def test_identities_are_chosen_by_row(hand_model: HandModel) -> None:
    shapes = torch.rand(2, 6, generator=torch.Generator().manual_seed(2))
    chosen = hand_model.with_shape(shapes).select(torch.tensor([1, 0, 1])).with_pose(pose()).keypoints_m()
    each = [hand_model.with_shape(shapes[[row]]).with_pose(pose()).keypoints_m()[0] for row in (1, 0, 1)]
    torch.testing.assert_close(chosen, torch.stack(each), atol=1e-6, rtol=0)


def test_phenotypes_mean_what_they_are_called(hand_model: HandModel) -> None:
    def length_mm(**changed: float) -> float:
        shape = ADULT.clone()
        for name, value in changed.items():
            shape[0, PHENOTYPES.index(name)] = value
        keypoints_m = hand_model.with_shape(shape).with_pose(pose()).keypoints_m()[0]
        return 1000 * float((keypoints_m[KEYPOINTS.index("middle_tip")] - keypoints_m[0]).norm())

    adults = length_mm()
    assert length_mm(age=0.2) < adults - 50  # a child
    assert length_mm(height=0.8) > adults + 15
    assert length_mm(gender=0.0) > adults + 5 > adults - 5 > length_mm(gender=1.0)  # a man, a woman
    for name in ("muscle", "weight"):
        assert abs(length_mm(**{name: 0.9}) - adults) < 1


def test_our_skinning_is_annys(hand_model: HandModel) -> None:
    """At Anny's own reference pose, before our joints are moved, the mesh is the one Anny makes."""
    anny = hand_model.source
    theirs = anny.model(phenotype_kwargs={"age": 0.67})["vertices"][0]
    relaxed = torch.eye(3).expand_as(hand_model.zero_rotations)
    ours = adult(dataclasses.replace(hand_model, zero_rotations=relaxed), pose()).vertices_m[0]
    difference_mm = 1000 * (ours[: len(theirs)] - theirs).norm(dim=-1)
    # The relaxed reference bends the fingers by up to 20 degrees about joints that we set back by some 13 mm.
    assert difference_mm.max() < 4.5
    assert difference_mm.median() < 1.5


def test_the_left_hand_is_the_mirror_image_and_mirroring_twice_undoes_it(hand_model: HandModel) -> None:
    right = adult(hand_model, random_poses(3))
    everyone = torch.ones(3, dtype=torch.bool)
    left = right.mirror_where(everyone)
    flip = torch.tensor([1.0, 1.0, -1.0])
    assert torch.equal(left.vertices_m, right.vertices_m * flip)
    assert torch.equal(left.keypoints_m, right.keypoints_m * flip)
    torch.testing.assert_close(left.vertex_normals(), right.vertex_normals() * flip, atol=1e-5, rtol=0)
    assert torch.equal(left.mirror_where(everyone).vertices_m, right.vertices_m)
    assert left.is_left.all()
    assert not left.mirror_where(everyone).is_left.any()
    some = right.mirror_where(torch.tensor([True, False, True]))
    assert some.is_left.tolist() == [True, False, True]
    assert torch.equal(some.vertices_m[1], right.vertices_m[1])


def test_a_left_model_makes_left_hands(hand_model: HandModel) -> None:
    left = HandModel.load("left")
    mesh, mirrored = adult(left, pose()), adult(hand_model, pose()).mirror_where(torch.tensor([True]))
    assert mesh.is_left.all()
    torch.testing.assert_close(mesh.vertices_m, mirrored.vertices_m)


def test_normals_point_outwards_and_the_surface_is_closed(hand_model: HandModel) -> None:
    mesh = adult(hand_model, pose())
    faces = hand_model.topology.faces
    a, b, c = (mesh.vertices_m[0, faces[:, corner]] for corner in range(3))
    volume_litres = 1000 * (torch.linalg.cross(a, b) * c).sum() / 6
    assert 0.4 < volume_litres < 1.6  # hand and a quarter metre of forearm
    edges = torch.cat([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()
    assert len({tuple(edge) for edge in edges}) == len(edges)
    assert {(second, first) for first, second in edges} == {tuple(edge) for edge in edges}
    at_the_tips = mesh.vertex_normals()[0, hand_model.topology.fingertips[1:]]
    assert (at_the_tips[:, 1] > 0.5).all()  # at the tips of the flat hand, outwards is distal


def test_fingertips_are_on_the_mesh_at_its_far_ends(hand_model: HandModel) -> None:
    mesh = adult(hand_model, pose())
    tips = [mesh.keypoints_m[0, KEYPOINTS.index(f"{finger}_tip")] for finger in FINGERS]
    assert all((mesh.vertices_m[0] == tip).all(-1).any() for tip in tips)
    assert max(tip[1] for tip in tips) > mesh.vertices_m[0, :, 1].max() - 0.001


def test_every_part_has_triangles_and_the_forearm_is_behind_the_wrist(hand_model: HandModel) -> None:
    topology = hand_model.topology
    assert set(topology.face_parts.tolist()) == {*range(1, len(PARTS) + 1), FOREARM_ID}
    centre_y = topology.rest_vertices_m[topology.faces].mean(1)[:, 1]
    assert centre_y[topology.face_parts == FOREARM_ID].max() < 0.005
    for finger in FINGERS[1:]:
        along = [
            centre_y[topology.face_parts == part_id(f"{finger}_{segment}")].mean()
            for segment in ("proximal", "middle", "distal", "tip")
        ]
        assert along == sorted(along)


def test_the_forearm_stays_when_the_wrist_bends_and_the_hand_turns_as_one_body(hand_model: HandModel) -> None:
    flat, bent = adult(hand_model, pose()), adult(hand_model, pose(wrist_flexion=30.0))
    forearm = hand_model.topology.weights[:, 0] == 1
    torch.testing.assert_close(flat.vertices_m[0, forearm], bent.vertices_m[0, forearm], atol=1e-6, rtol=0)
    turn = rotation_about((0.0, 0.0, 1.0), torch.deg2rad(torch.tensor(30.0)))
    torch.testing.assert_close(flat.keypoints_m[0] @ turn.T, bent.keypoints_m[0], atol=1e-4, rtol=0)


def test_gradients_reach_pose_and_shape(hand_model: HandModel) -> None:
    angles, shape = random_poses(2).requires_grad_(), torch.full((2, 6), 0.6).requires_grad_()
    hand_model.with_shape(shape).with_pose(angles).skin().vertices_m.square().sum().backward()
    assert angles.grad is not None
    assert shape.grad is not None
    assert (angles.grad.abs().sum(0) > 0).all()
    assert torch.isfinite(angles.grad).all()
    assert torch.isfinite(shape.grad).all()
    assert (shape.grad.abs().sum(0) > 0).all()
