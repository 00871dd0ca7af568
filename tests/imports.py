"""What files of Python and Snakemake import, by the names that packages are installed under."""

import ast
import re
import sys

PACKAGES = {
    "PIL": "pillow",
    "fontTools": "fonttools",
    "pydantic_core": "pydantic-core",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}


def packages(paths):
    """Names of the packages that any of the files imports, at the top or in functions."""
    names = {name for path in paths for name in modules(path)} - sys.stdlib_module_names
    return {PACKAGES.get(name, name) for name in names}


def modules(path):
    """First parts of the names of imported modules, relative imports aside."""
    text = path.read_text()
    if path.suffix != ".py":  # Snakemake's files: lines that are Python's, too
        return set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.M))
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}
    return {name.split(".")[0] for name in names}
