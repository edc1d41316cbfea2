"""Debian's packages for other architectures, unpacked for tests: nothing of them is installed.

    root = foreign.unpacked("arm64", "busybox-static")      # Path: root/"bin"/"busybox"
    kernel = foreign.kernel("arm64", "cloud-arm64")         # Path of its vmlinuz or vmlinux

apt is given lists, a cache and an architecture of its own below build/foreign, so that the machine's
dpkg knows of no second architecture. It asks the mirror that the machine's own apt asks, and trusts
the keys that that one trusts. What is there already is not asked for again.
"""
import os
import re
import shutil
import subprocess

import bootwire_testing as testing

PLACE = testing.SOURCE / "build" / "foreign"


def _apt(architecture, directory, program, *arguments, **keywords):
    options = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::State::Lists": directory / "lists",
        "Dir::State::status": directory / "status",
        "Dir::Cache": directory / "cache",
        "Dir::Etc::SourceList": directory / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return subprocess.run([program, "-qq", *words, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE, cwd=directory, **keywords).stdout


def _mirror():
    """Where the machine's own packages come from."""
    policy = subprocess.run(["apt-cache", "policy"], stdout=subprocess.PIPE, text=True, check=False)
    found = re.search(r"^ *\d+ (\S+) bookworm/main ", policy.stdout, re.MULTILINE)
    return found[1] if found else "http://deb.debian.org/debian"


def _lists(architecture, refresh=False):
    """apt's directory for that architecture; its lists are fetched where there are none."""
    directory = PLACE / f"apt-{architecture}"
    if refresh or not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)
        for name in ("lists/partial", "cache/archives/partial"):
            (directory / name).mkdir(parents=True)
        (directory / "status").touch()
        (directory / "sources.list").write_text(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
            f"{_mirror()} bookworm main\n")
        _apt(architecture, directory, "apt-get", "update")
        (directory / "complete").touch()
    return directory


def unpacked(architecture, package):
    """The root of an unpacked package."""
    root = PLACE / architecture / package
    if root.exists():
        return root
    directory = _lists(architecture)
    try:
        _apt(architecture, directory, "apt-get", "download", package)
    except subprocess.CalledProcessError:  # old lists name versions that are gone
        directory = _lists(architecture, refresh=True)
        _apt(architecture, directory, "apt-get", "download", package)
    archive, = directory.glob(f"{package}_*.deb")
    partial = root.with_name(f"{package}.{os.getpid()}")
    partial.mkdir(parents=True)
    subprocess.run(["dpkg-deb", "-x", archive, partial], check=True)
    archive.unlink()
    partial.rename(root)
    return root


def kernel_package(architecture, flavour):
    """The root of Debian's newest kernel of that flavour, unpacked."""
    place = PLACE / architecture / f"linux-image-{flavour}.newest"
    if not place.exists():
        for refresh in (False, True):
            depends = _apt(architecture, _lists(architecture, refresh), "apt-cache", "depends",
                           f"linux-image-{flavour}")
            found = re.search(r"Depends: (linux-image-\S+)", depends)
            try:
                unpacked(architecture, found[1])
                break
            except subprocess.CalledProcessError:
                if refresh:
                    raise
        place.write_text(found[1])
    return unpacked(architecture, place.read_text())


def kernel(architecture, flavour):
    """What a boot loader loads of it."""
    path, = (kernel_package(architecture, flavour) / "boot").glob("vmlinu[xz]-*")
    return path
