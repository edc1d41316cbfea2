"""Power comes back: a whole room of machines boots at once, and every one of them comes up."""
import pytest

import storm_testing as storm


@pytest.mark.timeout(300)
def test_all_machines_of_a_storm_come_up(network, server, tmp_path, capsys):
    """Each does what one real machine did, from its ROM's DISCOVER to init's last byte over NFS. The
    contents are compared by the machines; how long it takes depends on what else runs here."""
    storm.make_files(tmp_path)
    storm.widen(network)
    running = server(storm.config(tmp_path), "-q", start=False)
    running.start(wait=False)
    result = storm.blow(network, tmp_path)
    assert "wrong" not in result, result["wrong"]
    with capsys.disabled():
        print("\nstorm: " + storm.text(result))
    assert result["finished"] == storm.MACHINES, result
    assert running.running
