"""``python -m amp_sdk.inspect POLICY.onnx``: what a policy expects of its runtime."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Dict, List, Optional, Sequence

from amp_sdk._cli import guarded, write_json
from amp_sdk._table import table
from amp_sdk.config import to_mapping
from amp_sdk.contract import COMMAND_NAMES, METADATA_PROPERTY, PolicyContract
from amp_sdk.contract._file import contract_of, read_onnx
from amp_sdk.contract._onnx import OnnxOutline, TensorInfo
from amp_sdk.contract.foreign import ForeignMetadata, read_foreign
from amp_sdk.policy import load_policy, resolve


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Print the contract in a policy file; 0 where it holds together. Raises InputError."""
    args = _parser().parse_args(argv)
    file = resolve(args.policy)
    data, outline = read_onnx(file)
    foreign = None
    if METADATA_PROPERTY not in outline.metadata and args.complete is None:
        foreign = read_foreign(outline.metadata)
    result: Dict[str, Any] = {"file": str(file), "bytes": len(data), "graph": _graph(outline)}
    if foreign is not None:
        print(_foreign_text(str(file), outline, foreign))
        result.update({"format": foreign.format, "metadata": foreign})
    else:
        if args.complete is not None:
            contract = load_policy(file, complete=args.complete).contract
        else:
            contract = contract_of(outline, str(file))
        print(_contract_text(str(file), len(data), outline, contract))
        if args.complete is None:
            load_policy(file)  # raises where the network is not the one of the contract
        print(f"\nThe network reproduces all {len(contract.golden.obs)} golden vectors.")
        result.update({"format": "amp-sdk", "contract": to_mapping(contract)})
    write_json(args.json, result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m amp_sdk.inspect",
        description="Show what a policy expects of its runtime: robot, joints, gains, observation, "
        "commands, origin. Policies of mjlab/BeyondMimic and holosoma are shown as far as they go.",
    )
    parser.add_argument(
        "policy", metavar="POLICY", help="ONNX file, or the name of a shipped policy"
    )
    parser.add_argument(
        "--complete",
        metavar="FILE",
        help="YAML file with what the metadata of another project's policy do not say; shows the "
        "contract that they make together",
    )
    parser.add_argument("--json", metavar="FILE", help="also write it as JSON, in full precision")
    return parser


def _contract_text(where: str, size: int, outline: OnnxOutline, contract: PolicyContract) -> str:
    p = contract.provenance
    facts = [
        ("robot", f"{contract.robot} ({contract.variant})"),
        ("control", f"every {contract.control_period_s:g} s; actions within {_range(contract)}"),
        ("target", "action offset + scale x action, then PD within the effort limit"),
        ("network", f"{contract.obs_dim} observations to {contract.action_dim} actions, normaliser"
         f" inside; {size / 1024:.0f} KiB, {_operators(outline)}"),
        ("trained", f"{p.samples:,} samples, seed {p.seed}, {p.created_utc}, amp-sdk "
         f"{p.sdk_version}, torch {p.torch_version}"),
        ("recipe", f"{p.recipe} (sha256 {p.recipe_sha256[:12]})"),
        ("motions", ", ".join(p.motions) or "none"),
    ]  # fmt: skip
    return "\n".join(
        [where]
        + [f"  {name:<9}{text}" for name, text in facts]
        + ["", "Joints, in order", _joints(contract)]
        + ["", f"Observation, {contract.obs_dim} numbers: (value x scale), clipped; "
           f"history {contract.history_order.replace('_', ' ')}", _observation(contract)]
        + ["", "Commands", _commands(contract)]
    )  # fmt: skip


def _range(contract: PolicyContract) -> str:
    return f"[-{contract.action_clip:g}, {contract.action_clip:g}]"


def _joints(contract: PolicyContract) -> str:
    head = ("", "joint", "default", "kp", "kd", "scale", "offset", "limit Nm", "lower", "upper")
    rows = [
        [str(i), j.name]
        + [f"{v:.3f}" for v in (j.default_pos_rad,)]
        + [f"{v:.6g}" for v in (j.kp, j.kd, j.action_scale)]
        + [f"{j.action_offset_rad:.3f}", f"{j.effort_limit_nm:g}"]
        + [f"{j.lower_rad:.3f}", f"{j.upper_rad:.3f}"]
        for i, j in enumerate(contract.joints)
    ]
    return table(head, rows)


def _observation(contract: PolicyContract) -> str:
    rows: List[List[str]] = []
    start = 0
    for t in contract.observation:
        clip = "-" if t.clip is None else f"[{t.clip[0]:g}, {t.clip[1]:g}]"
        columns = f"{start}..{start + t.width - 1}"
        rows.append([columns, t.name, str(t.size), str(t.history), f"{t.scale:g}", clip])
        start += t.width
    return table(("columns", "term", "size", "history", "scale", "clip"), rows)


def _commands(contract: PolicyContract) -> str:
    if not contract.commands:
        return "  none"
    rows = [
        [c.name, COMMAND_NAMES[c.name], f"{c.lower:g}", f"{c.nominal:g}", f"{c.upper:g}"]
        for c in contract.commands
    ]
    return table(("command", "unit", "lower", "nominal", "upper"), rows)


def _foreign_text(where: str, outline: OnnxOutline, foreign: ForeignMetadata) -> str:
    lines = [where, f"  format   {foreign.format}", f"  network  {_operators(outline)}"]
    for kind, tensors in (("input", outline.inputs), ("output", outline.outputs)):
        lines += [f"  {kind:<9}{_tensor(t)}" for t in tensors]
    lines += ["", "Joints, in order"]
    head = ("", "joint", *foreign.per_joint)
    rows = [
        [str(i), name] + [f"{numbers[i]:g}" for numbers in foreign.per_joint.values()]
        for i, name in enumerate(foreign.joints)
    ]
    lines.append(table(head, rows) if rows else "  none")
    lines += ["", "Other properties"]
    lines += [f"  {key} = {_short(text)}" for key, text in foreign.facts.items()] or ["  none"]
    if foreign.problems:
        lines += ["", "Doubtful"] + [f"  {problem}" for problem in foreign.problems]
    lines += ["", "Missing: a runtime has to be told"] + [f"  {m}" for m in foreign.missing]
    return "\n".join(lines)


def _operators(outline: OnnxOutline) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outline.operators.items()))


def _tensor(tensor: TensorInfo) -> str:
    dimensions = "unknown shape"
    if tensor.shape is not None:
        dimensions = f"[{', '.join(str(d) or '?' for d in tensor.shape)}]"
    return f"{tensor.name} {tensor.element_type} {dimensions}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:97] + "..."


def _graph(outline: OnnxOutline) -> Dict[str, Any]:
    return {
        "producer": outline.producer,
        "opsets": outline.opsets,
        "inputs": outline.inputs,
        "outputs": outline.outputs,
        "operators": outline.operators,
    }


if __name__ == "__main__":
    sys.exit(guarded(main))
