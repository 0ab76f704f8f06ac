"""Names of the files and folders of a run and of its evaluations."""

from __future__ import annotations

import os
from pathlib import Path

# of a run folder; the configuration also lies beside each checkpoint
CONFIG, COMMAND, ENVIRONMENT, TRAINING_NUMBERS = "config.yaml", "command.txt", "environment.json", "metrics.csv"
STEPS = "time/total_timesteps"  # the column of metrics.csv that counts environment steps
EVALUATIONS, REPORT, STATUS = "evaluations", "report.html", "status.json"

# of an evaluation and of its trials
SUMMARY, EPISODES = "evaluation.json", "episodes.csv"
PLOTS_FOLDER, VIDEOS_FOLDER = "plots", "videos"

# of a sweep: its jobs as planned, one file per job that was started, and the comparison of its runs
JOBS, JOBS_FOLDER = "jobs.json", "jobs"
SWEEP_PAGE, SWEEP_TABLE = "sweep.html", "sweep.csv"

# of a search, in the folder of its sweep
SEARCH_JOURNAL, SEARCH = "search.journal", "search.json"


def cache_root() -> Path:
    """Folder of composed models and fetched artifacts: ``$MYOASSIST_CACHE``, else in the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("MYOASSIST_CACHE") or platformdirs.user_cache_dir("myoassist"))
