"""netdoc's tests: they mirror the tree. `python -m tests` runs what needs no cluster."""
