# SPDX-License-Identifier: Apache-2.0
"""Laws of MANO's own parameters, beside a slow and obvious twin in numpy."""

import numpy as np
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand import KEYPOINTS, MANO_JOINTS, TIP_VERTICES, MANOFile, MANOLayer
from tests.data.mano.make import right_entries


@pytest.fixture(scope="module")
def layer(mano_folder):
    return MANOLayer.load(mano_folder / "MANO_RIGHT.pkl")


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def slow_vertices_and_joints(entries, shape, turns_rad):
    """One hand, joint by joint, as the paper says."""
    parents = entries["kintree_table"][0]
    shaped = entries["v_template"] + entries["shapedirs"] @ shape
    joints = entries["J_regressor"] @ shaped
    rotations = rotation_from_axis_angle(torch.from_numpy(turns_rad)).numpy()
    bent = shaped + entries["posedirs"] @ (rotations[1:] - np.eye(3)).ravel()
    turn, place = [rotations[0]], [joints[0]]
    for j in range(1, 16):
        parent = parents[j]
        turn.append(turn[parent] @ rotations[j])
        place.append(turn[parent] @ (joints[j] - joints[parent]) + place[parent])
    vertices = sum(
        entries["weights"][:, j, None] * ((bent - joints[j]) @ turn[j].T + place[j]) for j in range(16)
    )  # fmt: skip
    return vertices, np.stack(place)


def test_vertices_and_joints_are_the_papers(layer):
    shape, orientation_rad, pose_rad = random(3, 10), random(3, 3, seed=1), 0.5 * random(3, 45, seed=2)
    mesh = layer.skin(shape, orientation_rad, pose_rad)
    turns_rad = torch.cat([orientation_rad, pose_rad], 1).double().unflatten(1, (16, 3)).numpy()
    for row in range(3):
        vertices, joints = slow_vertices_and_joints(right_entries(), shape[row].double().numpy(), turns_rad[row])
        np.testing.assert_allclose(mesh.vertices_m[row], vertices, atol=2e-6)
        np.testing.assert_allclose(mesh.joints_m[row], joints, atol=2e-6)


def test_zero_is_the_template(layer):
    mesh = layer.skin(torch.zeros(1, 10), torch.zeros(1, 3), torch.zeros(1, 45))
    np.testing.assert_allclose(mesh.vertices_m[0], right_entries()["v_template"], atol=1e-7)
    np.testing.assert_allclose(mesh.joints_m[0], right_entries()["J"], atol=1e-7)


def test_the_orientation_turns_the_hand_about_its_wrist(layer):
    shape, pose_rad, orientation_rad = random(2, 10), 0.5 * random(2, 45), random(2, 3, seed=1)
    straight, turned = (layer.skin(shape, turn, pose_rad) for turn in (torch.zeros(2, 3), orientation_rad))
    wrist_m, rotation = straight.joints_m[:, :1], rotation_from_axis_angle(orientation_rad)
    expected_m = (straight.vertices_m - wrist_m) @ rotation.transpose(-1, -2) + wrist_m
    torch.testing.assert_close(turned.vertices_m, expected_m, atol=1e-6, rtol=0)
    torch.testing.assert_close(turned.joints_m[:, :1], wrist_m)


def test_all_components_reach_every_pose_and_few_are_the_first(layer):
    pose_rad = 0.5 * random(4, 45)
    components = torch.linalg.solve(layer.components_rad.T, pose_rad.T).T
    torch.testing.assert_close(layer.pose_from_components(components), pose_rad, atol=1e-5, rtol=0)
    few = torch.cat([components[:, :6], torch.zeros(4, 39)], 1)
    torch.testing.assert_close(layer.pose_from_components(components[:, :6]), layer.pose_from_components(few))
    np.testing.assert_allclose(layer.mean_pose_rad, right_entries()["hands_mean"], atol=1e-7)
    with pytest.raises(HandcraftError, match="at most 45 `components`, but got 46"):
        layer.pose_from_components(torch.zeros(1, 46))


def test_a_left_file_makes_the_mirror_image(layer, mano_folder):
    left = MANOLayer.load(mano_folder / "MANO_LEFT.pkl")
    shape, orientation_rad, pose_rad = random(2, 10), random(2, 3, seed=1), 0.5 * random(2, 45)
    turn, mirror = torch.tensor([1.0, -1.0, -1.0]), torch.tensor([-1.0, 1.0, 1.0])
    mesh = left.skin(shape, orientation_rad * turn, pose_rad * turn.repeat(15))
    right = layer.skin(shape, orientation_rad, pose_rad)
    torch.testing.assert_close(mesh.vertices_m, right.vertices_m * mirror, atol=1e-6, rtol=0)
    torch.testing.assert_close(mesh.joints_m, right.joints_m * mirror, atol=1e-6, rtol=0)


def test_an_unmended_left_file_stays_what_labels_were_made_with(mano_folder):
    file = MANOFile.load(mano_folder / "MANO_LEFT.pkl")
    shape, zero, flat = torch.ones(1, 10), torch.zeros(1, 3), torch.zeros(1, 45)
    faulty = MANOLayer.from_file(file).skin(shape, zero, flat).vertices_m
    mended = MANOLayer.from_file(file.with_shape_sign_mended()).skin(shape, zero, flat).vertices_m
    torch.testing.assert_close(faulty[..., 1:], mended[..., 1:])
    assert (faulty[..., 0] - mended[..., 0]).abs().max() > 1e-3


@pytest.mark.parametrize("tips", list(TIP_VERTICES))
def test_keypoints_are_ordered_by_name_and_tips_by_variant(layer, tips):
    mesh = layer.skin(random(2, 10), random(2, 3), 0.5 * random(2, 45))
    keypoints_m = mesh.keypoints_m(tips)
    for number, name in enumerate(KEYPOINTS):
        if name.endswith("_tip"):
            vertex = TIP_VERTICES[tips][("thumb", "index", "middle", "ring", "little").index(name[:-4])]
            assert torch.equal(keypoints_m[:, number], mesh.vertices_m[:, vertex])
        else:
            assert torch.equal(keypoints_m[:, number], mesh.joints_m[:, MANO_JOINTS.index(name)])


def test_the_published_orders_are_kept():
    assert MANO_JOINTS[7:13] == ("little_mcp", "little_pip", "little_dip", "ring_mcp", "ring_pip", "ring_dip")
    assert len(TIP_VERTICES) == 6
    assert TIP_VERTICES["smplx"] == (744, 320, 443, 554, 671)


def test_gradients_reach_all_parameters_and_are_finite_at_zero(layer):
    parameters = [torch.zeros(2, count, requires_grad=True) for count in (10, 3, 45)]
    layer.skin(*parameters).vertices_m.sum(-1).square().sum().backward()
    for parameter in parameters:
        assert torch.isfinite(parameter.grad).all()
        assert (parameter.grad != 0).all()


def test_numbers_that_are_none_are_refused(layer):
    with pytest.raises(HandcraftError, match=r"`pose_rad`.*finite"):
        layer.skin(torch.zeros(1, 10), torch.zeros(1, 3), torch.full((1, 45), torch.nan))
