"""`python -m restante.cli` is `restante`."""

import sys

from restante.cli import main

sys.exit(main())
