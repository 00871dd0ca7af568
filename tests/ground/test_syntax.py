"""Sources of parts, read without importing them; see also test_plugins."""

import ast
from pathlib import Path

import pytest

from metalandscape.ground import syntax
from metalandscape.ground.errors import UserError

FILE = Path("my_parts/metrics/mine.py")


def function(arguments):
    (node,) = ast.parse(f"def measure({arguments}): ...").body
    return node


@pytest.mark.parametrize(
    "arguments",
    ["a, b", "a, /, b", "a, b, c=1", "*a", "a, *b", "a, b=1", "a, b, *, c=1", "a, b, **c"],
)
def test_a_function_that_takes_two_arguments(arguments):
    syntax.check_arguments(FILE, function(arguments), 2)


@pytest.mark.parametrize(
    "arguments", ["", "a", "a, b, c", "a, b, *, c", "a=1", "a, b, c, *d", "**a"]
)
def test_a_function_that_does_not(arguments):
    words = r"metrics/mine.py, line 1: measure is called with 2 arguments, which it cannot take"
    with pytest.raises(UserError, match=words):
        syntax.check_arguments(FILE, function(arguments), 2)


def test_a_file_that_is_no_python_is_named_with_the_line(tmp_path):
    (tmp_path / "mine.py").write_text("a = 1\ndef (:\n")
    with pytest.raises(UserError, match=r"mine\.py, line 2: .*; correct the file or remove it\."):
        syntax.parsed(tmp_path / "mine.py")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("import a.b, c as d", ["a", "d"]),
        ("from a import b as c", ["c"]),
        ("a, (b, c) = 1, (2, 3)", ["a", "b", "c"]),
        ("a: int = 1", ["a"]),
        ("def a(): b = 1", ["a"]),
        ("class A: b = 1", ["A"]),
        ("if x:\n a = 1\nelse:\n b = 2", ["a", "b"]),
        ("try:\n import a\nexcept E:\n a = None", ["a", "a"]),
        ("print(a)", []),
    ],
)
def test_the_names_that_a_statement_binds(line, names):
    (node,) = ast.parse(line).body
    assert syntax.bound(node) == names


def test_what_a_name_needs_is_kept_in_order():
    body = ast.parse("a = 1\nb = 2\nc = a + 1\ndef d(): return c\ne = b").body
    assert [ast.unparse(node).split("\n")[0] for node in syntax.needed(body, "d")] == [
        *("a = 1", "c = a + 1", "def d():")
    ]
