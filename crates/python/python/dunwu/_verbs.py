"""Every verb of the command line as a function. Made by `make_verbs.py` from the table of commands; not to be edited."""

from __future__ import annotations

from typing import Literal

from ._native import Answer
from ._words import Setting, Value, Word, ask_command

__all__ = [
    "attend",
    "audit",
    "compare",
    "coordinates",
    "curvature",
    "derive",
    "doctor",
    "forecast",
    "fork",
    "import_",
    "launch_ray",
    "launch_slurm",
    "law",
    "league",
    "ls",
    "measures",
    "next",
    "note",
    "pair",
    "passkey",
    "peaks",
    "phase",
    "presets",
    "quals",
    "race",
    "reach",
    "report",
    "resume",
    "rm",
    "run",
    "science",
    "settings",
    "show",
    "site",
    "stream",
    "sweep",
    "tag",
    "task",
    "unit",
    "verdict",
    "work",
]


def attend(
    model: Word,
    text: Word,
    *,
    tokens: Value | None = None,
    from_: Value | None = None,
    recent: Value | None = None,
    head: Value | None = None,
    assign: Value | None = None,
    hold: Value | None = None,
    budget: Value | None = None,
    threads: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Where a language model's attention is sparse: `dunwu attend MODEL.gguf TEXT.txt`

    Reads the first tokens of a text with all keys kept, and measures for each head how much of its attention rests on the first token and on recent ones, how many keys hold 95 % of it, its entropy, and what a cache of a few first and last keys would lose. --assign writes which cache each head needs. --head gives the attention of one head instead, query by query.

    model: A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    text: A text file; its first tokens are read
    tokens: Tokens to read, what begins the text included (default: 3000)
    from_: First query that is measured, so that there are keys to choose from (default: 512)
    recent: Keys that count as recent, the query's own included (default: 64)
    head: Instead of measuring all heads, give the attention of this one, query by query, over the first 96 tokens
        (fewer with --tokens)
    assign: Write to this file which policy each key head needs, for `dunwu stream --policy heads:FILE`
    hold: Share of a head's attention that its cache has to hold (default: 0.95)
    budget: Keys of heads that no smaller cache serves, instead of all
    threads: Threads to decode with (default: all cores)
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("attend",),
        (model, text,),
        {"tokens": tokens, "from": from_, "recent": recent, "head": head, "assign": assign, "hold": hold, "budget": budget, "threads": threads, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def audit(
    *words: Word,
    quiet: bool = False,
    compare: Value | None = None,
    measure: Value | None = None,
    better: Literal['more', 'less'] | None = None,
    seed: Value | None = None,
    tuned: Value | list[Value] | None = None,
    results: Value | list[Value] | None = None,
    reported: Value | None = None,
    label: Value | None = None,
    bench: Value | None = None,
    rows: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Does the evidence mislead? `dunwu audit table.parquet --compare optimizer=adam,muon --measure test_accuracy`

    Of a run, a table of results with what is claimed of it, or two files of samples: leakage between training and held-out samples, numbers of another split or step, the best of many, too few seeds, an untuned baseline, arms that differ in more than is named, runs that were cut off. Each with its evidence and with what it does to the conclusion.

    words: A run (directory, name or first digits of the id), a table of results, or two files of samples
    compare: Of a table: the setting whose two values are compared, such as optimizer=adam,muon
    measure: Of a table: the column that the claim is about
    better: Whether more of the measure is better or less (default: less for losses, errors and times)
    seed: Of a table: the column that counts repetitions (default: seed, trial, fold, …)
    tuned: Of a table: columns that each arm chose for itself
    results: Of a table: columns that are results and no settings, where their names do not say so
    reported: The number that was reported, as it was written: of the better arm, or of a run
    label: Of two files: the column that is predicted (default: label, target, class or y)
    bench: Make N planted mistakes of each kind with their clean twins, and count how often the audit is right
    rows: Of --bench: write one row a case as CSV
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("audit",),
        (*words,),
        {"compare": compare, "measure": measure, "better": better, "seed": seed, "tuned": tuned, "results": results, "reported": reported, "label": label, "bench": bench, "rows": rows, "runs": runs},
        {},
        quiet=quiet,
    )


def compare(
    run_a: Word,
    run_b: Word,
    *,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Set two runs of one task side by side: do their losses send the same gradient, and did they build the same
    features?

    Asks both losses about the features of both networks, at moments that both recorded, and compares features by linear CKA and unit by unit, each beside what chance and a network at its first step would give. Where another program made one of them, their series are compared, and what is known of them.

    run_a: Directory, name or first digits of the id
    run_b: Directory, name or first digits of the id
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("compare",),
        (run_a, run_b,),
        {"output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def coordinates(
    *words: Word,
    widths: Value | list[Value] | None = None,
    steps: Value | None = None,
    seeds: Value | None = None,
    scale: Value | list[Value] | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """How sizes scale with the width of a network: `dunwu coordinates small --widths 64,128,256,512`

    Trains the spec for a few updates at several widths and seeds. Measures for every layer how large its activations are and how far they moved, and for every array of weights what its update alone does to the outputs; fits the power of the width with which each goes, with its 95 % interval. Within ±0.1 about 0 it is stable. Of two layers and an mlp the width is model.width; of a transformer it is model.dimension, with model.width in proportion and the number of heads as it is. Exit codes: 0 stable, 3 not stable, 4 cannot tell.

    words: A preset or a TOML file (default: tian-2025), then settings as key=value
    widths: Widths at which it is trained (default: 32,64,128,256)
    steps: Updates of each network; the learning rate's schedule is that of the spec's own steps (default: 10)
    seeds: Networks of each width, with the spec's seed and those that follow (default: 3)
    scale: A setting that is multiplied by (width / smallest width)^POWER, such as optimizer.learning_rate=-1; may
        be repeated
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("coordinates",),
        (*words,),
        {"widths": widths, "steps": steps, "seeds": seeds, "scale": scale, "output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def curvature(
    *words: Word,
    every: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Measure how sharply the loss is curved, beside the edge of stability: `dunwu curvature RUN --every 20`

    Trains the run again and takes the largest eigenvalue of the Hessian of the loss over the whole training sample before every N-th update: as it is, divided by what Adam divides by, and along the update; exactly, in f64. SGD, Adam and AdamW.

    words: A run (directory, name or first digits of the id), or a preset, a spec or settings, as for `dunwu run`
    every: Steps between two points (default: a fiftieth of the run)
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("curvature",),
        (*words,),
        {"every": every, "output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def derive(
    file: Word,
    *,
    quiet: bool = False,
    run: Value | list[Value] | None = None,
    seed: Value | None = None,
    draws: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Try every step of a derivation on random tensors: `dunwu derive FILE.toml`

    The first step that is false comes with an example as small as can be found, the factor where only a factor is wrong, and the assumptions under which it would stand. A derivation that stands on every draw has evidence and no proof. Exit codes: 0 every step stands, 3 a step is false or says nothing, 4 cannot tell.

    file: The derivation, a TOML file
    run: Try every step on the snapshots of this run, too: W, V, X and Y are its weights, training samples and
        labels
    seed: What the tensors are drawn from (default: 0)
    draws: Draws of each step, at least (default: 24)
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("derive",),
        (file,),
        {"run": run, "seed": seed, "draws": draws, "runs": runs},
        {},
        quiet=quiet,
    )


def doctor(
    *words: Word,
    train: bool = False,
    bench: Value | None = None,
    seed: Value | None = None,
    rows: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """What a run suffers from, and which switch to flip: `dunwu doctor RUN`; of a spec, what it gives away before a
    step is made

    Trains the run again, with the same bits, looks at every update from inside, and proves a reason by forks: the same run with one switch thrown, which does not go wrong. Exit codes: 0 well, 3 sick, 4 cannot tell.

    words: A run (directory, name or first digits of the id); a preset, a spec or settings, as for `dunwu run`; or
        a file or folder of series that another program recorded (CSV, Parquet, JSON lines, `TensorBoard`, Weights
        & Biases offline)
    train: Of a spec: train it now, and look at that
    bench: Make N plants and N decoys of each kind in each network, and 50 N clean runs of each, and count how
        often the doctor is right
    seed: Of --bench: what its cases are drawn from (default: 1)
    rows: Of --bench: write one JSON object a case
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("doctor",),
        (*words,),
        {"train": train, "bench": bench, "seed": seed, "rows": rows, "output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def export(
    run: Word,
    *,
    quiet: bool = False,
    output: Value | None = None,
    tables: Literal['parquet', 'csv'] | None = None,
    to: Literal['tensorboard', 'jsonl'] | None = None,
    follow: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Write every figure of a run as SVG and every table as Parquet or CSV, or the run for another program

    run: Directory, name or first digits of the id
    output: Folder to write to, made if it is missing (default: export- and the run's name; of event files:
        tensorboard)
    tables: How tables are written (default: parquet)
    to: Write it for another program instead: an event file of `TensorBoard`, or scalars.jsonl with one JSON
        object a step
    follow: Of --to tensorboard: go on writing as long as the run does
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("export",),
        (run,),
        {"output": output, "tables": tables, "to": to, "follow": follow, "runs": runs},
        {},
        quiet=quiet,
    )


def forecast(
    *words: Word,
    quiet: bool = False,
    uncertified: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """What a run will do, before it is made: `dunwu forecast small task=cyclic:23 data.fraction=0.5 steps=2000`

    The probability that held-out accuracy arrives at its level within the steps, when, what it would take, and why. Learned from runs of many kinds; a spec of another kind or size is said to lie outside, and nothing certified is said of it.

    words: A preset or a TOML file, then settings as key=value
    uncertified: Give the raw score too, of which nobody says how often it is wrong outside of what is known
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("forecast",),
        (*words,),
        {"uncertified": uncertified, "runs": runs},
        settings,
        quiet=quiet,
    )


def fork(
    run: Word,
    *words: Word,
    at: Value | None = None,
    until: Value | None = None,
    spec: bool = False,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Do something to a run from a step on, and set both side by side: `dunwu fork RUN --at 300
    optimizer.learning_rate=0.001`

    The child's spec is the parent's with what is done to it, so that it needs no parent. It goes on from the parent's checkpoint where that lies before the step, and is trained from step 0 otherwise, with the same bits.

    run: The parent: directory, name or first digits of the id
    words: KEY=VALUE for a setting that gets another value, or an action in words: "freeze top"
    at: The step before which it is done
    until: The step before which it is taken back (default: never)
    spec: Only print the child's spec, which needs no parent, and train nothing
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints: what a `kill -9` may cost (default: 10)
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("fork",),
        (run, *words,),
        {"at": at, "until": until, "spec": spec, "checkpoint-every": checkpoint_every, "output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def import_(
    *files: Word,
    name: Value | None = None,
    as_: Value | list[Value] | None = None,
    steps: Value | list[Value] | None = None,
    map: Value | list[Value] | None = None,
    split: Value | None = None,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Make runs of what other programs made: `dunwu import logs/`, `dunwu import model.safetensors --as small
    task=cyclic:23`

    Logs: event files of `TensorBoard` (those of one folder are one run), offline files of Weights & Biases, CSV, Parquet and JSON lines with a step; of a folder, all that it holds. Importing again adds what is new. The runs are then listed, shown, compared, reported and judged as others are.

    Weights, with --as: a run whose spec says which task, which samples and which network; losses and accuracies are computed here, and show, report, compare and peaks --run read it as any other. Several files are several steps of one run. Names and extents of PyTorch modules and of `TransformerLens` are known; what does not fit is listed.

    files: A file or a folder of logs; with --as files of safetensors, one a step
    name: Of logs: what the run is called (default: after its file or folder); only for one run
    as_: Of weights: what `dunwu run` takes, a preset or a TOML file, then settings as key=value
    steps: Of weights: the steps of the files, in their order, with commas (default: the numbers in their names)
    map: Of weights: which array is which, where that is not clear: theirs=ours, or theirs=ours.T for one that
        lies transposed; may be repeated
    split: Of weights: an array of whole numbers in the first file that names the training samples: their places,
        their operands, or a mask
    quiet: No progress on standard error
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("import",),
        (*files,),
        {"name": name, "as": as_, "steps": steps, "map": map, "split": split, "runs": runs},
        {},
        quiet=quiet,
    )


def launch_ray(
    *words: Word,
    quiet: bool = False,
    exclude: Value | list[Value] | None = None,
    keep: Value | None = None,
    judge: Value | None = None,
    budget: Value | None = None,
    minutes: Value | None = None,
    tasks: Value | None = None,
    cpus: Value | None = None,
    address: Value | None = None,
    python: Value | None = None,
    submit: Value | list[Value] | None = None,
    dry_run: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """One job whose tasks each work through many runs, and which writes the table when they have ended

    Needs `ray` on the path (`pip install 'ray[default]'`). Tasks claim runs by files in the folder of runs, which all nodes have to share. A worker that is killed is begun again by Ray and goes on from its checkpoint. If the head dies, launching again goes on.

    words: A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`,
        `1.5..4.5/13`, `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y`
        goes together; brackets or quotes around a value that holds commas,
        `'task=cyclic:7,[product:cyclic:2,cyclic:3]'`
    exclude: Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several
        times
    keep: What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    judge: Park runs that look hopeless, at this risk: at most such a share of the runs that would generalize is
        lost. A random twentieth of them trains on, as an audit; rows are kept apart from those of unjudged sweeps
    budget: The steps that all runs may make together: those worth most are made first, and what is parked goes on
        where steps are left
    minutes: How long a task should last (default: 10)
    tasks: No more tasks than this
    cpus: Processors of a task, each of which trains one run at a time (default: 1)
    address: Where the cluster's dashboard is, such as `http://127.0.0.1:8265` (default: as `ray job submit` finds
        it, by `RAY_API_SERVER_ADDRESS`)
    python: The Python on the cluster that has Ray (default: python3)
    submit: An option of `ray job submit`, such as --submit --entrypoint-num-cpus=1; may be repeated
    dry_run: Print what would be submitted, as a script that does it, and submit nothing
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("launch", "ray"),
        (*words,),
        {"exclude": exclude, "keep": keep, "judge": judge, "budget": budget, "minutes": minutes, "tasks": tasks, "cpus": cpus, "address": address, "python": python, "submit": submit, "dry-run": dry_run, "runs": runs},
        settings,
        quiet=quiet,
    )


def launch_slurm(
    *words: Word,
    quiet: bool = False,
    exclude: Value | list[Value] | None = None,
    keep: Value | None = None,
    judge: Value | None = None,
    budget: Value | None = None,
    minutes: Value | None = None,
    tasks: Value | None = None,
    cpus: Value | None = None,
    time_limit: Value | None = None,
    partition: Value | None = None,
    account: Value | None = None,
    qos: Value | None = None,
    sbatch: Value | list[Value] | None = None,
    dry_run: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """A job array whose tasks each work through many runs, and a job that writes the table when they have ended

    Tasks claim runs by files in the folder of runs, which all nodes have to share. A task that is preempted, or whose time is up, saves what it was doing and goes on where it stopped. Launching again covers what remains.

    words: A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`,
        `1.5..4.5/13`, `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y`
        goes together; brackets or quotes around a value that holds commas,
        `'task=cyclic:7,[product:cyclic:2,cyclic:3]'`
    exclude: Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several
        times
    keep: What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    judge: Park runs that look hopeless, at this risk: at most such a share of the runs that would generalize is
        lost. A random twentieth of them trains on, as an audit; rows are kept apart from those of unjudged sweeps
    budget: The steps that all runs may make together: those worth most are made first, and what is parked goes on
        where steps are left
    minutes: How long a task should last (default: 10)
    tasks: No more tasks than this
    cpus: Processors of a task, each of which trains one run at a time (default: 1)
    time_limit: When a task is ended and requeued (default: twice its estimated time, and 3 minutes)
    partition: Partition of both jobs
    account: Account of both jobs
    qos: Quality of service of both jobs
    sbatch: An option of sbatch for both jobs, such as --sbatch --mem=4G; may be repeated
    dry_run: Print what would be submitted, as a script that does it, and submit nothing
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("launch", "slurm"),
        (*words,),
        {"exclude": exclude, "keep": keep, "judge": judge, "budget": budget, "minutes": minutes, "tasks": tasks, "cpus": cpus, "time-limit": time_limit, "partition": partition, "account": account, "qos": qos, "sbatch": sbatch, "dry-run": dry_run, "runs": runs},
        settings,
        quiet=quiet,
    )


def law(
    table: Word,
    *filters: Word,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """How the critical sample size grows with the size M of a sweep's tasks: `dunwu law TABLE model.width=256`

    A threshold with its interval for each task; M ln M, M^(5/3), M² and M^a compared by their evidence on the single runs, and with no law at all; and where two cannot be told apart, the cheapest further runs that would do so.

    table: The Parquet table that `dunwu sweep` wrote
    filters: Only runs with these settings; `task=cyclic` keeps a family
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("law",),
        (table, *filters,),
        {"output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def league(
    *,
    pools: Value | None = None,
    per_pool: Value | None = None,
    seed: Value | None = None,
    controls: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Every predictor of how a run ends on one benchmark: what each knows, how early, and what stopping by it costs

    Draws pools of runs, each of one task, families in turn; trains them; and compares the last value, power laws, signs of the literature, rules by rank and the shipped verdict with parts of what it sees left out. The same pools, runs and seed give the same table.

    pools: Pools, each of one task; families go round, so that the default is one pool of each (default: 22)
    per_pool: Runs of a pool (default: 10)
    seed: What they are drawn from (default: 7)
    controls: Instead: so many runs each of shuffled labels, of no decay, and of a loss that oscillates without
        cause; exit code 3 where the shipped verdict calls shuffled labels hopeful
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("league",),
        (),
        {"pools": pools, "per-pool": per_pool, "seed": seed, "controls": controls, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def ls(
    *words: Word,
    quiet: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """List the runs of a folder, the newest first: `dunwu ls task=cyclic state=grokked sort=-test`

    words: Only runs with these values; also tag=, state=, sort= and limit=
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("ls",),
        (*words,),
        {"runs": runs},
        settings,
        quiet=quiet,
    )


def measures(
    name: Word | None = None,
    *,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Every measure: what it tells, formula, shape, unit, source

    name: Only this one
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("measures",),
        (name,),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def next(
    table: Word,
    *words: Word,
    quiet: bool = False,
    budget: Value | None = None,
    for_: Literal['one', 'boundary', 'fastest', 'laws'] | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Which runs to make next, given a sweep's table: `dunwu next sweep.parquet --budget 20000 --for boundary`

    Cells between and beside those of the table are compared by what is gained a step; each run is chosen as if the one before it had helped least. Where the shipped verdict knows such runs, what it says comes in. Prints the command that makes them, and no others.

    table: The table of a sweep: .parquet or .csv
    words: KEY=VALUE for each setting that is to be held fixed
    budget: Steps that the runs may make together at most
    for_: What they are for (default: one)
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("next",),
        (table, *words,),
        {"budget": budget, "for": for_, "runs": runs},
        settings,
        quiet=quiet,
    )


def note(
    run: Word,
    *words: Word,
    quiet: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Write a note on a run; without words the note is taken away

    run: Directory, name or first digits of the id
    words: The note
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("note",),
        (run, *words,),
        {"runs": runs},
        settings,
        quiet=quiet,
    )


def pair(
    table: Word,
    *words: Word,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Two values of one setting compared in pairs of runs: `dunwu pair sweep.parquet optimizer=adam,muon`

    Pairs differ in that setting alone: the same seed, the same everything else. Says how much sooner the second value generalizes, in steps and in seconds at equal compute, how many more runs generalize, how much more accurate they end, each with its interval and its number of pairs.

    table: The table of a sweep, a Parquet file
    words: The setting with its two values, then tuned=KEY, and KEY=VALUE for each setting that is to be held
        fixed
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("pair",),
        (table, *words,),
        {"output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def passkey(
    model: Word,
    text: Word,
    *,
    policy: Value | list[Value] | None = None,
    distances: Value | list[Value] | None = None,
    trials: Value | None = None,
    seed: Value | None = None,
    threads: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """What a language model still knows once its cache has dropped it: `dunwu passkey MODEL.gguf TEXT.txt --policy
    full --policy sinks:4+1020`

    Hides five digits in the text and asks for them some hundred to some thousand tokens later, the same prompts for every cache policy. A cache of fixed size reads on for ever, but it does not remember.

    model: A GGUF file, or a folder with `config.json`, `tokenizer.json` and safetensors
    text: A text file, the filler in which keys are hidden
    policy: A cache policy, as in `dunwu stream`; once for each (default: full sinks:4+1020)
    distances: Tokens between key and question (default: 256 512 1024 2048 4096)
    trials: Keys for each policy and distance (default: 20)
    seed: Draws keys and where filler begins (default: 0)
    threads: Threads to decode with (default: all cores)
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("passkey",),
        (model, text,),
        {"policy": policy, "distances": distances, "trials": trials, "seed": seed, "threads": threads, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def peaks(
    *words: Word,
    run: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """The peaks that a hidden unit can climb, before anything is trained: `dunwu peaks cyclic:23 n=212 energy=raw`

    Finds the local maxima of the energy on the unit sphere from many random starts, proves each by its gradient and its Hessian, puts together what the problem's symmetries make one, and says what each is good for. With --run, says which peak each unit of a trained network stands below.

    words: A task, then n=, fraction=, energy=, … as key=value; every setting of runs is a key
    run: A recorded run instead of a task: directory, name or first digits of the id
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("peaks",),
        (*words,),
        {"run": run, "output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def phase(
    table: Word,
    *words: Word,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Phase diagrams of a sweep over any two of its settings: `dunwu phase sweep.parquet x=data.fraction y=task`

    Each cell is the runs that differ in nothing but the seed: what most of them came to, the share that generalized, when, the final test accuracy, the share of generalizing units. Over the cells, where half of the seeds generalize and where the theory's fitted line runs.

    table: The table of a sweep, a Parquet file
    words: x=COLUMN, y=COLUMN, and KEY=VALUE for each setting that is to be held fixed
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("phase",),
        (table, *words,),
        {"output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def presets(
    *,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """The named starting points, each with its paper and what it promises

    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("presets",),
        (),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def quals(
    *,
    size: Literal['ci', 'full'] | None = None,
    seed: Value | None = None,
    tier: Value | list[Value] | None = None,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Examine the scientist: how often it is wrong, on cases of which the truth is known: `dunwu quals`

    Worlds without a law and proposers that cheat, planted laws beside other searches at equal numbers of runs, derivations with planted errors, processes that are killed. The same seed gives the same examination; no model and no network. Exit code 3: a figure misses its bar.

    size: How large it is (default: ci)
    seed: What all worlds are drawn from (default: 1)
    tier: Only tiers whose names begin so, such as `Q4`
    quiet: No progress on standard error
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("quals",),
        (),
        {"size": size, "seed": seed, "tier": tier, "runs": runs},
        {},
        quiet=quiet,
    )


def race(
    *words: Word,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """The race between memory and feature peaks as data grows: `dunwu race cyclic:23`

    At several amounts of data, for several samples each: heights and basins of the best peaks of both kinds on both landscapes, where feature peaks overtake, and from where on short real runs generalize.

    words: A task, then key=value; every setting of runs is a key
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("race",),
        (*words,),
        {"output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def reach(
    *words: Word,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """What an attention design can exchange, before anything is trained: `dunwu reach 3xchunked:8192/full
    length=32768`

    Follows what each layer sees: which pairs of positions exchange nothing however the network is trained, where a position hears less than the one before it, how many hops the others need, what it costs. Nothing is run: all of it is in the structure.

    words: A pattern or the name of a published design, then key=value
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("reach",),
        (*words,),
        {"output": output, "figures": figures, "runs": runs},
        settings,
        quiet=quiet,
    )


def report(
    run: Word,
    *,
    quiet: bool = False,
    output: Value | None = None,
    landscape: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Write the one-file HTML report of a run

    run: Directory, name or first digits of the id
    output: Where to write it (default: report.html in the run's directory)
    landscape: Draw the run's landscape too: the mountains and which peaks its units stand below, which takes as
        long as training
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("report",),
        (run,),
        {"output": output, "landscape": landscape, "runs": runs},
        {},
        quiet=quiet,
    )


def resume(
    run: Word,
    *,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Go on with a run that was interrupted, with the same bits

    run: Directory, name or first digits of the id
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints: what a `kill -9` may cost (default: 10)
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("resume",),
        (run,),
        {"checkpoint-every": checkpoint_every, "runs": runs},
        {},
        quiet=quiet,
    )


def rm(
    *names: Word,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Remove runs with all their files; a run that is being written is refused

    names: Directories, names or first digits of ids
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("rm",),
        (*names,),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def run(
    *words: Word,
    doctor: bool = False,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """Train one network and open it: `dunwu run small task=cyclic:23 data.fraction=0.4 seed=3`

    Settings are written the same here and in files (`dunwu settings` lists them). A run that exists already is not run again but shown; one that was interrupted goes on where it stopped.

    words: A preset or a TOML file (default: tian-2025), then settings as key=value
    doctor: Look at every update while it trains, say at once what is out of the ordinary, and diagnose the run
        when it has ended
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints: what a `kill -9` may cost (default: 10)
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("run",),
        (*words,),
        {"doctor": doctor, "checkpoint-every": checkpoint_every, "runs": runs},
        settings,
        quiet=quiet,
    )


def samples(
    file: Word,
    *,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """How much each training sample is memorized, from arrays of anybody's network: `dunwu samples
    arrays.safetensors`

    What all other samples say of a sample's label, by a kernel regression without it; of a network whose outputs are linear in its inputs, how much the sample's own loss falls for its being there. No network is trained.

    file: A safetensors file with the arrays below
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("samples",),
        (file,),
        {"output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def science(
    dir: Word,
    action: Word,
    *words: Word,
    budget: Value | None = None,
    lab: Value | None = None,
    sealed: bool = False,
    claim: Value | None = None,
    by: Value | None = None,
    head: Value | None = None,
    bytes: Value | None = None,
    mind: Value | None = None,
    listener: Value | None = None,
    model: Value | None = None,
    key_from: Value | None = None,
    tokens: Value | None = None,
    seconds: Value | None = None,
    quiet: bool = False,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """From a question to a law that predicted its own evidence: `dunwu science DIR init`, then `dunwu science DIR
    run --budget 200000`

    Claims are sentences, runs are a laboratory's, judging is code: bits saved on outcomes that were foretold before they were seen, less the bits to state the claim. Everything is a line of DIR/ledger.jsonl, each with the hash of the one before it; seeds of runs follow from the hashes. Stop it whenever you like: the same command goes on. Exit code 3: the ledger is bent, or came out otherwise.

    dir: Folder of the campaign
    action: What to do
    words: The question, a claim, a file of claims, or what is said
    budget: Steps that runs may make together at most
    lab: Of init: engine, engine:samples, world:FILE.toml or program:COMMAND (default: engine)
    sealed: Of init: let seeds follow from a secret, too, which is kept in DIR/secret
    claim: Of attack, explain and examine: the claim
    by: Of propose and insight: who it is from (default: somebody)
    head: Of verify: the hash that the last line has to have, as somebody noted it
    bytes: Of explain: bytes that the text may have (default: 400)
    mind: Of propose: who is asked for a claim, the address of a server of chat completions or program:COMMAND
    listener: Of explain: who listens, rules, person, or as of --mind (default: rules)
    model: The model's name, as its server knows it (default: default)
    key_from: The environment variable that holds the server's key
    tokens: Tokens that asking may cost in all (default: 100000)
    seconds: Seconds that asking may take in all (default: 300)
    quiet: No progress on standard error
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("science",),
        (dir, action, *words,),
        {"budget": budget, "lab": lab, "sealed": sealed, "claim": claim, "by": by, "head": head, "bytes": bytes, "mind": mind, "listener": listener, "model": model, "key-from": key_from, "tokens": tokens, "seconds": seconds, "runs": runs},
        settings,
        quiet=quiet,
    )


def settings(
    *,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Every setting: key, default, what is allowed

    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("settings",),
        (),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def show(
    run: Word,
    *,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Show a run in the terminal

    run: Directory, name or first digits of the id
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("show",),
        (run,),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def site(
    output: Word,
    *chosen: Word,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """Write the page as files that need no server: the story of grokking, the sandbox, and runs of yours (`dunwu
    site DIR RUN…`)

    DIR/index.html opens from a disk or from any web server, with the runs inside. Beside it lies the engine, which the page loads when somebody trains a network in it.

    output: Folder to write to, made if it is missing
    chosen: Runs to put into it: directories, names or first digits of ids
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("site",),
        (output, *chosen,),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def stream(
    model: Word,
    *texts: Word,
    policy: Value | list[Value] | None = None,
    tokens: Value | None = None,
    segment: Value | None = None,
    chunk: Value | None = None,
    cache: Value | None = None,
    threads: Value | None = None,
    from_: Value | None = None,
    repeat: bool = False,
    restart: bool = False,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Read a long text with a language model in constant memory: `dunwu stream MODEL TEXT --policy sinks:4+1020
    --policy window:1024`

    Perplexity in all and by segment, memory and time a token, for several cache policies on the same tokens. Stop it whenever you like: the same command goes on, with the same bits, and with a larger --tokens reads further.

    model: A GGUF file, or a folder with safetensors
    texts: Text files, read one after the other; they may be longer than memory
    policy: Which keys the cache keeps; may be given several times, and all see the same tokens (default:
        sinks:4+1020)
    tokens: Tokens to read (default: all of the text)
    segment: Tokens of a segment, for which a perplexity of its own is given (default: 2048)
    chunk: Tokens that are read at once; changes how long it takes, and not a bit of what comes out (default: 64)
    cache: How cached keys and values are written: f32, f16 or int8 (default: f16)
    threads: Threads (default: as many as there are cores); changes not a bit of what comes out
    from_: Pass over the first tokens of the text (default: 0)
    repeat: Begin the text over at its end until --tokens are read
    restart: Forget what this stream has read before
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints: what a `kill -9` may cost; longer where saving takes long
        (default: 10)
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("stream",),
        (model, *texts,),
        {"policy": policy, "tokens": tokens, "segment": segment, "chunk": chunk, "cache": cache, "threads": threads, "from": from_, "repeat": repeat, "restart": restart, "checkpoint-every": checkpoint_every, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def sweep(
    *words: Word,
    on: Literal['slurm', 'ray'] | None = None,
    exclude: Value | list[Value] | None = None,
    keep: Value | None = None,
    judge: Value | None = None,
    budget: Value | None = None,
    table: Value | None = None,
    figures: Value | None = None,
    collect: bool = False,
    dry_run: bool = False,
    workers: Value | None = None,
    retry_failed: bool = False,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    lease: Value | None = None,
    runs: Value | None = None,
    minutes: Value | None = None,
    tasks: Value | None = None,
    cpus: Value | None = None,
    time_limit: Value | None = None,
    partition: Value | None = None,
    account: Value | None = None,
    qos: Value | None = None,
    sbatch: Value | list[Value] | None = None,
    address: Value | None = None,
    python: Value | None = None,
    submit: Value | list[Value] | None = None,
    **settings: Setting,
) -> Answer:
    """Make many runs and collect them in one table: `dunwu sweep small task.order=23,31
    data.multiple_of_mlogm=1.5..4.5/13 seed=0..9`

    The product of all lists, one run a core, the longest first. A run that is there already, from this sweep or another, is not made again; one that fails is a row that says why. Stop it whenever you like: the same command goes on. A file holds the same under [sweep], with [[sweep.zip]] for what goes together and `exclude` for what is left out. Unless snapshots are kept, runs are evaluated every ten steps and make none, whatever the preset says; `record.…` in a file or a word says otherwise.

    words: A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`,
        `1.5..4.5/13`, `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y`
        goes together; brackets or quotes around a value that holds commas,
        `'task=cyclic:7,[product:cyclic:2,cyclic:3]'`
    on: Where the runs are made, if not here: submitted as `launch_slurm` and `launch_ray` do, whose options may
        be given too
    exclude: Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several
        times
    keep: What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    judge: Park runs that look hopeless, at this risk: at most such a share of the runs that would generalize is
        lost. A random twentieth of them trains on, as an audit; rows are kept apart from those of unjudged sweeps
    budget: The steps that all runs may make together: those worth most are made first, and what is parked goes on
        where steps are left
    table: Where to write the table: .parquet or .csv (default: sweeps/NAME.parquet in the folder of runs)
    figures: Of a judged sweep: a folder for a drawing of what the judge saved, as SVG, made if it is missing
    collect: Only put the table together from what is there
    dry_run: Say what would be run, and about how long it would take
    workers: Runs at a time, each on one core (default: as many as there are cores)
    retry_failed: Try runs again that failed before
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints of a run: what a `kill -9` may cost (default: 10)
    lease: A worker of another machine is dead when it has shown no sign of life for so long, 15 seconds or more
        (default: 60)
    runs: Folder that holds the run directories (default: runs)
    minutes: With on=…: How long a task should last (default: 10)
    tasks: With on=…: No more tasks than this
    cpus: With on=…: Processors of a task, each of which trains one run at a time (default: 1)
    time_limit: With on=…: When a task is ended and requeued (default: twice its estimated time, and 3 minutes)
    partition: With on=…: Partition of both jobs
    account: With on=…: Account of both jobs
    qos: With on=…: Quality of service of both jobs
    sbatch: With on=…: An option of sbatch for both jobs, such as --sbatch --mem=4G; may be repeated
    address: With on=…: Where the cluster's dashboard is, such as `http://127.0.0.1:8265` (default: as `ray job
        submit` finds it, by `RAY_API_SERVER_ADDRESS`)
    python: With on=…: The Python on the cluster that has Ray (default: python3)
    submit: With on=…: An option of `ray job submit`, such as --submit --entrypoint-num-cpus=1; may be repeated
    """
    return ask_command(
        ("sweep",) if on is None else ("launch", on),
        (*words,),
        {"exclude": exclude, "keep": keep, "judge": judge, "budget": budget, "table": table, "figures": figures, "collect": collect, "dry-run": dry_run, "workers": workers, "retry-failed": retry_failed, "checkpoint-every": checkpoint_every, "lease": lease, "runs": runs, "minutes": minutes, "tasks": tasks, "cpus": cpus, "time-limit": time_limit, "partition": partition, "account": account, "qos": qos, "sbatch": sbatch, "address": address, "python": python, "submit": submit},
        settings,
        quiet=quiet,
    )


def tag(
    run: Word,
    *tags: Word,
    quiet: bool = False,
    remove: Value | list[Value] | None = None,
    runs: Value | None = None,
) -> Answer:
    """Tag a run, so that `dunwu ls tag=TAG` finds it; `--remove TAG` takes a tag away

    run: Directory, name or first digits of the id
    tags: Tags to add
    remove: A tag to take away
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("tag",),
        (run, *tags,),
        {"remove": remove, "runs": runs},
        {},
        quiet=quiet,
    )


def task(
    spec: Word | None = None,
    *,
    quiet: bool = False,
    runs: Value | None = None,
) -> Answer:
    """A problem: order, classes, irreps, characters, a corner of the table. Without SPEC, the families there are

    `table:FILE` reads a Cayley table. A row a line, cells between commas, semicolons, tabs, bars or blanks; lines that begin with # or
    % are comments. Or nested lists as JSON, YAML, Python, NumPy, PyTorch, R, GAP, MATLAB, Julia, Mathematica and C write them.
    Elements are numbers from 0, numbers from 1, or names; names may stand above the columns and in front of the rows, in any order.
    Without such a border, names count in the order of the first row, which has to be the first column too. Three columns are triples
    a, b, ab.

        0,1,2          *  e  r  s         [ [ 1, 2, 3 ],         {"index_base": 1,
        1,2,0          e  e  r  s           [ 2, 3, 1 ],          "table": [[1,2,3],
        2,0,1          r  r  s  e           [ 3, 1, 2 ] ]          [2,3,1],[3,1,2]]}
                       s  s  e  r

    `data.split=FILE` of a run names its training samples in the same forms: pairs `a,b`; or places a·p + b, one a line; or a mask of 0
    and 1 (or false and true) for every sample; or columns with names, of which `split` or `train` says which; or JSON, also under
    "train". Counted from 0, unless a line `# index_base = 1` stands above or "index_base": 1 in an object. Where inputs are no tokens
    (parity, digits), a sample is its number.

    spec: `cyclic:71`, `product:cyclic:2,cyclic:3`, `word:aba^-1:symmetric:5`, `expression:x/y:97`, `table:FILE`,
        …
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("task",),
        (spec,),
        {"runs": runs},
        {},
        quiet=quiet,
    )


def unit(
    run: Word,
    units: Word,
    *,
    quiet: bool = False,
    step: Value | None = None,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """Look at hidden units of a run one by one, and at the network without them: `dunwu unit RUN 17`, `dunwu unit
    RUN 3,40-47 --step 400`

    Says which peak each stands below, its label with every measure behind it, its weights for each token and label, and what the network answers with all of these units switched off: what they send on is set to zero, and losses and accuracies are computed anew.

    run: Directory, name or first digits of the id
    units: Numbers of units, from 0: 17, or 3,40-47
    step: A snapshot's step (default: the last one)
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("unit",),
        (run, units,),
        {"step": step, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def units(
    file: Word | None = None,
    *,
    flags: bool = False,
    bench: bool = False,
    parts: Value | list[Value] | None = None,
    seeds: Value | None = None,
    networks: Value | None = None,
    retrained_seeds: Value | None = None,
    rows: Value | None = None,
    quiet: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """What the units of a layer do, memorize or generalize, from arrays of anybody's network: `dunwu units
    arrays.safetensors`

    Training samples that only memory explains are found by a readout of held-out samples, or named by the user; what a unit does for them is held against what it does for samples like them that were not trained on. Every unit gets a label with its evidence, or `cannot tell`; first of all it is said which share of the layer's memory can be located in units at all.

    file: A safetensors file with the arrays below
    flags: Only say which training samples are flagged and which held-out samples stand for them, as JSON
    bench: Judge networks of which the truth is known, and say how often that is right; exit code 3 where a bar is
        missed
    parts: Of --bench: a, networks built by hand and banks trained side by side; d, scores of samples against
        retraining; e, shuffled labels; f, networks of the engine (default: a d e f)
    seeds: Of --bench: seeds of parts a and e; f makes five at most (default: 10)
    networks: Of --bench: networks that part d trains of either kind (default: 4000)
    retrained_seeds: Of --bench: seeds of part d (default: 1)
    rows: Of --bench: write one row a figure and seed as CSV
    quiet: No progress on standard error
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("units",),
        (file,),
        {"flags": flags, "bench": bench, "parts": parts, "seeds": seeds, "networks": networks, "retrained-seeds": retrained_seeds, "rows": rows, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def verdict(
    run: Word | None = None,
    *,
    quiet: bool = False,
    log: Value | None = None,
    steps: Value | None = None,
    loss: Value | None = None,
    by_samples: bool = False,
    at: Value | None = None,
    inputs: Literal['spec', 'training', 'held-out', 'inside', 'group'] | None = None,
    uncertified: bool = False,
    output: Value | None = None,
    figures: Value | None = None,
    runs: Value | None = None,
) -> Answer:
    """What a run will do, from its past: `dunwu verdict RUN --at 100`; of somebody else's run from its log: `dunwu
    verdict --log FILE`

    Looks about a dozen times in a run, also in a living one, and sees nothing of what came after the step. Says what parking the run would risk. Of a log it says whether its curve is smooth or one with a jump; where a smooth one ends at --steps; and what a curve with a jump shows of itself.

    run: Directory, name or first digits of the id
    log: A file or folder of series that another program recorded (CSV, Parquet, JSON lines, `TensorBoard`,
        Weights & Biases offline)
    steps: Of a log, and of a run that another program made: the steps that it aims at; without them nothing is
        said of its end
    loss: Likewise: the series that is the loss, where its name does not say so
    by_samples: Likewise: its steps are sizes of the training sample, and the curve a share of wrong answers or of
        right ones
    at: The step up to which the run is seen (default: its last evaluation)
    inputs: What is seen at most (default: all that there is)
    uncertified: Give the raw score too, of which nobody says how often it is wrong outside of what is known
    output: Where to write the page (default: named after the command and what it is about, such as
        race-cyclic-23.html)
    figures: Folder for the drawings as SVG, made if it is missing; none are written otherwise
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("verdict",),
        (run,),
        {"log": log, "steps": steps, "loss": loss, "by-samples": by_samples, "at": at, "inputs": inputs, "uncertified": uncertified, "output": output, "figures": figures, "runs": runs},
        {},
        quiet=quiet,
    )


def work(
    *words: Word,
    exclude: Value | list[Value] | None = None,
    keep: Value | None = None,
    judge: Value | None = None,
    budget: Value | None = None,
    shard: Value | None = None,
    workers: Value | None = None,
    retry_failed: bool = False,
    quiet: bool = False,
    checkpoint_every: Value | None = None,
    lease: Value | None = None,
    runs: Value | None = None,
    **settings: Setting,
) -> Answer:
    """One worker of many on a sweep, for clusters: any number may share a folder of runs, without a server

    Begins with its shard, then helps with the others; it ends when nothing is left to claim, and on SIGTERM with its checkpoints written and its claims given back. `dunwu sweep … --collect` then makes the table.

    words: A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`,
        `1.5..4.5/13`, `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y`
        goes together; brackets or quotes around a value that holds commas,
        `'task=cyclic:7,[product:cyclic:2,cyclic:3]'`
    exclude: Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several
        times
    keep: What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    judge: Park runs that look hopeless, at this risk: at most such a share of the runs that would generalize is
        lost. A random twentieth of them trains on, as an audit; rows are kept apart from those of unjudged sweeps
    budget: The steps that all runs may make together: those worth most are made first, and what is parked goes on
        where steps are left
    shard: Begin with part K of N, counted from 1 (default: 1/1)
    workers: Runs at a time, each on one core (default: as many as there are cores)
    retry_failed: Try runs again that failed before
    quiet: No progress on standard error
    checkpoint_every: Time between checkpoints of a run: what a `kill -9` may cost (default: 10)
    lease: A worker of another machine is dead when it has shown no sign of life for so long, 15 seconds or more
        (default: 60)
    runs: Folder that holds the run directories (default: runs)
    """
    return ask_command(
        ("work",),
        (*words,),
        {"exclude": exclude, "keep": keep, "judge": judge, "budget": budget, "shard": shard, "workers": workers, "retry-failed": retry_failed, "checkpoint-every": checkpoint_every, "lease": lease, "runs": runs},
        settings,
        quiet=quiet,
    )
