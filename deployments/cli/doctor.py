"""`doctor`: what is in force, what is missing, and the command that fixes it."""

import json
from dataclasses import asdict

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, results, say, show_checks


def doctor(as_json: JsonOption = False) -> None:
    """Show every setting and where it comes from, and what is missing with the command that fixes it.

    Exit code 1 if something is missing that a job with the settings in force needs.
    """
    from blocks.settings import explain, get_settings
    from deployments.checks.doctor import examine_machine
    from deployments.embedded.stack import EmbeddedStack

    settings = explain()
    findings = examine_machine(get_settings(), EmbeddedStack.from_settings())
    if as_json:
        document = {
            "settings": [asdict(setting) for setting in settings],
            "findings": [finding.model_dump() for finding in findings],
        }
        print_json(json.dumps(document))
    else:
        typer.echo("Settings (change one with CONTRAPONTO_<NAME> in the environment or in .env):")
        for setting in settings:
            typer.echo(f"  {setting.name:<30}{setting.value:<45} {setting.source}")
        typer.echo("\nFindings:")
        show_checks(findings, results)
    if not all(finding.well for finding in findings):
        if not as_json:
            say("Something is missing: see the arrows.")
        raise typer.Exit(1)
