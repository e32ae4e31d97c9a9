# SPDX-License-Identifier: Apache-2.0
"""finder.onnx: the contract's names, shapes and metadata, and the same answers as torch's."""

import json

import pytest
import torch

from handcraft.estimate.finder import FINDER_SMOKE, Finder, export_finder
from handcraft.estimate.finder.network import FinderNet
from handcraft.hand.skeleton import KEYPOINTS
from handcraft.randomness import generator_for

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    network = FinderNet(FINDER_SMOKE, generator=generator_for(1))
    network.answers.weight.data.mul_(10)  # so that there are peaks
    network.answers.bias.data[0] = -1.0
    finder = Finder(network.state_dict(), FINDER_SMOKE)
    path = tmp_path_factory.mktemp("export") / "finder.onnx"
    export_finder(finder, path, licence="Apache-2.0", training={"steps": 4})
    return finder, onnxruntime.InferenceSession(path)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_any_number_of_pictures(exported, count):
    finder, session = exported
    images = torch.randint(256, (count, 64, 64, 3), generator=generator_for(2, count), dtype=torch.uint8)
    found = finder(images)
    assert (found.scores > 0).any()
    answers = session.run(["boxes_px", "scores", "turns_rad"], {"images": images.numpy()})
    for name, answer in zip(("boxes_px", "scores", "turns_rad"), answers, strict=True):
        torch.testing.assert_close(torch.from_numpy(answer), getattr(found, name), atol=1e-3, rtol=1e-4)


def test_what_the_file_says_of_itself(exported):
    _, session = exported
    assert [(each.name, each.type, each.shape[1:]) for each in session.get_inputs()] == [
        ("images", "tensor(uint8)", [64, 64, 3])
    ]
    shapes = {each.name: each.shape[1:] for each in session.get_outputs()}
    assert shapes == {"boxes_px": [6, 4], "scores": [6], "turns_rad": [6]}
    said = session.get_modelmeta().custom_metadata_map
    assert (said["handcraft.kind"], said["handcraft.format"]) == ("finder", "1")
    about = json.loads(said["handcraft.about"])
    assert (about["image_px"], about["licence"], about["training"]) == (64, "Apache-2.0", {"steps": 4})
    assert about["keypoints"] == list(KEYPOINTS)
    assert set(about["units"]) == set(shapes)
