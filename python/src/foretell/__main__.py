"""The command foretell, which the package carries: foretell, or python -m foretell."""

import os
import subprocess
import sys
from pathlib import Path


def main():
    """Run the command in the place of this process, or wait for it where that cannot be."""
    command = Path(__file__).parent / "bin" / ("foretell.exe" if os.name == "nt" else "foretell")
    arguments = [str(command), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.run(arguments).returncode)
    os.execv(command, arguments)


if __name__ == "__main__":
    main()
