"""The app: which screen is shown, which cluster is looked at, which run is under way.

What may take time (a cluster, a file, an import that is large) is done beside the screen. Modules that need the
engine are imported once the first screen is painted: see `_warm`.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from rich.text import Text
from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from netdoc.tui import settings
from netdoc.tui.installed import Installed, read_installed
from netdoc.tui.lookout import Lookout
from netdoc.tui.screens.home import HomeScreen
from netdoc.tui.start import Place, Plan, Start
from netdoc.tui.themes import THEMES

if TYPE_CHECKING:
    from netdoc.model.report import Report
    from netdoc.tui.screens.run import RunScreen
    from netdoc.tui.session import Session

HEARTBEAT = 0.1
"""Seconds between two looks at what a run told: ten times a second at most."""

UNKNOWN = 3
"""The exit code where nothing could be established."""

_LATER = (
    "netdoc.tui.session",
    "netdoc.tui.screens.run",
    "netdoc.engine.plugins",
    "netdoc.path",
    "netdoc.ports",
    "netdoc.tui.opening",
    "netdoc.tui.kept",
    "netdoc.tui.preparing",
    "netdoc.demo.cluster",
    "netdoc.cluster.reading",
    "netdoc.cluster.live",
)
"""Also what opens a cluster: the lookout and a run do so in threads of their own. Where two threads import a package
and one of its modules at once, Python breaks what it takes for a deadlock, and an import fails."""


class NetdocApp(App[None]):
    """Guided troubleshooting. `session` is the run that is shown, `lookout` the cluster that is looked at."""

    TITLE = "netdoc"
    CSS_PATH = ["app.tcss", "screens/home.tcss"]  # home's beside it: what a screen brings later is all parsed again
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (70, "-narrow"), (110, "-wide"), (160, "-broad")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True, id="quit"),
        Binding("f1,question_mark", "help", "Help", id="help"),
        Binding("f2", "places", "Cluster", show=False, id="places"),
        Binding("f3", "demo", "Demo", show=False, id="demo"),
        Binding("f4", "checks", "Checks", show=False, id="checks"),
        Binding("f5", "settings", "Settings", show=False, id="settings"),
        Binding("colon", "command_palette", "Palette", show=False, id="palette"),
    ]

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.start = start
        self.place = start.place
        self.lookout = Lookout(start.place)
        self.session: Session | None = None
        self.settings, self._settings_wrong = settings.load()
        self.warmed = asyncio.Event()
        self.installed = Installed()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.THEMES[self.settings.theme]  # here: with a theme that changes later all is parsed again

    def get_default_screen(self) -> HomeScreen:
        """Home, so that no empty screen is laid out before it."""
        return HomeScreen()

    def on_mount(self) -> None:
        if self.theme != settings.THEMES[self.settings.theme]:
            self.theme = settings.THEMES[self.settings.theme]
        self.set_keymap(self.settings.keymap)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """After the first paint: what takes time starts now."""
        if self._settings_wrong:
            self.notify(self._settings_wrong, severity="warning", markup=False)
        self._warm()
        self._look()
        self.set_interval(HEARTBEAT, self._beat)
        if self.start.target:
            self.ask(
                Plan(
                    target=self.start.target,
                    sources=self.start.sources,
                    place=self.place,
                    limits=self.start.limits,
                )
            )

    # The cluster that is looked at

    def go_to(self, place: Place) -> None:
        """Looks at another cluster, or another namespace of it."""
        self.lookout.close()
        self.place = place
        self.lookout = Lookout(place)
        self._look()

    @work(exclusive=True, group="lookout", exit_on_error=False)
    async def _look(self) -> None:
        lookout = self.lookout
        self._tell_home()
        await self.warmed.wait()  # see _LATER
        await lookout.opened()
        if lookout is self.lookout:
            self._tell_home()

    def _tell_home(self) -> None:
        home = next((screen for screen in self.screen_stack if isinstance(screen, HomeScreen)), None)
        if home is not None:
            home.looked()

    @work(exclusive=True, group="warm", exit_on_error=False)
    async def _warm(self) -> None:
        """Imports beside the screen what the next screens need."""
        try:
            for name in _LATER:
                await asyncio.to_thread(importlib.import_module, name)
            self.installed = await asyncio.to_thread(read_installed)
        except Exception as error:  # a worker's error is told to nobody, and all that waits for it would wait for ever
            told = f"netdoc: the app cannot be loaded: {type(error).__name__}: {error}"
            self.exit(return_code=UNKNOWN, message=Text(told))
            return
        self.warmed.set()
        self._tell_home()

    # The run that is under way

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def ask(self, plan: Plan, earlier: Report | None = None) -> None:
        """Begins a run and shows it. What is wrong with the plan is shown in its place."""
        await self.warmed.wait()
        from netdoc.tui.preparing import prepared

        session, ready = await asyncio.to_thread(prepared, plan)
        if ready:
            session.start(earlier)
        self.show_session(session)

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def open_run(self, run: str) -> None:
        """Shows a run that is kept."""
        await self.warmed.wait()
        from netdoc.tui.preparing import kept_session

        try:
            session = await asyncio.to_thread(kept_session, run)
        except (LookupError, OSError, ValueError) as error:
            self.notify(f"run {run}: {error}", severity="error", markup=False)
            return
        self.show_session(session)

    def show_session(self, session: Session) -> None:
        from netdoc.tui.screens.run import RunScreen

        if self.session is not None:
            self.session.close()
        self.session = session
        while len(self.screen_stack) > 1 and not isinstance(self.screen, HomeScreen):
            self.pop_screen()
        self.push_screen(RunScreen(session))

    def run_again(self, session: Session) -> None:
        """The same question now, beside what it said before."""
        plan = msgspec.structs.replace(session.plan, rechecks=session.run, resumes="")
        self.ask(plan, session.report)

    def _beat(self) -> None:
        session = self.session
        if session is None or not (session.drain() or session.live):
            return
        screen = self._run_screen()
        if screen is not None:
            screen.moved()

    def _run_screen(self) -> RunScreen | None:
        from netdoc.tui.screens.run import RunScreen

        return next((screen for screen in self.screen_stack if isinstance(screen, RunScreen)), None)

    # What every screen offers

    def action_help(self) -> None:
        from netdoc.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_places(self, demo: bool = False) -> None:
        from netdoc.tui.screens.places import PlaceScreen

        if not isinstance(self.screen, PlaceScreen):
            self.push_screen(PlaceScreen(demo=demo))

    def action_demo(self) -> None:
        self.action_places(demo=True)

    def action_checks(self) -> None:
        from netdoc.tui.screens.checks import ChecksScreen

        if not isinstance(self.screen, ChecksScreen):
            self.push_screen(ChecksScreen())

    def action_settings(self) -> None:
        from netdoc.tui.screens.settings import SettingsScreen

        if not isinstance(self.screen, SettingsScreen):
            self.push_screen(SettingsScreen())

    async def action_leave(self) -> None:
        """Leaves at once; a run that is under way has a second to write down that it was interrupted."""
        if self.session is not None and self.session.live:
            await asyncio.to_thread(self.session.close, 1.0)
        self.lookout.close()
        self.exit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield SystemCommand("Cluster, namespace or snapshot", "Look at another one (f2)", self.action_places)
        yield SystemCommand("Demo", "The embedded network, broken on purpose (f3)", self.action_demo)
        yield SystemCommand("Checks", "Run a single check (f4)", self.action_checks)
        yield SystemCommand("Settings", "Theme and keys (f5)", self.action_settings)
        yield SystemCommand("Help", "Keys of what has the focus (?)", self.action_help)
        offers = getattr(screen, "offers", None)
        for title, help_, action in offers() if offers is not None else ():
            yield SystemCommand(title, help_, action)
        yield SystemCommand("Quit", "Leave netdoc (ctrl+q)", self.action_quit)

    async def action_quit(self) -> None:
        await self.action_leave()

    def save_settings(self, changed: settings.Settings) -> None:
        """Takes settings at once, and keeps them where that is possible."""
        self.settings = changed
        self.theme = settings.THEMES[changed.theme]
        self.set_keymap(changed.keymap)
        try:
            settings.save(changed)
        except OSError as error:
            self.notify(f"not kept: {error}", severity="warning", markup=False)
