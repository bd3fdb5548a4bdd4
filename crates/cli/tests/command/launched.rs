//! `dunwu launch slurm` against programs that answer as Slurm does. What a real Slurm makes of it, `scripts/check-slurm` tests.

#![cfg(unix)]

use crate::{Desk, Said};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const LAUNCH: &str = "launch slurm small steps=30";

/// `sbatch` and `scontrol` in a folder of their own: `sbatch` notes down its arguments and numbers the jobs 71, 72, ….
fn with_slurm(config: &str) -> Desk {
    let desk = Desk::new();
    fs::create_dir(desk.path("bin")).unwrap();
    let sbatch = r#"[[ $1 == --version ]] && exit
printf '%s\n' "$*" >>"$HERE/said"
[[ -e $HERE/refuse ]] && { echo 'sbatch: error: invalid partition' >&2; exit 1; }
mapfile -t said <"$HERE/said"
echo "$((70 + ${#said[@]}));here""#;
    for (name, text) in [("sbatch", sbatch), ("scontrol", &format!("echo '{config}'"))] {
        let path = format!("bin/{name}");
        desk.write(&path, format!("#!/bin/bash\nHERE={}\n{text}\n", desk.folder.path().display()));
        fs::set_permissions(desk.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }
    desk
}

/// The command where only the programs in `bin` are found.
fn dunwu(desk: &Desk, words: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
    command.args(words.split(' ')).current_dir(&desk.folder).env("PATH", desk.path("bin"));
    let output = command.output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Said { code: output.status.code().unwrap(), stdout, stderr }
}

fn json(desk: &Desk, words: &str) -> Value {
    let said = dunwu(desk, &format!("{words} --json"));
    assert_eq!(said.code, 0, "{words}: {}", said.stderr);
    let object = serde_json::from_str(&said.stdout).unwrap();
    crate::assert_fits_its_schema(&object, words);
    object
}

fn refuses(desk: &Desk, words: &str, code: i32, wanted: &[&str]) {
    let said = dunwu(desk, words);
    assert_eq!((said.code, said.stdout.as_str()), (code, ""), "{words}: {}", said.stderr);
    for wanted in wanted {
        assert!(said.stderr.contains(wanted), "{words}: no {wanted:?} in: {}", said.stderr);
    }
}

const CONFIG: &str = "Configuration data as of now\nMaxArraySize            = 1001\nMaxDBDMsgs              = 20024";

#[test]
fn an_array_is_submitted_and_a_job_that_waits_for_it() {
    let desk = with_slurm(CONFIG);
    let launched = json(&desk, &format!("{LAUNCH} --partition short --sbatch --mem=4G --runs there"));
    assert_eq!((&launched["array_job"], &launched["collect_job"]), (&"71".into(), &"72".into()));
    assert_eq!((&launched["tasks"], &launched["runs"], &launched["remaining"]), (&1.into(), &1.into(), &1.into()));
    let [array, collect] = ["array", "collect"].map(|job| launched["scripts"][job]["path"].as_str().unwrap());
    let said = fs::read_to_string(desk.path("said")).unwrap();
    assert_eq!(said, format!("--parsable {array}\n--parsable --dependency=afterany:71 {collect}\n"));
    for job in ["array", "collect"] {
        let script = &launched["scripts"][job];
        let text = fs::read_to_string(script["path"].as_str().unwrap()).unwrap();
        assert_eq!(script["text"], text.as_str());
        assert!(text.contains("#SBATCH --partition=short\n#SBATCH --mem=4G\n"), "{text}");
    }
    assert!(desk.path("there/slurm").is_dir(), "a task without a place for its log is failed by Slurm");
}

#[test]
fn a_dry_run_needs_no_slurm_and_writes_nothing() {
    let desk = Desk::new();
    let said = dunwu(&desk, &format!("{LAUNCH} --dry-run"));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("1001 is assumed") && said.stderr.contains("nothing is submitted"), "{}", said.stderr);
    for wanted in ["#SBATCH --array=1-1\n", "--collect --json\n", "sbatch --parsable", "--dependency=afterany:"] {
        assert!(said.stdout.contains(wanted), "no {wanted:?} in: {}", said.stdout);
    }
    let launched = json(&desk, &format!("{LAUNCH} --dry-run"));
    assert_eq!((&launched["array_job"], &launched["collect_job"]), (&Value::Null, &Value::Null));
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 0);
}

#[test]
fn a_machine_without_slurm_is_told_what_else_there_is() {
    let desk = Desk::new();
    refuses(
        &desk,
        LAUNCH,
        1,
        &["there is no `sbatch`", "--dry-run", "dunwu work", "--shard K/N", "Kubernetes", "launch ray"],
    );
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 0);
}

#[test]
fn what_is_done_is_not_launched_again() {
    let desk = with_slurm(CONFIG);
    assert_eq!(dunwu(&desk, "sweep small steps=30 --quiet").code, 0);
    let launched = json(&desk, LAUNCH);
    assert_eq!(
        (&launched["remaining"], &launched["tasks"], &launched["array_job"]),
        (&0.into(), &0.into(), &Value::Null)
    );
    assert!(!desk.path("said").exists(), "something was submitted");
}

#[test]
fn what_slurm_says_is_passed_on() {
    let desk = with_slurm(CONFIG);
    desk.write("refuse", "");
    refuses(&desk, LAUNCH, 1, &["sbatch refused", "invalid partition"]);
    refuses(&with_slurm("MaxArraySize = 0"), LAUNCH, 1, &["takes no job arrays", "MaxArraySize is 0"]);
    let said = dunwu(&with_slurm(""), LAUNCH);
    assert!(said.code == 0 && said.stderr.contains("1001 is assumed"), "{}", said.stderr);
}

#[test]
fn nonsense_is_refused_by_name() {
    let desk = with_slurm(CONFIG);
    let check = |words: &str, wanted: &[&str]| refuses(&desk, &format!("{LAUNCH} {words}"), 2, wanted);
    check("--minutes 0", &["a number of minutes"]);
    check("--minutes inf", &["a number of minutes"]);
    check("--tasks 0", &["--tasks"]);
    check("--cpus 0", &["--cpus"]);
    check("--time-limit 2", &["--time-limit", "3"]);
    check("--sbatch mem=4G", &["begin with a dash", "\"mem=4G\""]);
    check("--sbatch --array=1-9", &["--tasks", "\"--array=1-9\""]);
    check(r"--runs a\b", &["backslash", "choose another folder"]);
    refuses(&desk, "launch slurm", 2, &["required"]);
    refuses(&desk, "launch", 2, &["slurm"]);
    assert!(!desk.path("said").exists() && !desk.path("runs").exists());
}

#[test]
fn a_dry_run_of_ray_needs_no_ray_and_writes_nothing() {
    let desk = Desk::new();
    let words = "launch ray small steps=30 --dry-run --cpus 2 --address http://there:8265";
    let said = dunwu(&desk, words);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("nothing is submitted"), "{}", said.stderr);
    for wanted in [
        "import ray\n",
        "WORDS = [\"small\", \"steps=30\"]\n",
        "CPUS = 2\n",
        "ray job submit --no-wait --address=http://there:8265 -- python3 ",
    ] {
        assert!(said.stdout.contains(wanted), "no {wanted:?} in: {}", said.stdout);
    }
    let launched = json(&desk, words);
    assert_eq!((&launched["job"], &launched["remaining"]), (&Value::Null, &1.into()));
    assert_eq!(fs::read_dir(&desk.folder).unwrap().count(), 0);
    refuses(&desk, "launch ray small steps=30", 1, &["there is no `ray`", "pip install", "--dry-run"]);
    refuses(&desk, &format!("{words} --submit --no-wait"), 2, &["--no-wait", "set by dunwu"]);
}
