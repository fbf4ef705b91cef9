"""Job runs whose states a test sets."""

from __future__ import annotations

from threading import RLock

from odpf.states import JobRunState


class MemoryJobRuns:
    """States by job run id; stopping one that runs ends it at once unless `stops_at_once` is False."""

    def __init__(self, *, stops_at_once: bool = True) -> None:
        self._lock = RLock()
        self._stops_at_once = stops_at_once
        self._states: dict[str, JobRunState] = {}
        self._dpu_seconds: dict[str, float] = {}
        self.stopped: list[str] = []

    def set(self, job_run_id: str, state: JobRunState, dpu_seconds: float = 0.0) -> None:
        """Say what the service would answer."""
        with self._lock:
            self._states[job_run_id] = state
            self._dpu_seconds[job_run_id] = dpu_seconds

    def state(self, job_run_id: str) -> JobRunState | None:
        """State of a run; None for one never set."""
        with self._lock:
            return self._states.get(job_run_id)

    def dpu_seconds(self, job_run_id: str) -> float | None:
        """What was set; None for a run never set."""
        with self._lock:
            return self._dpu_seconds.get(job_run_id)

    def stop(self, job_run_id: str) -> None:
        """Ask for a run to be stopped; `stopped` keeps who was asked."""
        with self._lock:
            self.stopped.append(job_run_id)
            state = self._states.get(job_run_id)
            if state is not None and not state.terminal:
                self._states[job_run_id] = JobRunState.STOPPED if self._stops_at_once else JobRunState.STOPPING
