# SPDX-License-Identifier: Apache-2.0
"""The file answers as the network does, in users' units, and tells what it is."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from handcraft.estimate.hand import HAND_SMOKE, StreamConfig, train_hand_net
from handcraft.estimate.hand.export import OUTPUT_NAMES, export_hand_net, load_hand_net
from handcraft.training import LoopConfig


@pytest.fixture(scope="module")
def run(tmp_path_factory, hand_model):
    folder = tmp_path_factory.mktemp("hand")
    config = replace(
        HAND_SMOKE, stream=StreamConfig(render_px=32, block=32, passes=1), batch_size=32, loop=LoopConfig(1, 1, 1, 1)
    )
    train_hand_net(config, folder / "run", progress=False)
    export_hand_net(folder / "run", folder / "hand.onnx")
    return folder


def test_the_file_answers_as_the_network(run):
    network, config, _ = load_hand_net(run / "run")
    crops = torch.randint(0, 256, (3, config.image_px, config.image_px, 3), dtype=torch.uint8)
    with torch.no_grad():
        outputs = network(crops.permute(0, 3, 1, 2).float() / 255)
    session = onnxruntime.InferenceSession(str(run / "hand.onnx"), providers=["CPUExecutionProvider"])
    answers = dict(zip(OUTPUT_NAMES, session.run(list(OUTPUT_NAMES), {"crops": crops.numpy()}), strict=True))
    np.testing.assert_allclose(answers["keypoints_px"], config.image_px * outputs.places.numpy(), atol=1e-3)
    np.testing.assert_allclose(answers["right"], torch.sigmoid(outputs.right_logits).numpy(), atol=1e-4)
    np.testing.assert_allclose(answers["camera_from_hand"], outputs.camera_from_hand.numpy(), atol=1e-4)


def test_the_file_tells_what_it_is(run):
    told = {each.key: each.value for each in onnx.load(run / "hand.onnx").metadata_props}
    about = json.loads(told["handcraft.about"])
    assert told["handcraft.kind"] == "hand"
    assert about["image_px"] == HAND_SMOKE.image_px
    assert about["keypoints"][0] == "wrist"
    assert len(about["dof"]) == 22
    assert about["training"]["steps"] == 1
