# SPDX-License-Identifier: Apache-2.0
"""Command-line options from a frozen dataclass, by tyro; a mistake becomes one line instead of a box.

tyro's structured error events are private to it, so only its public face is used here: what it prints.
"""

import contextlib
import dataclasses
import difflib
import io
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import tyro

from handcraft.errors import HandcraftError

__all__ = ["chosen", "parse", "preset_from", "with_defaults"]

Config = TypeVar("Config")

_OPTION = re.compile(r"(?<![\w-])--[a-z][\w.-]*")


def parse(config_type: type[Config], argv: Sequence[str], *, prog: str, description: str) -> Config:
    """Build a ``config_type`` from ``argv``; ``--help`` prints the options and leaves with exit code 0.

    Args:
        config_type: frozen dataclass whose fields (and nested fields) become options.
        argv: what follows the verb.
        prog: the command as the user typed it, such as ``handcraft refine``.
        description: first paragraph of the help.

    Raises:
        HandcraftError: an unknown option, a missing or wrong value, or a config that refused its values.
    """

    def run(arguments: Sequence[str]) -> Config:
        return tyro.cli(config_type, args=list(arguments), prog=prog, description=description)

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return run(argv)
    except SystemExit as leaving:
        if not leaving.code:
            raise
    known = sorted(set(_OPTION.findall(_printed(run, ["--help"]))))
    mistake = _unknown_option(argv, known, prog) or _first_section(_printed(run, argv))
    raise HandcraftError(f"{mistake} `{prog} --help` lists the options.")


def with_defaults(config_type: type[Config], **defaults: object) -> type[Config]:
    """The dataclass ``config_type`` with other defaults for some fields, such as the values of a preset."""
    fields = {each.name: each for each in dataclasses.fields(cast(Any, config_type))}
    changed = [(name, fields[name].type, dataclasses.field(default=value)) for name, value in defaults.items()]
    return cast(
        type[Config], dataclasses.make_dataclass(config_type.__name__, changed, bases=(config_type,), frozen=True)
    )


def chosen(argv: Sequence[str], option: str) -> str:
    """The value of ``option`` in ``argv``, read ahead of parsing; empty if it is not there."""
    value = ""
    for word, after in itertools.pairwise([*argv, ""]):
        if word == option:
            value = after
        elif word.startswith(f"{option}="):
            value = word.partition("=")[2]
    return value


def preset_from(argv: Sequence[str], presets: Mapping[str, Config], default: str) -> Config:
    """The configuration that ``--preset`` names: it decides what the other options default to.

    An unknown name gives the default one; parsing the options themselves then refuses it.
    """
    return presets.get(chosen(argv, "--preset"), presets[default])


def _printed(run: Callable[[Sequence[str]], object], arguments: Sequence[str]) -> str:
    """What tyro prints for ``arguments``: plain UTF-8 without colours, whatever the terminal is like."""
    page = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(page), contextlib.redirect_stderr(page), contextlib.suppress(SystemExit):
        run(arguments)
    page.seek(0)
    return page.read()


def _unknown_option(argv: Sequence[str], known: list[str], prog: str) -> str:
    for word in argv:
        option = word.partition("=")[0]
        if option.startswith("--") and option.replace("_", "-") not in known:
            close = difflib.get_close_matches(option, known, n=1, cutoff=0.5)
            hint = f"; did you mean `{close[0]}`?" if close else "."
            return f"Expected an option of `{prog}`, but got `{option}`{hint}"
    return ""


def _first_section(box: str) -> str:
    """What a box of tyro says, as one sentence: without frame, help texts and line breaks."""
    title, *lines = (line.strip("│╭╮╰╯ ") for line in box.splitlines())
    section = list(itertools.takewhile(lambda line: not line.startswith("──"), lines))
    if "Required options" in title:
        missing = [f"`{line.split()[0]}`" for line in section if line.startswith("--")]
        return f"Expected {' and '.join(missing)}, but got no value."
    sentence = re.sub(r"^Error parsing [^-]\S*: (?=Expected)", "", " ".join(" ".join(section).split()))
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
