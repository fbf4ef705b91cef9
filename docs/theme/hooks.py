"""What the site has beside the pages of docs/: the change log, and Mermaid on pages with diagrams.

Material would load Mermaid from a public server where no page brings its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
MERMAID = Path(sys.prefix) / "share" / "odpf" / "mermaid.min.js"
SCRIPT = "assets/mermaid.min.js"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in what does not lie below docs/."""
    files.append(File.generated(config, "changelog.md", content=(ROOT / "CHANGELOG.md").read_text()))
    files.append(File.generated(config, SCRIPT, abs_src_path=str(MERMAID)))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001  the hook's signature
    """Load Mermaid before Material looks for it."""
    if 'class="mermaid"' not in output:
        return output
    return output.replace("</head>", f'<script src="{get_relative_url(SCRIPT, page.url)}"></script></head>', 1)
