"""Checks parameters and refuses them in WordPress's words (wordpress.md section 8, recording ``errors.json``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from ipaddress import ip_address
from typing import Any, Literal

from inbox.practice.wordpress.wire import MISSING, Call, RestError

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|z|[+-]\d\d(?::?\d\d)?)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arg:
    """One declared parameter. ``ids`` and ``words`` are lists, sent as a list or with commas."""

    type: Literal["integer", "string", "boolean", "date", "ids", "words", "email", "ip", "any"] = "any"
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: Any = None
    required: bool = False
    nullable: bool = False


class Invalid(Exception):
    """One parameter is wrong."""

    def __init__(self, code: str, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def check(call: Call, args: Mapping[str, Arg]) -> dict[str, Any]:
    """Validated values and defaults by name. Raises RestError 400 naming every parameter that is wrong."""
    if call.json_broken:
        data = {"json_error_code": 4, "json_error_message": "Syntax error"}
        raise RestError(400, "rest_invalid_json", "Invalid JSON body passed.", extra={"data": data})
    missing = [name for name, arg in args.items() if arg.required and not call.sent(name)]
    if missing:
        message = f"Missing parameter(s): {', '.join(missing)}"
        raise RestError(400, "rest_missing_callback_param", message, extra={"data": {"params": missing}})
    clean: dict[str, Any] = {}
    wrong: dict[str, Invalid] = {}
    for name, arg in args.items():
        value = call.raw(name, MISSING)
        if value is MISSING:
            if arg.default is not None:
                clean[name] = arg.default
            continue
        try:
            clean[name] = None if value is None and arg.nullable else _valid(name, value, arg)
        except Invalid as invalid:
            wrong[name] = invalid
    if wrong:
        raise refusal(wrong)
    return clean


def refusal(wrong: Mapping[str, Invalid]) -> RestError:
    """The error that names the wrong parameters."""
    data = {
        "params": {name: invalid.message for name, invalid in wrong.items()},
        "details": {n: {"code": i.code, "message": i.message, "data": i.data} for n, i in wrong.items()},
    }
    return RestError(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(wrong)}", extra={"data": data})


def _valid(name: str, value: Any, arg: Arg) -> Any:
    match arg.type:
        case "integer":
            return _integer(name, value, arg)
        case "boolean":
            if isinstance(value, bool):
                return value
            if str(value).lower() in ("1", "true", "0", "false", ""):
                return str(value).lower() in ("1", "true")
            raise Invalid("rest_invalid_type", f"{name} is not of type boolean.", {"param": name})
        case "date":
            if not isinstance(value, str) or _DATE.fullmatch(value.strip()) is None:
                raise Invalid("rest_invalid_date", "Invalid date.")
            return value.strip()
        case "ids":
            return [_integer(f"{name}[{n}]", v, Arg(type="integer")) for n, v in enumerate(listed(value))]
        case "words":
            return [_word(f"{name}[{n}]", v, arg) for n, v in enumerate(listed(value))]
        case "email":
            if value and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", str(value)):
                raise Invalid("rest_invalid_email", "Invalid email address.")
            return str(value)
        case "ip":
            if not _is_address(value):
                raise Invalid("rest_invalid_ip", f"{name} is not a valid IP address.")
            return value
        case "string":
            return _word(name, value, arg)
        case _:
            return value


def listed(value: Any) -> list[Any]:
    """A list, from a list or from text with commas."""
    if isinstance(value, list):
        return value
    return [part for part in re.split(r"[\s,]+", str(value)) if part]


def _is_address(value: Any) -> bool:
    try:
        ip_address(str(value))
    except ValueError:
        return False
    return "%" not in str(value)


def _word(name: str, value: Any, arg: Arg) -> str:
    if not isinstance(value, str):
        raise Invalid("rest_invalid_type", f"{name} is not of type string.", {"param": name})
    if arg.enum and value not in arg.enum:
        allowed = ", ".join(arg.enum[:-1]) + f", and {arg.enum[-1]}" if len(arg.enum) > 2 else " and ".join(arg.enum)
        raise Invalid("rest_not_in_enum", f"{name} is not one of {allowed}.")
    return value


def _integer(name: str, value: Any, arg: Arg) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise Invalid("rest_invalid_type", f"{name} is not of type integer.", {"param": name})
    number = int(value)
    low, high = arg.minimum, arg.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        if low is not None and high is not None:
            message = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        else:
            message = f"{name} must be greater than or equal to {low}"
        raise Invalid("rest_out_of_bounds", message)
    return number


def moment(text: str, zone: tzinfo) -> datetime:
    """A validated date as UTC; without an offset it is read in ``zone`` (trap 3 of section 1)."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise Invalid("rest_invalid_date", "Invalid date.")
    offset = (match[3] or "").upper().replace("Z", "+00:00")
    if len(offset) == 3:
        offset += ":00"
    at = datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}")
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
