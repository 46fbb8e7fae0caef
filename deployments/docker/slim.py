"""Takes out of the image's environment what nothing imports when jobs run. Runs once, while the image is built.

Standard library only: it runs before the project is there.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

UNUSED = ("hf-xet", "setuptools")
"""An optional way of fetching from the hub, and what Python's venv of its own accord installs."""
AWS_SERVICES = frozenset({"s3", "sts", "sso", "sso-oidc"})
TEST_FOLDERS = ("tests", "test")
TESTED = ("numpy", "onnx", "onnxruntime", "sqlalchemy", "Cryptodome", "psutil")
"""Packages whose wheels carry their tests."""


def main() -> None:
    """Slim the environment that this Python belongs to."""
    packages = Path(sysconfig.get_path("purelib"))
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--yes", *UNUSED], check=True, timeout=300)
    for folder in (packages / "botocore" / "data").glob("*/"):
        if folder.name not in AWS_SERVICES:
            shutil.rmtree(folder)
    for package in TESTED:
        for name in TEST_FOLDERS:
            for folder in sorted((packages / package).rglob(name)):
                shutil.rmtree(folder, ignore_errors=True)
    # Last, because it does the work above.
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--yes", "pip"], check=True, timeout=300)


if __name__ == "__main__":
    main()
