//! The scripts as a shell runs them: with a worker that notes down what it is told, and a Slurm that sends signals.

use super::*;

/// Nothing special in it.
fn request() -> SlurmRequest {
    SlurmRequest {
        binary: "/opt/dunwu/bin/dunwu".to_owned(),
        words: ["sweeps/phase.toml", "steps=500"].map(str::to_owned).to_vec(),
        frozen: vec![],
        runs: "/shared/runs".to_owned(),
        directory: "/home/me".to_owned(),
        tasks: 60,
        cpus: 1,
        time_limit_minutes: 23,
        options: ["--partition=short", "--mem=2G"].map(str::to_owned).to_vec(),
    }
}

#[test]
fn the_scripts_read_well() {
    let plan = SlurmPlan::new(&request()).unwrap();
    insta::assert_snapshot!("the_array", plan.array.text);
    insta::assert_snapshot!("the_job_after_it", plan.collect.text);
    assert_eq!(plan.array_command(), ["sbatch", "--parsable", "/shared/runs/slurm/dunwu-phase.array.sh"]);
    assert_eq!(
        plan.collect_command("77"),
        ["sbatch", "--parsable", "--dependency=afterany:77", "/shared/runs/slurm/dunwu-phase.collect.sh"]
    );
}

#[test]
fn what_slurm_cannot_read_is_refused() {
    let refused = |change: fn(&mut SlurmRequest)| {
        let mut request = request();
        change(&mut request);
        SlurmPlan::new(&request).unwrap_err()
    };
    let option = |text: &str| text.to_owned();
    assert_eq!(
        refused(|request| request.runs = "/a\nb".to_owned()),
        SlurmError::LineBreak { text: "/a\nb".to_owned() }
    );
    assert_eq!(
        refused(|request| request.runs = r"/a\b".to_owned()),
        SlurmError::Backslash { path: r"/a\b".to_owned() }
    );
    assert_eq!(
        refused(|request| request.options.push("mem=2G".to_owned())),
        SlurmError::NoOption { option: option("mem=2G") }
    );
    for array in ["--array=1-3", "-a1-3", "--arr 5"] {
        let mut request = request();
        request.options.push(array.to_owned());
        assert_eq!(SlurmPlan::new(&request).unwrap_err(), SlurmError::Array { option: option(array) });
    }
}

#[test]
fn jobs_are_called_after_what_they_make() {
    let check = |first: &str, wanted: &str| assert_eq!(sweep_name(&[first.to_owned()]), wanted);
    check("sweep.toml", "dunwu-sweep");
    check("../a b/größe 1.toml", "dunwu-größe-1");
    check("tian-2025", "dunwu-tian-2025");
    check("$(rm -rf ~)/`x`", "dunwu--x-");
}

#[cfg(target_os = "linux")]
mod in_a_shell {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};
    use tempfile::TempDir;

    /// All that a shell or Slurm could take for its own, in the name of a folder.
    const HOSTILE: &str = "a b'c\"d $HOME $(touch e) `touch f`;g *? größe 頓悟 %j #h &";

    /// A worker that tells what it was given; it works until it is told to stop, saves for a second, and loses what it was
    /// saving if it is told twice. Where there is a file `done`, nothing was left. `work` is what it does before.
    fn worker(work: &str) -> String {
        format!(
            r#"#!/bin/bash
here=$(dirname "$0")
is_told=false
told() {{ echo TERM >>"$here/signals"; [[ -e $here/done ]] && exit 0; $is_told && exit 9; is_told=true; }}
trap told TERM
printf '%s\n' "$@" >"$here/arguments.part"
mv "$here/arguments.part" "$here/arguments"
{work}
until $is_told; do sleep 0.05; done
for _ in {{1..20}}; do sleep 0.05; done
exit 143
"#
        )
    }

    struct Task {
        folder: TempDir,
        shell: Child,
    }

    impl Task {
        /// The array's script in a shell of its own process group, once its worker works.
        fn starts(work: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let here = folder.path().join(HOSTILE);
            fs::create_dir(&here).unwrap();
            executable(&here.join("dunwu"), &worker(work));
            executable(&here.join("scontrol"), "#!/bin/bash\necho \"$@\" >>\"$(dirname \"$0\")/scontrol.said\"\n");
            let plan = SlurmPlan::new(&hostile(&here)).unwrap();
            fs::write(here.join("array.sh"), plan.array.text).unwrap();
            let shell = Command::new("bash")
                .arg(here.join("array.sh"))
                .current_dir(&here)
                .env("PATH", format!("{}:{}", here.display(), std::env::var("PATH").unwrap()))
                .envs([("SLURM_ARRAY_JOB_ID", "77"), ("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_JOB_ID", "77")])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .unwrap();
            let mut task = Self { folder, shell };
            task.waits_for("arguments");
            task.waits_for_witness();
            task
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(HOSTILE).join(name)
        }

        fn waits_for(&self, name: &str) {
            let began = Instant::now();
            while !self.path(name).exists() {
                assert!(began.elapsed() < Duration::from_secs(20), "no {name}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }

        /// The witness is started last, when the traps stand. A task that has ended needs none.
        fn waits_for_witness(&mut self) {
            let began = Instant::now();
            let is_witness = |process: &String| process.contains("sleep infinity");
            while !self.processes().iter().any(is_witness) && self.shell.try_wait().unwrap().is_none() {
                assert!(began.elapsed() < Duration::from_secs(20), "no witness");
                std::thread::sleep(Duration::from_millis(10));
            }
        }

        /// Command lines of what runs in the task's process group.
        fn processes(&self) -> Vec<String> {
            let group = self.shell.id().to_string();
            let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
            let words = entries.filter_map(|process| {
                let stat = fs::read_to_string(process.join("stat")).ok()?; // none where it is no process, or has ended
                let mut fields = stat.rsplit(')').next()?.split_whitespace();
                let (state, process_group) = (fields.next()?, fields.nth(1)?);
                let is_ours = process_group == group && state != "Z";
                is_ours.then(|| fs::read_to_string(process.join("cmdline")).unwrap_or_default().replace('\0', " "))
            });
            words.collect()
        }

        /// To the shell alone, as a warning or `scancel --batch`.
        fn tell(&self, signal: &str) {
            kill(signal, &self.shell.id().to_string());
        }

        /// To all processes of the task, as Slurm does when it ends one.
        fn tell_all(&self, signal: &str) {
            kill(signal, &format!("-{}", self.shell.id()));
        }

        /// Exit code, how many signals the worker got, and what Slurm was asked to do.
        fn ends(mut self) -> (i32, usize, String) {
            let code = self.shell.wait().unwrap().code().unwrap();
            let began = Instant::now();
            while let [left, ..] = &self.processes()[..] {
                assert!(began.elapsed() < Duration::from_secs(5), "{left} outlives the task");
                std::thread::sleep(Duration::from_millis(10));
            }
            let read = |name| fs::read_to_string(self.path(name)).unwrap_or_default();
            (code, read("signals").lines().count(), read("scontrol.said").trim().to_owned())
        }
    }

    /// Whatever a test comes to, nothing outlives it.
    impl Drop for Task {
        fn drop(&mut self) {
            if self.shell.try_wait().unwrap().is_none() {
                self.tell_all("KILL");
                self.shell.wait().unwrap();
            }
        }
    }

    fn kill(signal: &str, whom: &str) {
        assert!(Command::new("kill").args(["-s", signal, "--", whom]).status().unwrap().success());
    }

    fn executable(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Everything in a folder with a hostile name.
    fn hostile(here: &Path) -> SlurmRequest {
        let path = |name: &str| here.join(name).display().to_string();
        SlurmRequest {
            binary: path("dunwu"),
            words: vec![path("sweep.toml"), "let.x='\\ \"\n$y".to_owned(), String::new()],
            runs: path("runs"),
            directory: here.display().to_string(),
            ..request()
        }
    }

    #[test]
    fn hostile_paths_come_through_whole_and_do_nothing() {
        let task = Task::starts("exit 0");
        let request = hostile(&task.folder.path().join(HOSTILE));
        let [file, quantity, empty] = &request.words[..] else { panic!("{request:?}") };
        let wanted = ["work", file, quantity, empty, "--runs", &request.runs, "--shard", "3/60", "--workers", "1"];
        assert_eq!(
            fs::read_to_string(task.path("arguments")).unwrap(),
            wanted.map(|word| format!("{word}\n")).concat()
        );
        assert!(!task.path("e").exists() && !task.path("f").exists(), "a command in a name was run");
    }

    #[test]
    fn every_script_is_one_for_a_shell() {
        let folder = tempfile::tempdir().unwrap();
        for request in [request(), hostile(&folder.path().join(HOSTILE))] {
            let plan = SlurmPlan::new(&request).unwrap();
            for text in [&plan.array.text, &plan.collect.text, &plan.by_hand()] {
                let path = folder.path().join("script");
                fs::write(&path, text).unwrap();
                let output = Command::new("bash").arg("-n").arg(&path).output().unwrap();
                assert!(output.status.success() && output.stderr.is_empty(), "{output:?}\n{text}");
            }
        }
    }

    #[test]
    fn by_hand_it_writes_and_submits_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join(HOSTILE);
        fs::create_dir(&here).unwrap();
        executable(
            &here.join("sbatch"),
            "#!/bin/bash\nprintf '%s\\n' \"$@\" >>\"$(dirname \"$0\")/said\"\necho '77;cluster'\n",
        );
        let plan = SlurmPlan::new(&hostile(&here)).unwrap();
        let path = format!("{}:{}", here.display(), std::env::var("PATH").unwrap());
        let status =
            Command::new("bash").args(["-c", &plan.by_hand()]).env("PATH", path).stdout(Stdio::null()).status();
        assert!(status.unwrap().success());
        for Script { path, text } in [&plan.array, &plan.collect] {
            assert_eq!(&fs::read_to_string(path).unwrap(), text);
        }
        let [array, collect] = [&plan.array.path, &plan.collect.path];
        let said = fs::read_to_string(here.join("said")).unwrap();
        assert_eq!(said, format!("--parsable\n{array}\n--dependency=afterany:77\n{collect}\n"));
    }

    #[test]
    fn a_task_ends_as_its_worker_ends() {
        assert_eq!(Task::starts("exit 0").ends(), (0, 0, String::new()));
        assert_eq!(Task::starts("sleep 0.5; exit 3").ends(), (3, 0, String::new()));
        assert_eq!(Task::starts("kill -9 $$").ends(), (137, 0, String::new()));
    }

    #[test]
    fn near_its_time_limit_a_task_saves_and_is_requeued() {
        let task = Task::starts("");
        task.tell("USR1");
        assert_eq!(task.ends(), (143, 1, "requeue 77_3".to_owned()));
    }

    #[test]
    fn a_task_that_is_done_when_its_time_is_up_is_not_requeued() {
        let task = Task::starts("");
        fs::write(task.path("done"), "").unwrap();
        task.tell("USR1");
        assert_eq!(task.ends(), (0, 1, String::new()));
    }

    #[test]
    fn a_task_that_is_stopped_saves_and_stays_stopped() {
        let task = Task::starts("");
        task.tell_all("TERM"); // preempted or cancelled
        assert_eq!(task.ends(), (143, 1, String::new()));
        let task = Task::starts("");
        task.tell("TERM"); // `scancel --batch --signal=TERM`
        assert_eq!(task.ends(), (143, 1, String::new()));
    }

    #[test]
    fn a_task_that_is_cancelled_while_it_saves_is_not_requeued() {
        let task = Task::starts("");
        task.tell("USR1");
        task.waits_for("signals");
        task.tell_all("TERM");
        assert!(matches!(task.ends(), (1.., 2, requeued) if requeued.is_empty()));
    }

    #[test]
    fn a_second_signal_is_passed_on() {
        let task = Task::starts("");
        task.tell_all("TERM");
        task.waits_for("signals");
        task.tell_all("TERM");
        assert!(matches!(task.ends(), (1.., 2, requeued) if requeued.is_empty()));
    }
}
