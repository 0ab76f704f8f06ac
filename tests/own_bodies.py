"""A small hand-made walker as MJCF text: torque motors or muscles, any root, names and direction of one's own."""

from __future__ import annotations

NAMES = {
    **{f"{joint}_{side}": f"{joint}_{side}" for joint in ("hip_flexion", "knee_angle", "ankle_angle") for side in "rl"},
    "pelvis": "pelvis",
}
OWN_NAMES = {
    "hip_flexion_r": "thigh_joint",
    "knee_angle_r": "leg_joint",
    "ankle_angle_r": "foot_joint",
    "hip_flexion_l": "thigh_left_joint",
    "knee_angle_l": "leg_left_joint",
    "ankle_angle_l": "foot_left_joint",
    "pelvis": "trunk",
}
SPOKEN_NAMES = {
    **{f"hip_flexion_{s[0]}": f"{s}_hip" for s in ("right", "left")},
    **{f"knee_angle_{s[0]}": f"{s.title()}Knee" for s in ("right", "left")},
    **{f"ankle_angle_{s[0]}": f"ankle_{s}" for s in ("right", "left")},
    "pelvis": "torso",
}
FREE = "<freejoint name='root'/>"
PLANAR = (
    "<joint name='rootx' type='slide' axis='1 0 0' limited='false'/>"
    "<joint name='rootz' type='slide' axis='0 0 1' limited='false' ref='.9'/>"
    "<joint name='rooty' axis='0 1 0' limited='false'/>"
)


def leg(side: str, names: dict[str, str], *, width: float, muscles: bool) -> str:
    """A leg of 0.88 m. The knee flexes by negative angles, as OpenSim's."""
    hip, knee, ankle = (names[f"{joint}_{side}"] for joint in ("hip_flexion", "knee_angle", "ankle_angle"))
    y = -width if side == "r" else width
    sites = ("<site name='a_{0}' pos='-.04 0 -.2'/>", "<site name='b_{0}' pos='-.04 0 -.05'/>") if muscles else ("", "")
    return f"""
    <body name='thigh_{side}' pos='0 {y} 0'>
      <joint name='{hip}' axis='0 -1 0' range='-30 110'/>
      <geom type='capsule' fromto='0 0 0 0 0 -.42' size='.05' mass='9'/>{sites[0].format(side)}
      <body name='shank_{side}' pos='0 0 -.42'>
        <joint name='{knee}' axis='0 -1 0' range='-130 0'/>
        <geom type='capsule' fromto='0 0 0 0 0 -.4' size='.04' mass='4'/>{sites[1].format(side)}
        <body name='foot_{side}' pos='0 0 -.4'>
          <joint name='{ankle}' axis='0 -1 0' range='-50 30'/>
          <geom name='sole_{side}' type='box' pos='.06 0 -.04' size='.13 .04 .02' mass='1'/>
        </body>
      </body>
    </body>"""


def biped(
    *,
    names: dict[str, str] = NAMES,
    root: str = FREE,
    pose: str = "pos='0 0 .9'",
    width: float = 0.09,
    muscles: bool = False,
    torso: str = "<geom type='capsule' fromto='0 0 .1 0 0 .5' size='.12' mass='40'/>",
    actuators: str | None = None,
    extra: str = "",
) -> str:
    """MJCF of a walker of 68 kg with a motor per joint, or with one muscle per knee and motors elsewhere."""
    joints = [name for name in names if name != "pelvis"]
    motors = "".join(
        f"<motor name='m_{joint}' joint='{names[joint]}' gear='150' ctrlrange='-1 1'/>"
        for joint in joints
        if not (muscles and "knee" in joint)
    )
    tendons = "".join(
        f"<spatial name='t_{s}'><site site='a_{s}'/><site site='b_{s}'/></spatial>" for s in "rl" if muscles
    )
    pulling = "".join(f"<muscle name='knee_flexor_{s}' tendon='t_{s}' force='2000'/>" for s in "rl" if muscles)
    legs = "".join(leg(side, names, width=width, muscles=muscles) for side in "rl")
    return f"""<mujoco model='own'>
  <compiler angle='degree' autolimits='true'/>
  <default><joint damping='1' armature='.01'/></default>
  {extra}
  <worldbody>
    <light pos='0 0 3'/>
    <geom name='floor' type='plane' size='5 5 .1'/>
    <body name='box' pos='3 0 .2'><geom type='box' size='.2 .2 .2'/></body>
    <body name='{names["pelvis"]}' {pose}>{root}{torso}{legs}
    </body>
  </worldbody>
  <tendon>{tendons}</tendon>
  <actuator>{motors if actuators is None else actuators}{pulling}</actuator>
  <sensor><gyro site='none'/></sensor>
</mujoco>""".replace("<sensor><gyro site='none'/></sensor>", "")
