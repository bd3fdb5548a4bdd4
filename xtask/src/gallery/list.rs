//! Every figure of the documents, with the command that made it.

/// What a recipe needs beside a build of `dunwu`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// What `scripts/fetch-model` brings.
    LanguageModel,
    /// node with the packages of `web/`, and chromium.
    Browser,
}

/// Commands that make one or more figures together.
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    /// Arguments of `dunwu`, one command after another. `{runs}` is a folder for runs, `{out}` one for pages and figures, and
    /// `{run}` the run that the command before it made, which then is asked for `--json`. One that begins with `node` is called itself, with
    /// `{program}` as the path of `dunwu`.
    pub(crate) commands: &'static [&'static str],
    /// How long they take: in all on two cores, or processor time, and which document says so.
    pub(crate) takes: &'static str,
    pub(crate) needs: Needs,
    pub(crate) figures: &'static [Figure],
}

/// One figure of the documents.
pub(crate) struct Figure {
    /// Where it stands in the checkout.
    pub(crate) image: &'static str,
    /// What the commands call it, in `{out}`.
    pub(crate) written_as: &'static str,
}

/// The phases of a sweep over the amount of data and one more setting.
macro_rules! phases {
    ($sweep:literal, $axes:literal, $takes:literal) => {
        Recipe {
            name: $sweep,
            commands: &[
                concat!("sweep sweeps/", $sweep, ".toml --quiet --runs {runs}"),
                concat!(
                    "phase {runs}/sweeps/",
                    $sweep,
                    ".parquet",
                    $axes,
                    " --output {out}/phase.html --figures {out}"
                ),
            ],
            takes: $takes,
            needs: Needs::Nothing,
            figures: &[Figure { image: concat!("docs/images/sweeps/", $sweep, ".svg"), written_as: "phases.svg" }],
        }
    };
}

/// Every figure, the quickest recipes first.
pub(crate) static RECIPES: &[Recipe] = &[
    Recipe {
        name: "reach",
        commands: &["reach llama-4-scout --output {out}/reach.html --figures {out}"],
        takes: "under a second",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/reach-llama-4.svg", written_as: "reach-map.svg" }],
    },
    Recipe {
        name: "coordinates",
        commands: &[
            "coordinates small loss=cross_entropy task=cyclic:7 data.fraction=0.9 optimizer.weight_decay=0 --widths 256,512,1024,2048 --quiet --output {out}/width.html --figures {out}",
        ],
        takes: "under a second",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/width-slopes.svg", written_as: "coordinates-slopes.svg" }],
    },
    Recipe {
        name: "judged",
        commands: &[
            "sweep small task=cyclic:23 data.fraction=0.2..0.8/7 optimizer.weight_decay=0.0001,0.0003 seed=0..2 steps=1000 events.stop_after=0 --judge 0.01 --quiet --runs {runs} --figures {out}",
        ],
        takes: "8 s",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/judged.svg", written_as: "judged.svg" }],
    },
    phases!("width", " x=data.multiple_of_mlogm y=model.width", "23 s (sweeps/README.md)"),
    phases!("boundary-products", "", "34 s (sweeps/README.md)"),
    Recipe {
        name: "muon",
        commands: &[
            "sweep sweeps/muon.toml --quiet --runs {runs}",
            "pair {runs}/sweeps/muon.parquet optimizer=adam,muon tuned=optimizer.learning_rate --output {out}/pair.html --figures {out}",
        ],
        takes: "34 s (sweeps/README.md)",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/sweeps/muon.svg", written_as: "pairs.svg" }],
    },
    phases!("boundary-cyclic", "", "49 s (sweeps/README.md)"),
    phases!("weight-decay", " x=optimizer.weight_decay y=optimizer.learning_rate", "57 s (sweeps/README.md)"),
    phases!("learning-rate", " x=data.multiple_of_mlogm y=optimizer.learning_rate", "64 s (sweeps/README.md)"),
    phases!("boundary-non-abelian", "", "3.1 min (sweeps/README.md)"),
    Recipe {
        name: "league",
        commands: &["league --pools 110 --quiet --output {out}/league.html --figures {out}"],
        takes: "10 min",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/league.svg", written_as: "league.svg" }],
    },
    Recipe {
        name: "default-run",
        commands: &["run --quiet --json --runs {runs}", "export {run} --output {out}"],
        takes: "56 s of CPU time on a busy machine",
        needs: Needs::Nothing,
        figures: &[
            Figure { image: "docs/images/curves.svg", written_as: "curves.svg" },
            Figure { image: "docs/images/energies.svg", written_as: "energies.svg" },
        ],
    },
    Recipe {
        name: "mountains",
        commands: &["race cyclic:23 energy=raw --quiet --output {out}/race.html --figures {out}"],
        takes: "15 s of CPU time",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/mountains.svg", written_as: "mountains-side-by-side.svg" }],
    },
    Recipe {
        name: "page",
        commands: &["node web/test/film.mjs {program} {out}"],
        takes: "a minute",
        needs: Needs::Browser,
        figures: &[
            Figure { image: "docs/images/page.gif", written_as: "page.gif" },
            Figure { image: "docs/images/page-unit.png", written_as: "page-unit.png" },
            Figure { image: "docs/images/page-what-if.png", written_as: "page-what-if.png" },
        ],
    },
    Recipe {
        name: "race",
        commands: &["race cyclic:23 --quiet --output {out}/race.html --figures {out}"],
        takes: "15 s of CPU time",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/race.svg", written_as: "race-whitened.svg" }],
    },
    Recipe {
        name: "attention",
        commands: &[
            "attend models/SmolLM2-135M-Instruct.Q4_1.gguf models/austen.txt --tokens 1500 --output {out}/attend.html --figures {out}",
        ],
        takes: "6 s of CPU time",
        needs: Needs::LanguageModel,
        figures: &[Figure { image: "docs/images/attention-onset.svg", written_as: "attention-onset.svg" }],
    },
    Recipe {
        name: "circuit",
        commands: &["run nanda-2023 --quiet --json --runs {runs}", "export {run} --output {out}"],
        takes: "5 min (docs/guide/runs.md)",
        needs: Needs::Nothing,
        figures: &[Figure { image: "docs/images/circuit.svg", written_as: "circuit.svg" }],
    },
    Recipe {
        name: "scaling-law",
        commands: &[
            "sweep sweeps/scaling-law.toml --quiet --runs {runs}",
            "law {runs}/sweeps/scaling-law.parquet --output {out}/law.html --figures {out}",
            "phase {runs}/sweeps/scaling-law.parquet x=data.multiple_of_mlogm y=task --output {out}/phase.html --figures {out}",
        ],
        takes: "14 min (sweeps/README.md)",
        needs: Needs::Nothing,
        figures: &[
            Figure { image: "docs/images/sweeps/scaling-law.svg", written_as: "law-ratio.svg" },
            Figure { image: "docs/images/phase.svg", written_as: "phases.svg" },
        ],
    },
    Recipe {
        name: "stream",
        commands: &[
            "stream models/SmolLM2-135M-Instruct.Q4_1.gguf models/austen.txt --policy sinks:4+1020 --policy window:1024 --policy \
             sinks-absolute:4+1020 --tokens 1000000 --repeat --chunk 128 --threads 1 --runs {runs} --output {out}/stream.html --figures {out}",
        ],
        takes: "55 min: 3 policies at 1.1 ms a token (docs/streaming.md)",
        needs: Needs::LanguageModel,
        figures: &[Figure { image: "docs/images/stream.svg", written_as: "stream.svg" }],
    },
];
