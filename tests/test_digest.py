"""The digest of a recipe, over networks drawn at random: names and seeds are nothing to it, all that matters is."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.recipe import recipe_of
from tests.recipes import chain, conv, dense, fitted, inputs, layer, mnist_rows, model, sequential

RELAXED = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)

widths, rates = st.integers(1, 600), st.sampled_from([0.1, 0.25, 0.5])
activations = st.sampled_from(["relu", "tanh", "sigmoid", "linear"])
CHOICES = {
    "Conv2D": {
        "filters": widths,
        "kernel_size": st.sampled_from([[1, 1], [3, 3], [5, 5]]),
        "padding": st.sampled_from(["same", "valid"]),
        "strides": st.sampled_from([[1, 1], [2, 2]]),
        "activation": activations,
        "use_bias": st.booleans(),
    },
    "MaxPooling2D": {"pool_size": st.sampled_from([[2, 2], [3, 3]]), "padding": st.sampled_from(["same", "valid"])},
    "Dropout": {"rate": rates},
    "Dense": {"units": widths, "activation": activations, "use_bias": st.booleans()},
}
"""What makes a difference in each kind of layer, and the values it is drawn from."""
BASES = {
    "Conv2D": conv(8),
    "MaxPooling2D": layer(
        "MaxPooling2D", pool_size=[2, 2], strides=[2, 2], padding="same", data_format="channels_last"
    ),
    "Dropout": layer("Dropout", rate=0.1, seed=None, noise_shape=None),
    "Dense": dense(8),
}
FITS = {
    "batch_size": st.integers(1, 512),
    "epochs": st.integers(1, 50),
    "validation_split": st.sampled_from([0.0, 0.1, 0.2]),
    "learning_rate": st.sampled_from([0.01, 0.001, 0.0001]),
    "rows": st.sampled_from([1000, 30_000, 60_000]),
}


@st.composite
def settings_of(draw, kind):
    return kind, {name: draw(values) for name, values in CHOICES[kind].items()}


networks = st.lists(st.sampled_from(sorted(CHOICES)).flatmap(settings_of), min_size=1, max_size=5)
fits = st.fixed_dictionaries(FITS)


def built(network, names=(), seed=None):
    """The layers as Keras would describe them, under some names and seeds."""
    found = [inputs(28, 28, 1)]
    for place, (kind, values) in enumerate(network):
        one = copy.deepcopy(BASES[kind])
        name = f"{names[place % len(names)]}_{place}" if names else f"layer_{place}"
        one["config"] |= {**values, "name": name}
        if "seed" in one["config"]:
            one["config"]["seed"] = seed
        if "kernel_initializer" in one["config"]:
            one["config"]["kernel_initializer"]["config"]["seed"] = seed
        found.append(one)
    return found


def digest(layers, fit, spelling=sequential):
    fit = dict(fit)
    compiled = {"optimizer_config": {"learning_rate": fit.pop("learning_rate")}}
    return recipe_of(
        fitted(**mnist_rows(fit.pop("rows"), (28, 28, 1)), compiled=compiled, **fit), model(spelling(*layers))
    ).digest


@RELAXED
@given(networks, fits, st.lists(st.text("abxy_1", min_size=1, max_size=5), min_size=1), st.integers(0, 2**31))
def test_names_seeds_and_spelling_share_one_digest(network, fit, names, seed):
    """However layers are called, whatever seeds they have, Sequential or functional: one training."""
    plain = digest(built(network), fit)
    assert digest(built(network, names, seed), fit) == plain
    assert digest(built(network, names, seed), fit, chain) == plain


@RELAXED
@given(networks, fits, st.data())
def test_one_setting_of_one_layer_changes_the_digest(network, fit, data):
    """Each setting that a layer computes with is part of it."""
    place = data.draw(st.integers(0, len(network) - 1))
    kind, values = network[place]
    name = data.draw(st.sampled_from(sorted(values)))
    other = data.draw(CHOICES[kind][name].filter(lambda value: value != values[name]))
    changed = [*network[:place], (kind, {**values, name: other}), *network[place + 1 :]]
    assert digest(built(changed), fit) != digest(built(network), fit)


@RELAXED
@given(networks, fits, st.data())
def test_one_argument_of_the_training_changes_the_digest(network, fit, data):
    """So are the arguments of the training, its data and its optimizer."""
    name = data.draw(st.sampled_from(sorted(fit)))
    other = data.draw(FITS[name].filter(lambda value: value != fit[name]))
    assert digest(built(network), {**fit, name: other}) != digest(built(network), fit)


@RELAXED
@given(networks.filter(lambda network: len(network) > 1), fits, st.data())
def test_layers_in_another_order_or_fewer_change_the_digest(network, fit, data):
    """Order and number of layers count, but for a swap of equals."""
    order = data.draw(st.permutations(range(len(network))))
    moved = [network[place] for place in order]
    assert (digest(built(moved), fit) == digest(built(network), fit)) is (moved == network)
    assert digest(built(network[:-1]), fit) != digest(built(network), fit)
