"""Prints losses and accuracies by epoch of classifiers that scikit-learn trains on its own data sets: curves of another program.

    pip install scikit-learn==1.9.1 && OMP_NUM_THREADS=1 python bench/lcdb/epochs.py > target/lcdb/epochs.csv

26 data sets (digits, breast cancer, wine, iris, and 22 that make_classification draws) by six learners, a third of each data set held
out; four minutes. Rows stand at epochs about a factor of the fourth root of 2 apart, one evaluation each: nothing is averaged.
"""

import warnings

import numpy as np
from sklearn import datasets
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
EPOCHS = 256


def data_sets():
    for load in (datasets.load_digits, datasets.load_breast_cancer, datasets.load_wine, datasets.load_iris):
        yield load.__name__.removeprefix("load_"), *load(return_X_y=True)
    for seed in range(22):
        rng = np.random.default_rng(seed)
        features = int(rng.integers(8, 48))
        informative = int(rng.integers(4, features // 2 + 3))
        yield (
            f"drawn_{seed}",
            *datasets.make_classification(
                n_samples=int(rng.integers(300, 2000)),
                n_features=features,
                n_informative=informative,
                n_redundant=int(rng.integers(0, features - informative)) // 2,
                n_classes=int(rng.integers(2, 5)),
                n_clusters_per_class=int(rng.integers(1, 3)),
                flip_y=float(rng.choice([0.0, 0.05, 0.15])),
                class_sep=float(rng.uniform(0.4, 1.5)),
                random_state=seed,
            ),
        )


def learners():
    yield "sgd_constant", SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.003, random_state=0)
    yield "sgd_optimal", SGDClassifier(loss="log_loss", alpha=0.01, random_state=0)
    for name, size, solver, rate, alpha in (
        ("mlp_adam", (32,), "adam", 1e-3, 1e-4),
        ("mlp_adam_deep", (32, 32), "adam", 3e-4, 1e-4),
        ("mlp_adam_decay", (64,), "adam", 1e-3, 1.0),
        ("mlp_sgd", (32,), "sgd", 0.01, 1e-4),
    ):
        yield name, MLPClassifier(size, solver=solver, learning_rate_init=rate, alpha=alpha, batch_size=32, random_state=0)


steps = sorted({round(2 ** (i / 4)) for i in range(4 * int(np.log2(EPOCHS)) + 1)})
print("dataset,learner,step,train_loss,train_accuracy,test_loss,test_accuracy")
for dataset, inputs, labels in data_sets():
    split = train_test_split(inputs, labels, test_size=1 / 3, random_state=0, stratify=labels)
    scaler = StandardScaler().fit(split[0])
    train, test = (scaler.transform(split[0]), split[2]), (scaler.transform(split[1]), split[3])
    classes = np.unique(labels)
    for learner, model in learners():
        for epoch in range(1, EPOCHS + 1):
            model.partial_fit(*train, classes=classes)
            if epoch in steps:
                numbers = []
                for x, y in (train, test):
                    numbers += [log_loss(y, model.predict_proba(x), labels=classes), model.score(x, y)]
                print(dataset, learner, epoch, *(f"{number:.5g}" for number in numbers), sep=",")
