"""Names of the files and folders of a run and of its evaluations."""

from __future__ import annotations

# of a run folder; the configuration also lies beside each checkpoint
CONFIG, COMMAND, ENVIRONMENT, TRAINING_NUMBERS = "config.yaml", "command.txt", "environment.json", "metrics.csv"
EVALUATIONS, REPORT = "evaluations", "report.html"

# of an evaluation and of its trials
SUMMARY, EPISODES = "evaluation.json", "episodes.csv"
PLOTS_FOLDER, VIDEOS_FOLDER = "plots", "videos"
