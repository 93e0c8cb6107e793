"""The notebooks that the site offers: they install what they need first, and lead to nothing that they have not."""

import json
import os
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SITE = pathlib.Path(os.environ.get("KERASDREAM_SITE", ROOT / "build" / "site"))
NOTEBOOKS = sorted((SITE / "_downloads" / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.skipif(not NOTEBOOKS, reason="the site is not built: .ci/site builds it")


def cells(path, kind):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def test_there_is_one_for_each_guide():
    names = {path.stem for path in NOTEBOOKS}
    assert names >= {
        "first_dream",
        "objectives",
        "guides-photograph",
        "guides-keras_example",
        "guides-cluster",
        "guides-studies",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_installs_first_and_stands_by_itself(path):
    first, *others = cells(path, "code")
    assert "%pip install -q kerasdream" in first
    assert first.startswith("try:")
    for code in others:
        compile(re.sub(r"^( *)%.*", r"\1pass", code, flags=re.M), path.name, "exec")
    for text in cells(path, "markdown"):
        links = re.findall(r"\]\((?!http)([^)\s]+)\)", re.sub(r"`[^`]*`|```.*?```", "", text, flags=re.S))
        assert not links, links
