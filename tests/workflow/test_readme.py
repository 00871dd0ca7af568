"""What the README tells users to do, done."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_figure_is_added_by_one_module_and_one_line(project):
    text = (ROOT / "README.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", text, re.S)
    (project.folder / "workflow/metalandscape/figures/sharpness.py").write_text(module)
    project.configure(lambda config: config["figures"].update(sharpness=["letters_maml"]))
    target = "figures/smoke/sharpness.pdf"
    assert project.planned(target) == {("draw_figure", "figure=sharpness")}
    project.run(target)
    assert (project.folder / target).read_bytes().startswith(b"%PDF")
    assert project.planned() == set()
