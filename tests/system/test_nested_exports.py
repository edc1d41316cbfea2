"""One host's root-path inside another's: who has the outer directory must not choose what the inner
one is."""
import nfs_testing as nfs


def config(outer, inner):
    return f"""
        subnet 10.50.1.0 netmask 255.255.255.0 {{ }}
        host a {{
            hardware ethernet 22:22:22:22:00:00;
            fixed-address 10.50.1.9;
            option root-path "{outer}";
        }}
        host b {{
            hardware ethernet 22:22:22:22:00:01;
            fixed-address 10.50.1.10;
            option root-path "{inner}";
        }}"""


def mounted(client, path):
    """Whether the mount was granted."""
    try:
        client.mount(path, 3)
    except PermissionError:
        return False
    return True


def test_a_link_in_an_export_leads_no_other_export_away(network, server, tmp_path):
    outer = tmp_path / "outer"
    (outer / "sub").mkdir(parents=True)
    for address in ("10.50.1.9", "10.50.1.10"):
        network.client_address(address)
    running = server(config(outer, outer / "sub"))
    a = nfs.Client(network.client, uid=0, gid=0, source="10.50.1.9")
    b = nfs.Client(network.client, uid=0, gid=0, source="10.50.1.10")
    assert mounted(b, f"{outer}/sub")
    root = a.mount(str(outer), 3)
    a.rename(root, "sub", root, "old")
    a.symlink(root, "sub", "/etc", mode=0o777)
    assert (outer / "sub").is_symlink()
    assert not mounted(b, f"{outer}/sub")
    running.wait_for_log("a part of its path is a symbolic link")


def test_a_root_path_through_a_link_is_refused_and_named(network, server, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    network.client_address("10.50.1.9")
    running = server(config(tmp_path / "link", tmp_path / "real"))
    assert not mounted(nfs.Client(network.client, uid=0, gid=0, source="10.50.1.9"),
                       str(tmp_path / "link"))
    running.wait_for_log("a part of its path is a symbolic link; if it is your own, write "
                         f"{tmp_path}/real in .*bootwire.conf:6, which is where it leads")
