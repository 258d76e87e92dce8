"""What a comparison prints: the chain link by link, the mistakes by name, the verdict."""

from __future__ import annotations

from rich.console import Console

from amp_sim2sim.parity.compare import FirstDifference, LinkResult
from amp_sim2sim.parity.parity import ParityResult


def print_parity(result: ParityResult) -> None:
    """The verdict last."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    console.print(f"{result.policy} on {result.robot}")
    console.print(
        f"{result.record}: {result.steps} steps of {result.robots} robot(s), recorded by "
        f"{result.recorded_by}"
    )
    for line in result.contract_differences:
        console.print("  DIFFER ", style="bold red", end="")
        console.print(f" contract     {line}")
    for link in result.links:
        _print_link(console, link, link.name in result.physics_only)
    for line in result.not_compared:
        console.print(f"  -       {line}")
    _print_physics(console, result)
    _print_verdict(console, result)


def _print_link(console: Console, link: LinkResult, physics_only: bool) -> None:
    word, colour = ("parity", "green") if link.in_parity else ("DIFFER", "bold red")
    if physics_only:
        word, colour = "physics", "yellow"
    console.print(f"  {word:<7}", style=colour, end="")
    console.print(
        f" {link.name:<11}  largest difference {link.largest:.2g} in {link.rows} rows (tolerance "
        f"{link.tolerance:.0e})"
    )
    if link.first is not None:
        console.print(f"            first: {first_text(link.first)}")
    for group in link.groups:
        if group.differing_rows:
            share = f"{group.differing_rows} of {link.rows} rows"
            console.print(f"            {group.name:<20} {share}, up to {group.largest:.3g}")


def first_text(first: FirstDifference) -> str:
    """A first difference in words."""
    return (
        f"step {first.step}, robot {first.robot}: {first.element} is recorded as "
        f"{first.recorded:.8g}, here {first.here:.8g}"
    )


def _print_physics(console: Console, result: ParityResult) -> None:
    run, own = result.replay, result.own_physics
    if run is not None:
        text = f"{run.same_bits} of {run.steps} steps with the same bits"
        if run.first is not None:
            text += f"; first apart at {first_text(run.first)}"
        console.print(f"  replay from the recorded starts: {text}")
    if own is not None:
        fine = all(link.in_parity for link in result.links if link.name == "motion")
        console.print(
            f"  sim2sim's own physics ({own.physics_step_s:g} s, explicit PD, dry friction) after "
            f"one control step: {own.joint_pos_rad:.2g} rad, {own.joint_vel_rad_s:.2g} rad/s, base "
            f"{own.base_velocity_m_s:.2g} m/s from the record (RMS): "
            + ("physics, no mistake" if fine else "physics, and the mistakes of motion")
        )


def _print_verdict(console: Console, result: ParityResult) -> None:
    for cause in result.causes:
        console.print(f"mistake: {cause.kind}: ", style="bold red", end="")
        console.print(
            f"{cause.text} [{cause.link}: {', '.join(cause.groups)}; RMS difference "
            f"{cause.before:.2g}, with this mistake made here too {cause.after:.2g}]"
        )
    for name in result.unexplained:
        console.print(f"unexplained: {name} differs by none of the known mistakes", style="bold")
    if result.in_parity:
        note = " but for the physics" if result.physics_only else ""
        console.print(f"in parity{note}", style="bold green")
    elif any(link.name == "observation" for link in result.links):
        console.print("not in parity", style="bold red")
    else:
        text = "not shown to be in parity: no observation of the record can be compared"
        console.print(text, style="bold red")
