"""`charter settings`: reads and changes the run-time settings without the API; they are no environment variables."""

import json
from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example
from app.cli.printing import format_time, print_json, printable
from app.cli.prompts import Text, confirm, read_secret
from app.cli.tables import print_table
from app.context.setting_declarations import MAX_KEY_LENGTH, MAX_VALUE_BYTES

if TYPE_CHECKING:
    from app.context.dependencies import Dependencies
    from app.context.setting_declarations import SettingDeclaration
    from app.errors import AppError
    from app.services.settings import CurrentSetting

MAX_SHOWN_LENGTH = 60
# The tags that a change invalidates, as x-invalidates of put_setting has them.
TAGS = ("settings",)

key_argument = click.argument("key", type=Text(MAX_KEY_LENGTH))
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="Show and change the run-time settings.")
def settings() -> None:
    """Show and change what can be set at run time, without signing in.

    openapi/settings.yaml lists the settings. A change applies from the next request on, on every server of this
    database. Each command writes one row to the audit trail, also when it fails; no row holds a secret value.
    """


@settings.command("list", short_help="List the settings.", epilog=example("charter settings list"))
@json_option
def list_settings(as_json: bool) -> None:
    """List the settings and their current values."""
    from app.cli.operator_actions import act, operating
    from app.services import settings as service
    from handlers.presenters import present_setting

    with operating() as dependencies:
        current = act("settings.listed", lambda _: service.list_settings(dependencies), dependencies=dependencies)
    if as_json:
        print_json({"settings": [present_setting(setting) for setting in current]})
    else:
        print_table(("KEY", "VISIBILITY", "SET (UTC)", "VALUE"), [_row(setting) for setting in current])


@settings.command("get", short_help="Show a setting.", epilog=example("charter settings get registration.open"))
@key_argument
@json_option
def get_setting(key: str, as_json: bool) -> None:
    """Show the setting KEY: its current value, its default, and the schema of its values."""
    from app.cli.operator_actions import act, operating
    from app.services import settings as service
    from handlers.presenters import present_setting

    with operating() as dependencies:
        setting = act(
            "setting.shown", lambda _: service.find(dependencies, key), target=_target(key), dependencies=dependencies
        )
    if as_json:
        print_json(present_setting(setting))
    else:
        _print_setting(setting)


@settings.command(
    "set",
    short_help="Set a setting.",
    epilog=example(
        "charter settings set registration.open false",
        'charter settings set service.notice "Closed for repairs from noon to one."',
        """charter settings set registration.allowed_domains '["example.com"]'""",
        "charter settings set registration.invitation_code < code",
    ),
)
@key_argument
@click.argument("value", type=Text(MAX_VALUE_BYTES), required=False)
def set_setting(key: str, value: str | None) -> None:
    """Set the setting KEY to VALUE, from the next request on.

    VALUE is JSON, or plain text if the setting takes text. Put a text that is also JSON, such as null, in quotes. For a
    secret setting, leave VALUE out, because other users of this machine can read a command line. The command then asks
    for the value twice at a terminal; otherwise it reads the first line of standard input.
    """
    from app.cli.operator_actions import act, operating
    from app.errors import ValidationError
    from app.services import settings as service

    with operating() as dependencies:
        parsed = _parsed(key, value, dependencies)
        try:
            setting = act(
                "setting.changed",
                lambda context: service.put(context, key, value=parsed),
                target=_target(key),
                invalidates=TAGS,
                dependencies=dependencies,
            )
        except ValidationError as error:
            raise CommandError(_rejection(key, parsed, error, dependencies)) from error
    click.echo(f"{key} is set" if setting.declaration.is_secret else f"{key} is {_json(setting.value)}")


@settings.command(
    "reset",
    short_help="Remove the value that was set and use the default.",
    epilog=example("charter settings reset registration.open"),
)
@key_argument
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal the command never asks.")
def reset_setting(key: str, yes: bool) -> None:
    """Remove the value of the setting KEY and use the default, from the next request on."""
    from app.cli.operator_actions import act, operating
    from app.services import settings as service

    with operating() as dependencies:
        if key in dependencies.setting_declarations.by_key:
            confirm(f"Remove the value of {key} and use the default?", yes)
        setting = act(
            "setting.reset",
            lambda context: service.reset(context, key),
            target=_target(key),
            invalidates=TAGS,
            dependencies=dependencies,
        )
    default = "its default" if setting.declaration.is_secret else f"{_json(setting.value)}, its default"
    click.echo(f"{key} is {default}")


def _target(key: str) -> tuple[str, str]:
    return "setting", key


def _parsed(key: str, value: str | None, dependencies: "Dependencies") -> Any:
    """Return the value to set; None for an unknown key, which the service rejects.

    Raises:
        UsageError: there is no value, and the setting is no secret to ask for.
        CommandError: standard input has no value, or the value is not valid text.
    """
    declaration = dependencies.setting_declarations.by_key.get(key)
    if declaration is None:
        return None
    if value is None and not declaration.is_secret:
        raise click.UsageError(f"VALUE is missing: give the new value of {key}")
    text = read_secret(f"New value of {key}") if value is None else value
    if text is None:
        raise CommandError(f"there is no value on standard input for {key}: write it there, on one line")
    return _json_or_text(text, declaration)


def _json_or_text(text: str, declaration: "SettingDeclaration") -> Any:
    """Return the JSON value of a text if the setting takes it, else the text itself if the setting takes that."""
    from app.errors import MalformedBody
    from app.spec.validation.json_body import parse

    try:
        value = parse(text.encode())
    except UnicodeEncodeError:
        raise CommandError("the value is not valid text: write it in UTF-8") from None
    except MalformedBody:
        return text
    return text if declaration.list_violations(value) and not declaration.list_violations(text) else value


def _rejection(key: str, value: Any, error: "AppError", dependencies: "Dependencies") -> str:
    """Return one line on why the schema rejects a value; it shows the value unless the setting is secret."""
    from app.spec.validation.violations import as_sentence

    places = [f"{key}{(violation.field or '').removeprefix('value')}" for violation in error.details]
    sentences = [as_sentence(place, violation.message) for place, violation in zip(places, error.details, strict=True)]
    line = "; ".join(sentence.rstrip(".") for sentence in sentences)
    if dependencies.setting_declarations.by_key[key].is_secret:
        return line
    says_what_is_right = all(violation.message.startswith("Must ") for violation in error.details)
    return f"{line}{', not' if says_what_is_right else ':'} {_shortened(_json(value))}"


def _row(setting: "CurrentSetting") -> tuple[str, ...]:
    declaration = setting.declaration
    value = "***" if declaration.is_secret else _shortened(_json(setting.value))
    return declaration.key, declaration.visibility, format_time(setting.updated_at), value


def _print_setting(setting: "CurrentSetting") -> None:
    declaration = setting.declaration
    lines = {
        "value": "***" if declaration.is_secret else _json(setting.value),
        "default": "***" if declaration.is_secret else _json(declaration.default),
        "set (UTC)": format_time(setting.updated_at),
        "visibility": declaration.visibility,
        "schema": _json(declaration.schema),
        "about": declaration.description,
    }
    click.echo(declaration.key)
    for name, value in lines.items():
        click.echo(f"  {name:<12}{printable(value)}")


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_LENGTH else text[: MAX_SHOWN_LENGTH - 1] + "…"


def _json(value: Any) -> str:
    return json.dumps(value)
