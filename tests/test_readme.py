# SPDX-License-Identifier: Apache-2.0
"""What our documents promise exists: the Python runs, the commands and their options are there, links lead to files."""

import importlib
import re

import pytest
from PIL import Image

from handcraft.cli import VERBS
from tests.documents import DOCUMENTS, ROOT, commands, run

WORDS = {
    "apply", "silhouette", "segmenter", "regressor", "hand", "finder", "realism", "domains", "murphy", "hgan",
    "variety", "build", "rom", "sample", "train-prior", "train-network", "joints", "nyu", "icvl", "msra", "freihand",
    "--from",
}  # fmt: skip
"""What may follow a verb before its options."""


def named(document, program):
    return [command[1:] for command in commands(document) if command[0].rpartition("/")[2] == program]


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (320, 240)).save("photo.jpg")
    assert run(ROOT / "README.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_make_targets_exist(document):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {command[0] for command in named(document, "make")} <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_handcraft_commands_and_their_options_exist(document, capsys):
    for verb, *words in named(document, "handcraft"):
        if verb.startswith("--"):
            continue
        assert verb in VERBS
        part = [words[0]] if words and words[0] in WORDS else []
        with pytest.raises(SystemExit):
            importlib.import_module(f"handcraft.cli.{verb}").main([*part, "--help"])
        known = set(re.findall(r"--[a-z][\w.-]*", capsys.readouterr().out))
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, (verb, words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_inside_the_repository_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not missing, f"{document.name} links to {missing}"
