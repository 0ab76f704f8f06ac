"""Run folders from outside: how a run stands, which there are, how they compare. Knows neither torch nor MuJoCo."""
