"""netdoc's own playbooks, found through entry points like anyone else's."""

PLAYBOOKS = {
    "connectivity": "netdoc_playbooks:connectivity.yaml",
    "performance": "netdoc_playbooks:performance.yaml",
    "audit": "netdoc_playbooks:audit.yaml",
}
