# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from handcraft.data import ShardDataset, ShardWriter
from handcraft.errors import HandcraftError
from tests.data.shards.make import bare_sample, sample

DESCRIPTION = {"seed": 11, "config": {"size": (18, 24)}, "licence": "CC0"}
START = f"""
import os, resource, signal, sys
from pathlib import Path
from handcraft.data import ShardWriter
from tests.data.shards.make import sample
folder, DESCRIPTION = Path(sys.argv[1]), {DESCRIPTION}
"""


def write(folder, numbers, *, per_shard=4, description=DESCRIPTION, make=sample, **options):
    with ShardWriter(folder, samples_per_shard=per_shard, description=description, **options) as writer:
        for number in numbers:
            writer.write(make(number))
    return writer


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(code, folder):
    """Another Python writes into ``folder``."""
    command = [sys.executable, "-c", START + code, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def test_the_folder_says_what_it_holds(tmp_path):
    write(tmp_path / "set", range(10))
    said = json.loads((tmp_path / "set" / "dataset.json").read_text())
    assert [shard["samples"] for shard in said["shards"]] == [4, 4, 2]
    assert said["description"] == {"seed": 11, "config": {"size": [18, 24]}, "licence": "CC0"}
    assert (said["count"], said["source"], said["is_real"], said["joints"][0]) == (10, "plain renders", False, "wrist")
    assert sorted(contents(tmp_path / "set")) == ["dataset.json", *(f"shard-00000{number}.tar" for number in range(3))]


def test_the_same_samples_give_the_same_bytes(tmp_path):
    write(tmp_path / "one", range(6))
    write(tmp_path / "two", range(6))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("stops", [[4], [8], [1, 2, 3], [5, 6], [10], [3, 9]])
def test_continued_is_the_same_as_uninterrupted(tmp_path, stops):
    write(tmp_path / "whole", range(10))
    done = 0
    for stop in [*stops, 10]:
        with ShardWriter(tmp_path / "parts", samples_per_shard=4, description=DESCRIPTION) as writer:
            assert writer.samples_written == done
            for number in range(writer.samples_written, stop):
                writer.write(sample(number))
            done = writer.samples_written
        assert done == stop
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_an_error_keeps_every_sample_that_was_written(tmp_path):
    write(tmp_path / "whole", range(6))

    def interrupted():
        yield from range(6)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "set", interrupted())
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


def test_a_kill_leaves_whole_shards_to_continue_after(tmp_path):
    code = """
with ShardWriter(folder, samples_per_shard=4, description=DESCRIPTION) as writer:
    for number in range(10):
        if number == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        writer.write(sample(number))
"""
    assert run(code, tmp_path / "set").returncode == -signal.SIGKILL
    assert [each.key for each in ShardDataset(tmp_path / "set")] == [f"hand-{number:06d}" for number in range(8)]
    assert any(name.endswith(".part") for name in contents(tmp_path / "set"))
    with ShardWriter(tmp_path / "set", samples_per_shard=4, description=DESCRIPTION) as writer:
        assert writer.samples_written == 8
        for number in range(8, 10):
            writer.write(sample(number))
    write(tmp_path / "whole", range(10))
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


def test_a_full_disk_keeps_what_was_whole_and_says_so(tmp_path):
    """The operating system lets files of this process grow to a limit only, in the middle of the seventh sample."""
    write(tmp_path / "whole", range(7), per_shard=100)
    limit = (tmp_path / "whole" / "shard-000000.tar").stat().st_size - 3000
    code = f"""
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
with ShardWriter(folder, samples_per_shard=100, description=DESCRIPTION) as writer:
    for number in range(20):
        writer.write(sample(number))
"""
    result = run(code, tmp_path / "set")
    assert result.returncode == 1
    assert "File too large; make room and run the same command again" in result.stderr.splitlines()[-1]
    assert [each.key for each in ShardDataset(tmp_path / "set")] == [f"hand-{number:06d}" for number in range(6)]
    write(tmp_path / "set", range(6, 7), per_shard=100)
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


def test_writing_goes_on_after_a_sample_that_was_refused(tmp_path):
    far = dataclasses.replace(sample(1), depth_m=torch.full((18, 24), 9.0))
    endless = dataclasses.replace(sample(1), joints_m=torch.full((21, 3), float("nan")))
    with ShardWriter(tmp_path / "set", samples_per_shard=4, description=DESCRIPTION) as writer:
        writer.write(sample(0))
        with pytest.raises(HandcraftError, match=r"sample 'hand-000001' to be storable.*6\.5535 m"):
            writer.write(far)
        with pytest.raises(HandcraftError, match="sample 'hand-000001' to be storable"):
            writer.write(endless)
        with pytest.raises(HandcraftError, match="'hand-000000' came twice"):
            writer.write(sample(0))
        with pytest.raises(HandcraftError, match="samples of 'plain renders' only, but got 'simulated photographs'"):
            writer.write(bare_sample(1))
        writer.write(sample(1))
    write(tmp_path / "whole", range(2))
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


def test_a_folder_of_another_description_is_not_mixed_up(tmp_path):
    write(tmp_path, range(2), description={"seed": 1, "command": "first"})
    write(tmp_path, range(2, 3), description={"seed": 1, "command": "second, with another word"})
    assert json.loads((tmp_path / "dataset.json").read_text())["description"]["command"] == "first"
    for options in ({"description": {"seed": 2}}, {"per_shard": 5}, {"image_format": "jpg"}):
        with pytest.raises(HandcraftError, match="to be new or made with the same description; name another folder"):
            write(tmp_path, range(3, 4), **{"description": {"seed": 1}, **options})
    assert len(ShardDataset(tmp_path)) == 3


@pytest.mark.parametrize("before", [2, 9])
def test_a_damaged_shard_is_not_continued(tmp_path, before):
    write(tmp_path, range(before))
    os.truncate(tmp_path / "shard-000000.tar", 2048)
    with pytest.raises(HandcraftError, match=r"shard-000000\.tar .* cut short"):
        write(tmp_path, range(before, 12))


def test_a_folder_of_something_else_is_not_written_into(tmp_path):
    (tmp_path / "shard-000000.tar").write_text("of another tool")
    with pytest.raises(HandcraftError, match="something else; name another folder"):
        write(tmp_path, range(2))
    assert contents(tmp_path) == {"shard-000000.tar": b"of another tool"}


@pytest.mark.parametrize("place", ["Path.replace", "Path.mkdir"])
def test_a_kill_before_the_first_shard_is_done_leaves_a_folder_to_begin_in(tmp_path, place):
    """Killed while the first shard gets its name, before ``dataset.json`` lists it; and before anything is there."""
    code = f"""
real = {place}
def kill(path, *arguments, **options):
    real(path, *arguments, **options)
    if "shard" in path.name or path == folder:
        os.kill(os.getpid(), signal.SIGKILL)
{place} = kill
with ShardWriter(folder, samples_per_shard=4, description=DESCRIPTION) as writer:
    for number in range(10):
        writer.write(sample(number))
"""
    assert run(code, tmp_path / "set").returncode == -signal.SIGKILL
    assert write(tmp_path / "set", range(10)).samples_written == 10
    write(tmp_path / "whole", range(10))
    assert contents(tmp_path / "set") == contents(tmp_path / "whole")


def test_a_writer_of_nothing_says_so(tmp_path):
    with pytest.raises(HandcraftError, match="at least one sample"):
        write(tmp_path / "set", [])
    with pytest.raises(HandcraftError, match="`samples_per_shard` to be at least 1, but got 0"):
        write(tmp_path / "set", [0], per_shard=0)
    write(tmp_path / "set", [0])
    assert write(tmp_path / "set", []).samples_written == 1
