"""The kinds of values that the configuration knows, each with its check and its JSON Schema.

Scalars arrive as text. A check never repeats the value in its message: it may have come from the environment."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from alerts.model.channels import is_allowed
from alerts.model.institution import Derivation
from alerts.model.subscriber import RateLimit
from alerts.model.times import format_duration, parse_duration, parse_time

_LONGEST: Final = timedelta(days=36_525)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_RATE = re.compile(r"(?!0+\b)(\d{1,6}) */ *(\S+)", re.ASCII)
_DOMAIN = re.compile(r"[^\s/:@*?#]+\.[^\s/:@*?#.]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", re.ASCII)
_WEB = re.compile("https?://", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TEXTS: Final = {"type": "array", "items": {"type": "string"}}  # a list of texts in JSON Schema
_BOOLEANS: Final = {"true": True, "false": False}


def problem(message: str) -> PydanticCustomError:
    """What a check raises. Braces in the message stay as they are, for it has no context to format."""
    return PydanticCustomError("value", message)


def _parsed(parse: Callable[[str], Any], advice: str) -> BeforeValidator:
    """A validator of text; where `parse` raises one of the errors below, `advice` is the answer."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise problem(advice)
        try:
            return parse(value.strip())
        except PydanticCustomError:  # a ValueError too, but it says more than `advice`
            raise
        except (ValueError, OverflowError, LookupError, OSError):
            raise problem(advice) from None

    return BeforeValidator(validate)


def _text(*examples: str) -> WithJsonSchema:
    """How the JSON Schema describes such a value: as text, with examples."""
    return WithJsonSchema({"type": "string", "examples": list(examples)})


def _wait(text: str) -> timedelta:
    value = parse_duration(text)
    if value > _LONGEST:
        raise OverflowError
    return value


def _duration(text: str) -> timedelta:
    value = _wait(text)
    if not value:
        raise ValueError
    return value


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError
    return found


def _clock(text: str) -> time:
    found = _matched(_CLOCK, text)
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _weekly(text: str) -> tuple[int, time]:
    day, _, clock = text.strip().partition(" ")
    found = next((each for each in _WEEKDAYS if len(day) >= 3 and each.startswith(day.lower())), "")
    return _WEEKDAYS.index(found), _clock(clock.strip())


def _rate(text: str) -> RateLimit:
    count, per = _matched(_RATE, text).groups()
    return RateLimit(int(count), _duration(per if per[0].isdigit() else "1" + per))


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or _UNPRINTABLE.search(text):
        raise ValueError
    _ = parts.port  # raises ValueError for one that is out of range
    return text


def _channel(text: str) -> str:
    if is_allowed(text) and "\n" not in text and "\r" not in text:
        return text
    if _WEB.match(text):
        raise problem("to post to a web address write json://HOST/PATH (over http) or jsons://HOST/PATH (over https)")
    if "@" in text and "://" not in text:
        raise problem("for e-mail write mailtos://USER:PASSWORD@SMTP-HOST?from=ADDRESS&to=ADDRESS")
    raise ValueError


def _patterns(value: Any) -> Any:
    """A list of patterns, or one for each language, as the latter; language "" means any."""
    by_language = {"": value} if isinstance(value, list) else value
    if not isinstance(by_language, dict) or not by_language:
        raise problem("write a list of patterns for each language: {en: [one, two], de: [eins]}")
    return by_language


def _derivations(value: Any) -> Any:
    """`all`, `none` or a list, always as a list."""
    if isinstance(value, str):
        if value not in {"all", "none"}:
            raise problem(f"write all, none, or a list of {', '.join(Derivation)}")
        return list(Derivation) if value == "all" else []
    return value


_ZONE_ADVICE: Final = "unknown time zone: write a name such as UTC, Europe/Paris or America/New_York"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\w[\w.:@+-]*$", max_length=120)]
Boolean = Annotated[
    bool, _parsed(lambda text: _BOOLEANS[text.lower()], "write true or false"), WithJsonSchema({"type": "boolean"})
]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Threshold = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Duration = Annotated[
    timedelta,
    _parsed(_duration, "write a duration above zero, for example 30s, 15m, 1h30m or 7d"),
    PlainSerializer(format_duration),
    _text("30s", "15m", "1h30m", "7d", "2w"),
]
Wait = Annotated[
    timedelta,
    _parsed(_wait, "write a duration, for example 0s, 30s, 15m or 1h30m"),
    PlainSerializer(format_duration),
    _text("0s", "30s", "15m"),
]
Clock = Annotated[time, _parsed(_clock, 'write a time of day from "00:00" to "23:59"'), _text("08:00", "22:00")]
Weekly = Annotated[
    tuple[int, time],
    _parsed(_weekly, "write a day of the week and a time of day, for example mon 07:30"),
    _text("mon 07:30"),
]
Zone = Annotated[str, _parsed(lambda text: ZoneInfo(text).key, _ZONE_ADVICE), _text("UTC", "Europe/Paris")]
Rate = Annotated[
    RateLimit,
    _parsed(_rate, "write a count and a time, for example 20/h, 100/d or 5/10m"),
    _text("20/h", "100/d", "5/10m"),
]
Instant = Annotated[
    datetime, _parsed(parse_time, "write an instant such as 2026-02-24T09:00:00Z"), _text("2026-02-24T09:00:00Z")
]
WebAddress = Annotated[
    str,
    _parsed(_web_address, "write a web address that starts with http:// or https://"),
    WithJsonSchema({"type": "string", "pattern": "^https?://"}),
]
Domain = Annotated[
    str,
    _parsed(lambda text: _matched(_DOMAIN, text)[0].lower(), "write the host name alone, for example anthropic.com"),
    _text("anthropic.com"),
]
_LANGUAGE_ADVICE: Final = "write a language code such as en, nl or pt-BR"
Language = Annotated[str, _parsed(lambda text: _matched(_LANGUAGE, text)[0], _LANGUAGE_ADVICE), _text("en", "pt-BR")]
_PatternLanguage = Annotated[str, _parsed(lambda text: text and _matched(_LANGUAGE, text)[0], _LANGUAGE_ADVICE)]
Patterns = Annotated[
    dict[_PatternLanguage, tuple[Annotated[str, Field(min_length=1)], ...]],
    BeforeValidator(_patterns),
    WithJsonSchema({"anyOf": [TEXTS, {"type": "object", "additionalProperties": TEXTS}]}),
]
_SEVERAL_DERIVATIONS: Final = {"type": "array", "items": {"enum": [each.value for each in Derivation]}}
Derivations = Annotated[
    tuple[Derivation, ...],
    BeforeValidator(_derivations),
    WithJsonSchema({"anyOf": [{"enum": ["all", "none"]}, _SEVERAL_DERIVATIONS]}),
]
ChannelAddress = Annotated[
    str,
    _parsed(
        _channel,
        "write a channel address such as slack://…, mailtos://…, json://… or console://; "
        "docs/configuration.md#channel-addresses lists them",
    ),
    _text("console://", "${SLACK_POLICY}"),
]
