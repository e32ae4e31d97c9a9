# SPDX-License-Identifier: Apache-2.0
"""ONNX files answer as the network they were made of, or are not written."""

import json

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.estimate import parity
from handcraft.estimate.parity import write_onnx
from handcraft.randomness import generator_for

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")


class Scaled(nn.Module):
    """Two outputs of which one is a thousand times the other."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(0.5))

    def forward(self, values):
        half = values * self.factor
        return half, 1000 * half


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What torch's exporter makes of ``Scaled``, once: it takes seconds."""
    path = tmp_path_factory.mktemp("parity") / "model.onnx"
    return written(path), path


@pytest.fixture
def quick(exported, monkeypatch):
    """The exporter, as quick as reading its file."""
    monkeypatch.setattr(parity, "_exported", lambda *arguments: exported[1].read_bytes())


def written(path, **changes):
    values = torch.rand(3, 4, generator=generator_for(1))
    options = {
        "input_names": ("values",), "output_names": ("half", "pixels"), "dynamic_batch": True,
        "metadata": {"kind": "test", "about": {"sizes": [1, 2]}},
    }  # fmt: skip
    write_onnx(Scaled().eval(), (values,), path, **(options | changes))
    return onnxruntime.InferenceSession(path)


def test_names_metadata_and_any_batch(exported):
    session, path = exported
    said = session.get_modelmeta().custom_metadata_map
    assert said["kind"] == "test"
    assert json.loads(said["about"]) == {"sizes": [1, 2]}
    for count in (1, 7):
        values = torch.rand(count, 4, generator=generator_for(count))
        half, pixels = session.run(["half", "pixels"], {"values": values.numpy()})
        torch.testing.assert_close(torch.from_numpy(half), 0.5 * values)
        torch.testing.assert_close(torch.from_numpy(pixels), 500 * values)
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]


def off_by(amount, monkeypatch):
    """onnxruntime's answers, as if it computed something else."""

    class Wrong(onnxruntime.InferenceSession):
        def run(self, *arguments):
            half, pixels = super().run(*arguments)
            return [half, pixels + amount]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Wrong)


@pytest.mark.parametrize(
    ("amount", "unit", "refused"),
    [(0.05, 1.0, True), (0.05, 1000.0, False), (0.2, 1000.0, True), (float("nan"), 1.0, True)],
)
@pytest.mark.usefixtures("quick")
def test_a_file_that_answers_differently_is_not_written(tmp_path, monkeypatch, amount, unit, refused):
    off_by(amount, monkeypatch)
    path = tmp_path / "model.onnx"
    if refused:
        with pytest.raises(HandcraftError, match="`pixels` of model"):
            written(path, units={"pixels": unit})
        assert not path.exists()
    else:
        written(path, units={"pixels": unit})
        assert path.exists()


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(parity, "NEEDED", ("onnx", "no_such_package"))
    with pytest.raises(HandcraftError, match="no_such_package cannot be imported"):
        written(tmp_path / "model.onnx")
