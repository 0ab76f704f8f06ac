"""A page on this machine that shows the walker in three dimensions, with controls and live plots (viser)."""

from __future__ import annotations

import contextlib
import io
import socket
import sys

import numpy as np
import trimesh
import viser

from myoassist.errors import RunError
from myoassist.view.browser_plots import LivePlots
from myoassist.view.camera import AIM, FOV, Follower
from myoassist.view.live import FASTEST, SLOWEST, Controls, Frame, Scene
from myoassist.view.meshes import MuscleRods, body_parts, ground_mesh

HOST = "127.0.0.1"  # this machine only; from afar: ssh -L 8080:localhost:8080
TRIED = 100  # ports, from the one asked for
_LOOK, _STAND = np.array([0.35, 0.0, 0.0]), np.array([1.1, -2.6, 0.45])  # m from the walker
_SKY = np.array([[176.0, 202.0, 230.0], [247.0, 249.0, 251.0]])  # above, below
_METRES = range(0, 51, 5)  # where the course is marked


class Browser:
    """Serves the page; meshes are sent once, then only where they are.

    With "follow" the world moves past a walker that stays in sight, so that the user's own camera is left alone.

    Raises:
        RunError: no port is free.
    """

    def __init__(self, scene: Scene, *, port: int) -> None:
        self.controls, self._scene, self._figure = Controls(), scene, scene.figure
        self.port = free_port(port)
        with contextlib.redirect_stdout(io.StringIO()):  # its banner; ours is one line
            self._server = viser.ViserServer(host=HOST, port=self.port, label="MyoAssist", verbose=False)
        self.url = f"http://localhost:{self.port}"
        self._server.scene.set_up_direction("+z")
        self._follower, self._episode = Follower(self._figure.pelvis), -1
        self._last_time = 0.0
        self._add_walker()
        self._add_ground()
        self._aim_camera()
        self._add_controls()
        self._plots = LivePlots(self._server, scene)
        moved = f" (port {port} is taken)" if self.port != port else ""
        sys.stdout.write(f"view: {self.url}{moved}\n")
        sys.stdout.flush()

    def _add_walker(self) -> None:
        scene, model = self._server.scene, self._figure.model
        self._world = scene.add_frame("/world", show_axes=False)
        self._near = scene.add_frame("/world/near", show_axes=False)  # goes along: what comes late is not far off
        self._parts = []
        for number, part in enumerate(body_parts(model)):
            colour = tuple(round(255 * value) for value in part.rgba[:3])
            handle = scene.add_batched_meshes_simple(
                f"/world/near/part_{number}",
                part.vertices,
                part.faces,
                batched_wxyzs=np.array([[1.0, 0.0, 0.0, 0.0]]),
                batched_positions=np.zeros((1, 3)),
                batched_colors=np.array(colour, dtype=np.uint8),
                opacity=None if part.rgba[3] > 0.99 else part.rgba[3],
                side="double",
                lod="off",
            )
            self._parts.append((part.body, handle))
        self._rods = MuscleRods(self._figure)
        rod = trimesh.creation.cylinder(radius=1.0, height=1.0, sections=10)
        middle, turn, size, colour = self._rods.place()
        self._muscles = scene.add_batched_meshes_simple(
            "/world/near/muscles",
            np.asarray(rod.vertices),
            np.asarray(rod.faces),
            batched_wxyzs=turn,
            batched_positions=middle - self._figure.pelvis,
            batched_scales=size,
            batched_colors=colour,
            lod="off",
        )

    def _add_ground(self) -> None:
        scene, mesh = self._server.scene, ground_mesh(self._figure)
        if mesh is not None:
            scene.add_mesh_trimesh("/world/ground", mesh, receive_shadow=0.3)
        else:
            scene.add_grid(
                "/world/ground",
                width=140.0,
                height=20.0,
                position=(60.0, 0.0, 0.0),
                cell_size=0.5,
                section_size=1.0,
                cell_color=(178, 180, 183),
                section_color=(140, 143, 147),
                plane_color=(214, 216, 219),
                plane_opacity=1.0,
            )
        for metre in _METRES:
            side = -min(0.6, self._figure.half_width - 0.05)
            height = float(self._figure.ground_height(np.array([metre]), np.array([side]))[0])
            scene.add_label(f"/world/metre_{metre}", f"{metre} m", position=(metre, side, height + 0.02))

    def _aim_camera(self) -> None:
        camera, target = self._server.initial_camera, self._follower.target * [0.0, 1.0, 1.0]
        camera.look_at, camera.position = target + _LOOK, target + _STAND
        camera.fov = np.radians(FOV)
        self._server.scene.configure_environment_map(hdri=None)
        sky = np.linspace(_SKY[0], _SKY[1], 64)[:, None].repeat(2, axis=1).round().astype(np.uint8)
        self._server.scene.set_background_image(sky, format="png")
        self._server.scene.add_light_ambient("/lights/ambient", intensity=1.0)
        self._server.gui.configure_theme(control_width="medium", show_share_button=False, brand_color=(38, 89, 199))

    def _add_controls(self) -> None:
        gui, scene, controls = self._server.gui, self._scene, self.controls
        self._status = gui.add_markdown(f"**{scene.title}**")
        with gui.add_folder("Walk"):
            self._follow = gui.add_checkbox("Follow", True, hint="keep the walker in sight")
            if not scene.steerable:
                return
            self._pause = gui.add_button("Pause")
            restart = gui.add_button("Restart")
            rate = gui.add_slider("Speed", SLOWEST, FASTEST, 0.05, 1.0, hint="share of real time")
            target = gui.add_slider(
                "Target m/s", 0.0, 2.5, 0.05, scene.target_speed, hint="what the walker is asked for"
            )
            own = gui.add_button("Target of the command")
            device = gui.add_checkbox("Device on", True, disabled=not scene.motors, hint="off: no motor does anything")
        self._pause.on_click(lambda _: self._toggle_pause())
        restart.on_click(lambda _: setattr(controls, "restart", True))
        rate.on_update(lambda _: setattr(controls, "rate", float(rate.value)))
        device.on_update(lambda _: setattr(controls, "device_on", bool(device.value)))
        target.on_update(lambda _: setattr(controls, "target_speed", float(target.value)))
        own.on_click(lambda _: setattr(controls, "target_speed", None))

    def _toggle_pause(self) -> None:
        self.controls.paused = not self.controls.paused
        self._pause.label = "Go on" if self.controls.paused else "Pause"

    def show(self, frame: Frame) -> None:
        """Show a frame on every open page."""
        figure = self._figure
        if figure.stand_on(frame.ground):
            self._add_ground()
        figure.pose(frame.qpos, frame.activation)
        target = self._follower(figure.pelvis, abs(frame.time - self._last_time))
        self._last_time = frame.time
        began, self._episode = frame.episode != self._episode, frame.episode
        middle, turn, size, colour = self._rods.place()
        with self._server.atomic():
            for body, handle in self._parts:
                handle.batched_positions = (figure.data.xpos[[body]] - figure.pelvis).astype(np.float32)
                handle.batched_wxyzs = figure.data.xquat[[body]].astype(np.float32)
            muscles = self._muscles
            self._near.position = figure.pelvis
            muscles.batched_positions = (middle - figure.pelvis).astype(np.float32)
            muscles.batched_wxyzs = turn.astype(np.float32)
            muscles.batched_scales, muscles.batched_colors = size.astype(np.float32), colour
            if self._follow.value or began:  # where a walker begins anew, it is in sight
                self._world.position = (-target[0], 0.0, self._figure.index.standing_height + AIM - target[2])
        if self._plots.add(frame):
            self._status.content = (
                f"**{self._scene.title}**  \nepisode {frame.episode}, {frame.time:.1f} s  \n"
                f"speed {frame.speed:.2f} m/s, target {frame.target_speed:.2f} m/s"
            )

    def close(self) -> None:
        """Stop serving."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._server.stop()


def free_port(first: int) -> int:
    """The first free port on this machine from ``first`` on. Raises RunError where the next hundred are taken."""
    for port in range(first, min(first + TRIED, 65_536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one just given back is free
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RunError(f"view.port={first}: no free port from there to {min(first + TRIED, 65_536) - 1} on this machine")
