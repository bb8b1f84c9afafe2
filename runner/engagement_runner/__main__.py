"""``python -m engagement_runner``, and the command ``engagement``."""

from __future__ import annotations

#: As errors.EXIT_INTERRUPTED, which is not read yet then.
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command; Ctrl-C while Python still reads the modules ends it without a traceback."""
    try:
        from engagement_runner.cli import main as program
    except KeyboardInterrupt:
        raise SystemExit(EXIT_INTERRUPTED) from None
    program(prog_name="engagement")


if __name__ == "__main__":
    main()
