"""netdoc's own playbooks, found through entry points like anyone else's."""

PLAYBOOKS: dict[str, str] = {}
