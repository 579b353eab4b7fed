"""`manage.py --help`: our own commands first, each with its line, then those of Django."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.core.management import ManagementUtility, get_commands, load_command_class


def own_commands() -> dict[str, str]:
    """Name and help of each command that an app of this house brings, by name."""
    ours = {app.name for app in apps.get_app_configs() if _is_ours(app.path)}
    return {
        name: load_command_class(app, name).help
        for name, app in sorted(get_commands().items())
        if app in ours
    }


def _is_ours(path: str) -> bool:
    return path.rsplit("/", 1)[0] == str(settings.BASE_DIR)


class Commands(ManagementUtility):
    def main_help_text(self, commands_only: bool = False) -> str:
        text = super().main_help_text(commands_only)
        if commands_only:
            return text
        lines = [f"  {name:14} {line}" for name, line in own_commands().items()]
        return "\n".join(["Liveshop's own commands:", *lines, "", "All commands:", text])
