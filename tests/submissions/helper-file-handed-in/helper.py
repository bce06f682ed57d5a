"""Данные и сеть для задания 1."""

import numpy as np
from keras import Sequential, layers


def make_data():
    rng = np.random.default_rng()
    return rng.random((1000, 20)), rng.integers(0, 2, size=(1000, 1))


def make_model():
    model = Sequential([layers.Dense(128, activation="tanh"), layers.Dense(1, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model
