# SPDX-License-Identifier: Apache-2.0
"""Exported estimators answer as torch does, whatever the number of crops; what is no estimator is refused."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from handcraft.cli import main
from handcraft.errors import HandcraftError
from handcraft.estimate import Estimator, KeypointConfig, Segmenter, SegmenterConfig
from handcraft.estimate.export import export_estimator
from handcraft.estimate.networks import make_network
from handcraft.estimate.regressor import Regressor, RegressorConfig
from handcraft.estimate.regressor.encoders import make_encoder
from handcraft.estimate.regressor.hands import load_hand
from handcraft.estimate.regressor.network import RegressorNet
from handcraft.estimate.segmentation_network import SegmentationNet
from handcraft.training import save_checkpoint


def seeded():
    return torch.Generator().manual_seed(0)


def saved(folder: Path, kind, config, network):
    """A checkpoint of a network as it was made."""
    state = {"learner": {"network": network.state_dict()}}
    save_checkpoint(folder / "checkpoint.pt", kind=kind, config=config, step=7, state=state)
    return folder / "checkpoint.pt"


def answer(file, crops):
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(None, {"crops": crops.permute(0, 2, 3, 1).contiguous().numpy()})[0]


def crops_of(side, count=3):
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=seeded())


@pytest.mark.parametrize("colours", ["colour", "normalised"])
def test_a_keypoint_estimators_file_answers_as_it_does(tmp_path, colours):
    config = KeypointConfig(image_px=32, width=8, input=colours)
    file = saved(tmp_path, "keypoints", config, make_network(config, generator=seeded()))
    assert export_estimator(file, tmp_path / "k.onnx") == "keypoints"
    crops = crops_of(32)
    expected_px = Estimator.load(file)(crops.float() / 255).numpy()
    np.testing.assert_allclose(answer(tmp_path / "k.onnx", crops), expected_px, atol=2e-3)
    told = {each.key: each.value for each in onnx.load(tmp_path / "k.onnx").metadata_props}
    assert json.loads(told["handcraft.about"])["training"]["steps"] == 7


def test_a_segmenters_file_is_its_look_at_a_whole_square(tmp_path):
    config = SegmenterConfig(image_px=32, width=4, depth=2, zoom=False)
    network = SegmentationNet(width=4, depth=2, generator=seeded())
    file = saved(tmp_path, "segmenter", config, network)
    export_estimator(file, tmp_path / "s.onnx")
    crops = crops_of(32, count=1)
    found = answer(tmp_path / "s.onnx", crops)
    kept = Segmenter.load(file)(crops.float() / 255).numpy()
    np.testing.assert_allclose(found[kept > 0.5], kept[kept > 0.5], atol=1e-4)
    assert found.shape == (1, 32, 32)


@pytest.mark.usefixtures("hand_model")
def test_a_regressors_file_gives_the_last_steps_vector(tmp_path):
    config = RegressorConfig(image_px=32, width=4, hidden=16)
    hand = load_hand(config, "cpu")
    network = RegressorNet(make_encoder(config, weights=None), hand.mean, config, generator=seeded())
    with torch.no_grad():
        for weights in network.parameters():  # the last layer starts near zero, and every vector at the mean
            weights.add_(0.05 * torch.randn(weights.shape, generator=seeded()))
    file = saved(tmp_path, "regressor", config, network)
    export_estimator(file, tmp_path / "r.onnx")
    crops = crops_of(32)
    expected = Regressor.load(file).regress(crops.float() / 255).vectors[-1].numpy()
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(answer(tmp_path / "r.onnx", crops), expected, atol=1e-4)


def test_what_is_no_estimator_is_refused(tmp_path):
    save_checkpoint(tmp_path / "checkpoint.pt", kind="cyclegan", config={}, step=1, state={})
    with pytest.raises(HandcraftError, match="of kind cyclegan"):
        export_estimator(tmp_path / "checkpoint.pt", tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


def test_a_name_decides_what_is_written(tmp_path, capsys):
    config = KeypointConfig(image_px=32, width=8)
    file = saved(tmp_path, "keypoints", config, make_network(config, generator=seeded()))
    assert main(["export", str(file), str(tmp_path / "k.onnx")]) == 0
    assert "(keypoints," in capsys.readouterr().out
    assert main(["export", str(file), str(tmp_path / "folder")]) == 2
    assert "`--to`" in capsys.readouterr().err
