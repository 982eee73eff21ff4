import subprocess
import sys
from pathlib import Path

import cloud66_simulator


def test_imports_nothing_of_the_action() -> None:
    """The stand-in imports nothing of the action, so that they can't share one wrong idea of the API."""
    modules = [path.stem for path in Path(cloud66_simulator.__file__).parent.glob("*.py") if path.stem != "__main__"]
    program = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module('cloud66_simulator.' + name)\n"
        "sys.exit(any(name.startswith('cloud66_redeploy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
