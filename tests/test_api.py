"""The public names: each is there, each is explained, and its example runs."""

import dataclasses
import doctest
import inspect
import re
import runpy
from pathlib import Path

import pytest

import geo_border as gb


@pytest.mark.parametrize("name", gb.__all__)
def test_what_is_public_is_there_and_explained(name):
    assert inspect.getdoc(getattr(gb, name))


@pytest.mark.parametrize("name", sorted({*gb.__all__} - {"__version__"}))
def test_a_function_has_an_example(name):
    assert doctest.DocTestParser().get_examples(inspect.getdoc(getattr(gb, name)))


SLOW = {"Operation"}
"""Names whose examples build a network of their own."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in gb.__all__],
)
def test_examples_give_what_they_show(name):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner = doctest.DocTestRunner(optionflags=flags)
    for example in doctest.DocTestFinder(recurse=False).find(getattr(gb, name), name):
        runner.run(example)
    assert runner.failures == 0


def holds_much(value):
    """Whether a class is a dataclass whose fields are frames, arrays or tables by name."""
    if not (inspect.isclass(value) and dataclasses.is_dataclass(value)):
        return False
    kinds = [str(field.type) for field in dataclasses.fields(value)]
    return any(re.search(r"Frame|NDArray|dict\[|Series", kind) for kind in kinds)


@pytest.mark.parametrize("name", [name for name in gb.__all__ if holds_much(getattr(gb, name))])
def test_what_holds_frames_shows_how_much(name):
    # What a dataclass writes by itself is all that it holds.
    assert getattr(gb, name).__repr__.__code__.co_filename.startswith(str(Path(gb.__file__).parent))


def test_the_page_of_the_reference_is_what_the_stub_says():
    tool = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "api.py"))
    assert tool["PAGE"].read_text(encoding="utf-8") == tool["page"]()
    listed = [name for names in tool["groups"]().values() for name in names]
    assert sorted(listed) == sorted({*gb.__all__} - {"__version__"})
