"""Where model files are, and how to get one by name or path."""

import os
import stat
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import InputError, ModelError, choices, excerpt
from .description import Model
from .entries import LARGEST_FILE
from .reader import read_model


def neurons_folder() -> Path:
    """The folder of the model files: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package / "models" / "neurons", package.parent / "models" / "neurons"):
        if folder.is_dir():
            return folder
    raise InputError(f"no model files beside {package}; the installation is incomplete, install neurosim again")


def list_models() -> list[str]:
    """Names of the models that come with neurosim."""
    return sorted(path.stem for path in neurons_folder().glob("*.toml"))


def load_model(name_or_path: str | os.PathLike[str] | Model) -> Model:
    """Read a model by name or from a file.

    Parameters
    ----------
    name_or_path
        One of `list_models()`; or a path: a `Path`, or a text with a separator or ending in ``.toml``. A `Model` is
        returned as it is.

    Raises
    ------
    InputError
        For an unknown name, with the nearest ones.
    ModelError
        For a file that cannot be read or is no model, with the reason.
    """
    if isinstance(name_or_path, Model):
        return name_or_path
    if not isinstance(name_or_path, str | os.PathLike):
        raise InputError(f"a model is a name, a path or a Model, not {excerpt(name_or_path)}")
    text = os.fspath(name_or_path)
    if not isinstance(text, str):
        raise InputError(f"a path is a text, not {excerpt(text)}")
    if not isinstance(name_or_path, str) or any(mark in text for mark in "/\\") or text.endswith(".toml"):
        return _read(Path(text))
    known = list_models()
    if text not in known:
        raise InputError(f"unknown model {excerpt(text)}; {choices(text, known)}")
    return _read(neurons_folder() / f"{text}.toml")


_parsed = lru_cache(maxsize=64)(read_model)  # models are frozen: the same text can be the same object


def _read(path: Path) -> Model:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait, a device may never end
            raise ModelError(f"{excerpt(str(path), 200)}: not a file")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        text = data.decode("utf-8") if len(data) <= LARGEST_FILE else " " * len(data)
    except UnicodeDecodeError:
        raise ModelError(f"{excerpt(str(path), 200)}: not UTF-8 text") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{excerpt(str(path), 200)}: {getattr(error, 'strerror', None) or error}") from None
    return _parsed(text.replace("\r\n", "\n"), excerpt(path.name, 200)[1:-1])


def installed_version() -> str:
    """The version in pyproject.toml, as installed."""
    try:
        return version("neurosim")
    except PackageNotFoundError:
        return "unknown (not installed)"
