"""A peer in Java: its libraries by Maven, its classes by the JDK's compiler, both kept."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.kept import kept
from streams.errors import CotejoError

COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"


class JavaError(CotejoError):
    """The libraries could not be had."""


def lacking() -> str:
    """What this machine lacks for it, and the cure; or nothing."""
    if shutil.which(_tool("javac")) is None:
        return "there is no javac: it needs a JDK of Java 17 or newer, not only a JRE (Debian: openjdk-17-jdk-headless)"
    if shutil.which("mvn") is None:
        return "its libraries are fetched with Maven, and there is no mvn (Debian: maven)"
    return ""


def version() -> str:
    """Of the virtual machine, as it calls itself; or nothing."""
    if shutil.which(_tool("java")) is None:
        return ""
    done = subprocess.run([_tool("java"), "--version"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]


def command(directory: Path, main: str, place: Path) -> list[str]:
    """What runs the class `main` of the sources in a directory, with the libraries of its pom.xml; both are made in
    `place` unless they are there. Raises `JavaError`."""
    pom, files = directory / "pom.xml", sorted(directory.glob("*.java"))
    name = directory.name.replace("_", "-")
    libraries = kept(place, f"{name}-libraries", (pom,), partial(_fetch, pom))
    path = libraries / "*"
    classes = kept(place, f"{name}-classes", (pom, *files), partial(_compile, files, path))
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    return [_tool("java"), quiet, "-cp", f"{classes}{os.pathsep}{path}", main]


def _tool(name: str) -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / name) if home else name


def _fetch(pom: Path, out: Path) -> None:
    quiet = ["mvn", "-q", "-B", "-C", "-Dstyle.color=never", "-f", str(pom)]
    where = [f"-DoutputDirectory={out}", "-DincludeScope=runtime"]
    if subprocess.run([*quiet, COPY, *where], stdout=sys.stderr, check=False).returncode:
        raise JavaError(f"Maven could not fetch what {pom} asks for")


def _compile(files: list[Path], libraries: Path, out: Path) -> None:
    subprocess.run([_tool("javac"), "--release", "17", "-cp", libraries, "-d", out, *files], check=True)
