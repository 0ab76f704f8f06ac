"""From a run folder to an open session: what is new, each thing once."""

from __future__ import annotations

import copy
from pathlib import Path

from myoassist.config import LoggingConfig
from myoassist.places import REPORT
from myoassist.track.found import best_name, checkpoints, digest, finished_evaluations, layout_of
from myoassist.track.rows import Rows
from myoassist.track.session import Session
from myoassist.track.state import Ledger


class Sender:
    """Sends what ``ledger`` does not hold yet; ``ledger`` itself stays as it is, ``sent`` is a copy that grows."""

    def __init__(self, run: Path, config: LoggingConfig, ledger: Ledger, session: Session) -> None:
        self._run, self._config, self._session = run, config, session
        self.sent = copy.deepcopy(ledger)
        self._rows = Rows(run, after=ledger.steps)

    def send(self, *, all_there: bool) -> bool:
        """Send what is new and whole; whether there was anything. ``all_there``: no other process makes more of it."""
        counts = self._send_rows() + self._send_evaluations(all_there)
        if self._config.checkpoints:
            counts += self._send_checkpoints(all_there)
            counts += self._send_report() if all_there else 0
        return counts > 0

    def _send_rows(self) -> int:
        rows = self._rows.new()
        if rows:
            self._session.check_room()
            self._session.rows(rows)
            self.sent.steps = self._rows.given
        return len(rows)

    def _send_evaluations(self, all_there: bool) -> int:
        outcomes = finished_evaluations(self._run, self.sent.evaluations, all_there=all_there)
        for outcome in outcomes:
            self._session.check_room()
            self._session.outcome(outcome, plots=self._config.plots, videos=self._config.videos)
            self.sent.evaluations.append(outcome.name)
        return len(outcomes)

    def _send_checkpoints(self, all_there: bool) -> int:
        new = checkpoints(self._run, self.sent.checkpoints, all_there=all_there)
        for folder in new:
            self._session.check_room()
            self._send_checkpoint(folder)
            self.sent.checkpoints.append(folder.name)
        return len(new) + self._move_best()

    def _send_checkpoint(self, folder: Path) -> None:
        best = best_name(self._run)
        steps = int(folder.name.removeprefix("step_"))
        aliases = [f"step-{steps}", "latest", *(["best"] if folder.name == best else [])]
        facts = {"steps": steps, "evaluation": self._rows.evaluated.get(steps, {}), "layout": layout_of(folder)}
        if self._session.checkpoint(folder, aliases, facts) and folder.name == best:
            self.sent.best = best

    def _move_best(self) -> int:
        """Give the alias ``best`` to a checkpoint sent before it was the best; W&B stores an equal one only once."""
        best, folder = best_name(self._run), self._run / "checkpoints"
        if best is None or best == self.sent.best or best not in self.sent.checkpoints:
            return 0
        self._send_checkpoint(folder / best)
        self.sent.best = best
        if self.sent.checkpoints[-1] != best:  # what is sent last has the alias latest
            self._send_checkpoint(folder / self.sent.checkpoints[-1])
        return 1

    def _send_report(self) -> int:
        page = self._run / REPORT
        now = digest(page)
        if now is None or now == self.sent.report:
            return 0
        self._session.report(page)
        self.sent.report = now
        return 1
