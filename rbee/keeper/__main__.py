"""``rbee-keeper``, also ``python -m rbee.keeper``."""

from rbee.keeper.cli import main

if __name__ == "__main__":
    main()
