"""`python -m pecverify`: the command line."""

import sys

from pecverify.cli import main

if __name__ == "__main__":
    sys.exit(main())
