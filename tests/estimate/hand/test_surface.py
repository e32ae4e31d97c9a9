# SPDX-License-Identifier: Apache-2.0
"""The exported mesh is the hand model's, to a millimetre, in any pose and shape."""

import numpy as np
import onnxruntime
import pytest
import torch

from handcraft.cli import main
from handcraft.estimate.hand.surface import ExportedSurface, between_anchors
from handcraft.hand.poses import poses_from_uniform
from handcraft.predict.model_files import SHIPPED
from handcraft.scene.shapes import sample_shapes


@pytest.fixture(scope="module")
def hands(hand_model):
    shape = sample_shapes(hand_model, 5, list(range(40)))
    angles_rad = poses_from_uniform(torch.rand(40, 20, generator=torch.Generator().manual_seed(5)))
    return angles_rad, shape


@pytest.fixture(scope="module")
def surface_file(tmp_path_factory, hand_model):
    file = tmp_path_factory.mktemp("surface") / "surface.onnx"
    assert main(["export", "anny", str(file)]) == 0
    return file


def test_vertices_are_the_hand_models(hand_model, hands, surface_file):
    angles_rad, shape = hands
    mesh = hand_model.with_shape(shape).with_pose(angles_rad).skin()
    session = onnxruntime.InferenceSession(str(surface_file), providers=["CPUExecutionProvider"])
    inputs = {"angles_rad": angles_rad.numpy(), "shape": shape.numpy()}
    vertices_m, joints_m, faces = session.run(["vertices_m", "joints_m", "faces"], inputs)
    expected_m = (mesh.vertices_m - mesh.keypoints_m[:, :1])[:, : vertices_m.shape[1]].numpy()
    off_mm = 1000 * np.linalg.norm(vertices_m - expected_m, axis=-1)
    assert off_mm.mean() < 0.2
    assert np.abs(joints_m - (mesh.keypoints_m - mesh.keypoints_m[:, :1]).numpy()).max() < 2e-3
    assert off_mm.max() < 2.0
    assert faces.max() == vertices_m.shape[1] - 1
    assert surface_file.stat().st_size < 2.5e6


def test_the_shipped_surface_is_what_is_exported(hands, surface_file):
    inputs = {"angles_rad": hands[0].numpy(), "shape": hands[1].numpy()}
    fresh, shipped = (
        onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run(None, inputs)
        for file in (surface_file, SHIPPED / "surface.onnx")
    )
    for one, other in zip(fresh, shipped, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_shares_of_anchors_are_linear_interpolation():
    anchors = [-1.0, 0.0, 0.5, 2.0]
    values = torch.tensor([-1.0, 0.25, 1.25, 2.0, 5.0])
    shares = between_anchors(values, anchors)
    torch.testing.assert_close(shares.sum(1), torch.ones(5))
    torch.testing.assert_close(shares @ torch.tensor(anchors), values.clamp(max=2.0))
    assert ((shares > 0).sum(1) <= 2).all()


def test_the_network_keeps_the_hand_whole(hand_model):
    surface = ExportedSurface(hand_model)
    vertices_m, _, faces = surface(torch.zeros(1, 22), torch.full((1, 6), 0.5))
    used = torch.unique(faces)
    assert len(used) == vertices_m.shape[1]
    assert vertices_m.norm(dim=-1).max() < 0.3
