# SPDX-License-Identifier: Apache-2.0
"""What a network is started from answers as the file it came from; what is no hand network says what it is."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.hand import open_start
from handcraft.estimate.hand import start as start_module
from handcraft.estimate.hand.export import OUTPUT_NAMES, ExportedHandNet, export_hand_net


@pytest.fixture(scope="module")
def file(checkpoint, tmp_path_factory):
    file = tmp_path_factory.mktemp("exported") / "hand.onnx"
    export_hand_net(checkpoint, file)
    return file


def rewritten(file, target, **told):
    """The file with other metadata."""
    model = onnx.load(file)
    for entry in model.metadata_props:
        entry.value = told.get(entry.key.removeprefix("handcraft."), entry.value)
    onnx.save(model, target)
    return target


def test_a_network_read_back_answers_as_its_file(file):
    start = open_start(str(file))
    crops = torch.randint(0, 256, (5, start.config.image_px, start.config.image_px, 3), dtype=torch.uint8)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    answers = session.run(list(OUTPUT_NAMES), {"crops": crops.numpy()})
    with torch.no_grad():
        read_back = ExportedHandNet(start.network, start.config.image_px)(crops)
    for name, answer, again in zip(OUTPUT_NAMES, answers, read_back, strict=True):
        np.testing.assert_allclose(answer, again.numpy(), atol=1e-4, err_msg=name)


def test_it_is_built_and_trained_on_as_it_was(file, start):
    read_back = open_start(str(file))
    assert read_back.config == start.config
    assert read_back.described["steps"] == start.described["steps"] == 7
    assert read_back.described["sha256"] != start.described["sha256"]


def test_it_can_be_exported_again(file, start, tmp_path):
    """The checkpoint's network and the one read back differ in their tensors, and answer alike."""
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        one, other = start.network(images), open_start(str(file)).network(images)
    torch.testing.assert_close(one.places, other.places, atol=1e-5, rtol=0)
    torch.testing.assert_close(one.joints_m, other.joints_m, atol=1e-5, rtol=0)
    assert not torch.equal(start.network.stem[0].weight, open_start(str(file)).network.stem[0].weight)


def test_shipped_is_the_file_in_the_package(file, tmp_path, monkeypatch):
    monkeypatch.setattr(start_module, "SHIPPED", tmp_path)
    with pytest.raises(HandcraftError, match="comes without it"):
        open_start("shipped")
    (tmp_path / "hand.onnx").write_bytes(file.read_bytes())
    assert open_start("shipped").described["name"] == "shipped"


def test_other_files_say_what_they_are(file, tmp_path):
    with pytest.raises(HandcraftError, match="but it says: finder"):
        open_start(str(rewritten(file, tmp_path / "finder.onnx", kind="finder")))
    with pytest.raises(HandcraftError, match="earlier version"):
        open_start(str(rewritten(file, tmp_path / "old.onnx", about=json.dumps({"training": {"steps": 3}}))))
    (tmp_path / "no.onnx").write_bytes(b"no protobuf at all")
    with pytest.raises(HandcraftError, match=r"cannot be read|no word of what it is"):
        open_start(str(tmp_path / "no.onnx"))


def test_a_file_without_some_weights_is_refused(file, tmp_path):
    model = onnx.load(file)
    (stem,) = [each for each in model.graph.initializer if each.name == "network.stem.0.weight_bias"]
    stem.name = "another"
    onnx.save(model, tmp_path / "damaged.onnx")
    with pytest.raises(HandcraftError, match=r"stem\.0\.weight_bias"):
        open_start(str(tmp_path / "damaged.onnx"))


def test_nothing_there_is_told(tmp_path):
    for name in ("absent.onnx", "absent.pt"):
        with pytest.raises(HandcraftError, match="no such file"):
            open_start(str(tmp_path / name))
