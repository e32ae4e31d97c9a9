# SPDX-License-Identifier: Apache-2.0
"""Laws of checkpoints: what went in comes out; anything else is told in one line; nothing in a file is ever run."""

import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.training import load_checkpoint, save_checkpoint

STATE = {"weights": OrderedDict(bias=torch.arange(300.0)), "rates": [0.1, None, True], "pool": (torch.ones(2).bool(),)}


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "some.pt", kind="toy", config={"width": (8, 9), "out": Path("x")}, step=7, state=STATE)
    return tmp_path / "some.pt"


def refusal(path, kind="toy"):
    with pytest.raises(HandcraftError) as error:
        load_checkpoint(path, kind=kind)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


def test_what_went_in_comes_out(path):
    found = load_checkpoint(path, kind="toy")
    assert (found.kind, found.step, found.config) == ("toy", 7, {"width": [8, 9], "out": "x"})
    assert torch.equal(found.state["weights"]["bias"], STATE["weights"]["bias"])
    assert found.state["rates"] == STATE["rates"]
    assert found.state["pool"][0].dtype == torch.bool


def test_another_kind_is_named(path):
    assert refusal(path, kind="cyclegan").endswith(
        "to be a checkpoint of kind cyclegan, but it is of kind toy; name another."
    )


def test_a_missing_file_is_named(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.pt")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(path, share):
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert "truncated or no checkpoint" in refusal(path)


def test_one_flipped_bit_in_a_weight_is_noticed(path):
    content = bytearray(path.read_bytes())
    content[content.index(torch.arange(300.0).numpy().tobytes()) + 1000] ^= 1
    path.write_bytes(content)
    assert "is damaged" in refusal(path)


def test_garbage_and_text_are_refused(tmp_path):
    for content in (os.urandom(1000), b"weights: none\n"):
        (tmp_path / "some.pt").write_bytes(content)
        assert "truncated or no checkpoint" in refusal(tmp_path / "some.pt")


class Hostile:
    """Leaves a trace if its pickle is run."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_hostile_file_is_refused_and_never_run(tmp_path, path):
    trace = tmp_path / "trace"
    bare = tmp_path / "bare.pt"
    bare.write_bytes(pickle.dumps(Hostile(trace)))
    assert "no checkpoint" in refusal(bare)
    foreign = tmp_path / "foreign.pt"
    torch.save({"format": "handcraft checkpoint 1", "kind": "toy", "state": Hostile(trace)}, foreign)
    assert "it was not run" in refusal(foreign)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "swapped.pt", "w") as swapped:
        for name in archive.namelist():
            is_pickle = name.endswith("data.pkl")
            swapped.writestr(name, pickle.dumps(Hostile(trace)) if is_pickle else archive.read(name))
    assert "it was not run" in refusal(tmp_path / "swapped.pt")
    assert not trace.exists()
    pickle.loads(bare.read_bytes())  # the trap was live
    assert trace.exists()


@pytest.mark.parametrize(
    "content",
    [
        torch.ones(3),
        {"weights": torch.ones(3)},
        {"format": "handcraft checkpoint 1", "kind": "toy"},
        {"format": "handcraft checkpoint 1", "kind": "toy", "config": "{", "step": 1, "state": {}},
        {"format": "handcraft checkpoint 1", "kind": "toy", "config": "[]", "step": 1, "state": {}},
        {"format": "handcraft checkpoint 1", "kind": "toy", "config": "{}", "step": "1", "state": {}},
        {"format": "handcraft checkpoint 2", "kind": "toy", "config": "{}", "step": 1, "state": {}},
    ],
)
def test_another_file_of_torch_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "some.pt")
    assert "to be a `handcraft checkpoint 1`" in refusal(tmp_path / "some.pt")


def test_a_zip_that_is_no_checkpoint_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "some.pt", "w") as archive:
        archive.writestr("a.txt", "hello")
    refusal(tmp_path / "some.pt")


@pytest.mark.parametrize("value", [torch.nn.Linear(1, 1), {1, 2}, lambda: 0, torch.ones(1).numpy(), object()])
def test_a_state_that_could_not_be_read_back_is_refused_when_written(path, value):
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"Expected state\.inner\[1\] to be a tensor"):
        save_checkpoint(path, kind="toy", config={}, step=8, state={"inner": [1, value]})
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HandcraftError, match=r"Cannot write .*file/some\.pt \("):
        save_checkpoint(tmp_path / "file" / "some.pt", kind="toy", config={}, step=1, state={})
