"""The house: what is public, which way imports point, what an import costs, what the documents say."""

import ast
import pathlib
import re
import runpy
import subprocess
import sys

import kerasdream
from kerasdream.cli import PROGRAMS
from kerasdream.config import DEFAULTS, KNOBS
from kerasdream.model import zoo
from kerasdream.teaching.config import TEACH_DEFAULTS
from kerasdream.visual_config import VISUAL_DEFAULTS

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "kerasdream"
FLOORS = [
    "errors",
    "forking",
    "process_memory",
    "types",
    "array_file",
    "ops",
    "pixels",
    "objectives",
    "knobs",
    "settings",
    "config",
    "presets",
    "visual_config",
    "film_config",
    "batch_config",
    "recipes",
    "loading",
    "image",
    "video",
    "model",
    "ascent",
    "result",
    "resolution",
    "progress",
    "dreamer",
    "batches",
    "ray",
    "visualization",
    "caricature_strip",
    "directions",
    "sweeps",
    "studies",
    "maps",
    "microscopes",
    "journeys",
    "callbacks",
    "training",
    "teaching",
    "films",
    "cli",
    "web",
]  # each may import from those before it
FRAMEWORKS = {"tensorflow", "jax", "torch"}


def imports(path):
    """The modules that a file imports, also inside functions and for type checkers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path):
    """The name of a file's module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_imports_point_one_way():
    for path in PACKAGE.rglob("*.py"):
        floor = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "kerasdream" and len(parts) > 1 and floor in FLOORS and parts[1] in FLOORS:
                assert FLOORS.index(parts[1]) <= FLOORS.index(floor), f"{path.name} imports {name}"
            if parts[0] in FRAMEWORKS:
                assert (path.parent.name, path.stem) == ("ascent", parts[0]), f"{path.name} imports {name}"
            if floor in FLOORS[: FLOORS.index("model")] and floor != "ops":
                assert parts[0] != "keras", f"{path.name} imports {name}"
    assert {path.stem for path in PACKAGE.glob("*.py")} | {
        path.name for path in PACKAGE.iterdir() if path.is_dir()
    } >= set(FLOORS)


def test_the_picture_of_the_house_is_that_of_the_imports():
    house = runpy.run_path(str(ROOT / "scripts" / "draw_house.py"))
    picture = (ROOT / "docs" / "images" / "house.svg").read_text()
    assert picture == house["drawn"](house["parts"]()), "draw it anew: scripts/draw_house.py docs/images/house.svg"


def test_no_imports_go_in_a_circle():
    """Also inside a folder; a package's own `__init__` may gather what its files hold."""
    files = {module_of(path): path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}
    above = {
        module: {name for name in files if any(one == name or one.startswith(name + ".") for one in imports(path))}
        for module, path in files.items()
    }
    while leaves := {module for module, needed in above.items() if not needed & above.keys()}:
        above = {module: needed for module, needed in above.items() if module not in leaves}
    assert not above, f"these import each other: {sorted(above)}"


def test_an_import_is_quick_and_takes_no_framework():
    code = (
        "import sys, time; t = time.perf_counter(); import kerasdream; "
        "print(time.perf_counter() - t, 'keras' in sys.modules)"
    )
    outcomes = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split() for _ in range(3)
    ]
    assert min(float(seconds) for seconds, _ in outcomes) < 0.3
    assert {loaded for _, loaded in outcomes} == {"False"}


def test_only_a_program_hides_the_framework_from_the_garbage_collector():
    after = "; print(gc.isenabled(), gc.get_freeze_count() > 100_000, 'keras' in sys.modules)"
    begins = {
        "import kerasdream; kerasdream.DreamError": "True False False",
        "import kerasdream; kerasdream.Dreamer; kerasdream.Study": "True False True",
        "gc.disable(); import kerasdream; kerasdream.Dreamer": "False False True",
        "from kerasdream import cli; cli.quiet_start()": "True True True",
        "import keras; from kerasdream import cli; cli.quiet_start()": "True False True",
    }
    for begin, outcome in begins.items():
        code = f"import gc, sys; {begin}{after}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == outcome, begin + done.stderr


def test_editors_and_type_checkers_see_the_names_that_are_public():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == {name: f"kerasdream.{home}" for name, home in kerasdream.HOME_OF.items()}


def test_public_names_all_exist_and_nothing_else_does():
    for name in kerasdream.__all__:
        assert getattr(kerasdream, name).__doc__, name
    assert set(dir(kerasdream)) == {*kerasdream.__all__, "__version__"}
    assert not hasattr(kerasdream, "dreams")


def test_public_functions_are_documented_with_an_example():
    for name in ("dream", "Dreamer", "DreamResult", "DreamConfig", "settings_of", "sample", "layers"):
        assert ">>>" in getattr(kerasdream, name).__doc__, name


def test_the_reference_holds_every_public_name_once():
    pages = "".join(path.read_text() for path in (ROOT / "docs" / "reference").rglob("*.md"))
    assert sorted(re.findall(r"^\.\. auto\w+:: kerasdream\.(\w+)$", pages, re.MULTILINE)) == kerasdream.__all__


def test_the_page_on_errors_tells_the_cause_and_cure_of_each():
    page = (ROOT / "docs" / "reference" / "errors.md").read_text()
    titles = " ".join(re.findall(r"^## (.*)$", page, re.MULTILINE))
    for name in kerasdream.HOMES["errors"]:
        assert name == "DreamError" or name in titles, name


def test_the_page_on_programs_has_them_all():
    page = (ROOT / "docs" / "reference" / "programs.md").read_text()
    assert sorted(re.findall(r"^```{flags} (\w+)$", page, re.MULTILINE)) == sorted(PROGRAMS)


def test_documents_name_every_knob_with_its_default():
    knobs = (ROOT / "docs" / "knobs.md").read_text()
    for name in KNOBS:
        default = "model's own" if name == "layers" else str(DEFAULTS[name])
        row = next((line for line in knobs.splitlines() if line.startswith(f"| `{name}` |")), None)
        assert row is not None, f"docs/knobs.md says nothing of {name}"
        assert default in row, row


def test_the_page_on_visualisation_names_every_setting_with_its_default():
    page = (ROOT / "docs" / "visualize.md").read_text()
    for name, default in VISUAL_DEFAULTS.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{name}` |")), None)
        assert row is not None, f"docs/visualize.md says nothing of {name}"
        assert str(default) in row, row


def test_the_page_on_teaching_names_every_setting_with_its_default():
    page = (ROOT / "docs" / "teach.md").read_text()
    for name, default in TEACH_DEFAULTS.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{name}` |")), None)
        assert row is not None, f"docs/teach.md says nothing of {name}"
        assert str(default) in row, row


def test_the_page_on_controls_shows_every_control_with_its_default():
    page = (ROOT / "docs" / "controls.md").read_text()
    plain = {"model", "weights", "layers", "step", "iterations", "max_loss", "num_octave", "octave_scale", "seed"}
    for name in KNOBS.keys() - plain - {"device", "max_pixels", "precision", "preset", "memory", "tile", "overlap"}:
        section = next((part for part in page.split("\n## ") if name in part.splitlines()[0]), None)
        assert section is not None, f"docs/controls.md says nothing of {name}"
        assert str(DEFAULTS[name]) in section, name


def test_the_algorithm_in_the_documents_is_the_one_that_is_tested():
    source = (ROOT / "tests" / "test_example.py").read_text()
    example = next(node for node in ast.parse(source).body if getattr(node, "name", None) == "example")
    section = (ROOT / "docs" / "architecture.md").read_text().split("## The algorithm")[1]
    assert re.search(r"```python\n(.*?)\n```", section, re.DOTALL)[1] == ast.get_source_segment(source, example)


def test_documents_lead_to_files_that_exist():
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text()):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name} leads to {target}"


def test_the_list_of_files_names_them_all():
    listed = (ROOT / "docs" / "architecture.md").read_text().split("## The files")[1].split("## Where to add")[0]
    for path in PACKAGE.rglob("*.py"):
        assert path.stem.startswith("__") or re.search(rf"\b{path.stem}\b", listed), path


def test_reliability_names_tests_that_there_are():
    page = (ROOT / "docs" / "reliability.md").read_text()
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 20
    for name in named:
        assert f"def {name}(" in tests, name


def test_the_readme_shows_code_and_a_picture_early():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert next(i for i, line in enumerate(lines, 1) if line.startswith("```python")) < 20
    assert next(i for i, line in enumerate(lines, 1) if "](docs/" in line or "<img" in line) < 20


def test_changelog_and_citation_know_this_version():
    assert f"## {kerasdream.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"\nversion: {kerasdream.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_readme_tells_the_looks_that_the_program_lists():
    readme = (ROOT / "README.md").read_text()
    for name, look in zoo.ZOO["inception_v3"].looks.items():
        assert name.startswith("mixed(") or f"| `{name}` | {look} |" in readme, name
