"""Sizes to be proud of: short functions, one idea a file."""

from __future__ import annotations

import statistics

from tests.architecture.source import Function, length, product

LONGEST_FILE = 300
LONGEST_FUNCTION = 50
MEDIAN_FUNCTION = 10
MOST_PARAMETERS = 5
ENTRY = 65
"""Lines of a service's main.py at most, its imports and routing table included."""


def parameters(function: Function) -> list[str]:
    arguments = function.args
    named = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in named if name not in {"self", "cls"}]


def test_a_file_is_one_idea():
    long = {source.name: len(source.text.splitlines()) for source in product()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_a_function_is_read_without_scrolling():
    long = {f"{source.name}:{each.name}": length(each) for source in product() for each in source.functions()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_the_median_function_is_short():
    lengths = [length(function) for source in product() for function in source.functions()]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_functions_take_few_parameters():
    taken = {f"{source.name}:{each.name}": parameters(each) for source in product() for each in source.functions()}
    assert {name: names for name, names in taken.items() if len(names) > MOST_PARAMETERS} == {}


def test_the_main_of_a_service_is_one_screen():
    mains = [source for source in product() if source.name.count("/") == 2 and source.path.name == "main.py"]
    assert mains
    assert {source.name for source in mains if len(source.text.splitlines()) > ENTRY} == set()


def test_every_module_says_what_it_owns():
    assert [source.name for source in product() if source.text and not source.text.startswith('"""')] == []
