"""Static files that live inside installed packages which are no Django apps."""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage


class PackageAssets(BaseFinder):
    """Plotly's browser bundle, from the Python package that is installed anyway."""

    names = ("plotly.min.js",)

    def __init__(self, app_names: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.folder = Path(str(files("plotly") / "package_data"))
        self.storage = FileSystemStorage(location=self.folder)
        super().__init__(*args, **kwargs)

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in self.names:
            return []
        found = str(self.folder / path)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name in self.names:
            yield name, self.storage
