"""Boot recipes in `bootwire check`: files that are not there, and the loaders for each machine."""
import json
import os
import pathlib
import subprocess

import pytest

import bootwire_testing as testing

CONFIG = """\
tftp-root "{root}";
subnet 10.50.1.0 netmask 255.255.255.0 {{
    range 10.50.1.200 10.50.1.250;
    menu "What shall it be?" {{
        default "Local disk";
        timeout 10;
        boot local "Local disk";
        boot linux "Install Debian" {{
            kernel "debian/linux";
            initrd "debian/initrd.gz", "/debian/more.gz";
            append "priority=low";
        }}
        boot ipxe "Rescue" "scripts/${{mac}}.ipxe";
        boot file "Elsewhere" "http://10.50.1.9/x.efi";
    }}
}}
group {{
    if known {{ boot netbsd {{ kernel "netbsd"; }} }}
    host soekris {{ hardware ethernet 22:22:22:22:00:00; console com0 9600; }}
}}
"""


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "tftp"
    (root / "debian").mkdir(parents=True)
    return root


def check(tmp_path, text, *options):
    path = tmp_path / "x.conf"
    path.write_text(text)
    return subprocess.run([testing.BOOTWIRE, "check", "-c", str(path), *options],
                          capture_output=True, text=True, check=False, timeout=30)


def put(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
        (root / name).chmod(0o644)


def test_what_is_there_needs_no_word(tmp_path, root):
    put(root, "debian/linux", "debian/initrd.gz", "debian/more.gz", "netbsd")
    shown = check(tmp_path, CONFIG.format(root=root))
    assert shown.returncode == 0 and shown.stderr == ""


def test_files_that_are_not_there_are_named_with_their_lines(tmp_path, root):
    put(root, "debian/linux", "debian/initrd.gz")
    (root / "debian/linux").chmod(0o640)
    (root / "debian/more.gz").mkdir()
    (root / "netbsd").symlink_to("gone")
    shown = check(tmp_path, CONFIG.format(root=root))
    path = tmp_path / "x.conf"
    assert shown.returncode == 0
    assert shown.stderr == (
        f"{path}:9:20: warning: debian/linux below tftp-root {root} is not readable by everyone: "
        "chmod a+r\n"
        '    kernel "debian/linux";\n'
        f"{path}:10:40: warning: debian/more.gz below tftp-root {root} is a directory\n"
        '    initrd "debian/initrd.gz", "/debian/more.gz";\n'
        f"{path}:18:37: warning: netbsd below tftp-root {root} is a symbolic link that leads to no "
        "file there\n"
        '    kernel "netbsd"; } }\n')
    os.unlink(root / "netbsd")
    assert f"{path}:18:37: warning: netbsd below tftp-root {root} does not exist\n" in \
        check(tmp_path, CONFIG.format(root=root)).stderr


def test_a_missing_tftp_root_is_said_once(tmp_path):
    shown = check(tmp_path, 'boot linux { kernel "a"; initrd "b"; }\n')
    assert shown.stderr == (f"{tmp_path}/x.conf:1:21: warning: a is looked for below tftp-root, "
                            'and no `tftp-root` says where that is\n    kernel "a"; initrd "b"; }\n')
    assert "/nowhere cannot be looked for: No such file or directory\n" in \
        check(tmp_path, 'tftp-root "/nowhere";\nboot linux { kernel "a"; }\n').stderr


def test_a_file_of_many_hosts_is_named_once(tmp_path, root):
    hosts = [f'host h{i} {{ boot linux {{ kernel "gone"; initrd "gone"; }} }}\n' for i in range(50)]
    shown = check(tmp_path, f'tftp-root "{root}";\n' + "".join(hosts))
    assert shown.stderr == (f"{tmp_path}/x.conf:2:31: warning: gone below tftp-root {root} does not "
                            'exist\n    kernel "gone"; initrd "gone"; } }\n')


def test_loaders_are_named_for_each_kind_of_machine(tmp_path, root):
    put(root, "netbsd", "undionly.kpxe", "grubriscv64.efi", "ipxe-arm64.efi")
    text = (f'tftp-root "{root}";\nclass "c" {{ match if known; boot-loader "grub"; '
            'boot linux { kernel "netbsd"; } }\n')
    shown = check(tmp_path, text.replace('boot-loader "grub";', ""))
    assert "what is handed to carry out the boot recipes:\n" in shown.stdout
    assert "\n  a BIOS       undionly.kpxe" in shown.stdout
    assert "\n  riscv64 UEFI grubriscv64.efi\n" in shown.stdout
    os.unlink(root / "grubriscv64.efi")
    shown = check(tmp_path, text)
    assert f"\n  riscv64 UEFI nothing for the recipe of {tmp_path}/x.conf:2: no loader for riscv64 " \
        "UEFI is there; " in shown.stdout
    # The loader that is preferred comes before the others.
    put(root, "grub/i386-pc/core.0")
    assert "\n  a BIOS       grub/i386-pc/core.0\n" in check(tmp_path, text).stdout


def test_packages_that_bring_loaders_are_named(tmp_path, root):
    put(root, "netbsd")
    path = tmp_path / "x.conf"
    path.write_text(f'tftp-root "{root}";\nboot linux {{ kernel "netbsd"; }}\n')
    # A machine without the packages.
    empty = "for d in ipxe PXELINUX SYSLINUX.EFI shim grub syslinux; do " \
        "[ ! -d /usr/lib/$d ] || mount -t tmpfs none /usr/lib/$d || exit 9; done; "
    shown = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{empty} {testing.BOOTWIRE} check -c {path}"],
        capture_output=True, text=True, check=True, timeout=30)
    assert f"\n  a BIOS       nothing for the recipe of {path}:2: no loader for a BIOS is there; " \
        "undionly.kpxe: install ipxe; lpxelinux.0: install pxelinux; " in shown.stdout
    assert f"\n  x64 UEFI     nothing for the recipe of {path}:2: no loader" in shown.stdout
    assert shown.stdout.endswith("\n  not installed, to be had with: apt install ipxe pxelinux "
                                 "syslinux-common shim-signed grub-efi-amd64-signed\n")


def test_no_loader_is_named_where_none_is_needed(tmp_path, root):
    put(root, "x.efi")
    shown = check(tmp_path, f'tftp-root "{root}";\nboot file "x.efi";\nhost h {{ boot local; }}\n')
    assert shown.stderr == ""
    assert shown.stdout == f"{tmp_path}/x.conf: 1 host, 0 subnets, no errors\n"


EXAMPLES = pathlib.Path(__file__).parents[2] / "doc/examples"


def filenames(tmp_path, text, machine):
    """What each stage is handed: {stage: (file, line, why)}."""
    done = check(tmp_path, text, "--explain", machine, "--json")
    found = {}
    for stage in json.loads(done.stdout)["networks"][0]["stages"]:
        for fact in stage["facts"]:
            if fact["name"] == "filename":
                found[stage["stage"]] = (fact["value"], fact.get("line"), fact.get("why"))
    return found


def test_each_stage_is_explained_with_the_line_of_its_recipe(tmp_path, root):
    put(root, "undionly.kpxe", "ipxe.efi", "netbsd", "debian/linux", "debian/initrd.gz",
        "debian/more.gz")
    text = CONFIG.format(root=root).replace("console com0 9600;",
                                            'boot netbsd { kernel "netbsd"; }')
    found = filenames(tmp_path, text, "soekris")
    assert found["rom"] == ('"undionly.kpxe"', 19, "undionly.kpxe for a BIOS")
    assert found["ipxe"] == ('"http://SERVER/boot.ipxe"', 19, "boot.ipxe for iPXE")
    assert found["uefi-pxe"][:2] == ('"ipxe.efi"', 19)
    assert found["libsa"] == ('"tftp:netbsd"', 19, "the kernel for NetBSD's loader")
    # So is the preferred loader, where one is handed.
    put(root, "grub/i386-pc/core.0")
    grub = text.replace("host soekris {", 'host soekris { boot-loader "grub";')
    assert filenames(tmp_path, grub, "soekris")["rom"][0] == '"grub/i386-pc/core.0"'
    assert '  boot-loader                         "grub"  ' in \
        check(tmp_path, grub, "--explain", "soekris").stdout
    # Of an unknown machine it is the subnet's menu that decides.
    assert filenames(tmp_path, text, "22:22:22:22:00:99")["ipxe"] == \
        ('"http://SERVER/boot.ipxe"', 4, "boot.ipxe for iPXE")
    # A filename of an inner scope holds, and hides the menu at every stage.
    text = text.replace('boot netbsd { kernel "netbsd"; } }\n}', 'filename "old.0"; }\n}')
    assert {value[0] for value in filenames(tmp_path, text, "soekris").values()} == {'"old.0"'}


def test_the_examples_are_good_as_they_stand(tmp_path, root):
    put(root, "debian/linux", "debian/initrd.gz", "netbsd")
    for name in ("option-93.conf", "boot-recipes.conf"):
        text = (EXAMPLES / name).read_text().replace("/srv/tftp", str(root))
        shown = check(tmp_path, text)
        assert shown.returncode == 0 and shown.stderr == "", name
        assert shown.stdout.startswith(f"{tmp_path}/x.conf: 3 hosts, 1 subnet, no errors\n")


def test_the_example_of_recipes_boots_the_machines_of_the_other_one(tmp_path, root):
    put(root, "debian/linux", "debian/initrd.gz", "netbsd", "undionly.kpxe", "shimx64.efi",
        "grubx64.efi")
    by_hand, recipes = (
        (EXAMPLES / name).read_text().replace("/srv/tftp", str(root))
        for name in ("option-93.conf", "boot-recipes.conf"))
    for machine, stages in (("22:22:22:22:00:99", ("rom", "ipxe", "uefi-pxe")),
                            ("soekris", ("libsa",)), ("kiosk", ("rom", "uefi-pxe")),
                            ("printer-server", ("rom", "ipxe"))):
        before = filenames(tmp_path, by_hand, machine)
        after = filenames(tmp_path, recipes, machine)
        for stage in stages:
            # By hand all comes by TFTP, and NetBSD's loader is not told so.
            name = after[stage][0].replace("http://SERVER/", "").replace("tftp:", "")
            assert name == before[stage][0], (machine, stage)
