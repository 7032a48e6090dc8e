"""What is read from disk before a run is shown. Called beside the screen."""

from __future__ import annotations

from netdoc.tui.kept import story_of
from netdoc.tui.opening import NotOpened
from netdoc.tui.requests import playbook_of, request_for
from netdoc.tui.session import Session, read_back
from netdoc.tui.start import Plan


def prepared(plan: Plan) -> tuple[Session, bool]:
    """(session, whether it can be started): one whose plan is wrong says so in its place."""
    session = Session(plan)
    try:
        if plan.resumes:
            session.plan_steps(story_of(plan.resumes).head.playbook)
        else:
            session.plan_steps(playbook_of(plan))
            request_for(plan)
    except NotOpened as error:
        session.problem, session.state = error, "failed"
        return session, False
    return session, True


def kept_session(run: str) -> Session:
    """Raises LookupError, OSError or ValueError, with what is wrong."""
    from netdoc.journal.reader import Unreadable

    try:
        return read_back(story_of(run))
    except Unreadable as error:
        raise ValueError(str(error)) from error
