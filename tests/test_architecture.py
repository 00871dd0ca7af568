"""Holds the package to docs/architecture.md."""

import ast
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from metalandscape.ground import plugins

REPOSITORY = Path(__file__).parents[1]
PACKAGE = plugins.PACKAGE
DOCUMENT = (REPOSITORY / "docs" / "architecture.md").read_text()
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
SLOW = {"torch", "torchvision", "pandas", "matplotlib", "seaborn", "scipy", "jaxtyping"}
SHAPED = {"Float", "Float32", "Float64", "Int", "Int64", "Num"}

every_file = pytest.mark.parametrize(
    "path", FILES, ids=[p.relative_to(PACKAGE).as_posix() for p in FILES]
)


def table():
    """Room -> (rooms it may import, slow libraries it may import at its top), as documented."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|$", DOCUMENT, re.M)
    return {room: [set(re.findall(r"`(\w+)`", cell)) for cell in cells] for room, *cells in rows}


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree, path):
    """Full names of what the nodes of `tree` import, relative imports resolved."""
    here = ["metalandscape", *path.relative_to(PACKAGE).parent.parts]
    for node in tree:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) + 1 - node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms_imported(path):
    """The rooms a file imports, inside functions too."""
    names = imported(ast.walk(ast.parse(path.read_text())), path)
    inner = [name.split(".") for name in names if name.startswith("metalandscape")]
    return {parts[1] for parts in inner} - {room_of(path)}


def libraries_at_import(path):
    return {name.split(".")[0] for name in imported(ast.parse(path.read_text()).body, path)}


def test_every_room_has_a_row():
    assert set(table()) == {room_of(path) for path in FILES} - {"__init__"}


def test_rooms_import_only_rooms_above_them():
    """So there is no arrow back up, and no cycle."""
    above = set()
    for room, (rooms, _) in table().items():
        assert rooms <= above, room
        above.add(room)


@every_file
def test_imports_keep_to_the_table(path):
    rooms, _ = table().get(room_of(path), [set(), set()])
    assert rooms_imported(path) <= rooms


@every_file
def test_slow_libraries_are_imported_where_the_table_says(path):
    _, libraries = table().get(room_of(path), [set(), set()])
    assert libraries_at_import(path) & SLOW <= libraries


@pytest.mark.parametrize("room", table())
def test_what_a_row_allows_is_used(room):
    files = [path for path in FILES if room_of(path) == room]
    rooms, libraries = table()[room]
    assert rooms <= set().union(*map(rooms_imported, files))
    assert libraries <= set().union(*map(libraries_at_import, files))


def loaded_by(statement, *libraries):
    """Which of some libraries a fresh interpreter has loaded after a statement."""
    program = f"{statement}\nimport sys\nprint(*sorted(set(sys.modules) & set({libraries})))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})"]
    command[-1] += f"\n{program}"
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return done.stdout.split()


def test_loading_a_configuration_imports_nothing_slow():
    load = (
        "import yaml; from metalandscape.settings import config; from metalandscape.settings.plan "
        "import Plan\nPlan(config.load(yaml.safe_load(open('config/smoke.yaml')))).code_of_claims()"
    )
    assert loaded_by(load, *SLOW) == []


def test_the_command_line_imports_nothing_slow():
    words = "['train', '--help']"
    parse = f"from metalandscape.__main__ import parser; parser({words})"
    assert loaded_by(parse, *SLOW) == []


def test_figures_never_load_torch():
    names = ", ".join(plugins.names("figures"))
    assert loaded_by(f"from metalandscape.figures import {names}", "torch") == []


def test_statistics_and_tables_never_load_torch():
    assert (
        loaded_by(
            "from metalandscape.results import pages, provenance, statistics, tables", "torch"
        )
        == []
    )


@pytest.mark.parametrize("room", ["claims", "figures", "results", "settings", "ground", "datasets"])
def test_torch_is_not_mentioned_in(room):
    for path in FILES:
        if room_of(path) == room:
            names = imported(ast.walk(ast.parse(path.read_text())), path)
            assert "torch" not in {name.split(".")[0] for name in names}


@every_file
def test_the_package_never_sees_snakemake(path):
    tree = list(ast.walk(ast.parse(path.read_text())))
    assert "snakemake" not in {getattr(node, "id", None) for node in tree}
    assert "snakemake" not in {name.split(".")[0] for name in imported(tree, path)}


def undocumented(node, name):
    """Names of a module's or class's public definitions without a docstring, and its own."""
    if not ast.get_docstring(node):
        yield name
    if not isinstance(node, ast.FunctionDef):
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name[0] != "_":
                yield from undocumented(child, f"{name}.{child.name}")


@every_file
def test_everything_public_has_a_docstring(path):
    assert list(undocumented(ast.parse(path.read_text()), path.stem)) == []


@every_file
def test_no_file_is_over_300_lines(path):
    assert len(path.read_text().splitlines()) <= 300


def test_functions_are_short():
    nodes = [node for path in FILES for node in ast.walk(ast.parse(path.read_text()))]
    lengths = [n.end_lineno - n.lineno + 1 for n in nodes if isinstance(n, ast.FunctionDef)]
    assert statistics.median(lengths) <= 10
    assert sum(length < 30 for length in lengths) >= 0.9 * len(lengths)


def dimensions(path):
    """Names of dimensions in a file's annotations of shapes, such as Float[Tensor, "n *input"]."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", None) in SHAPED:
            shape = re.sub("{.*?}", "", node.slice.elts[1].value)
            yield from re.findall(r"[a-zA-Z]\w*", shape)


def test_dimensions_are_those_of_the_document():
    section = re.search(r"^## Shapes$(.*?)^## ", DOCUMENT, re.M | re.S)[1]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.M)
    named = {name for row in rows for name in re.findall(r"`\*?(\w+)`", row)}
    assert named == {name for path in FILES for name in dimensions(path)}


def test_the_rules_of_the_diagram_exist():
    diagram = re.search(r"```mermaid(.*?)```", DOCUMENT, re.S)[1]
    rules = "".join(path.read_text() for path in REPOSITORY.glob("workflow/rules/*.smk"))
    drawn = set(re.findall(r"\b[a-z]+_[a-z]+\b", diagram)) - {"train_epochs"}
    assert drawn == set(re.findall(r"^rule (\w+):", rules, re.M))


def test_the_files_that_the_document_names_exist():
    for name in set(re.findall(r"`([\w/]+\.(?:py|smk|md|yaml|txt))`", DOCUMENT)):
        assert (REPOSITORY / name).exists() or (PACKAGE / name).exists(), name
