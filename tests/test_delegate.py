"""A fit in a kernel that the trainer does: asked for over a link, answered, handed over, and never believed."""

import json
import random
import socket
import struct
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from grader.datasets import DataStore
from grader.delegate import Delegate, Quota
from grader.errors import TrainerError
from grader.execute import Job, run_notebook
from grader.measure import SEEDS
from grader.recipe import recipe_of
from grader.records import Limits, Profile, Training, TrainingLimits, TrainingOutcome, msg
from grader.train import TrainerPool
from tests.recipes import dense, fitted, functional, inputs, layer, mnist_rows, model, sequential, wired
from tests.sameness import without_figures
from tests.test_execute import write_notebook
from tests.test_sandbox import needs_seal

QUICK = Profile(name="quick", steps=60)
LENGTH = struct.Struct(">I")


class Counting:
    """Stands for the trainer where it must not be asked, or only counted."""

    def __init__(self, state=b"state"):
        self.asked, self.state = [], state

    def train_with_state(self, recipe, dataset, profile, seed):
        self.asked.append((recipe, seed))
        training = Training(
            recipe=recipe.digest,
            seed=seed,
            dataset="mnist",
            fingerprint="f",
            profile=profile.name,
            device="cpu",
            outcome=TrainingOutcome.TRAINED,
            test_accuracy=0.987,
            test_loss=0.5,
            history={"loss": (0.5,), "accuracy": (0.9,)},
        )
        return training, self.state


@pytest.fixture(scope="module")
def mnist():
    """The offline sample."""
    return DataStore().choose("mnist", "sample")


LIMITS = Limits()


class Kernel:
    """The far end of a link, as a hostile kernel holds it."""

    def __init__(self, trainer, mnist, quota=Quota):
        self.near, self.far = socket.socketpair()
        self.far.settimeout(20)
        self.given = []
        delegate = Delegate(trainer=trainer, datasets={"mnist": mnist}, profile=QUICK, quota=quota)
        self.thread = threading.Thread(target=lambda: self.given.extend(delegate.serve(self.near)), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.far.close()
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.near.close()

    def send(self, request):
        self.far.sendall(LENGTH.pack(len(request)) + request)

    def ask(self, fit, facts):
        """Ask as the probe does; returns the answer and the state."""
        self.send(as_request(fit, facts))
        return self.answer()

    def answer(self):
        (size,) = LENGTH.unpack(self.exactly(4))
        answer = json.loads(self.exactly(size))
        return answer, self.exactly(answer["state_bytes"])

    def exactly(self, size):
        found = b""
        while len(found) < size:
            part = self.far.recv(size - len(found))
            if not part:
                raise EOFError
            found += part
        return found


def as_request(fit, facts):
    from dataclasses import asdict

    events = ({"event": "model", **asdict(facts)}, {"event": "fit", **asdict(fit)})
    return b"\n".join(json.dumps(event).encode() for event in events)


NETWORK = model(sequential(inputs(784), dense(16, "relu"), dense(10, "softmax")))
FIT = fitted(**mnist_rows(6000))
ON_TEST = fitted(**mnist_rows(500, split="test", train_rows=0, test_rows=500))
FEW_TEST_ROWS = replace(FIT, validation_x=ON_TEST.x, validation_y=ON_TEST.y)


def test_an_answer_holds_history_and_state_and_nothing_of_the_test_split(mnist):
    """What the kernel gets is what a training shows while it runs; seeds are those the judging uses."""
    trainer = Counting()
    with Kernel(trainer, mnist) as kernel:
        answer, state = kernel.ask(FIT, NETWORK)
    assert (set(answer), state) == ({"history", "kinds", "names", "state_bytes"}, b"state")
    assert (answer["kinds"], answer["names"]) == (["Dense", "Dense"], ["dense", "dense"])
    assert "0.987" not in json.dumps(answer)
    ((recipe, seed),) = trainer.asked
    assert (kernel.given, seed) == ([recipe.digest], 1001)


@pytest.mark.parametrize(
    ("fit", "facts", "why"),
    [
        (ON_TEST, NETWORK, "it trains on test rows"),
        (FEW_TEST_ROWS, NETWORK, "validation is over few test rows"),
        (replace(FIT, fresh=False), NETWORK, "the training did not start from fresh weights: they were changed before"),
    ],
    ids=["trains on test", "few test rows", "not fresh"],
)
def test_what_is_not_handed_over_says_why_and_is_not_trained(mnist, fit, facts, why):
    """Nothing that could tell test labels one by one, and nothing that cannot be a recipe."""
    trainer = Counting()
    with Kernel(trainer, mnist) as kernel:
        answer, state = kernel.ask(fit, facts)
    assert (answer["why"], state, trainer.asked, kernel.given) == (why, b"", [], [])


def test_layers_are_named_in_the_order_of_the_network(mnist):
    """The kernel finds its layers by the names it gave them, in whichever order it lists them."""
    start, last = wired(inputs(784)), wired(layer("Add", "sum"), "a", "b")
    two = [wired(dense(10, "softmax", name), "input_layer") for name in "ba"]
    with Kernel(Counting(), mnist) as kernel:
        answer, _ = kernel.ask(FIT, model(functional(start, *two, last), api="functional"))
    assert (answer["kinds"], answer["names"]) == (["Dense", "Dense", "Add"], ["a", "b", "sum"])


def test_a_fit_that_follows_another_is_asked_for_with_it(mnist):
    """Only what this very notebook was given can be gone on from; the second training has a digest of its own."""
    trainer = Counting()
    second = replace(FIT, fit=1, fresh=False, not_fresh_because="trained-before", follows=0)
    with Kernel(trainer, mnist) as kernel:
        answer, state = kernel.ask(second, NETWORK)
        assert (answer["why"], state) == ("the training before was not done by the grader", b"")
        kernel.ask(FIT, NETWORK)
        kernel.ask(second, NETWORK)
    (first, _), (then, _) = trainer.asked
    assert (then.before, then.chain) == (first, (first, then))
    assert kernel.given == [first.digest, then.digest]
    assert first.digest != then.digest


def test_of_a_fit_that_was_trained_already_it_is_told_whether_it_can_be_trained_again(mnist):
    """Nothing is trained or given; one that follows another is told of together with it."""
    trainer = Counting()
    own = model(sequential(inputs(784), dense(16, {"class_name": "Mine"}), dense(10, "softmax")))
    first = replace(FIT, in_kernel_because="one of its callbacks has to see the training")
    second = replace(first, fit=1, fresh=False, not_fresh_because="trained-before", follows=0)
    lost = replace(second, fit=3, follows=2)
    with Kernel(trainer, mnist) as kernel:
        answers = [kernel.ask(*asked) for asked in ((first, NETWORK), (second, NETWORK), (lost, NETWORK), (first, own))]
    assert [answer.get("rebuildable") for answer, _ in answers] == [True, True, None, None]
    assert "activation of the layer Dense" in answers[3][0]["why"]
    assert not any(state for _, state in answers)
    assert (trainer.asked, kernel.given) == ([], [])


@pytest.mark.parametrize(
    ("quota", "why"),
    [
        ({"requests": 2}, "the notebook has asked for too many trainings"),
        ({"steps": 500}, "the notebook has asked for too many steps"),
        ({"bytes": 10}, "the trained weights are too large to hand over"),
    ],
)
def test_a_notebook_gets_so_much_and_no_more(mnist, quota, why):
    """Requests, steps and bytes are counted for each notebook; beyond, it trains by itself."""
    with Kernel(
        Counting(b"state" if "bytes" not in quota else b"x" * 6), mnist, quota=lambda: Quota(**quota)
    ) as kernel:
        answers = [kernel.ask(FIT, NETWORK)[0] for _ in range(3)]
    assert "why" not in answers[0]
    assert why in [answer.get("why") for answer in answers]


class Broken(Counting):
    def train_with_state(self, *_):
        raise TrainerError(msg("no trainer on this machine at /secret/path"))


def test_a_trainer_that_does_not_work_is_a_reason_not_an_exception(mnist):
    """The kernel trains by itself, and learns nothing about this machine."""
    with Kernel(Broken(), mnist) as kernel:
        answer, _ = kernel.ask(FIT, NETWORK)
    assert answer == {"why": "the trainer does not work here: TrainerError", "state_bytes": 0}


def test_an_announced_flood_ends_the_link(mnist):
    """Nothing is allocated for a length beyond the bound, and nobody waits for the rest."""
    with Kernel(Counting(), mnist) as kernel:
        kernel.far.sendall(LENGTH.pack(0xFFFFFFFF) + b"x" * 1000)
        kernel.thread.join(20)
        assert not kernel.thread.is_alive()


def test_garbage_is_answered_and_the_next_request_is_served(mnist):
    """Whatever bytes come in a frame, the service neither falls over nor trains."""
    chance, trainer, good = random.Random(5), Counting(), as_request(FIT, NETWORK)
    with Kernel(trainer, mnist, quota=lambda: Quota(garbage=150)) as kernel:
        for number in range(150):
            garbage = bytearray(good)
            if number % 3 == 0:  # noise
                garbage = bytearray(chance.randbytes(chance.randrange(2000)))
            elif number % 3 == 1:  # cut somewhere
                del garbage[chance.randrange(len(garbage)) :]
            else:  # a value in the middle is another one
                text = good.decode().split(",")
                text[chance.randrange(len(text))] = chance.choice(
                    ['"x": 1e999', '"epochs": -1', '"snapshot": 7', "[" * 500, '"\\ud800": 0', "null"]
                )
                garbage = bytearray(",".join(text).encode())
            kernel.send(bytes(garbage))
            answer, state = kernel.answer()
            assert bool(state) != bool(answer.get("why"))
        trained = len(trainer.asked)
        answer, state = kernel.ask(FIT, NETWORK)
    assert state == b"state"
    assert trained < 10  # a damaged line may by chance still be a fit


def test_two_models_two_fits_or_one_of_another_model_are_no_request(mnist):
    """One request is one training."""
    good = as_request(FIT, NETWORK)
    bad = [good + b"\n" + good, good.split(b"\n")[0], as_request(replace(FIT, snapshot=9), NETWORK), b""]
    with Kernel(Counting(), mnist) as kernel:
        for request in bad:
            kernel.send(request)
            assert kernel.answer()[0]["why"].startswith("the ")


SETUP = """
import numpy as np, keras
(x, y), (xt, yt) = keras.datasets.mnist.load_data()
x = x.reshape((60000, 784)).astype("float32") / 255; xt = xt.reshape((10000, 784)).astype("float32") / 255
def net(metrics=("accuracy",), optimizer="rmsprop", loss="sparse_categorical_crossentropy"):
    m = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    m.compile(optimizer=optimizer, loss=loss, metrics=list(metrics)); return m
"""
SEEN = "part = (x[50000:51000], y[50000:51000])\ndef same(m, h): return abs(m.evaluate(*part, verbose=0)[0] - h.history['val_loss'][-1]) < 1e-4\n"
BRANCHES = (
    SEEN
    + """
L, i = keras.layers, keras.Input((784,))
a, b = (L.Dense(24, activation=kind)(i) for kind in ("relu", "tanh"))
s = L.BatchNormalization()(L.Add()([b, a]))
r = L.Add()([s, L.Dense(24, activation="relu")(s)])
d = L.Dropout(0.1)
m = keras.Model(i, L.Dense(10, activation="softmax")(L.Concatenate()([r, d(a), d(b)])))
m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
h = m.fit(x[:6000], y[:6000], validation_data=part, verbose=0)
print(same(m, h), list(h.history))"""
)
CELLS = {
    "plain": "m = net(); h = m.fit(x, y, epochs=3, batch_size=128); print(sorted(h.history), h.epoch, h.params)",
    "is the model's own": "print(m.history is h, int(m.optimizer.iterations) > 0, m.stop_training)",
    "learned": "e = m.evaluate(xt, yt, verbose=0); print(len(e), e[1] > 0.5)",
    "goes on": "h = m.fit(x, y, epochs=1, verbose=0); print(sorted(h.history))",
    "goes on again": "print(int(m.optimizer.iterations)); "
    "h = m.fit(x[:6000], y[:6000], initial_epoch=1, epochs=2, validation_data=(x[50000:51000], y[50000:51000]), verbose=0)\n"
    "print(h.epoch, int(m.optimizer.iterations), "
    "abs(m.evaluate(x[50000:51000], y[50000:51000], verbose=0)[0] - h.history['val_loss'][-1]) < 1e-4)",
    "goes on compiled again": "m.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])\n"
    "h = m.fit(x, y, epochs=1, verbose=0); print(int(m.optimizer.iterations), m.optimizer.name)",
    "goes on at another rate": "m.optimizer.learning_rate = 1e-4; h = m.fit(x, y, epochs=1, verbose=0); "
    "print(round(float(m.optimizer.learning_rate), 6))",
    "goes on with other weights": "m.layers[0].set_weights([w * 0.9 for w in m.layers[0].get_weights()]); h = m.fit(x, y, verbose=0)",
    "saves and loads": "m.save('m.keras'); n = keras.models.load_model('m.keras'); p = xt[:64]; "
    "print(np.allclose(m.predict(p, verbose=0), n.predict(p, verbose=0)), n.count_params())",
    "split, slice and shuffle": "i = np.random.permutation(60000)[:9000]; m = net(['acc']); "
    "h = m.fit(x[i], y[i], validation_split=0.1, epochs=2, verbose=2); print(list(h.history))",
    "validation on test data": "h = net(['sparse_categorical_accuracy']).fit(x[5000:], y[5000:], epochs=2, "
    "validation_data=(xt, yt), verbose=0); print(list(h.history))",
    "one-hot and class weights": "o = keras.utils.to_categorical(y); h = net(loss='categorical_crossentropy')"
    ".fit(x, o, class_weight={0: 2.0, 1: 1.0, **{k: 1.0 for k in range(2, 10)}}, verbose=0); print(list(h.history))",
    "goes on with frozen layers": "f = net(); h = f.fit(x, y, verbose=0); f.layers[0].trainable = False; f.compile(optimizer='adam', "
    "loss='sparse_categorical_crossentropy', metrics=['accuracy']); h = f.fit(x, y, verbose=0)",
    "stops early": "s = keras.callbacks.EarlyStopping(monitor='val_loss', patience=0, min_delta=5, "
    "restore_best_weights=True, verbose=1); h = net(optimizer='adam').fit(x, y, epochs=20, validation_split=0.2, "
    "callbacks=[s], verbose=0); print(len(h.epoch), s.stopped_epoch, s.best_weights is not None)",
    "lowers its rate": "r = keras.callbacks.ReduceLROnPlateau(monitor='loss', factor=0.5, patience=0, min_delta=9); "
    "m = net(optimizer=keras.optimizers.SGD(0.08)); h = m.fit(x, y, epochs=4, callbacks=[r], verbose=0); "
    "print([round(v, 4) for v in h.history['learning_rate']], round(float(m.optimizer.learning_rate), 4))",
    "without metrics": "m = net([]); h = m.fit(x, y, initial_epoch=1, epochs=3, verbose=0); print(list(h.history), h.epoch)",
    "branches and joins": BRANCHES,
    "a schedule of epoch and rate": "def halve(epoch, lr): return lr * 0.5 if epoch else lr\n"
    "m = net(optimizer=keras.optimizers.SGD(0.08)); s = keras.callbacks.LearningRateScheduler(halve, verbose=1)\n"
    "h = m.fit(x, y, epochs=4, callbacks=[s], verbose=2)\n"
    "print([round(v, 4) for v in h.history['learning_rate']], round(float(m.optimizer.learning_rate), 4))",
    "a schedule of the epoch": "import math; BASE = 0.01; rate = lambda epoch: BASE * math.exp(-0.1 * epoch)\n"
    "m = net(); h = m.fit(x, y, initial_epoch=1, epochs=3, callbacks=[keras.callbacks.LearningRateScheduler(rate)], verbose=0)\n"
    "print(h.epoch, h.history['learning_rate'])",
    "a schedule that prints": "def told(epoch): print('epoch', epoch); return 0.01\n"
    "h = net().fit(x, y, epochs=2, callbacks=[keras.callbacks.LearningRateScheduler(told)], verbose=0)",
    "a callback of its own": "class Mine(keras.callbacks.Callback):\n    def on_epoch_end(self, e, logs): print('mine', e)\n"
    "h = net().fit(x, y, callbacks=[Mine()], verbose=0)",
    "a checkpoint": "h = net().fit(x, y, callbacks=[keras.callbacks.ModelCheckpoint('c.keras')], verbose=0)\n"
    "import os; print(os.path.exists('c.keras'))",
    "another metric": "h = net(['mae'], loss='categorical_crossentropy').fit(x, o, verbose=0); print(list(h.history))",
    "weights that were set": "m = net(); m.build((None, 784)); m.set_weights(m.get_weights()); h = m.fit(x, y, verbose=0)",
    "wrong labels": "h = net().fit(x[:9000], np.roll(y[:9000], 7), verbose=0); print(list(h.history))",
    "a pipeline": "import tensorflow as tf; D = tf.data.Dataset.from_tensor_slices; rows = D((x[:3000], y[:3000]))\n"
    "held = D((x[50000:51000], y[50000:51000])).batch(500)\n"
    "m = net(); h = m.fit(rows.shuffle(3000).batch(64), epochs=2, validation_data=held)\n"
    "print(list(h.history), h.params, abs(m.evaluate(held, verbose=0)[0] - h.history['val_loss'][-1]) < 1e-4)",
    "a pipeline in a buffer, none short": "h = net().fit(rows.shuffle(100).batch(64, drop_remainder=True), epochs=2); print(h.params)",
    "a pipeline of images": "whole = lambda i, l: (tf.reshape(tf.cast(i, tf.float32) / 255, [784]), tf.one_hot(l, 10))\n"
    "raw = D((keras.datasets.mnist.load_data()[0][0], y)).map(whole).cache().shuffle(60000).batch(64).prefetch(2)\n"
    "h = net(loss='categorical_crossentropy').fit(raw, epochs=4, verbose=2); print(h.params)",
    "a pipeline without end": "h = net().fit(rows.shuffle(3000).batch(100).repeat(), steps_per_epoch=30, epochs=2, verbose=2); print(h.params)",
    "a pipeline of shuffled batches": "h = net().fit(rows.batch(64).shuffle(47), verbose=0); print(h.params)",
    "a pipeline with weights": "h = net().fit(rows.batch(64), class_weight=dict.fromkeys(range(10), 1.0), verbose=0)",
    "a pipeline with chance": "h = net().fit(rows.map(lambda i, l: (i + tf.random.normal([784]), l)).batch(64), verbose=0)",
    "a pipeline and labels": "net().fit(rows.batch(64), y[:3000], verbose=0)",
    "shapes": "a = net(); a.fit(x[:3000], y[:3000], batch_size=64, verbose=0); b = net(); b.fit(x[:3000], y[:3000], batch_size=50, "
    "verbose=0)\nprint([one.get_config()['build_input_shape'] for one in (a, b, m)])",
    "half an epoch": "net().fit(x, y, epochs=3 / 2, verbose=0)",
    "a mistake": "net().fit(x, y[:-1], verbose=0)",
}
HANDED_OVER = ("plain", "goes on", "goes on again", "goes on compiled again", "goes on at another rate", "split, slice and shuffle", "validation on test data", "one-hot and class weights", "stops early",
               "lowers its rate", "without metrics", "branches and joins", "a schedule of epoch and rate", "a schedule of the epoch",
               "shapes", "a pipeline", "a pipeline in a buffer, none short", "a pipeline of images", "a pipeline without end")  # fmt: skip
HERE = {
    "goes on with other weights": "trained-before",
    "goes on with frozen layers": "the network is another one than in the training before",
    "a callback of its own": "one of its callbacks has to see the training",
    "a schedule that prints": "the learning rates it sets cannot be told beforehand",
    "a checkpoint": "one of its callbacks has to see the training",
    "another metric": "it measures what we do not measure",
    "weights that were set": "weights-set",
    "wrong labels": "its labels are not those of the data set",
    "a pipeline of shuffled batches": "shuffles-batches",
    "a pipeline with weights": "it has arguments that are not for pipelines",
    "a pipeline with chance": "impure-map",
    "half an epoch": "its epochs or batches are no whole numbers",
}


@pytest.fixture(scope="module")
def pool(mnist, tmp_path_factory):
    """A trainer that keeps what it trained."""
    cache = tmp_path_factory.mktemp("cache")
    with TrainerPool(bounds=TrainingLimits(), cache=cache, datasets=[mnist], keeps_states=True) as pool:
        yield pool


def run(folder, mnist, helper, cells, profile=QUICK, limits=LIMITS):
    """Run cells in a sealed kernel; returns the execution and what each cell showed, progress lines without times."""
    folder.mkdir(exist_ok=True)
    notebook = write_notebook(folder / "work.ipynb", *cells)
    job = Job(notebook=notebook, out=folder / "out", datasets=(mnist,), profile=profile, limits=limits)
    execution = run_notebook(job, helper)
    executed = json.loads((folder / "out" / "executed.ipynb").read_text())
    # Which of stdout and stderr is noticed first is chance.
    outputs = [sorted(cell["outputs"], key=lambda one: one.get("name", "")) for cell in executed["cells"]]
    shown = ["".join("".join(one.get("text", "")) for one in cell) for cell in outputs]
    return execution, shown


@pytest.fixture(scope="module")
def both(mnist, pool, tmp_path_factory):
    """The same notebook, once with its fits handed to the trainer and once without."""
    folder, cells = tmp_path_factory.mktemp("both"), [SETUP, *CELLS.values()]
    delegate = Delegate(trainer=pool, datasets={"mnist": mnist}, profile=QUICK)
    return run(folder / "delegated", mnist, delegate, cells), run(folder / "kernel", mnist, None, cells)


def fits_of(execution):
    """The fits by the names of their cells, of several in a cell the last."""
    return {list(CELLS)[fit.cell - 2]: fit for fit in execution.trace.fits}


@needs_seal
@pytest.mark.slow
def test_fits_that_are_recipes_are_trained_by_the_trainer_and_others_say_why_not(both):
    """Slices, shuffles, splits, validation, weights and callbacks are handed over; the rest trains where it is."""
    (execution, _), (kernel, _) = both
    fits = fits_of(execution)
    assert {name for name, fit in fits.items() if fit.delegated} == set(HANDED_OVER)
    assert {name: fits[name].in_kernel_because for name in HERE} == HERE
    assert len(execution.delegated) == len(HANDED_OVER) + 2  # the first ones of those with frozen layers, and of shapes
    assert not [note for note in execution.trace.notes if note.what == "probe-fault"]
    assert not kernel.delegated
    assert not any(fit.delegated or fit.in_kernel_because for fit in kernel.trace.fits)


@needs_seal
@pytest.mark.slow
def test_what_was_handed_over_is_what_the_trace_tells(both, mnist, pool):
    """The recipe that judging reads off the trace is the one that was trained, and its training is at hand."""
    (execution, _), _ = both
    models = {one.snapshot: one for one in execution.trace.models}
    recipes = {}
    for fit in (one for one in execution.trace.fits if one.delegated):
        recipes[fit.fit] = recipe_of(fit, models[fit.snapshot], recipes.get(fit.follows))
    recipes = recipes.values()
    assert {recipe.digest for recipe in recipes} == set(execution.delegated)
    assert all(pool.train(recipe, mnist, QUICK, SEEDS[0]).cached for recipe in recipes)


@needs_seal
@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_a_notebook_cannot_tell_who_trained(name, both):
    """Cells end in the same way and print the same: names, lengths, epochs, stopping, rates, loaded models."""
    (execution, shown), (kernel, expected) = both
    at = list(CELLS).index(name) + 1
    mine, theirs = execution.cells[at], kernel.cells[at]
    assert (mine.status, mine.error, mine.message) == (theirs.status, theirs.error, theirs.message)
    assert without_figures(shown[at]) == without_figures(expected[at])


class Slow:
    """Takes longer for a training than a cell may run."""

    def __init__(self, pool, seconds):
        self.pool, self.seconds = pool, seconds

    def train_with_state(self, recipe, dataset, profile, seed):
        time.sleep(self.seconds)
        return self.pool.train_with_state(recipe, dataset, profile, seed)


@needs_seal
@pytest.mark.slow
def test_time_spent_waiting_for_the_trainer_is_not_the_notebooks(mnist, pool, tmp_path):
    """A class waits in line for the same training; what the notebook does itself is limited all the same."""
    limits = Limits(cell_seconds=40, notebook_seconds=60)
    delegate = Delegate(trainer=Slow(pool, 80), datasets={"mnist": mnist}, profile=QUICK)
    cells = [SETUP, "h = net().fit(x, y, epochs=2, batch_size=64, verbose=0)", "import time\ntime.sleep(300)"]
    execution, _ = run(tmp_path, mnist, delegate, cells, limits=limits)
    assert [fit.delegated for fit in execution.trace.fits] == [True]
    assert [str(cell.status) for cell in execution.cells] == ["ok", "ok", "timed_out"]


ALIKE = """
import json
found = []
for _ in range(12):
    m = net(optimizer="adam")
    h = m.fit(x, y, epochs=2, batch_size=64, verbose=0)
    found.append([m.evaluate(xt, yt, verbose=0)[1], h.history["loss"][-1], float(np.abs(m.get_weights()[0]).mean())])
print(json.dumps(found))
"""


@needs_seal
@pytest.mark.slow
def test_both_ways_of_training_give_the_same_distribution(mnist, pool, tmp_path):
    """Twelve trainings in a kernel and twelve of the trainer: accuracy, loss and weights differ by chance alone."""
    _, shown = run(tmp_path / "kernel", mnist, None, [SETUP, ALIKE])
    kernel = np.array(json.loads(shown[1]))
    given = OneByOne(pool)
    delegate = Delegate(trainer=given, datasets={"mnist": mnist}, profile=QUICK)
    execution, shown = run(tmp_path / "delegated", mnist, delegate, [SETUP, ALIKE])
    assert len([fit for fit in execution.trace.fits if fit.delegated]) == given.asked == 12
    delegated = np.array(json.loads(shown[1]))
    # Welch's t for each figure; 4.5 is passed by chance about once in ten thousand runs.
    spread = np.sqrt(kernel.var(axis=0, ddof=1) / 12 + delegated.var(axis=0, ddof=1) / 12)
    assert (np.abs(kernel.mean(axis=0) - delegated.mean(axis=0)) / spread < 4.5).all()


class OneByOne:
    """Gives every request another seed: as many students with the same recipe, each trained by itself."""

    def __init__(self, pool):
        self.pool, self.asked = pool, 0

    def train_with_state(self, recipe, dataset, profile, seed):
        self.asked += 1
        return self.pool.train_with_state(recipe, dataset, profile, seed + self.asked)


SCORED = {
    "given": "m = net(); h = m.fit(x[:640], y[:640], verbose=0)",
    "trained here": "c = keras.callbacks.ModelCheckpoint('c.keras'); n = net(); h = n.fit(x[:640], y[:640], callbacks=[c], verbose=0)",
    "goes on": "h = n.fit(x[:640], y[:640], callbacks=[c], verbose=0)",
    "out of bounds": "k = keras.layers.ReLU(); b = keras.Sequential([keras.layers.Dense(32, activation=k), keras.layers.Dense(10)])\n"
    "b.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True)); h = b.fit(x[:640], y[:640], callbacks=[c], verbose=0)",
    "another layer": "w = keras.Sequential([keras.Input((784,)), keras.layers.Normalization(mean=0.1, variance=0.1), keras.layers.Dense(10)])\n"
    "w.compile('sgd', keras.losses.SparseCategoricalCrossentropy(from_logits=True)); h = w.fit(x[:640], y[:640], verbose=0)",
    "a callback": "l = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: None)\n"
    "p = net(); h = p.fit(x[:640], y[:640], callbacks=[l], verbose=0)",
    "half precision": "keras.mixed_precision.set_global_policy('mixed_float16'); f = net(); h = f.fit(x[:640], y[:640], verbose=0)",
}


@needs_seal
@pytest.mark.slow
@pytest.mark.parametrize("asks", [True, False])
def test_models_that_nobody_trains_again_are_scored_and_no_others(mnist, pool, tmp_path, asks):
    """The host says what it rebuilds; without it, what it refuses in any case is known, and all else is not kept."""
    delegate = Delegate(trainer=pool, datasets={"mnist": mnist}, profile=QUICK) if asks else None
    execution, _ = run(tmp_path, mnist, delegate, [SETUP, *SCORED.values()])
    assert not any(cell.error for cell in execution.cells), execution.cells
    assert len(execution.trace.fits) == len(SCORED)
    scored = {list(SCORED)[one.after_fit] for one in execution.trace.predictions}
    assert scored == {"another layer", "a callback", "half precision"} | ({"out of bounds"} if asks else set())
    assert not [note for note in execution.trace.notes if note.what == "probe-fault"]
