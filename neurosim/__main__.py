"""``neurosim`` and ``python -m neurosim``."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from neurosim.cli import app

        app(prog_name="neurosim")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
