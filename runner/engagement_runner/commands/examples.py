"""The commands by what a person wants to do, and an example of each."""

from __future__ import annotations

import click

SECTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "Set up",
        ("demo", "adapter", "deploy", "check", "params", "schedule", "detach", "undeploy"),
        "engagement deploy --host my_crm.sql",
    ),
    (
        "Every day",
        ("recalculate", "follow", "status", "metrics", "events", "adjust", "social", "customer"),
        "engagement status",
    ),
    (
        "Ask about one customer",
        (
            *("find", "score", "explain", "explain-change", "trend", "forecast", "employers"),
            *("refresh", "export", "erase"),
        ),
        "engagement explain 769",
    ),
    (
        "Ask about all",
        ("segment", "at-risk", "points", "report"),
        "engagement segment rising",
    ),
    (
        "Rules",
        ("rules", "categories"),
        "engagement rules apply rules.toml --preview",
    ),
    (
        "Trust",
        ("verify", "backtest"),
        "engagement verify",
    ),
)
"""Title, commands and an example of each section of ``engagement --help``."""

EXAMPLES = {
    "deploy": "engagement deploy --host my_crm.sql --dry-run",
    "undeploy": "engagement undeploy --yes",
    "status": "engagement status --format json",
    "metrics": "engagement metrics --listen 127.0.0.1:9187",
    "check": "engagement check",
    "detach": "engagement detach --host",
    "adapter": "engagement adapter draft --out my_crm.sql",
    "adapter try": "engagement adapter try my_crm.sql",
    "adapter check": "engagement adapter check my_crm.sql",
    "adapter draft": "engagement adapter draft --out my_crm.sql",
    "recalculate": "engagement recalculate --mode FULL",
    "follow": "engagement follow --once",
    "refresh": "engagement refresh 769",
    "find": "engagement find hughes",
    "score": "engagement score 769",
    "explain": "engagement explain 769",
    "explain-change": "engagement explain-change 769 --from 2026-01-01",
    "verify": "engagement verify --sample 1%",
    "employers": "engagement employers 769",
    "trend": "engagement trend 769",
    "forecast": "engagement forecast 769",
    "adjust": "engagement adjust 769 5 --reason 'Helped at the fair'",
    "customer": "engagement customer merge 4711 769",
    "customer merge": "engagement customer merge 4711 769",
    "customer unmerge": "engagement customer unmerge 4711 769",
    "export": "engagement export 769 > 769.json",
    "erase": "engagement erase 769 --yes",
    "social": "engagement social add 769 BLOG POST --score 6.5",
    "social list": "engagement social list 769",
    "social add": "engagement social add 769 BLOG POST --score 6.5",
    "social edit": "engagement social edit 769 BLOG POST --score 7",
    "social remove": "engagement social remove 769 BLOG POST",
    "social import": "engagement social import scores.csv",
    "segment": "engagement segment rising --format csv",
    "at-risk": "engagement at-risk --weeks 8",
    "points": "engagement points rule",
    "backtest": "engagement backtest RENEWAL",
    "report": "engagement report --out report.html",
    "events": "engagement events | consumer",
    "schedule": "engagement schedule --print systemd",
    "rules": "engagement rules apply rules.toml --preview",
    "rules list": "engagement rules list",
    "rules add": "engagement rules add SEATS INVOLVEMENT COMMITTEE_PARTICIPATION --flat-score 30",
    "rules revise": "engagement rules revise SEATS --flat-score 40 --retroactive --preview",
    "rules retire": "engagement rules retire SEATS",
    "rules export": "engagement rules export > rules.toml",
    "rules apply": "engagement rules apply rules.toml --preview",
    "rules draft": "engagement rules draft > rules.toml",
    "categories": "engagement categories list",
    "categories list": "engagement categories list",
    "categories set": "engagement categories set DONOR --name 'Donor score' --no-counts --ranked",
    "params": "engagement params set TIME_ZONE America/New_York",
    "params list": "engagement params list",
    "params get": "engagement params get TIME_ZONE",
    "params set": "engagement params set TIME_ZONE America/New_York",
    "demo": "engagement demo --keep",
}
"""An example of each command and group, by its name; its help ends with it."""


def end_with_examples(group: click.Group, *names: str) -> None:
    """Give each command and group in *group*, however deep, its example as the end of its help."""
    for name, command in group.commands.items():
        command.epilog = f"Example:  {EXAMPLES[' '.join([*names, name])]}"
        if isinstance(command, click.Group):
            end_with_examples(command, *names, name)


def write_sections(group: click.Group, context: click.Context, out: click.HelpFormatter) -> None:
    """Write the sections of commands, each with its example, as the help of *group*."""
    width = max(len(name) for _, names, _ in SECTIONS for name in names)
    for title, names, example in SECTIONS:
        with out.section(title):
            room = out.width - 6 - width
            out.write_dl(
                [
                    (f"{name:<{width}}", group.commands[name].get_short_help_str(room))
                    for name in names
                ]
            )
            out.write_paragraph()
            out.write_text(f"Example:  {example}")
