# SPDX-License-Identifier: Apache-2.0
"""Words of a command as files: folders, globs, videos; each file once, each result under a name of its own."""

from pathlib import Path

import pytest

from handcraft.predict.sources import sources_of


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.PNG", "notes.txt", "clip.MP4", "below/a.jpg", "below/.hidden.jpg", "other/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_is_its_pictures_and_videos(folder):
    sources, errors = sources_of([str(folder)])
    assert [source.name.as_posix() for source in sources] == [
        "a.jpg",
        "b.PNG",
        "below/a.jpg",
        "other/a.jpg",
        "clip.MP4",
    ]
    assert [source.is_video for source in sources] == [False] * 4 + [True]
    assert errors == []


def test_a_glob_that_the_shell_left_is_expanded(folder):
    sources, errors = sources_of([str(folder / "**" / "a.jpg")])
    assert [source.path.relative_to(folder).as_posix() for source in sources] == ["a.jpg", "below/a.jpg", "other/a.jpg"]
    assert [source.name.as_posix() for source in sources] == ["a.jpg", "a-2.jpg", "a-3.jpg"]
    assert errors == []


def test_a_file_named_twice_is_looked_at_once_and_one_named_like_a_glob_is_itself(folder):
    (folder / "[1].jpg").touch()
    words = [str(folder / "a.jpg"), str(folder / "below" / ".." / "a.jpg"), str(folder / "[1].jpg")]
    assert [source.path.name for source in sources_of(words)[0]] == ["a.jpg", "[1].jpg"]


def test_what_is_not_there_is_told_and_the_rest_is_found(folder):
    (folder / "empty").mkdir()
    words = [str(folder / "none.jpg"), str(folder / "empty"), str(folder / "*.gif"), str(folder / "a.jpg")]
    sources, errors = sources_of(words)
    assert [source.path for source in sources] == [Path(words[-1])]
    assert [word in str(error) for word, error in zip(words[:3], errors, strict=True)] == [True] * 3
    assert "found none" in str(errors[1])
