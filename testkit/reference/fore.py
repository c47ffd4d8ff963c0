"""Decodes a .fore file: python fore.py [--prior PRIOR] [--model NETWORK] [--random] FILE.fore OUT"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from reference.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
