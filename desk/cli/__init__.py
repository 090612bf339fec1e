"""The `desk` command. What a command needs is imported when it runs, so that help comes at once."""

import sys


def main() -> None:
    """Run the command line; every refusal and every trouble of an operator's ends in one line on stderr and its exit code."""
    from desk.cli.commands import app
    from desk.cli.exits import told

    try:
        app()
    except Exception as failure:
        ending = told(failure)
        if ending is None:
            raise
        sys.stderr.write(f"desk: {ending.line}\n")
        sys.exit(ending.code)
