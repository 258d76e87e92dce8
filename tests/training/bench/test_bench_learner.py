"""The benches of the learner and of training: the same work is done, limits are checked."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable

import pytest
import torch
from small_session import SMALL
from torch import Tensor, nn

from amp_sdk.errors import CheckFailedError, InputError
from amp_training import elu_network, style
from amp_training.bench import amp_rsl_rl_amp, figures, learner, training
from amp_training.bench.bare import BareNetworks
from amp_training.bench.workload import Passes, Workload, own_passes, workload
from amp_training.build import build_session

SETTINGS = [*SMALL, "ppo.epochs=2", "ppo.minibatches=3"]

pytestmark = pytest.mark.usefixtures("threads")


def rows_seen(call: Callable[[], object]) -> Counter[int]:
    """Samples that ``call`` sends through linear layers, by the number of the layer's inputs: of
    torch's modules, and of our own passes."""
    seen: Counter[int] = Counter()
    forward = elu_network.forward

    def own(network: elu_network.Layers, x: Tensor) -> list[Tensor]:
        values = forward(network, x)
        for value in values[:-1]:
            seen[value.shape[1]] += len(value)
        return values

    def count(module: nn.Module, inputs: tuple[Tensor, ...], _: object) -> None:
        if isinstance(module, nn.Linear):
            seen[module.in_features] += inputs[0].numel() // module.in_features

    hook = torch.nn.modules.module.register_module_forward_hook(count)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for module in (elu_network, style):
                patch.setattr(module, "forward", own)
            call()
    finally:
        hook.remove()
    return seen


def test_ours_is_set_to_do_as_the_libraries_do() -> None:
    recipe = learner.same_work("go2_trot", SETTINGS)
    assert recipe.discriminator.updates == 2 * 3
    assert recipe.discriminator.batch == 8 * 6 / 3
    assert recipe.discriminator.penalty_on == "demonstrations"
    with pytest.raises(InputError, match="48 samples do not make 5 equal minibatches"):
        learner.same_work("go2_trot", [*SETTINGS, "ppo.minibatches=5"])


@pytest.mark.parametrize("penalty_on", ["demonstrations", "both"])
def test_the_bare_networks_see_as_many_samples_as_ours(penalty_on: str) -> None:
    recipe = learner.same_work("go2_trot", SETTINGS)
    recipe = learner.load_recipe(
        "go2_trot",
        [
            *SETTINGS,
            f"discriminator.updates={recipe.discriminator.updates}",
            f"discriminator.penalty_on={penalty_on}",
            "discriminator.throttle_loss=0",
        ],
    )
    session = build_session(recipe)
    bare = BareNetworks(session)
    ours = rows_seen(lambda: session.learner.iterate(0))
    assert ours == rows_seen(lambda: (bare.act_s(), bare.learn_s()))
    work = workload(session)
    passes = own_passes(work)
    assert ours[work.window] == passes.trained + passes.scored
    assert ours[work.observation] == work.samples * (1 + work.epochs)


def test_throttled_updates_are_left_out_of_the_bare_networks() -> None:
    session = build_session(learner.same_work("go2_trot", SETTINGS))
    bare = BareNetworks(session)
    before = [p.clone() for p in bare.discriminator.parameters()]
    bare.learn_s(applied_share=0.0)
    assert all(map(torch.equal, before, bare.discriminator.parameters()))
    bare.learn_s()
    assert not torch.equal(before[0], next(bare.discriminator.parameters()))


@pytest.mark.parametrize("name", learner.PEERS)
def test_a_library_does_the_work_that_is_printed(name: str) -> None:
    package, module_name = learner.PEERS[name]
    pytest.importorskip(package, reason=f"{name} is in the extra bench")
    module = learner.importlib.import_module(module_name)
    work = small_work()
    update = module.update(work)
    passes: Passes = module.passes(work)
    seen = rows_seen(update)
    # a penalty of its own pass is seen too
    apart = passes.penalised if name == "amp-rsl-rl" else 0
    assert seen[work.window] == passes.trained + apart + passes.scored
    assert seen[work.observation] == work.samples * work.epochs
    # and the value at the end of the rollout
    values = work.samples * (work.epochs + 1) + work.num_envs
    assert seen[work.critic_observation] == values
    own = own_passes(work)
    assert passes.steps == work.steps
    assert passes.network_work(work) == pytest.approx(own.network_work(work), rel=0.05)


def test_windows_that_are_no_pairs_of_states() -> None:
    with pytest.raises(InputError, match="pairs of states, ours has 9 inputs"):
        amp_rsl_rl_amp.update(dataclasses.replace(small_work(), window=9))


def small_work() -> Workload:
    return Workload(
        num_envs=6,
        horizon=4,
        epochs=2,
        minibatches=2,
        observation=5,
        critic_observation=7,
        actions=3,
        window=10,
        actor_hidden=(8, 4),
        critic_hidden=(8, 4),
        disc_hidden=(8, 4),
        disc_updates=4,
        disc_batch=12,
        penalty_on_both=False,
        demonstrations=64,
        replay=96,
    )


def test_the_command_writes_json_and_names_what_is_missing(monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.setattr(learner, "find_spec", lambda package: None)
    target = tmp_path / "learner.json"
    arguments = ["--rounds", "1", "--set", *SETTINGS, "--json", str(target)]
    assert learner.main(arguments) == 0
    result = json.loads(target.read_text())
    assert [f["name"] for f in result["figures"]] == [learner.OURS, learner.BARE]
    assert result["work"]["disc_updates"] == 6
    assert "left out: skrl: not installed; pip install skrl" in capsys.readouterr().out
    with pytest.raises(CheckFailedError, match="amp-rsl-rl was not measured"):
        learner.main([*arguments, "--check"])
    with pytest.raises(InputError, match="at least 1"):
        learner.main(["--rounds", "0"])


def test_limits_of_the_learner() -> None:
    def figures(skrl: float, bare: float) -> list[learner.UpdateFigures]:
        rows = ((learner.OURS, 1.0), (learner.BARE, bare), ("skrl", skrl))
        return [learner.UpdateFigures(n, 1.0, 1.0, r, Passes(1, 1, 1, 1), 1.0) for n, r in rows]

    assert learner.misses(figures(skrl=1.5, bare=0.9), {}) == []
    assert learner.misses(figures(skrl=1.4, bare=0.8), {}) == [
        "1.25 times the bare networks' time, wanted at most 1.15",
        "1.40 times as fast as skrl, wanted 1.5",
    ]


def test_rounds_are_taken_in_turns_after_a_warm_up() -> None:
    calls: list[str] = []
    ways = {name: lambda name=name: calls.append(name) or float(len(calls)) for name in "ab"}
    assert learner.in_turns(ways, 2) == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_whole_training_beside_its_bare_parts(monkeypatch, tmp_path, capsys) -> None:
    target = tmp_path / "training.json"
    arguments = ["--rollouts", "1", "--num-envs", "8", "--threads", "1", "--set", *SETTINGS]
    monkeypatch.setattr(figures, "TIMES_BARE", 1e9)
    assert training.main([*arguments, "--check", "--json", str(target)]) == 0
    assert json.loads(target.read_text())["figures"][0]["times_bare"] > 0.0
    assert "x-bare" in capsys.readouterr().out
    monkeypatch.setattr(figures, "TIMES_BARE", 0.0)
    with pytest.raises(CheckFailedError, match="8 environments: .* times the bare parts"):
        training.main([*arguments, "--check"])
