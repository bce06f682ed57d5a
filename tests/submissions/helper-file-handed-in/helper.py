"""Данные и сеть для задания 1."""
import numpy as np
from keras import Sequential, layers


def make_data():
    return np.random.rand(1000, 20), np.random.randint(2, size=(1000, 1))


def make_model():
    model = Sequential([layers.Dense(128, activation="tanh"), layers.Dense(1, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model
