"""Mistakes in study.toml in plain words: what is wrong, where, and how to mend it."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast, get_args

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from geo_border.errors import StudyError, all_of
from geo_border.pipeline.inputs.opening import refuse_endless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pydantic_core import ErrorDetails, InitErrorDetails

UNKNOWN_KEY = "unknown_key"

OF_PYDANTIC = frozenset(get_args(ErrorType))
"""Errors that pydantic itself knows."""

WORDS = {
    UNKNOWN_KEY: "there is no such key",
    "missing": "is missing",
    "string_type": "should be text in quotes, not {value}",
    "int_type": "should be a whole number, not {value}",
    "int_from_float": "should be a whole number, not {value}",
    "float_type": "should be a number, not {value}",
    "finite_number": "should be a finite number, not {value}",
    "bool_type": "should be true or false, not {value}",
    "list_type": "should be a list in square brackets, not {value}",
    "dict_type": "should be a table {{ key = value }}, not {value}",
    "literal_error": "should be {expected}, not {value}",
    "greater_than": "should be greater than {gt:g}, not {value}",
    "greater_than_equal": "should be at least {ge:g}, not {value}",
    "less_than": "should be less than {lt:g}, not {value}",
    "less_than_equal": "should be at most {le:g}, not {value}",
    "too_short": "should have {min_length} or more entries, not {actual_length}",
    "string_too_short": "is empty",
}
"""What is wrong with a value, by the name that pydantic has for it."""

TOML_REMEDIES = {
    "Unescaped '\\'": "Write paths with / between folders, or in single quotes",
    "Invalid hex value": "Write paths with / between folders, or in single quotes",
    "Cannot overwrite": "The key stands twice in its table; keep one",
    "Cannot declare": "The table stands twice; make one of the two",
}
"""How to mend what tomllib complains of, where its words do not say so."""


def known_keys(table: type[BaseModel], given: object, handler: Callable[[object], Any]) -> Any:
    """Validate a table; refuse what is not one, and keys that the table does not have.

    Parameters
    ----------
    table
        Model of the table.
    given
        What stands in its place.
    handler
        Validates what is known.

    Returns
    -------
    object
        The table.

    Raises
    ------
    PydanticCustomError
        For `study_error` to say.
    ValidationError
        The same, for all unknown keys and what is wrong with the others.
    """
    if isinstance(given, table):
        return given
    if not isinstance(given, dict):
        keys = ", ".join(f"{key} = …" for key in _required(table)) or "key = …"
        problem = f"should be a table {{ {keys} }}, not {_shown(given)}"
        raise PydanticCustomError("table", "{problem}", {"problem": problem})
    fields = table.model_fields
    strange: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(
                UNKNOWN_KEY, "there is no such key", {"key": key, "known": list(fields)}
            ),
            "input": value,
        }
        for key, value in given.items()
        if key not in fields
    ]
    if not strange:
        return handler(given)
    try:
        handler({key: value for key, value in given.items() if key in fields})
    except ValidationError as error:
        strange += map(_again, error.errors(include_url=False))
    raise ValidationError.from_exception_data(table.__name__, strange)


def _again(error: ErrorDetails) -> InitErrorDetails:
    """An error to be raised once more."""
    kind, context = error["type"], error.get("ctx", {})
    stated: str | PydanticCustomError = kind
    if kind not in OF_PYDANTIC:
        stated = PydanticCustomError(kind, "{problem}", {**context, "problem": error["msg"]})
    return {"type": stated, "loc": error["loc"], "input": error["input"], "ctx": context}


def in_form(pattern: str, words: str) -> AfterValidator:
    """Texts of a given form only.

    Parameters
    ----------
    pattern
        Regular expression that the whole text must match.
    words
        The form in words, for whoever wrote another.

    Returns
    -------
    AfterValidator
        For the annotation of a key.
    """

    def checked(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"should be {words}, not {_shown(text)}")
        return text

    return AfterValidator(checked)


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    file
        Path of the file.

    Returns
    -------
    dict
        Its tables.

    Raises
    ------
    StudyError
        If the file is missing, is not text in UTF-8, or is not TOML.
    """
    try:
        refuse_endless(file, StudyError)
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise StudyError(
            "there is no such file",
            file=file,
            remedy="`geo-border new DIR` makes a study to start from, `geo-border studies` "
            "lists the embedded ones",
        ) from error
    except IsADirectoryError as error:
        raise StudyError("it is a folder", file=file, remedy="Name the study.toml in it") from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"cannot be read as text in UTF-8 (byte {error.start})",
            file=file,
            remedy="Save it as plain text in UTF-8",
        ) from error
    except OSError as error:
        raise StudyError(
            f"cannot be read ({error.strerror})", file=file, remedy="Name a file you may read"
        ) from error
    return parsed_toml(text, file)


def parsed_toml(text: str, file: Path) -> dict[str, Any]:
    """Parse TOML.

    Parameters
    ----------
    text
        What a file holds.
    file
        Its path, for messages.

    Returns
    -------
    dict
        Its tables.

    Raises
    ------
    StudyError
        If it is not TOML, is nested too deep, or holds a number or a text that nothing can use.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        complaint = str(error)
        remedies = [words for start, words in TOML_REMEDIES.items() if complaint.startswith(start)]
        raise StudyError(
            f"not valid TOML: {complaint}", file=file, remedy=[*remedies, "Mend that line"][0]
        ) from error
    except RecursionError as error:
        raise StudyError(
            "lists or tables stand in one another too deep to be read",
            file=file,
            remedy="No key of a study needs more than a list of tables",
        ) from error
    except ValueError as error:  # of int(), which has its own limit of digits
        raise _too_large(file) from error
    for value in _values(tables):
        if isinstance(value, int) and abs(value) >= 1 << 63:
            raise _too_large(file)
        if isinstance(value, str) and "\0" in value:
            raise StudyError(
                f"the text {value!r} holds the character NUL, which no name or file can have",
                file=file,
                remedy="Take it out",
            )
    return tables


def _too_large(file: Path) -> StudyError:
    """An integer beyond the 64 bits of TOML."""
    return StudyError(
        "a whole number has more digits than TOML allows", file=file, remedy="Write fewer"
    )


def _values(value: object) -> Iterator[object]:
    """Keys and values in tables and lists, at any depth."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _values(each)
    else:
        yield value


def study_error(error: ValidationError, whole: type[BaseModel], file: Path) -> StudyError:
    """Say all that is wrong with a study.toml.

    Parameters
    ----------
    error
        What pydantic found.
    whole
        The model of the whole file.
    file
        Its path.

    Returns
    -------
    StudyError
        What is wrong, where, and how to mend it, a line each.
    """
    found = [_mistake(one, whole, file) for one in error.errors(include_url=False)]
    return cast("StudyError", all_of(found))


def _mistake(first: ErrorDetails, whole: type[BaseModel], file: Path) -> StudyError:
    """Say one thing that is wrong."""
    kind, context = first["type"], first.get("ctx", {})
    key = ""
    for part in (*first["loc"], *([context["key"]] if kind == UNKNOWN_KEY else [])):
        if isinstance(part, int):
            key += f" (entry {part + 1})"
        elif not part.startswith("<") and part != "[key]":
            # Tags in angle brackets say which form of a value was taken to be meant.
            key += f".{part}" if key else part
    if kind in WORDS:
        problem = WORDS[kind].format(value=_shown(first["input"]), **context)
        problem = problem.replace("be True,", "be true,")  # as TOML has it
    else:
        problem = first["msg"].removeprefix("Value error, ")
    remedy = "See the reference of study.toml in the documentation"
    if kind == UNKNOWN_KEY:
        remedy = _for_unknown(context["key"], context["known"], whole)
    elif kind == "missing":
        remedy = _for_missing(first["loc"], whole)
    return StudyError(f"{key}: {problem}" if key else problem, file=file, remedy=remedy)


def _for_unknown(key: str, known: list[str], whole: type[BaseModel]) -> str:
    """The key that was probably meant, or the table that has it."""
    near = get_close_matches(key, known, n=1)
    if near:
        return f"The nearest is {near[0]!r}"
    elsewhere = [f"[{name}]" for name, table in _tables(whole).items() if key in table.model_fields]
    if elsewhere:
        return f"It is a key of {' and '.join(elsewhere)}; move it there"
    return f"Remove it, or write one of {', '.join(known)}"


def _for_missing(location: tuple[int | str, ...], whole: type[BaseModel]) -> str:
    """Where to add what is missing, and for a table what belongs in it."""
    name = str(location[0])
    if len(location) > 1:
        return f"Add it to [{name}]"
    return f"Add the table [{name}] with {', '.join(_required(_tables(whole)[name]))}"


def _tables(whole: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Tables of study.toml by name."""
    return {
        name: kind
        for name, field in whole.model_fields.items()
        for kind in (field.annotation, *get_args(field.annotation))
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _required(table: type[BaseModel]) -> list[str]:
    """Keys that a table must have."""
    return [name for name, field in table.model_fields.items() if field.is_required()]


def _shown(value: object) -> str:
    """A value as one would write it, if it is short."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f'{text[:50]}…"'
