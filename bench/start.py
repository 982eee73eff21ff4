"""
How long from process start to the first request: ours beside a five-line script that uses requests.

    make bench-start [RUNS=21]

Both run with the same interpreter, in turn, against the same socket; the figure is the ratio of the medians.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """\
import os
import requests
headers = {"Authorization": "Bearer " + os.environ["INPUT_API_TOKEN"]}
answer = requests.get(os.environ["INPUT_API_URL"] + "/stacks/abc", headers=headers, timeout=10)
print(answer.status_code)
"""

REFUSAL = b'{"error": "unauthorized"}'
"""Anything less would be a stranger's answer, and asked again."""

ANSWER = (
    b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(REFUSAL), REFUSAL)
)


def seconds_to_first_request(server: socket.socket, command: list[str], env: dict[str, str]) -> float:
    """Start a process; return the seconds until its first request has come, and let it end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    connection, _ = server.accept()
    connection.recv(65536)
    took = time.perf_counter() - start
    connection.sendall(ANSWER)
    connection.close()
    process.wait(timeout=30)
    return took


def main() -> None:
    """Measure and print."""
    runs = int(os.environ.get("RUNS", "21"))
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.TemporaryDirectory() as folder:
        server.settimeout(30)  # seconds; a process that breaks never asks
        script = Path(folder) / "script.py"
        script.write_text(SCRIPT)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        env = {"INPUT_API_TOKEN": "abc", "INPUT_STACK_ID": "abc", "INPUT_API_URL": url, "PATH": os.environ["PATH"]}
        commands = {
            "five lines": [sys.executable, "-I", "-u", str(script)],
            "the action": [sys.executable, "-I", "-u", "-m", "cloud66_redeploy"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(runs + 1):
            for name, command in commands.items():
                took = seconds_to_first_request(server, command, env)
                if number:  # the first of each fills the caches
                    times[name].append(took)
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, median in medians.items():
        print(f"{name}: {median * 1000:6.0f} ms to the first request (median of {runs})")  # noqa: T201
    print(f"ratio: {medians['the action'] / medians['five lines']:.2f} (goal: at most 1.2)")  # noqa: T201


if __name__ == "__main__":
    main()
