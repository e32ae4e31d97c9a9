# SPDX-License-Identifier: Apache-2.0
"""The command line answers at once, ends mistakes with one line and exit code 2, and keeps the traceback of bugs."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from handcraft import __version__, cli
from handcraft.errors import HandcraftError


def raising(error):
    def verb(argv):
        raise error

    return verb


@pytest.fixture
def verb(monkeypatch):
    """Puts a function in the place of ``handcraft render``; everything around it is the real thing."""

    def install(function):
        monkeypatch.setitem(sys.modules, "handcraft.cli.render", SimpleNamespace(main=function))

    return install


def one_line(capsys):
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("handcraft: ")
    return printed.err


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_overview_needs_neither_torch_nor_tyro(option):
    script = (
        "import sys; from handcraft.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'torch', 'tyro', 'numpy', 'rich', 'warp', 'matplotlib'} & set(sys.modules); "
        "sys.exit(f'imported {sorted(heavy)}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script, option], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_help_names_every_verb_with_what_it_does(capsys):
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(verb in printed and description in printed for verb, description in cli.VERBS.items())


def test_the_version_is_the_package_s(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"handcraft {__version__}\n"


def test_no_verb_prints_the_overview_and_is_a_mistake(capsys):
    assert cli.main([]) == 2
    assert "usage: handcraft VERB" in capsys.readouterr().err


@pytest.mark.parametrize(("word", "meant"), [("reffine", "refine"), ("mesure", "measure"), ("train", "report, demo")])
def test_an_unknown_verb_is_answered_with_the_closest(word, meant, capsys):
    assert cli.main([word]) == 2
    line = one_line(capsys)
    assert f"`{word}`" in line
    assert meant in line


def test_a_mistake_is_one_line(verb, capsys):
    verb(raising(HandcraftError("Expected `steps` to be at least 1,\n  but got 0.")))
    assert cli.main(["render"]) == 2
    assert one_line(capsys) == "handcraft: Expected `steps` to be at least 1, but got 0.\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_with_the_file(number, verb, capsys):
    verb(raising(OSError(number, "No space left on device", "run/shard-000002.tar")))
    assert cli.main(["render"]) == 2
    line = one_line(capsys)
    assert "disk is full" in line
    assert "run/shard-000002.tar" in line
    assert "Finished work is kept" in line


def test_a_full_disk_is_one_line_even_where_nobody_named_the_file(verb, capsys):
    verb(raising(OSError(errno.EFBIG, "File too large")))
    assert cli.main(["render"]) == 2
    assert "disk is full" in one_line(capsys)


@pytest.mark.parametrize("kind", [PermissionError, FileNotFoundError, NotADirectoryError])
def test_a_path_the_system_refuses_is_named(kind, verb, capsys):
    verb(raising(kind(errno.EACCES, "Permission denied", "/forbidden/run")))
    assert cli.main(["render"]) == 2
    assert "`/forbidden/run`" in one_line(capsys)


@pytest.mark.parametrize("bug", [ZeroDivisionError("ours"), OSError(errno.EINVAL, "Invalid argument")])
def test_a_bug_keeps_its_traceback(bug, verb):
    verb(raising(bug))
    with pytest.raises(type(bug)):
        cli.main(["render"])


@pytest.mark.parametrize(("said", "line"), [((), "Interrupted"), (("Stopped after step 7; go on so.",), "step 7")])
def test_an_interrupt_ends_with_a_line_and_130(said, line, verb, capsys):
    verb(raising(KeyboardInterrupt(*said)))
    assert cli.main(["render"]) == 130
    assert line in one_line(capsys)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_left_is_met_in_silence(unbuffered):
    script = "import sys; from handcraft.cli import main; sys.exit(main(['--help']))"
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert complaint == b""


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "handcraft.cli", "rendr"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "`render`" in done.stderr
