"""A notebook to download for each page that runs, which opens in Jupyter and Colab as it is."""

import pathlib
import re

import nbformat
from docutils import nodes
from myst_nb.core.read import read_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

RUNS = "---\nfile_format: mystnb\n"
FOLDER = "_downloads/notebooks"
INSTALL = """\
try:
    import kerasdream
except ModuleNotFoundError:
    %pip install -q kerasdream
    import kerasdream"""


def runs(path: pathlib.Path) -> bool:
    """Say whether a page has code that runs."""
    return path.suffix == ".md" and path.read_text().startswith(RUNS)


def name_of(page: str) -> str:
    """Return the name of a page's notebook.

    >>> name_of("guides/noise")
    'guides-noise'
    """
    return page.replace("/", "-")


def plain(text: str) -> str:
    """Return Markdown without what leads to other files of the site: pictures become their words, links their text.

    >>> plain("![A castle](castle.webp), see [knobs](../knobs.md) and [Keras](https://keras.io)")
    '*A castle*, see knobs and [Keras](https://keras.io)'
    """
    text = re.sub(r"!\[([^\]]*)\]\((?!http)[^)]*\)", r"*\1*", text)
    return re.sub(r"\[([^\]]*)\]\((?!http)[^)]*\)", r"\1", text)


def notebook_of(path: pathlib.Path) -> nbformat.NotebookNode:
    """Return a page as a notebook that has not run; its first cell of code installs kerasdream where it is missing."""
    notebook = read_myst_markdown_notebook(path.read_text(), path=str(path))
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source)
    if not any(cell.source == INSTALL for cell in notebook.cells):
        notebook.cells.insert(0, nbformat.v4.new_code_cell(INSTALL))
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return notebook


def link(app: Sphinx, doctree: nodes.document) -> None:
    """Put a link to the notebook below the title of a page that runs."""
    page = app.env.docname
    title = next(doctree.findall(nodes.title), None)
    if title is None or not runs(pathlib.Path(app.env.doc2path(page))):
        return
    address = "../" * page.count("/") + f"{FOLDER}/{name_of(page)}.ipynb"
    text = (
        f'<p class="notebook-link"><a href="{address}" download>Download as a notebook</a>, for Jupyter and Colab.</p>'
    )
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", text, format="html"))


def write(app: Sphinx, fault: Exception | None) -> None:
    """Write the notebooks into the site."""
    if fault is None and app.builder.format == "html":
        folder = app.outdir / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        for page in app.env.found_docs:
            path = pathlib.Path(app.env.doc2path(page))
            if runs(path):
                nbformat.write(notebook_of(path), folder / f"{name_of(page)}.ipynb")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register what is done with a page that runs."""
    app.connect("doctree-read", link)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
