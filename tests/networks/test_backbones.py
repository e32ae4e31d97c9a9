# SPDX-License-Identifier: Apache-2.0
"""Networks of timm's: known sizes, right inputs, the user's weights or an honest name, and a torchvision that limps."""

import dataclasses
import importlib.util
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.networks.backbones import IMAGENET_MEAN, IMAGENET_STD, KINDS, load_backbone
from handcraft.networks.fitting import fitted
from handcraft.networks.weight_files import densenet_from_torchvision, read_state, take_over, vgg_from_torchvision
from handcraft.randomness import generator_for

PARAMETERS = {
    "resnet34": 21_797_672, "resnet50": 25_557_032, "inception_v3": 23_834_568, "vgg16": 138_357_544,
    "vit_small": 22_050_664, "vit_base": 86_567_656, "dinov2_small": 21_628_800, "densenet121": 7_978_856,
}  # fmt: skip
"""As published (inception without its auxiliary classes, DINOv2 without classes and with 257 places)."""


@pytest.fixture(scope="module")
def densenet():
    """Of images of 64 px while this module is tested: twelve times as fast."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(KINDS, "densenet121", dataclasses.replace(KINDS["densenet121"], image_px=64))
        yield load_backbone("densenet121", seed=3)


@pytest.mark.parametrize("name", KINDS)
def test_networks_have_the_published_sizes(name):
    with torch.device("meta"):
        backbone = load_backbone(name)
        features = backbone(torch.zeros(2, 3, 64, 64))
    assert features.shape == (2, backbone.feature_count)
    assert parameter_count(backbone) == PARAMETERS[name]
    assert backbone.class_count == (0 if name == "dinov2_small" else 1000)
    assert backbone.name == f"random {name} (a stand-in)"
    published = backbone.network.pretrained_cfg
    assert (backbone.kind.mean, backbone.kind.std) == (published["mean"], published["std"])


def test_weights_of_a_file_are_taken_over_and_named(tmp_path, densenet):
    state = densenet.network.state_dict()
    save_file(state, tmp_path / "own.safetensors")
    of_2017 = {name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): each for name, each in state.items()}
    torch.save({"state_dict": of_2017}, tmp_path / "torchvision.pth")
    images = torch.rand(2, 3, 40, 40, generator=generator_for(1))
    for file in ("own.safetensors", "torchvision.pth"):
        loaded = load_backbone("densenet121", tmp_path / file)
        assert torch.equal(loaded.features(images), densenet.features(images))
        assert loaded.name.startswith(f"densenet121 (file {file}, sha256 ")
    assert densenet_from_torchvision(state).keys() == state.keys()


def test_random_weights_follow_from_their_seed_and_disturb_nobody():
    torch.manual_seed(5)
    before = torch.default_generator.get_state()
    first, again, other = (load_backbone("densenet121", seed=seed).network.features.conv0.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.default_generator.get_state(), before)


def test_the_mean_colour_is_what_the_network_calls_zero_and_a_deviation_from_it_one(densenet):
    for value in (0.0, 1.0):
        colour = (torch.tensor(IMAGENET_MEAN) + value * torch.tensor(IMAGENET_STD)).view(1, 3, 1, 1)
        network = densenet.network
        maps = network.forward_features(torch.full((1, 3, 64, 64), value))
        expected = network.forward_head(maps, pre_logits=True)
        torch.testing.assert_close(densenet.features(colour.expand(1, 3, 50, 50)), expected, atol=1e-4, rtol=1e-4)


def test_batch_mates_do_not_matter(densenet):
    images = torch.rand(3, 3, 32, 32, generator=generator_for(2))
    together = densenet.features(images)
    torch.testing.assert_close(together, torch.cat([densenet.features(one[None]) for one in images]))
    assert densenet.features(images[:0]).shape == (0, 1024)
    probabilities = densenet.probabilities(images)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(3))
    torch.testing.assert_close(densenet.logits_of(together).softmax(1), probabilities)


def test_gradients_lead_through_and_stay_nowhere(densenet):
    images = torch.rand(1, 3, 32, 32, generator=generator_for(2)).requires_grad_()
    densenet(images).square().sum().backward()
    assert images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in densenet.parameters())


def test_what_does_not_fit_is_told_in_one_line(tmp_path):
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = network.state_dict()
    file = tmp_path / "weights.pt"
    take_over(network, {name: each for name, each in state.items() if "tracked" not in name}, file=file)
    wrong = {
        "is missing": {name: each for name, each in state.items() if name != "0.bias"},
        "is not known": {**state, "2.weight": torch.zeros(1)},
        "instead of": {**state, "0.bias": torch.zeros(4)},
    }
    for reason, other in wrong.items():
        with pytest.raises(HandcraftError, match=rf"weights.pt to fit .*{reason}"):
            take_over(network, other, file=file)
    for content in (b"no weights", b""):
        file.write_bytes(content)
        with pytest.raises(HandcraftError, match="tensors by name"):
            read_state(file)
    torch.save({"a": "b"}, file)
    with pytest.raises(HandcraftError, match="something else"):
        read_state(file)
    with pytest.raises(HandcraftError, match="there is none"):
        read_state(tmp_path / "absent.pt")


def test_vgg_of_torchvision_has_its_layers_as_convolutions():
    old = {"features.0.weight": torch.rand(4, 3, 3, 3)}
    for layer, shape in {"0": (6, 5 * 49), "3": (6, 6), "6": (10, 6)}.items():
        old |= {f"classifier.{layer}.weight": torch.rand(shape), f"classifier.{layer}.bias": torch.rand(shape[0])}
    new = vgg_from_torchvision(old)
    maps, image = nn.Conv2d(5, 6, 7), torch.rand(1, 5, 7, 7)
    maps.load_state_dict({"weight": new["pre_logits.fc1.weight"], "bias": new["pre_logits.fc1.bias"]})
    expected = nn.functional.linear(image.flatten(1), old["classifier.0.weight"], old["classifier.0.bias"])
    torch.testing.assert_close(maps(image).flatten(1), expected)
    assert new["pre_logits.fc2.weight"].shape == (6, 6, 1, 1)
    assert torch.equal(new["head.fc.weight"], old["classifier.6.weight"])
    assert not any(name.startswith("classifier") for name in new)


def test_images_are_fitted_without_skipping_a_pixel():
    lines = (torch.arange(256) % 8 == 0).float().expand(1, 3, 256, 256)  # where only an eighth of all pixels is read
    inside = fitted(lines, 32)[..., 1:-1]
    torch.testing.assert_close(inside, torch.full_like(inside, 1 / 8), atol=1e-3, rtol=0)
    square = torch.rand(1, 3, 16, 16, generator=generator_for(0))
    assert fitted(square, 16) is square
    bar = torch.zeros(1, 3, 16, 32)
    bar[:, :, 4:12, 12:20] = 1.0
    found = fitted(bar, 16)[0, 0] > 0.5
    assert (found.any(0).sum(), found.any(1).sum()) == (4, 4), "a square stays one"


def test_a_missing_timm_is_told_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(HandcraftError, match=r"pip install 'handcraft\[backbones\]'"):
        load_backbone("resnet34")


def test_torchvision_without_its_compiled_part_is_mended(tmp_path):
    """As its wheel for one torch is beside another: nothing compiled loads. And nobody imports it idly."""
    whole = Path(importlib.util.find_spec("torchvision").origin).parent
    (tmp_path / "torchvision").mkdir()
    for part in whole.iterdir():
        if part.suffix not in {".so", ".pyd"}:
            (tmp_path / "torchvision" / part.name).symlink_to(part)
    script = f"""
        import sys
        import handcraft.networks.backbones
        assert not {{"timm", "torchvision"}} & set(sys.modules)
        sys.path.insert(0, {str(tmp_path)!r})
        try:
            import torchvision
        except RuntimeError as error:
            print("broken:", error)
        from handcraft.networks.backbones import import_torchvision
        assert import_torchvision() is import_torchvision()
        import torchvision.ops
        print("mended:", torchvision.__file__)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, timeout=500
    )
    assert done.stdout.splitlines() == [
        "broken: operator torchvision::nms does not exist", f"mended: {tmp_path / 'torchvision' / '__init__.py'}",
    ], done.stderr  # fmt: skip
