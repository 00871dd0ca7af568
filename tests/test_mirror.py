"""Every module has a file of tests: `metrics/_pairs.py` has `tests/metrics/test_pairs.py`."""

import ast
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from metalandscape.ground import plugins

TESTS = Path(__file__).parent
MODULES = [path.relative_to(plugins.PACKAGE) for path in sorted(plugins.PACKAGE.rglob("*.py"))]

# Modules that are tested in another file: parts of a kind together, private ones through theirs.
ELSEWHERE = {
    "__init__": "test_library.py",
    "algorithms/__init__": "algorithms/test_episodic.py",
    "algorithms/maml": "algorithms/test_episodic.py",
    "algorithms/first_order_maml": "algorithms/test_episodic.py",
    "claims/_*": "claims/test_claims.py",
    "claims/c[0-9][0-9]": "claims/test_claims.py",
    "figures/sharpness": "figures/test_figures.py",
    "metrics/_solutions": "metrics/test_sharpness.py",
    "results/board": "jobs/test_board.py",
    "datasets/_arrays": "datasets/test_image_folder.py",
    "datasets/_downloads": "datasets/test_archives.py",
    "datasets/_images": "datasets/test_datasets.py",
    "datasets/_regression": "datasets/test_datasets.py",
    "datasets/_splits": "datasets/test_image_folder.py",
    "datasets/_walk": "datasets/test_image_folder.py",
    "datasets/sine": "datasets/test_datasets.py",
    "figures/_*": "figures/test_figures.py",
    "figures/barriers": "figures/test_figures.py",
    "figures/fig*": "figures/test_figures.py",
    "figures/random_planes": "figures/test_surface.py",
    "jobs/*": "jobs/test_jobs.py",
}


def name_of(module):
    return module.with_suffix("").as_posix()


def own(module):
    """The file of tests that a module has by its name."""
    name = module.parent.name if module.stem == "__init__" else module.stem.strip("_")
    return TESTS / module.parent / f"test_{name}.py"


def has_code(module):
    nodes = ast.parse((plugins.PACKAGE / module).read_text()).body
    return any(not isinstance(node, ast.Expr | ast.Import | ast.ImportFrom) for node in nodes)


@pytest.mark.parametrize("module", [m for m in MODULES if has_code(m)], ids=name_of)
def test_a_module_has_a_file_of_tests(module):
    files = [TESTS / f for p, f in ELSEWHERE.items() if fnmatchcase(name_of(module), p)]
    assert any(file.exists() for file in [own(module), *files])


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_an_exception_is_needed_and_names_a_file(pattern):
    assert (TESTS / ELSEWHERE[pattern]).exists()
    matched = [module for module in MODULES if fnmatchcase(name_of(module), pattern)]
    assert any(not own(module).exists() for module in matched)
