"""Where settings come from: the environment, `.env`, the settings file; and how that is shown to a person."""

import contextlib
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

from blocks.old_names import UnknownUnitError, in_seconds
from tasks.errors import InvalidSettingError
from tasks.net.urls import mask_url, mask_urls

ENV_FILE = ".env"
SETTINGS_FILE = "contraponto.toml"
SETTINGS_FILE_VARIABLE = "CONTRAPONTO_SETTINGS_FILE"
MASK = "********"
MILLISECONDS = ", in milliseconds"
"""Ends the source of a value that was read so."""

OldNames = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SettingSource:
    """One setting as `contraponto doctor` shows it."""

    name: str
    value: str
    """Ready to print: secrets and passwords inside URLs are masked."""
    source: str
    """"default", or which variable or file gave it."""


class NamedValues(PydanticBaseSettingsSource):
    """Settings found in one mapping under one kind of name."""

    def __init__(
        self, settings_cls: type[BaseSettings], values: Mapping[str, Any], names: OldNames, place: str
    ) -> None:
        super().__init__(settings_cls)
        self._values = values
        self._names = names
        self._place = place

    def _find(self, field_name: str) -> tuple[Any, str] | None:
        for name in self._names.get(field_name, ()):
            value = self._values.get(name)
            if value not in (None, ""):
                return value, name
        return None

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        found = self._find(field_name)
        return (found[0] if found else None), field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        return {name: found[0] for name in self.settings_cls.model_fields if (found := self._find(name))}

    def origin(self, field_name: str) -> tuple[Any, str] | None:
        """The value as written and its place in words, if this source has the setting."""
        found = self._find(field_name)
        return (found[0], f"{self._place} {found[1]}") if found else None

    def fault(self, field_name: str) -> str | None:  # noqa: ARG002 - for those who know more
        """What is wrong with the value of a setting before anybody looks at it, as the end of a sentence."""
        return None


_NO_NUMBER = "seconds or milliseconds"


class OldValues(NamedValues):
    """Settings under the names that earlier systems had for them, some of them in milliseconds."""

    @override
    def __call__(self) -> dict[str, Any]:
        return {name: self._value(name, value) for name, value in super().__call__().items()}

    @override
    def origin(self, field_name: str) -> tuple[Any, str] | None:
        found = super().origin(field_name)
        if found is None:
            return None
        value, place = found
        with contextlib.suppress(UnknownUnitError):
            if in_seconds(field_name, value)[1]:
                return value, f"{place}{MILLISECONDS}"
        return value, place

    @override
    def fault(self, field_name: str) -> str | None:
        try:
            in_seconds(field_name, self.get_field_value(FieldInfo(), field_name)[0])
        except UnknownUnitError as error:
            return str(error)
        return None

    @staticmethod
    def _value(name: str, value: Any) -> Any:
        try:
            return in_seconds(name, value)[0]
        except UnknownUnitError:
            # Refused like any other that is no number, but only if it is the one in force; then `fault` says why.
            return _NO_NUMBER


def variable_name(settings_cls: type[BaseSettings], field_name: str) -> str:
    """The environment variable of a setting."""
    return f"{settings_cls.model_config.get('env_prefix', '')}{field_name}".upper()


def all_sources(settings_cls: type[BaseSettings], old_names: OldNames) -> tuple[NamedValues, ...]:
    """The sources in falling precedence. InvalidSettingError for a settings file that cannot be used."""
    current = {name: (variable_name(settings_cls, name),) for name in settings_cls.model_fields}
    dotenv = _read_dotenv()
    file, content = _read_file(settings_cls)
    return (
        NamedValues(settings_cls, os.environ, current, "environment"),
        OldValues(settings_cls, os.environ, old_names, "environment (old name)"),
        NamedValues(settings_cls, dotenv, current, ".env"),
        OldValues(settings_cls, dotenv, old_names, ".env (old name)"),
        NamedValues(settings_cls, content, {name: (name,) for name in settings_cls.model_fields}, str(file)),
    )


def _read_dotenv() -> dict[str, str | None]:
    path = Path(ENV_FILE)
    try:
        return dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettingError(f"The file {path.absolute()} cannot be read: {error}.") from error


def _read_file(settings_cls: type[BaseSettings]) -> tuple[Path, dict[str, Any]]:
    named = os.environ.get(SETTINGS_FILE_VARIABLE)
    path = Path(named or SETTINGS_FILE).expanduser().absolute()
    if not path.is_file():
        if named:
            raise InvalidSettingError(f"{SETTINGS_FILE_VARIABLE} names {path}, which is not a file.")
        return path, {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettingError(f"The settings file {path} cannot be read: {error}.") from error
    for name in content:
        if name not in settings_cls.model_fields:
            close = difflib.get_close_matches(name, settings_cls.model_fields, n=1)
            raise InvalidSettingError(
                f'The settings file {path} has an unknown setting "{name}".',
                hint=f'Did you mean "{close[0]}"?' if close else "`contraponto doctor` lists the known ones.",
            )
    return path, content


def files_with_secrets(settings_cls: type[BaseSettings], old_names: OldNames) -> list[Path]:
    """The files of which a source takes a secret, in falling precedence."""
    secret = [name for name, field in settings_cls.model_fields.items() if _is_secret(field.annotation)]
    _, _, dotenv, old_dotenv, file = all_sources(settings_cls, old_names)
    held = {
        Path(ENV_FILE).absolute(): (dotenv, old_dotenv),
        _read_file(settings_cls)[0]: (file,),
    }
    return [
        path
        for path, found in held.items()
        if any(source.origin(name) for source in found for name in secret)
    ]


def _is_secret(annotation: object) -> bool:
    """Whether values of this type, or of one that it is made of, are not to be shown."""
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def unrecognised_names(settings_cls: type[BaseSettings]) -> list[str]:
    """Names in the environment and `.env` with the prefix of the settings that no setting has."""
    prefix = str(settings_cls.model_config.get("env_prefix"))
    known = {variable_name(settings_cls, name) for name in settings_cls.model_fields}
    seen = {name for name in (*os.environ, *_read_dotenv()) if name.startswith(prefix)}
    return sorted(seen - known - {SETTINGS_FILE_VARIABLE})


def overruled_names(settings_cls: type[BaseSettings], old_names: OldNames) -> list[str]:
    """One sentence for each old name whose setting is given by its new name, too, and differs."""
    found = all_sources(settings_cls, old_names)
    sentences = []
    for name in old_names:
        given = [origin for source in found if (origin := source.origin(name))]
        in_force, others = given[:1], given[1:]
        for value, place in others:
            if "(old name)" in place and str(value) != str(in_force[0][0]):
                sentences.append(
                    f"{place} has no effect: {in_force[0][1]} is in force. Remove one of the two."
                )
    return sentences


def explain_values(settings: BaseSettings, old_names: OldNames) -> list[SettingSource]:
    """Every setting with its masked value and its source."""
    found = all_sources(type(settings), old_names)
    return [
        SettingSource(name, _show(getattr(settings, name)), (_origin(found, name) or (None, "default"))[1])
        for name in type(settings).model_fields
    ]


def explain_invalid(
    error: ValidationError, settings_cls: type[BaseSettings], old_names: OldNames
) -> InvalidSettingError:
    """One sentence per wrong setting: its name, its value, where that was found, what is allowed."""
    found = all_sources(settings_cls, old_names)
    sentences = []
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0])
        value, place = _origin(found, name) or (problem["input"], "default")
        secret = _is_secret(settings_cls.model_fields[name].annotation)
        shown = MASK if secret else _without_password(_show(value))
        allowed = _fault(found, name) or _MSG_BEGIN.sub("", problem["msg"])
        sentences.append(f'The setting {name} is "{shown}" ({place}): it {allowed}.')
    meaning = settings_cls.model_fields[str(error.errors()[0]["loc"][0])].description or ""
    return InvalidSettingError(" ".join(sentences), hint=meaning)


def _origin(found: tuple[NamedValues, ...], name: str) -> tuple[Any, str] | None:
    return next((origin for source in found if (origin := source.origin(name))), None)


def _fault(found: tuple[NamedValues, ...], name: str) -> str | None:
    """Of the value in force."""
    return next((source.fault(name) for source in found if source.origin(name)), None)


_MSG_BEGIN = re.compile("^(Value error, |Input |String )")


def _without_password(refused: str) -> str:
    """What stands where an address was wanted may be one without its scheme: `ana:password@host`."""
    before, at, place = refused.rpartition("@")
    return f"***@{place}" if at and ":" in before and "://" not in refused else refused


def _show(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple):
        return ",".join(_show(part) for part in value)
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    # One address as a whole, whatever characters are in it.
    return mask_urls(mask_url(text) if "://" in text else text)
