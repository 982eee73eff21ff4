import re
from pathlib import Path

import cloud66_simulator.core

CORE = Path(cloud66_simulator.core.__file__).parent


def test_core_knows_no_http() -> None:
    """The account answers without any HTTP library; only its two doors have one."""
    library = re.compile(r"^\s*(from|import) (flask|werkzeug|requests|urllib3)\b", re.MULTILINE)
    files = {path: library.search(path.read_text()) for path in CORE.parent.rglob("*.py")}
    assert {path.name for path, found in files.items() if found} == {"adapter.py", "server.py"}
    assert len(list(CORE.glob("*.py"))) <= 10
