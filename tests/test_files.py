# SPDX-License-Identifier: Apache-2.0
"""A file holds its old or its new content, and a disk that refuses names it."""

import errno

import pytest

from handcraft.files import atomic_path, write_json_atomically, write_text_atomically


def write(path, text, error=None):
    with atomic_path(path) as beside:
        beside.write_text(text)
        if error:
            raise error


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_a_failure_leaves_the_old_content_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "new folder" / "file"
    with pytest.raises(type(error)):
        write(path, "first", error)
    assert list(path.parent.iterdir()) == []
    write(path, "old")
    with pytest.raises(type(error)):
        write(path, "new", error)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_success_leaves_the_new_content_and_nothing_beside_it(tmp_path):
    write_text_atomically(tmp_path / "file", "old")
    write_json_atomically(tmp_path / "file", {"new": 1})
    assert (tmp_path / "file").read_text() == '{\n "new": 1\n}\n'
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json_atomically(tmp_path / "file", float("nan"))


def test_a_disk_that_refuses_names_the_file_meant_and_not_the_one_beside_it(tmp_path):
    path = tmp_path / "file"
    with pytest.raises(OSError, match="No space left") as caught:
        write(path, "", OSError(errno.ENOSPC, "No space left"))  # as a full disk does: without any name
    assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as caught, atomic_path(path) as beside:
        beside.stat()
    assert caught.value.filename == str(path)


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_path(tmp_path / "file"):
        (tmp_path / "other").stat()
    assert str(caught.value.filename) == str(tmp_path / "other")
