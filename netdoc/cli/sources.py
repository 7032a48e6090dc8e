"""Opens the cluster that the options name: live, snapshot or the embedded network."""

from __future__ import annotations

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import WhereOptions
from netdoc.ports import Cluster


async def open_cluster(options: WhereOptions, run: str, *, metadata_only: bool = False) -> Cluster:
    """Raises Failure where the options name nothing that can be opened."""
    from netdoc.cluster import ClusterError, Unreachable

    try:
        if options.demo:
            return _demo(options)
        if options.snapshot:
            from netdoc.cluster import open_snapshot

            return open_snapshot(options.snapshot, namespace=options.namespace)
        return await _live(options, run, metadata_only)
    except Unreachable as error:
        raise Failure(error.message, error.hint, Exit.UNKNOWN) from error
    except ClusterError as error:
        raise Failure(error.message, error.hint, Exit.USAGE) from error


def digest_of(options: WhereOptions) -> str:
    """The digest of an input that is whole by itself, a snapshot or the demo; "" for a live cluster."""
    from netdoc.demo.digest import of_scenario
    from netdoc.journal.digests import of_input

    return of_input(options.snapshot, options.demo, of_scenario)


def _demo(options: WhereOptions) -> Cluster:
    from netdoc.demo import UnknownScenario, open_demo

    try:
        return open_demo(options.demo, namespace=options.namespace)
    except UnknownScenario as error:
        raise Failure(str(error), "netdoc demo --list names them") from error


async def _live(options: WhereOptions, run: str, metadata_only: bool) -> Cluster:
    from netdoc.cluster import LiveOptions, open_live

    return open_live(
        LiveOptions(
            kubeconfig=options.kubeconfig,
            context=options.context,
            namespace=options.namespace,
            as_user=options.as_user,
            as_groups=options.as_groups,
            request_timeout=options.request_timeout.total_seconds(),
            run=run,
            metadata_only=metadata_only,
        )
    )
