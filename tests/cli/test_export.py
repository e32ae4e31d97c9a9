# SPDX-License-Identifier: Apache-2.0
"""``handcraft export``: what comes out opens again; what cannot be done is said in one line."""

import pytest

from handcraft.cli import main
from handcraft.data import CocoHands, FreiHAND, YoloHands, open_dataset
from tests.data.hands.make import write_hands
from tests.data.photographs.make import write_photographs


@pytest.mark.parametrize(("to", "kind"), [("coco", CocoHands), ("yolo", YoloHands), ("freihand", FreiHAND)])
def test_an_exported_set_opens_again(tmp_path, capsys, to, kind):
    source = write_hands(tmp_path / "set")
    assert main(["export", "--to", to, str(source), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"Wrote 10 samples into {tmp_path / 'out'} ({to})\n"
    reader = open_dataset(tmp_path / "out")
    assert isinstance(reader, kind)
    assert (len(reader), reader.is_real) == (10, False)
    assert any("nobody's" in path.read_text() for path in (tmp_path / "out").rglob("*.[jy][sa]*[nl]"))


def refused(capsys, *arguments):
    assert main(["export", *map(str, arguments)]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_mistakes_are_one_line_and_leave_everything_as_it_was(tmp_path, capsys):
    source = write_hands(tmp_path / "set")
    assert "to be new or empty" in refused(capsys, "--to", "coco", source, source)
    (tmp_path / "empty").mkdir()
    assert "looked for dataset.json" in refused(capsys, "--to", "coco", tmp_path / "empty", tmp_path / "out")
    assert "freihand" in refused(capsys, "--to", "voc", source, tmp_path / "out")
    write_photographs(tmp_path / "photographs")
    assert "has none; export a set with labels" in refused(
        capsys, "--to", "yolo", tmp_path / "photographs", tmp_path / "out"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "photographs", "set"]
    assert len(open_dataset(source)) == 10
