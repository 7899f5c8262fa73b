"""Imported by Dramatiq's command instead of `workers.main`, in the build with failpoints."""

from tests.chaos import build

build.install()

from workers.main import broker as broker  # noqa: E402 - after the failpoint is in its place
