# SPDX-License-Identifier: Apache-2.0
"""Options become dataclasses; a mistake names the option and the cure in one line, whatever the terminal is like."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from handcraft.cli.parse import chosen, parse, preset_from, with_defaults
from handcraft.errors import HandcraftError


@dataclass(frozen=True)
class Inner:
    cycle_weight: float = 10.0
    cycle: Literal["pixels", "features"] = "pixels"

    def __post_init__(self):
        if self.cycle_weight < 0:
            raise HandcraftError(f"Expected `cycle_weight` to be at least 0, but got {self.cycle_weight}.")


@dataclass(frozen=True)
class Command:
    rendered: Path
    out: Path
    inner: Inner = field(default_factory=Inner)
    resume: bool = False


GIVEN = ["--rendered", "a", "--out", "b"]


def read(*argv, config_type=Command):
    return parse(config_type, argv, prog="handcraft refine", description="Move them.")


def mistake(*argv):
    with pytest.raises(HandcraftError) as caught:
        read(*argv)
    message = str(caught.value)
    assert "\n" not in message
    assert not set("│─╭╰") & set(message)
    assert message.endswith("`handcraft refine --help` lists the options.")
    return message


def test_options_become_the_dataclass():
    command = read(*GIVEN, "--inner.cycle-weight", "5", "--resume")
    assert command == Command(Path("a"), Path("b"), Inner(5.0), resume=True)


def test_underscores_and_dashes_are_the_same():
    assert read(*GIVEN, "--inner.cycle_weight=5") == read(*GIVEN, "--inner.cycle-weight", "5")


def test_help_lists_the_options_and_leaves_with_0(capsys):
    with pytest.raises(SystemExit) as left:
        read("--help")
    assert left.value.code == 0
    assert "--inner.cycle-weight" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--rendred", "--rendered"), ("--resum", "--resume"), ("--inner.cycle-wieght=5", "--inner.cycle-weight")],
)
def test_an_unknown_option_is_named_with_the_closest(typed, meant):
    message = mistake(*GIVEN, typed)
    assert f"`{typed.partition('=')[0]}`" in message
    assert f"did you mean `{meant}`?" in message


def test_a_misspelt_required_option_is_called_misspelt_and_not_missing():
    assert "`--ot`" in mistake("--rendered", "a", "--ot", "b")


def test_missing_options_are_named():
    message = mistake("--rendered", "a")
    assert "`--out`" in message
    assert "`--rendered`" not in message


def test_a_wrong_choice_names_option_value_and_choices():
    message = mistake(*GIVEN, "--inner.cycle", "depth")
    assert all(word in message for word in ("--inner.cycle", "depth", "pixels", "features"))


@pytest.mark.parametrize("option", ["--inner.cycle-weight", "--inner.cycle_weight"])
def test_a_wrong_number_names_option_and_value(option):
    message = mistake(*GIVEN, option, "ten")
    assert "--inner.cycle-weight" in message
    assert "'ten'" in message


def test_an_option_without_its_value_is_named():
    assert "--inner.cycle-weight" in mistake(*GIVEN, "--inner.cycle-weight")


def test_a_stray_word_is_named():
    assert "extra" in mistake(*GIVEN, "extra")


def test_a_config_that_refuses_its_values_speaks_for_itself():
    message = mistake(*GIVEN, "--inner.cycle-weight", "-1")
    assert message.startswith("Expected `cycle_weight` to be at least 0, but got -1.0.")


def test_the_line_is_the_same_on_a_narrow_plain_terminal(monkeypatch):
    wide = mistake(*GIVEN, "--inner.cycle", "depth")
    monkeypatch.setenv("COLUMNS", "40")
    assert mistake(*GIVEN, "--inner.cycle", "depth") == wide


def test_a_preset_sets_the_defaults_and_options_override_it():
    preset = with_defaults(Command, inner=Inner(3.0, "features"))
    assert read(*GIVEN, config_type=preset).inner == Inner(3.0, "features")
    assert read(*GIVEN, "--inner.cycle", "pixels", config_type=preset).inner == Inner(3.0, "pixels")
    with pytest.raises(HandcraftError, match="`--out`"):
        read("--rendered", "a", config_type=preset)


@pytest.mark.parametrize(
    ("argv", "value"),
    [
        ([], ""),
        (["--preset", "paper"], "paper"),
        (["--preset=smoke", "--out", "x"], "smoke"),
        (["--preset"], ""),
        (["--preset", "smoke", "--preset", "paper"], "paper"),
    ],
)
def test_an_option_is_read_ahead_of_the_rest(argv, value):
    assert chosen(argv, "--preset") == value


def test_a_preset_is_chosen_by_name():
    presets = {"laptop": Inner(1.0), "paper": Inner(2.0)}
    assert preset_from(["--preset", "paper"], presets, "laptop") == Inner(2.0)
    assert preset_from([], presets, "laptop") == Inner(1.0)
    assert preset_from(["--preset", "poster"], presets, "laptop") == Inner(1.0)
