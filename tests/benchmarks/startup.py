"""Start-up: the import, ``--help``, a config error, and ``predict`` against a script that loads the
same network with Keras.
"""

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import FORECAST, run, side_by_side

ROOT = Path(__file__).parents[2]
ROUNDS = 7

# What people write without this project: read the table, take the last window, load the network,
# predict.
KERAS_SCRIPT = """\
import sys
import keras
import pandas as pd

network = keras.saving.load_model(sys.argv[1])
series = pd.read_csv(sys.argv[2])["co2"].to_numpy("float32")
scaled = (series - series[:1390].mean()) / series[:1390].std()
window = scaled[-network.input_shape[1]:].reshape(1, -1, 1)
print(network.predict(window - window[:, -1:], verbose=0))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = ROOT / "configs" / "quickstart.yaml"
        run([*FORECAST, "train", "--config", str(config), "--set", "training.epochs=1"], cwd=folder)
        network = next(folder.glob("runs/quickstart/*/network.keras"))
        wrong = folder / "wrong.yaml"
        wrong.write_text(config.read_text().replace("units:", "unit:"))
        script = folder / "script.py"
        script.write_text(KERAS_SCRIPT)
        usage = side_by_side(
            {
                "import lstm_forecast": [sys.executable, "-c", "import lstm_forecast"],
                "python": [sys.executable, "-c", ""],
                "forecast --help": [*FORECAST, "--help"],
                "config error": [*FORECAST, "train", "--config", str(wrong)],
                "forecast predict": [*FORECAST, "predict"],
                "Keras script": [
                    sys.executable,
                    str(script),
                    str(network),
                    str(ROOT / "data" / "co2.csv"),
                ],
            },
            cwd=folder,
            rounds=ROUNDS,
            expect={"config error": 3},
        )
    print(f"medians of {ROUNDS} interleaved processes")
    for label, one in usage.items():
        print(f"{label:20} {one.seconds:6.2f} s  {one.peak_mib:7.0f} MiB")
    predict, keras = usage["forecast predict"], usage["Keras script"]
    print(
        f"predict is {keras.seconds / predict.seconds:.1f} times as fast as the script (at least 5)"
    )
    print(f"predict takes {predict.peak_mib / keras.peak_mib:.2f} of its memory (at most 0.25)")
    print("--help and a config error: at most 0.35 s each")
    imported = usage["import lstm_forecast"].seconds - usage["python"].seconds
    print(f"import lstm_forecast takes {1000 * imported:.0f} ms of its process (at most 50)")
