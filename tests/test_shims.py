"""Old spellings under the shims: each does what today's spelling does, and fails without them."""

import json

import pytest

from tests.probing import run

DATA = """
import numpy as np, keras
x = np.random.default_rng(1).random((40, 4)).astype("float32")
images = np.random.default_rng(2).random((40, 8, 8, 1)).astype("float32")
y = np.arange(40) % 3
Y = np.eye(3)[y]
"""
MODEL = """
from keras.layers import Dense
model = keras.Sequential([keras.Input((4,)), Dense(5, activation="relu"), Dense(3, activation="softmax")])
model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
"""
FITTED = MODEL + "history = model.fit(x, Y, epochs=2, batch_size=8, verbose=0, validation_split=0.2)\n"
FLOW = """
from tensorflow.keras.preprocessing.image import ImageDataGenerator
flow = lambda: ImageDataGenerator().flow(images, Y, batch_size=10, shuffle=False)
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
model.compile("sgd", "categorical_crossentropy")
"""
CONFIG = "result = {key: value for key, value in result.get_config().items() if key != 'name'}"

CASES = {
    # name: what comes before, the old spelling, today's
    "np_utils": (
        "",
        "from keras.utils import np_utils\nresult = np_utils.to_categorical(y, 3)",
        "result = keras.utils.to_categorical(y, 3)",
    ),
    "nb_classes": (
        "",
        "from tensorflow.keras.utils import to_categorical\nresult = to_categorical(y, nb_classes=3)",
        "result = keras.utils.to_categorical(y, 3)",
    ),
    "to_categorical-dtype": (
        "",
        "result = keras.utils.to_categorical(y, 3, dtype='int32').dtype.name",
        "result = keras.utils.to_categorical(y, 3).astype('int32').dtype.name",
    ),
    "layers.core": (
        "",
        "from keras.layers.core import Dense\nresult = Dense(3)\n" + CONFIG,
        "result = keras.layers.Dense(3)\n" + CONFIG,
    ),
    "star-import": (
        "",
        "from keras.layers.core import *\nresult = Dropout(0.1)\n" + CONFIG,
        "result = keras.layers.Dropout(0.1)\n" + CONFIG,
    ),
    "dotted-module": (
        "",
        "import keras.layers.core\nresult = keras.layers.core.Dense(3)\n" + CONFIG,
        "result = keras.layers.Dense(3)\n" + CONFIG,
    ),
    "tensorflow-experimental": (
        "import tensorflow as tf\n",
        "result = tf.keras.layers.experimental.preprocessing.Rescaling(0.5)\n" + CONFIG,
        "result = tf.keras.layers.Rescaling(0.5)\n" + CONFIG,
    ),
    "api-v2": (
        "",
        "from keras.api._v2.keras.layers import Dense\nresult = Dense(3)\n" + CONFIG,
        "result = keras.layers.Dense(3)\n" + CONFIG,
    ),
    "objectives": (
        "",
        "from keras import objectives\nresult = objectives.mean_squared_error(Y, Y + 1)",
        "result = keras.losses.mean_squared_error(Y, Y + 1)",
    ),
    "optimizer-in-lower-case": (
        "",
        "from keras.optimizers import sgd\nresult = sgd(0.1)\n" + CONFIG,
        "result = keras.optimizers.SGD(0.1)\n" + CONFIG,
    ),
    "lr": ("", "result = keras.optimizers.Adam(lr=0.1)\n" + CONFIG, "result = keras.optimizers.Adam(0.1)\n" + CONFIG),
    "optimizers.legacy": (
        "import tensorflow as tf\n",
        "result = tf.keras.optimizers.legacy.SGD(lr=0.1, momentum=0.5)\n" + CONFIG,
        "result = keras.optimizers.SGD(learning_rate=0.1, momentum=0.5)\n" + CONFIG,
    ),
    "optimizer.lr": (
        MODEL,
        "from keras import backend as K\nmodel.optimizer.lr = 0.5\nresult = float(K.get_value(model.optimizer.lr))",
        "model.optimizer.learning_rate = 0.5\nresult = float(model.optimizer.learning_rate)",
    ),
    "set_value": (
        MODEL + "import tensorflow as tf\n",
        "tf.keras.backend.set_value(model.optimizer.learning_rate, 0.5)\nresult = float(model.optimizer.learning_rate)",
        "model.optimizer.learning_rate = 0.5\nresult = float(model.optimizer.learning_rate)",
    ),
    "keras-1-dense": (
        "",
        "result = keras.layers.Dense(output_dim=3, init='uniform', bias=False, input_dim=4)\n" + CONFIG,
        "result = keras.layers.Dense(units=3, kernel_initializer='uniform', use_bias=False, input_dim=4)\n" + CONFIG,
    ),
    "keras-1-convolution": (
        "",
        "from keras.layers import Convolution2D\n"
        "result = Convolution2D(4, 3, 5, border_mode='same', subsample=(2, 2))\n" + CONFIG,
        "result = keras.layers.Conv2D(4, (3, 5), padding='same', strides=(2, 2))\n" + CONFIG,
    ),
    "keras-1-rows-and-columns": (
        "",
        "result = keras.layers.Convolution2D(nb_filter=4, nb_row=3, nb_col=5)\n" + CONFIG,
        "result = keras.layers.Conv2D(4, (3, 5))\n" + CONFIG,
    ),
    "keras-1-dim_ordering": (
        "",
        "result = keras.layers.MaxPooling2D((2, 2), dim_ordering='th')\n" + CONFIG,
        "result = keras.layers.MaxPooling2D((2, 2), data_format='channels_first')\n" + CONFIG,
    ),
    "keras-1-dropout": (
        "",
        "result = keras.layers.Dropout(p=0.3)\n" + CONFIG,
        "result = keras.layers.Dropout(0.3)\n" + CONFIG,
    ),
    "keras-1-embedding": (
        "",
        "result = keras.layers.Embedding(10, 3, init='uniform')\n" + CONFIG,
        "result = keras.layers.Embedding(10, 3, embeddings_initializer='uniform')\n" + CONFIG,
    ),
    "keras-1-lstm": (
        "",
        "result = keras.layers.LSTM(output_dim=3, dropout_W=0.1, dropout_U=0.2, inner_init='orthogonal')\n" + CONFIG,
        "result = keras.layers.LSTM(3, dropout=0.1, recurrent_dropout=0.2, recurrent_initializer='orthogonal')\n"
        + CONFIG,
    ),
    "image_dim_ordering": (
        "from keras import backend as K\n",
        "K.set_image_dim_ordering('tf')\nresult = K.image_dim_ordering()",
        "keras.config.set_image_data_format('channels_last')\nresult = 'tf'",
    ),
    "CuDNNLSTM": (
        "",
        "result = keras.layers.CuDNNLSTM(3)\n" + CONFIG,
        "result = keras.layers.LSTM(3)\n" + CONFIG,
    ),
    "input_shape-is-a-number": (
        "",
        "result = keras.Sequential([keras.layers.Dense(3, input_shape=(4))]).input_shape",
        "result = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))]).input_shape",
    ),
    "Input-is-a-number": ("", "result = keras.Input(4).shape", "result = keras.Input((4,)).shape"),
    "batch_input_shape": (
        "",
        "result = keras.Sequential([keras.layers.Dense(3, batch_input_shape=(None, 4))]).input_shape",
        "result = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))]).input_shape",
    ),
    "Model-input-output": (
        "a = keras.Input((4,)); b = keras.layers.Dense(2)(a)\n",
        "result = keras.models.Model(input=a, output=b).predict(x, verbose=0)",
        "result = keras.models.Model(inputs=a, outputs=b).predict(x, verbose=0)",
    ),
    "nb_epoch": (
        MODEL,
        "result = model.fit(x, Y, nb_epoch=2, show_accuracy=True, verbose=0).history['loss']",
        "result = model.fit(x, Y, epochs=2, verbose=0).history['loss']",
    ),
    "acc": (
        MODEL,
        "h = model.fit(x, Y, verbose=0, validation_split=0.2).history\nresult = h['acc'] + h['val_acc'] + [sorted(h)]",
        (
            "h = model.fit(x, Y, verbose=0, validation_split=0.2).history\n"
            "result = h['accuracy'] + h['val_accuracy'] + [sorted(h)]"
        ),
    ),
    "accuracy-of-acc": (
        MODEL + "model.compile('sgd', 'mse', metrics=['acc'])\n",
        "result = model.fit(x, Y, verbose=0).history['accuracy']",
        "result = model.fit(x, Y, verbose=0).history['acc']",
    ),
    "acc-in-a-callback": (
        MODEL,
        (
            "seen = []\nclass Stop(keras.callbacks.Callback):\n"
            "    def on_epoch_end(self, epoch, logs={}):\n"
            "        seen.append(logs.get('acc') + 0)\n"
            "model.fit(x, Y, epochs=2, verbose=0, callbacks=[Stop()])\nresult = seen"
        ),
        "result = model.fit(x, Y, epochs=2, verbose=0).history['accuracy']",
    ),
    "monitor": (
        MODEL,
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_acc', patience=1)\n"
            "result = len(model.fit(x, Y, epochs=20, verbose=0, validation_split=0.2, callbacks=[stop]).history['loss'])"
        ),
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=1)\n"
            "result = len(model.fit(x, Y, epochs=20, verbose=0, validation_split=0.2, callbacks=[stop]).history['loss'])"
        ),
    ),
    "plateau-epsilon": (
        "",
        "result = keras.callbacks.ReduceLROnPlateau(epsilon=0.1).min_delta",
        "result = keras.callbacks.ReduceLROnPlateau(min_delta=0.1).min_delta",
    ),
    "predict_classes": (
        FITTED,
        "result = model.predict_classes(x)",
        "result = model.predict(x, verbose=0).argmax(axis=-1)",
    ),
    "predict_classes-of-one": (
        "one = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation='sigmoid')])\n",
        "result = one.predict_classes(x)",
        "result = (one.predict(x, verbose=0) > 0.5).astype('int32')",
    ),
    "predict_proba": (FITTED, "result = model.predict_proba(x)", "result = model.predict(x, verbose=0)"),
    "fit_generator": (
        FLOW,
        "result = model.fit_generator(flow(), 4, 2, 0).history['loss']",
        "result = model.fit(flow(), steps_per_epoch=4, epochs=2, verbose=0).history['loss']",
    ),
    "samples_per_epoch": (
        FLOW,
        (
            "result = model.fit_generator(flow(), samples_per_epoch=40, nb_epoch=2, verbose=0,"
            " validation_data=flow(), nb_val_samples=20).history['val_loss']"
        ),
        (
            "result = model.fit(flow(), steps_per_epoch=4, epochs=2, verbose=0,"
            " validation_data=flow(), validation_steps=2).history['val_loss']"
        ),
    ),
    "evaluate_generator": (
        FLOW,
        "result = model.evaluate_generator(flow(), steps=2)",
        "result = model.evaluate(flow(), steps=2, verbose=0)",
    ),
    "predict_generator": (
        FLOW,
        "result = model.predict_generator(flow(), steps=2)",
        "result = model.predict(flow(), steps=2, verbose=0)",
    ),
    "ImageDataGenerator": (
        "",
        (
            "from keras.preprocessing.image import ImageDataGenerator\n"
            "result = next(ImageDataGenerator(rescale=0.5).flow(images, shuffle=False))"
        ),
        (
            "from tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
            "result = next(ImageDataGenerator(rescale=0.5).flow(images, shuffle=False))"
        ),
    ),
    "Tokenizer": (
        "",
        "from keras.preprocessing.text import Tokenizer\nresult = Tokenizer(nb_words=3).num_words",
        "from tensorflow.keras.preprocessing.text import Tokenizer\nresult = Tokenizer(num_words=3).num_words",
    ),
    "save-without-ending": (
        FITTED,
        "model.save('bare'); result = keras.models.load_model('bare').predict(x, verbose=0)",
        "model.save('m.keras'); result = keras.models.load_model('m.keras').predict(x, verbose=0)",
    ),
    "save_weights-h5": (
        FITTED,
        (
            "model.save_weights('w.h5'); model.layers[0].kernel.assign(model.layers[0].kernel * 0)\n"
            "model.load_weights('w.h5'); result = model.predict(x, verbose=0)"
        ),
        "result = model.predict(x, verbose=0)",
    ),
    "save_weights-without-ending": (
        FITTED,
        (
            "model.save_weights('bare'); model.layers[0].kernel.assign(model.layers[0].kernel * 0)\n"
            "model.load_weights('bare'); result = model.predict(x, verbose=0)"
        ),
        "result = model.predict(x, verbose=0)",
    ),
    "ModelCheckpoint-hdf5": (
        FITTED,
        (
            "model.fit(x, Y, verbose=0, validation_split=0.2, callbacks=[keras.callbacks.ModelCheckpoint("
            "'best-{epoch}-{val_acc:.0f}.hdf5', monitor='val_acc', period=1)])\n"
            "import glob; result = keras.models.load_model(glob.glob('best-1-*.hdf5')[0]).predict(x, verbose=0)"
        ),
        "model.fit(x, Y, verbose=0, validation_split=0.2); result = model.predict(x, verbose=0)",
    ),
    "ModelCheckpoint-weights": (
        FITTED,
        (
            "model.fit(x, Y, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint('w', save_weights_only=True)])\n"
            "model.load_weights('w'); result = model.predict(x, verbose=0)"
        ),
        "model.fit(x, Y, verbose=0); result = model.predict(x, verbose=0)",
    ),
    "model.input": (
        "model = keras.Sequential([keras.layers.Dense(3)])\nmodel.compile('sgd', 'mse')\nmodel.fit(x, Y, verbose=0)\n",
        "result = [model.input.shape, model.output.shape]",
        "result = [model.inputs[0].shape, model.outputs[0].shape]",
    ),
    "layer.output_shape": (
        MODEL,
        "result = [model.layers[0].input_shape, model.layers[0].output_shape]",
        "result = [model.layers[0].input.shape, model.layers[0].output.shape]",
    ),
    "set_random_seed": (
        "import tensorflow as tf\n",
        "tf.set_random_seed(3); result = tf.random.normal([3])",
        "tf.random.set_seed(3); result = tf.random.normal([3])",
    ),
    "session-for-its-settings": (
        "import tensorflow as tf\nfrom keras import backend as K\n",
        (
            "config = tf.ConfigProto(); config.gpu_options.allow_growth = True\n"
            "K.set_session(tf.Session(config=config)); result = 1"
        ),
        "result = 1",
    ),
    "fractional-steps": (
        FLOW,
        "result = model.fit_generator(flow(), steps_per_epoch=40 / 16, epochs=1, verbose=0).history['loss']",
        "result = model.fit(flow(), steps_per_epoch=3, epochs=1, verbose=0).history['loss']",
    ),
    "maxnorm": (
        "",
        "from keras.constraints import maxnorm\nresult = keras.layers.Dense(3, W_constraint=maxnorm(3))\n" + CONFIG,
        "result = keras.layers.Dense(3, kernel_constraint=keras.constraints.MaxNorm(3))\n" + CONFIG,
    ),
    "losses-mse": ("", "result = keras.losses.mse(Y, Y + 1)", "result = keras.losses.mean_squared_error(Y, Y + 1)"),
    "sklearn": (
        "",
        "from sklearn.cross_validation import train_test_split\nresult = train_test_split(x, y, random_state=1)[0]",
        "from sklearn.model_selection import train_test_split\nresult = train_test_split(x, y, random_state=1)[0]",
    ),
    "antialias": (
        "from PIL import Image\n",
        "result = int(Image.ANTIALIAS)",
        "result = int(Image.LANCZOS)",
    ),
    "clock": ("import time\n", "result = time.clock() > 0", "result = time.process_time() > 0"),
    "get_cmap": (
        "import matplotlib.pyplot as plt\n",
        "result = plt.cm.get_cmap('jet')(0.5)",
        "result = plt.get_cmap('jet')(0.5)",
    ),
    "old-places": (
        "",
        (
            "import keras.engine\nfrom keras.optimizer_v2 import adam as adam_v2\nfrom keras.optimizers import gradient_descent_v2\n"
            "result = [type(keras.engine.Input((3,))).__name__, adam_v2.Adam(0.1).name, gradient_descent_v2.SGD(0.1).name]"
        ),
        "result = [type(keras.Input((3,))).__name__, keras.optimizers.Adam(0.1).name, keras.optimizers.SGD(0.1).name]",
    ),
    "old-place-of-a-stand-in": (
        "import tensorflow as tf\n",
        (
            "from keras.backend.tensorflow_backend import set_session\n"
            "set_session(tf.Session(config=tf.ConfigProto()))\nresult = 1"
        ),
        "result = 1",
    ),
    "keras_preprocessing": (
        "",
        (
            "from keras_preprocessing.image import ImageDataGenerator\n"
            "result = next(ImageDataGenerator(rescale=0.5).flow(images, shuffle=False))"
        ),
        (
            "from tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
            "result = next(ImageDataGenerator(rescale=0.5).flow(images, shuffle=False))"
        ),
    ),
    "initializers-in-lower-case": (
        "",
        "from keras.initializers import normal\nresult = normal(stddev=0.1)\n" + CONFIG,
        "result = keras.initializers.RandomNormal(stddev=0.1)\n" + CONFIG,
    ),
    "epsilon-is-none": (
        "",
        "result = keras.optimizers.Adam(lr=0.1, epsilon=None)\nkeras.Sequential([keras.layers.Dense(1)]).compile(result)\n"
        + CONFIG,
        "result = keras.optimizers.Adam(0.1)\n" + CONFIG,
    ),
    "schedule_decay": (
        "",
        "result = keras.optimizers.Nadam(lr=0.1, schedule_decay=0.004)\n" + CONFIG,
        "result = keras.optimizers.Nadam(0.1)\n" + CONFIG,
    ),
    **{
        f"tensorflow-1-{name}": (
            MODEL + "import tensorflow as tf\n",
            f"model.compile(tf.train.{old}, 'mse')\nresult = model.optimizer\n" + CONFIG,
            f"model.compile(keras.optimizers.{new}, 'mse')\nresult = model.optimizer\n" + CONFIG,
        )
        for name, old, new in (
            ("descent", "GradientDescentOptimizer(0.1)", "SGD(0.1)"),
            ("momentum", "MomentumOptimizer(0.1, 0.9)", "SGD(0.1, momentum=0.9)"),
            ("adam", "AdamOptimizer(0.1, beta1=0.8)", "Adam(0.1, beta_1=0.8, epsilon=1e-8)"),
            ("rmsprop", "RMSPropOptimizer(0.1)", "RMSprop(0.1, rho=0.9, epsilon=1e-10)"),
            ("adagrad", "AdagradOptimizer(0.1)", "Adagrad(0.1, initial_accumulator_value=0.1)"),
            ("adadelta", "AdadeltaOptimizer(0.1)", "Adadelta(0.1, rho=0.95, epsilon=1e-8)"),
        )
    },
    "metrics-in-third-place": (
        MODEL,
        "model.compile('sgd', 'mse', ['accuracy'])\nresult = model.fit(x, Y, verbose=0).history",
        "model.compile('sgd', 'mse', metrics=['accuracy'])\nresult = model.fit(x, Y, verbose=0).history",
    ),
    "metrics-is-a-name": (
        MODEL,
        "model.compile('sgd', 'mse', metrics='accuracy')\nresult = model.fit(x, Y, verbose=0).history",
        "model.compile('sgd', 'mse', metrics=['accuracy'])\nresult = model.fit(x, Y, verbose=0).history",
    ),
    **{
        f"loss-{old}": (
            MODEL,
            f"model.compile('sgd', '{old}')\nresult = model.fit(x, Y, verbose=0).history",
            f"model.compile('sgd', keras.losses.{new})\nresult = model.fit(x, Y, verbose=0).history",
        )
        for old, new in (
            ("kullback_leibler_divergence", "KLDivergence()"),
            ("logcosh", "LogCosh()"),
            ("cosine_proximity", "CosineSimilarity()"),
        )
    },
    "labels-in-a-row": (
        MODEL + "model.compile('sgd', 'mse', metrics=['accuracy'])\n",
        "result = model.fit(x, y, verbose=0, validation_data=(x, y)).history",
        "result = model.fit(x, y[:, None], verbose=0, validation_data=(x, y[:, None])).history",
    ),
    "images-to-be-flattened": (
        (
            "model = keras.Sequential([keras.layers.Flatten(input_shape=(8, 8)), keras.layers.Dense(3)])\n"
            "model.compile('sgd', 'mse')\n"
        ),
        "flat = images.reshape(40, 64)\nresult = [model.fit(flat, Y, verbose=0).history, model.predict(flat, verbose=0)]",
        (
            "square = images.reshape(40, 8, 8)\n"
            "result = [model.fit(square, Y, verbose=0).history, model.predict(square, verbose=0)]"
        ),
    ),
    "class_weight-auto": (
        MODEL,
        "result = model.fit(x, Y, verbose=0, class_weight='auto').history",
        "result = model.fit(x, Y, verbose=0).history",
    ),
    "AveragePooling2D": (
        "",
        "result = keras.layers.AveragePooling2D()\n" + CONFIG,
        "result = keras.layers.AveragePooling2D((2, 2))\n" + CONFIG,
    ),
    "MaxPooling1D": (
        "",
        "result = keras.layers.MaxPooling1D(pool_length=2, stride=3)\n" + CONFIG,
        "result = keras.layers.MaxPooling1D(2, 3)\n" + CONFIG,
    ),
    "half-of-a-number": (
        "",
        "result = [keras.layers.Dense(9 / 2).units, keras.layers.Conv2D(filters=8.0, kernel_size=3).filters]",
        "result = [4, 8]",
    ),
    "input_shape-of-numpy": (
        "",
        "result = keras.Sequential([keras.layers.Dense(3, input_shape=np.prod((2, 2)))]).input_shape",
        "result = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))]).input_shape",
    ),
    "InputLayer-is-a-number": (
        "",
        "result = [keras.layers.InputLayer(4).batch_shape, keras.layers.InputLayer(input_shape=4).batch_shape]",
        "result = [keras.layers.InputLayer((4,)).batch_shape] * 2",
    ),
    "sequence-in-two-numbers": (
        "",
        "result = keras.Sequential([keras.layers.LSTM(3, input_dim=5, input_length=7)]).input_shape",
        "result = keras.Sequential([keras.layers.LSTM(3, input_shape=(7, 5))]).input_shape",
    ),
    "keras-1-normalization": (
        "",
        "result = keras.layers.BatchNormalization(mode=0, fused=True, gamma_init='one', weights=None)\n" + CONFIG,
        "result = keras.layers.BatchNormalization(gamma_initializer='ones')\n" + CONFIG,
    ),
    "keras-1-gates": (
        "",
        "result = keras.layers.LSTM(3, inner_activation='sigmoid', forget_bias_init='one', consume_less='gpu')\n"
        + CONFIG,
        "result = keras.layers.LSTM(3, recurrent_activation='sigmoid')\n" + CONFIG,
    ),
    "l2-of-l": (
        "",
        "result = keras.regularizers.l2(l=0.5)\n" + CONFIG,
        "result = keras.regularizers.L2(0.5)\n" + CONFIG,
    ),
    "monitor-of-nothing": (
        MODEL,
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_f1', patience=1)\n"
            "result = model.fit(x, Y, epochs=3, verbose=0, callbacks=[stop]).history"
        ),
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_f1', patience=1, mode='min')\n"
            "result = model.fit(x, Y, epochs=3, verbose=0, callbacks=[stop]).history"
        ),
    ),
    "monitor-accuracy-of-acc": (
        MODEL + "model.compile('sgd', 'mse', metrics=['acc'])\n",
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_accuracy', patience=1)\n"
            "result = len(model.fit(x, Y, epochs=9, verbose=0, validation_split=0.2, callbacks=[stop]).history['loss'])"
        ),
        (
            "stop = keras.callbacks.EarlyStopping(monitor='val_acc', patience=1)\n"
            "result = len(model.fit(x, Y, epochs=9, verbose=0, validation_split=0.2, callbacks=[stop]).history['loss'])"
        ),
    ),
    "ModelCheckpoint-period": (
        MODEL,
        (
            "save = keras.callbacks.ModelCheckpoint('p{epoch}.h5', period=2)\n"
            "model.fit(x, Y, epochs=5, verbose=0, callbacks=[save])\nimport glob; result = sorted(glob.glob('p*.h5'))"
        ),
        "result = ['p2.h5', 'p4.h5']",
    ),
    "save_model": (
        FITTED,
        (
            "keras.models.save_model(model, 'bare-2', save_format='tf')\n"
            "result = keras.models.load_model('bare-2').predict(x, verbose=0)"
        ),
        "result = model.predict(x, verbose=0)",
    ),
    "K.function": (
        FITTED,
        (
            "from keras import backend as K\nf = K.function([model.inputs[0], K.learning_phase()], [model.layers[0].output])\n"
            "result = f([x, 0])[0]"
        ),
        "result = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)",
    ),
    "OneHotEncoder": (
        "from sklearn.preprocessing import OneHotEncoder\n",
        "result = OneHotEncoder(sparse=False).fit_transform(y[:, None])",
        "result = OneHotEncoder(sparse_output=False).fit_transform(y[:, None])",
    ),
    "Iterable": (
        "",
        "from collections import Iterable\nresult = isinstance([], Iterable)",
        "from collections.abc import Iterable\nresult = isinstance([], Iterable)",
    ),
    "numpy-names": (
        "",
        "result = [np.float(1), np.array([1], np.int).dtype.kind, np.Inf, np.product([2, 3])]",
        "result = [1.0, 'i', np.inf, np.prod([2, 3])]",
    ),
}

REFUSED = {
    "from keras.layers import Merge\nMerge([], mode='concat')": "concatenate",
    "from keras.wrappers.scikit_learn import KerasClassifier\nKerasClassifier(len)": "SKLearnClassifier",
    "import tensorflow as tf\ntf.placeholder('float', [None, 4])": "keras.Input",
    "def batches():\n    yield x, Y\n"
    + MODEL
    + "model.fit_generator(batches(), samples_per_epoch=40)": "images // batch_size",
    "keras.layers.BatchNormalization(mode=2)": "mode",
    "keras.layers.Dense(3, weights=[np.ones((4, 3)), np.ones(3)])": "weights",
    "from keras.layers.core import NoSuchLayer": "cannot import name 'NoSuchLayer'",
    "import tensorflow as tf\ntf.contrib.layers.flatten": "write keras",
    MODEL + "model.compile('sgd', 'binary_crossentropy')\nmodel.fit(x, y, verbose=0)": "same rank",
    MODEL + "model.compile('sgd', 'categorical_crossentropy')\nmodel.fit(x, y, verbose=0)": "same rank",
    MODEL + "model.compile('sgd', 'sparse_categorical_crossentropy')\nmodel.fit(x, Y, verbose=0)": "rank",
}
"""What cannot be imitated, and a word of its error."""

RUNNER = """
import json, os, tempfile, warnings
warnings.simplefilter("ignore")
os.chdir(tempfile.mkdtemp())
import numpy as np
def plain(value):
    if isinstance(value, dict):
        return {{str(key): plain(one) for key, one in value.items()}}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (str, int, bool, type(None))):
        return value
    if hasattr(value, "get_config"):
        return type(value).__name__
    return np.asarray(value, dtype="float64").round(5).tolist()
import keras
for name, source in json.loads({sources!r}).items():
    names = {{"__name__": "__main__"}}
    keras.utils.set_random_seed(1)
    try:
        exec(compile(source, name, "exec"), names)
        print(json.dumps([name, plain(names.get("result")), ""]))
    except Exception as error:
        print(json.dumps([name, None, type(error).__name__ + ": " + str(error)[:300]]))
"""


def executed(sources, *, shims):
    """Run snippets one after the other in one process; gives each one's result and error, and the events."""
    events, out = run(RUNNER.format(sources=json.dumps(sources)), shims=shims)
    rows = [json.loads(line) for line in out.splitlines() if line.startswith("[")]
    return {name: (result, error) for name, result, error in rows}, events


@pytest.fixture(scope="module")
def found():
    """Every case: the old spelling with and without shims, today's without."""
    old = {name: DATA + before + source for name, (before, source, _) in CASES.items()}
    new = {name: DATA + before + source for name, (before, _, source) in CASES.items()}
    return {
        "shimmed": executed(old, shims=True)[0],
        "bare": executed(old, shims=False)[0],
        "today": executed(new, shims=False)[0],
    }


@pytest.mark.xdist_group("old spellings")  # one process runs them all, once
@pytest.mark.parametrize("name", CASES)
def test_an_old_spelling_does_what_today_s_does(found, name):
    """Same numbers, settings or shapes from both, and only the shims make the old one run."""
    (result, error), (wanted, none) = found["shimmed"][name], found["today"][name]
    assert (error, none) == ("", "")
    assert result == wanted
    bare, stopped = found["bare"][name]
    assert stopped or bare != wanted


def test_what_cannot_be_imitated_is_refused_with_what_to_write():
    """The error names the replacement; nothing half right is trained."""
    refused, _ = executed({source: DATA + source for source in REFUSED}, shims=True)
    assert {source: word in refused[source][1] for source, word in REFUSED.items()} == dict.fromkeys(REFUSED, True)


def test_every_use_is_told_with_its_cell_and_today_s_spelling():
    """One event a cell and spelling, and a warning in the output."""
    events, _out = run(
        "cell('from keras.utils import np_utils')\n"
        "cell('from keras.optimizers import SGD\\nfor _ in range(3):\\n    SGD(lr=0.1)')\n"
        "cell('SGD(learning_rate=0.1, decay=1e-6)')\n",
        ipython=True,
        shims=True,
    )
    told = [(one["cell"], one["old"], one["write"], one["stops"]) for one in events if one["event"] == "legacy"]
    assert told == [
        (2, "lr=", "learning_rate=", True),
        (3, "decay=", "keras.optimizers.schedules.InverseTimeDecay(...)", False),
    ]


def test_libraries_are_told_nothing_new():
    """A library that looks for an old name to learn its surroundings finds what is really there."""
    script = """
    import numpy, types
    library = types.ModuleType("library")
    exec("import numpy\\nfound = hasattr(numpy, 'float_')", library.__dict__)
    print(library.found, hasattr(numpy, "no_such_name"))
    """
    _, out = run(script, shims=True)
    assert out.split() == ["False", "False"]
