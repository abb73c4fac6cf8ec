"""The entry point of the `daimon` command."""

import sys

from daimon import cli


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(cli.run(sys.argv[1:]))


if __name__ == "__main__":
    main()
