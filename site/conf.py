"""Sphinx's settings for the book. `python site/build.py` uses them; see there."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "site"), str(ROOT)]  # minirl from this checkout, even where another one is installed

import minirl

project = "minirl"
html_title = "minirl"
author = "The minirl authors"
copyright = "The minirl authors, MIT licence"
version = release = minirl.__version__
language = "en"
smartquotes = False  # "--flag" stays what it is
highlight_language = "none"  # blocks that name no language hold formulas, tables and what programs print

extensions = ["myst_nb", "sphinx_design", "sphinx.ext.autodoc", "book.extension"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}

# Markdown and notebooks
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_dmath_allow_space = False  # "$5 and $6" is money
myst_dmath_allow_digits = False
myst_heading_anchors = 6  # so that page.md#a-heading works, as on a forge
nb_execution_mode = "off"  # committed notebooks carry their outputs
nb_merge_streams = True

# The reference
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_mock_imports = [
    "torch", "transformers", "tokenizers", "tiktoken", "gymnasium", "llama_cpp", "gguf", "rustbpe", "starlette",
    "uvicorn", "mpi4py",
]  # fmt: skip
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
toc_object_entries = False  # the list at the side shows the modules of a page; the search finds every name

# Pages
html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["book.css"]
html_js_files = ["keyboard.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # a page that was opened as a file cannot read the others
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
