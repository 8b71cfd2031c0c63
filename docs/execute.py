"""The directive ``run``: shows code, runs it, and shows what it printed and drew.

All blocks of a page share one namespace and one folder, generated/run/<page>. A block that fails fails the build.

    ```{run}                    Python
    ```{run} console            commands, one per line
    :hide:                      show what comes of it, not the code
    :fails:                     the command is meant to end with an error
    :language: python           of what it prints; text if not given
    :figure: spikes.png         a picture the commands wrote
    :caption: …                 below the pictures
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import matplotlib.pyplot as plt
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

plt.rcParams |= {"svg.hashsalt": "neurosim", "svg.fonttype": "none", "figure.max_open_warning": 0}


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure, the same bytes for the same figure."""
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


class Run(SphinxDirective):
    has_content = True
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "hide": directives.flag,
        "fails": directives.flag,
        "language": directives.unchanged,
        "figure": directives.unchanged,
        "caption": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        folder = self._folder()
        if self.arguments:
            shown, printed = self._commands(folder), ""
            pictures = self.options.get("figure", "").split()
        else:
            shown, printed, pictures = self._python(folder)
        result: list[nodes.Node] = []
        if "hide" not in self.options:
            result.append(nodes.literal_block(shown, shown, language=self.arguments[0] if self.arguments else "python"))
        if printed:
            language = self.options.get("language", "text")
            result.append(nodes.literal_block(printed, printed, language=language, classes=["printed"]))
        return result + [self._figure(folder, picture) for picture in pictures]

    def _folder(self) -> Path:
        """The page's own folder, empty at its first block."""
        folder = Path(self.env.srcdir, "generated", "run", self.env.docname)
        if "run" not in self.env.temp_data:
            self.env.temp_data["run"] = {"__name__": "page"}
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def _python(self, folder: Path) -> tuple[str, str, list[str]]:
        code = "\n".join(self.content)
        printed = io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, f"{self.env.docname}:{self.lineno}", "exec"), self.env.temp_data["run"])
            except Exception as error:
                raise ExtensionError(f"{self.env.docname}:{self.lineno}: this code fails: {error!r}", error) from error
        pictures = []
        for number in plt.get_fignums():
            pictures.append(f"{len(list(folder.glob('*.svg')))}.svg")
            save_figure(plt.figure(number), folder / pictures[-1])
        return code, printed.getvalue().rstrip(), pictures

    def _commands(self, folder: Path) -> str:
        lines = []
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        environment = os.environ | {"PATH": path, "COLUMNS": "92", "NO_COLOR": "1"}
        for command in self.content:
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment, text=True, encoding="utf-8",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if (done.returncode != 0) != ("fails" in self.options):
                raise ExtensionError(f"{self.env.docname}:{self.lineno}: {command}: {done.returncode}\n{done.stdout}")
            lines += [f"$ {command}", *(line.rstrip() for line in done.stdout.strip().splitlines()), ""]
        return "\n".join(lines).rstrip()

    def _figure(self, folder: Path, picture: str) -> nodes.figure:
        caption = self.options.get("caption", "")
        uri = "/" + (folder / picture).relative_to(self.env.srcdir).as_posix()
        figure = nodes.figure("", nodes.image(uri=uri, alt=caption or "figure"))
        if caption:
            parsed, _ = self.state.inline_text(caption, self.lineno)
            figure += nodes.caption(caption, "", *parsed)
        return figure


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("run", Run)
    return {"parallel_read_safe": True}
