"""``rbee-keeper``, also ``python -m rbee.keeper``."""

from typing import NoReturn

from rbee.process.imports import quick_imports


def main() -> NoReturn:
    """Runs the command that was typed and exits with its status."""
    with quick_imports(tls=False):
        from rbee.keeper import cli
    cli.main()


if __name__ == "__main__":
    main()
