"""The container engine, the image under test, and one run of it the way the runner starts a container action."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from harness import GITHUB, INPUTS, read_commands

ROOT = Path(__file__).resolve().parents[3]
MAIN, CLEANUP, PYTHON = "/action/main", "/action/cleanup", "/usr/local/bin/python"
FILES = ("OUTPUT", "STATE", "STEP_SUMMARY", "ENV", "PATH")
"""The runner's command files, `GITHUB_…`."""


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> str:
    """Run a docker command and return what it prints."""
    done = subprocess.run(
        ["docker", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}"
    return done.stdout


def why_no_engine() -> str:
    """Say why no engine can be used, or ""."""
    if shutil.which("docker") is None:
        return "there is no docker command on PATH"
    done = subprocess.run(["docker", "version"], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else f"docker reaches no engine: {done.stderr.strip()}"


@contextmanager
def built_image() -> Iterator[str]:
    """
    Build the image under a tag of its own; take it, and what is left of its containers, away afterwards.

    E2E_IMAGE names an image that has been built already; it is left as it is.
    """
    given = os.environ.get("E2E_IMAGE")
    tag = given or f"cloud66-redeploy-e2e:{token_hex(6)}"
    if not given:
        # The label makes it an image of its own, even where the same content has been built before.
        docker("build", "--tag", tag, "--label", f"e2e={tag}", str(ROOT), timeout=600)
    try:
        yield tag
    finally:
        if not given:
            left = docker("ps", "--all", "--quiet", "--filter", f"ancestor={tag}").split()
            if left:
                docker("rm", "--force", *left)
            docker("rmi", tag)


@dataclass
class Container:
    """
    One step's container: workspace, HOME and command files are mounted where the runner mounts them.

    Attributes:
        folder: holds what is mounted.
        env: the job's environment; the runner hands it in by name.
        options: more options for `docker run`.

    """

    image: str
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()
    name: str = field(default_factory=lambda: f"cloud66-redeploy-e2e-{token_hex(6)}")

    def __post_init__(self) -> None:
        for name in ("home", "workflow", "file_commands", "workspace"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in FILES:
            self.file(name).touch()

    def file(self, name: str) -> Path:
        """Where one of the runner's command files is."""
        return self.folder / "file_commands" / name.lower()

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def outputs(self) -> dict[str, str]:
        return read_commands(self.file("OUTPUT"))

    @property
    def state(self) -> dict[str, str]:
        return read_commands(self.file("STATE"))

    @property
    def summary(self) -> str:
        return self.file("STEP_SUMMARY").read_text(encoding="utf8")

    def start(self, *arguments: str, entrypoint: str = MAIN, **inputs: str) -> "subprocess.Popen[str]":
        """Start it in the foreground, as the runner does; its log is the command's."""
        given = {f"INPUT_{name.upper()}": value for name, value in (INPUTS | inputs).items()}
        env = GITHUB | {"GITHUB_WORKSPACE": "/github/workspace", "HOME": "/github/home", "CI": "true"} | given
        env |= {f"GITHUB_{name}": f"/github/file_commands/{name.lower()}" for name in FILES}
        env |= self.env
        command = [shutil.which("docker") or "docker", "run", "--rm", "--name", self.name]
        command += ["--workdir", "/github/workspace", "--network", "host", "--entrypoint", entrypoint]
        for name in env:
            command += ["-e", name]
        for name in ("home", "workflow", "file_commands", "workspace"):
            command += ["-v", f"{self.folder / name}:/github/{name}"]
        return subprocess.Popen(
            [*command, *self.options, self.image, *arguments],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def run(self, *arguments: str, entrypoint: str = MAIN, **inputs: str) -> tuple[int, str]:
        """Run it to its end; return exit status and log."""
        process = self.start(*arguments, entrypoint=entrypoint, **inputs)
        try:
            log, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            docker("rm", "--force", self.name, check=False)
            raise
        return process.returncode, log

    def signal(self, name: str) -> None:
        """Send a signal to the container's first process."""
        docker("kill", "--signal", name, self.name)


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait for something to happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)
