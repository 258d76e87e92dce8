"""Policy files: reads one safely and finds the contract in it. Needs no onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple, Union

from amp_sdk.contract._onnx import OnnxFormatError, OnnxOutline, TensorInfo, read_outline
from amp_sdk.contract._schema import PolicyContract
from amp_sdk.errors import InputError

METADATA_PROPERTY = "amp_sdk.contract"
MAX_FILE_BYTES = 256 * 1024 * 1024
INPUT_NAME, OUTPUT_NAME = "obs", "actions"


def read_contract(path: Union[str, Path]) -> PolicyContract:
    """The checked contract in the policy file at ``path``; the network is not run.

    Raises InputError where the file is missing, damaged, without a contract, or where its graph
    does not match the contract.
    """
    return contract_of(read_onnx(path)[1], str(path))


def read_onnx(path: Union[str, Path]) -> Tuple[bytes, OnnxOutline]:
    """The bytes and outline of the ONNX file at ``path``. Raises InputError."""
    data = _read_bytes(Path(path))
    try:
        outline = read_outline(data)
    except OnnxFormatError as error:
        raise InputError(
            f"{path} is not a complete ONNX file: {error}; copy or export it again"
        ) from error
    return data, outline


def contract_of(outline: OnnxOutline, where: str) -> PolicyContract:
    """The contract in the metadata of ``outline``, checked against its graph (InputError)."""
    text = outline.metadata.get(METADATA_PROPERTY)
    if text is None:
        found = ", ".join(sorted(outline.metadata)) or "none"
        raise InputError(
            f"{where} has no metadata property {METADATA_PROPERTY!r} (found: {found}), so joint "
            "order, gains and observation are unknown; export the policy again: python -m "
            f"amp_sdk.export RUN -o {where}; to look at it: python -m amp_sdk.inspect {where}"
        )
    contract = PolicyContract.from_json(text, where)
    _check_graph(outline, contract, where)
    return contract


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(
                f"{path} is a folder; expected an ONNX file; export a training run with: python "
                f"-m amp_sdk.export {path} -o POLICY.onnx"
            )
        if not path.exists():
            raise InputError(f"{path}: no such file")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file; expected an ONNX file")
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path} is empty; expected an ONNX file; copy or export it again")
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"{path} has {size} bytes; expected at most {MAX_FILE_BYTES} for a policy"
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def check_self_contained(outline: OnnxOutline, where: str) -> None:
    """Raise InputError unless the file holds all of the policy, in standard operators."""
    if outline.external_tensors:
        raise InputError(
            f"{where} keeps tensors in another file ({', '.join(outline.external_tensors[:3])}); "
            "a policy must be one file; export it again with the weights inside"
        )
    if outline.foreign_domains:
        raise InputError(
            f"{where} uses operators of other libraries ({', '.join(outline.foreign_domains)}); "
            "expected standard ONNX operators only; export it again without custom operators"
        )


def _check_graph(outline: OnnxOutline, contract: PolicyContract, where: str) -> None:
    check_self_contained(outline, where)
    _check_tensor("input", outline.inputs, INPUT_NAME, contract.obs_dim, where)
    _check_tensor("output", outline.outputs, OUTPUT_NAME, contract.action_dim, where)


def _check_tensor(
    kind: str, tensors: Tuple[TensorInfo, ...], name: str, width: int, where: str
) -> None:
    expected = f"one {kind} {name!r} float32 [n, {width}], as its contract says"
    found = "; ".join(
        f"{t.name!r} {t.element_type} [{', '.join(str(d) or '?' for d in t.shape or ())}]"
        for t in tensors
    )
    fits = (
        len(tensors) == 1
        and tensors[0].name == name
        and tensors[0].element_type == "float32"
        and tensors[0].shape is not None
        and len(tensors[0].shape) == 2
        and isinstance(tensors[0].shape[0], str)
        and tensors[0].shape[1] == width
    )
    if not fits:
        raise InputError(
            f"{where}: graph and contract disagree: expected {expected}; found {found or 'none'}; "
            "export the policy again"
        )
