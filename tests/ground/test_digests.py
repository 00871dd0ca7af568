"""What a digest of code depends on, and what it doesn't."""

import shutil

import pytest

from metalandscape.ground import digests, plugins, syntax

PACKAGE = plugins.PACKAGE


def forget():
    for cached in (digests.digest, digests._code, digests._imported, syntax.parsed):
        cached.cache_clear()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package whose files a test may edit."""
    folder = tmp_path / "metalandscape"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(plugins, "PACKAGE", folder)
    forget()
    yield folder
    plugins.use(None)
    forget()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    forget()


def of(*names):
    return digests.digest(*(f"metalandscape.{name}" for name in names))


# --- what changes nothing


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "networks/conv.py",
            "            x = F.relu(x)\n",
            "            # why\n            x = F.relu(x)\n",
        ),
        ("networks/conv.py", "            x = F.relu(x)\n", "            x = F.relu(x)  # why\n\n"),
        (
            "networks/conv.py",
            "            x = F.relu(x)\n",
            "            x = F.relu(\n                x\n            )\n",
        ),
        ("networks/conv.py", '"""`conv`: modules', '"""Modules'),
        ("networks/conv.py", "Return h = f_feat(x) of", "Return features of"),
        ("networks/conv.py", "    filters: Filters of every", "    filters: Of every"),
        ("algorithms/maml.py", 'NAME = "MAML"', 'NAME = "Second-Order MAML"'),
        ("algorithms/maml.py", 'NAME = "MAML"', 'NAME: str = "Second-Order MAML"'),
        ("algorithms/maml.py", 'COLOUR = "#332288"', 'COLOUR = "#000000"'),
    ],
)
def test_comments_docstrings_layout_and_names_count_for_nothing(copy, file, old, new):
    name = file.removesuffix(".py").replace("/", ".")
    before = of(name)
    edit(copy / file, old, new)
    assert of(name) == before


def test_a_label_of_a_quantity_counts_for_nothing(copy):
    before = of("metrics.gradients")
    path = copy / "metrics/gradients.py"
    path.write_text(path.read_text() + '\n\nQUANTITIES = {"gradient_product": {"label": "g"}}\n')
    forget()
    assert of("metrics.gradients") == before


def test_a_neutral_module_counts_for_nothing(copy):
    before = of("jobs.train")
    edit(copy / "ground/strict.py", "frozen=True", "frozen=False")
    assert of("jobs.train") == before


# --- what changes it


@pytest.mark.parametrize(
    ("entry", "file", "old", "new"),
    [
        ("networks.conv", "networks/conv.py", "EPSILON = 1e-5", "EPSILON = 1e-4"),
        ("networks.conv", "networks/conv.py", "stride=stride", "stride=1"),
        ("networks.conv", "networks/conv.py", "Width = 64", "Width = 32"),
        ("networks.conv", "networks/__init__.py", "sqrt(6 /", "sqrt(7 /"),
        ("jobs.train", "engines/reference.py", "theta - rates * gradient", "theta - 2 * gradient"),
        ("jobs.judge", "claims/__init__.py", "POSITIVE: Region = (0.0", "POSITIVE: Region = (0.1"),
        ("figures.fig5", "figures/_style.py", "import", "import os, "),
        ("metrics.gradients", "metrics/_pairs.py", "n - 2", "n - 3"),
    ],
)  # fmt: skip
def test_an_edit_that_changes_what_runs_changes_the_digest(copy, entry, file, old, new):
    before, others = of(entry), of("datasets.sine")
    edit(copy / file, old, new)
    assert of(entry) != before and of("datasets.sine") == others


def test_a_digest_is_that_of_all_modules_given_in_any_order():
    assert of("metrics.hessian", "networks.mlp") == of("networks.mlp", "metrics.hessian")
    assert of("metrics.hessian", "networks.mlp") != of("metrics.hessian")


def test_a_constant_that_is_null_or_empty_counts(copy):
    found = set()
    for value in ("None", "0", '""', "[]", "()", "False"):
        (copy / "metrics/mine.py").write_text(f"x = {value}\n")
        forget()
        found.add(of("metrics.mine"))
    assert len(found) == 6


# --- the closure


def test_it_follows_imports_inside_functions_and_the_packages_they_stand_in(copy):
    (copy / "metrics/mine.py").write_text("def f():\n    from ..networks import conv\n")
    names = {"metrics", "metrics.mine", "networks", "networks.conv"}
    assert digests.closure("metalandscape.metrics.mine") >= {f"metalandscape.{n}" for n in names}


@pytest.mark.parametrize(
    "line",
    [
        "import metalandscape.networks.conv",
        "from metalandscape.networks import conv",
        "from metalandscape.networks.conv import Options",
        "from ..networks.conv import Options",
        "from .. import networks\nfrom ..networks import conv as c",
    ],
)
def test_every_way_to_import_is_seen(copy, line):
    (copy / "metrics/mine.py").write_text(line + "\n")
    assert "metalandscape.networks.conv" in digests.closure("metalandscape.metrics.mine")


def test_neutral_modules_and_libraries_are_no_part_of_it():
    found = digests.closure("metalandscape.jobs.train")
    assert not found & digests.NEUTRAL
    assert all(name.startswith("metalandscape.") for name in found)


# --- parts outside the package


def test_a_part_outside_counts_with_what_it_imports(copy, tmp_path):
    own = tmp_path / "own"
    (own / "metrics").mkdir(parents=True)
    (own / "metrics/_help.py").write_text("NUMBER = 1\n")
    (own / "metrics/mine.py").write_text("from ._help import NUMBER\nfrom ._pairs import x\n")
    plugins.use(own)
    before = of("metrics.mine")
    names = {"metrics", "metrics.mine", "metrics._help", "metrics._pairs"}
    assert digests.closure("metalandscape.metrics.mine") >= {f"metalandscape.{n}" for n in names}
    edit(own / "metrics/_help.py", "1", "2")
    assert of("metrics.mine") != before


def test_a_new_part_that_nobody_uses_changes_no_other_digest(copy, tmp_path):
    before = of("jobs.measure", "metrics.hessian")
    (tmp_path / "own/metrics").mkdir(parents=True)
    (tmp_path / "own/metrics/mine.py").write_text("x = 1\n")
    plugins.use(tmp_path / "own")
    forget()
    assert of("jobs.measure", "metrics.hessian") == before


# --- sources in other languages


def kernel(folder):
    (source,) = folder.glob("engines/kernel/kernel.cpp")
    return source


def test_the_kernels_sources_count_without_their_comments(copy):
    before = of("jobs.train")
    source = kernel(copy)
    source.write_text("// a remark\n/* and\nanother */\n\n" + source.read_text())
    forget()
    assert of("jobs.train") == before
    source.write_text(source.read_text() + "static int more = 1;\n")
    forget()
    assert of("jobs.train") != before


def test_every_source_of_the_kernel_is_listed():
    listed = digests.sources(PACKAGE / "engines/_library.py")
    assert set(listed) == {p for p in (PACKAGE / "engines/kernel").iterdir() if p.suffix != ".so"}


# --- every module is hashed or declared neutral


def modules():
    files = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")]
    return {".".join(["metalandscape", *f.parts]).removesuffix(".__init__") for f in files}


def test_every_module_is_hashed_by_some_job_or_declared_neutral():
    jobs = [name for name in modules() if name.startswith("metalandscape.jobs.")]
    parts = [digests.part(room, name) for room in plugins.ROOMS for name in plugins.names(room)]
    assert modules() - digests.closure(*jobs, *parts) <= digests.NEUTRAL


def test_no_module_that_is_declared_neutral_is_gone():
    assert digests.NEUTRAL - modules() == set()
