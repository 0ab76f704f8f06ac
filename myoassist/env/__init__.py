"""The walking task as an environment. Importing it makes ``gymnasium.make("MyoAssist/Walk-v0", config=…)`` known."""

import gymnasium

gymnasium.register(
    id="MyoAssist/Walk-v0",
    entry_point="myoassist.env.gym_env:WalkGymEnv",
    vector_entry_point="myoassist.env.gym_env:WalkGymVectorEnv",
)
