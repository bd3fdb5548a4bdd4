//! Folders and streams that take nothing: files in the way, read-only and full disks, readers that leave.

use crate::{Desk, computed};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const WORDS: &str = "run small steps=30 --quiet";

#[test]
fn a_place_for_runs_that_is_none_is_a_sentence() {
    let desk = Desk::new();
    desk.write("file", "");
    desk.refuses(&format!("{WORDS} --runs file"), 1, &["a file stands where a directory is needed", "\"file\""]);
    desk.refuses(&format!("{WORDS} --runs file/deeper"), 1, &["a file stands where a directory is needed"]);
    desk.refuses("show abc --runs file", 1, &["a file stands where a directory is needed"]);
    desk.refuses("show abc --runs nowhere", 1, &["no run is called \"abc\"", "\"nowhere\""]);
    assert!(!desk.path("nowhere").exists(), "looking makes nothing");
}

#[test]
fn an_error_quotes_its_cause_once() {
    let desk = Desk::new();
    desk.write("file", "");
    let said = desk.dunwu(&format!("{WORDS} --runs file")).stderr;
    assert_eq!(said.matches("\"file\"").count(), 1, "{said}");
}

/// A small file system of its own, unmounted in the end; `None` where this user may not mount.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mounted(path: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir(path).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], path);
        if !mounted {
            eprintln!("not tested: this user may not mount a file system");
        }
        mounted.then_some(Self(path))
    }

    fn remount(&self, option: &str) {
        assert!(mount(&["-o", &format!("remount,{option}")], self.0));
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

fn mount(arguments: &[&str], path: &Path) -> bool {
    let status = Command::new("mount").args(arguments).arg(path).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_is_said_and_the_run_goes_on_when_there_is_room() {
    let desk = Desk::new();
    let path = desk.path("small");
    let Some(disk) = Disk::mounted(&path, "400k") else { return };
    let words = format!("{WORDS} --runs small");
    desk.refuses(&words, 1, &["the disk is full", "free some space, then run or resume again"]);
    desk.refuses(&words, 1, &["the disk is full"]);
    disk.remount("size=64m");
    let result = desk.json(&words);
    assert_eq!(result["outcome"]["step"], 30);
    desk.json(WORDS);
    assert_eq!(computed(&desk.path(result["run"].as_str().unwrap())), computed(&desk.run()));
}

#[test]
fn a_full_disk_leaves_every_old_page_and_table_as_it_was() {
    let desk = Desk::new();
    let run = desk.json(WORDS)["run"].as_str().unwrap().to_owned();
    let path = desk.path("small");
    let Some(disk) = Disk::mounted(&path, "16m") else { return };
    let writing: [String; 5] = [
        format!("report {run} --output small/report.html"),
        format!("export {run} --output small --tables csv"),
        "peaks cyclic:7 restarts=20 --output small/peaks.html --figures small".to_owned(),
        format!("compare {run} {run} --output small/compare.html"),
        "sweep small steps=20 seed=0..3 --table small/table.csv --quiet".to_owned(),
    ];
    for words in &writing {
        let said = desk.dunwu(words);
        assert_eq!(said.code, 0, "{words}: {}", said.stderr);
    }
    let files = || {
        let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (fs::read(&path).unwrap(), path)).collect();
        files.retain(|(_, path)| !path.ends_with("ballast"));
        files.sort();
        files
    };
    let before = files();
    let _ = fs::write(path.join("ballast"), vec![1; 32 << 20]); // takes all that is left, then fails
    for words in &writing {
        desk.refuses(words, 1, &["the disk is full", "what was written before is whole", "small/"]);
        assert!(files() == before, "{words}");
    }
    fs::remove_file(path.join("ballast")).unwrap();
    for words in &writing {
        assert_eq!(desk.dunwu(words).code, 0, "{words}");
    }
    drop(disk);
}

#[test]
fn a_full_disk_ends_a_sweep_and_what_it_had_is_there_when_there_is_room() {
    let desk = Desk::new();
    let path = desk.path("small");
    let Some(disk) = Disk::mounted(&path, "200k") else { return };
    let words = "sweep small steps=2000 model.width=8 task.order=5 seed=0..39 --runs small --quiet";
    desk.refuses(words, 1, &["the disk is full", "what was written before is whole"]);
    disk.remount("size=64m");
    let made = desk.json(words);
    assert_eq!((made["done"].as_u64(), made["failed"].as_u64()), (Some(40), Some(0)));
    assert!(made["reused"].as_u64().unwrap() > 0, "{made}");
}

#[test]
fn a_read_only_disk_takes_no_run_but_shows_those_on_it() {
    let desk = Desk::new();
    let path = desk.path("disk");
    let Some(disk) = Disk::mounted(&path, "64m") else { return };
    let run = desk.json(&format!("{WORDS} --runs disk"))["run"].as_str().unwrap().to_owned();
    fs::remove_file(desk.path(&run).join("series.cache")).unwrap();
    disk.remount("ro");
    desk.refuses(&format!("{WORDS} --runs disk seed=1"), 1, &["read-only", "choose another directory"]);
    let shown = desk.dunwu(&format!("show {run}"));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    assert!(shown.stderr.contains("note: the file system is read-only"), "{}", shown.stderr);
    assert_eq!(desk.json(&format!("{WORDS} --runs disk"))["reused"], true);
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_a_sentence() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    fs::create_dir(desk.path("locked")).unwrap();
    fs::set_permissions(desk.path("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(desk.path("locked/probe"), "").is_ok() {
        return eprintln!("not tested: this user may write everywhere");
    }
    desk.refuses(&format!("{WORDS} --runs locked"), 1, &["no permission", "choose another directory"]);
}

/// What the command says on standard error, and whether it succeeded, when standard output goes to `stdout`.
fn with_stdout(desk: &Desk, words: &str, stdout: Stdio) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
    let output = command.args(words.split(' ')).current_dir(&desk.folder).stdout(stdout).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let desk = Desk::new();
    let run = desk.json(WORDS)["run"].as_str().unwrap().to_owned();
    for words in ["settings", "task", "task symmetric:4", "presets --json", WORDS, &format!("show {run}")] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(
            with_stdout(&desk, words, writer.into())
                .1
                .replace(&run, "")
                .replace("note: this run exists already: \n", ""),
            ""
        );
    }
}

/// The desktop's opener is whatever `xdg-open` is found first: here one that writes down what it was asked for.
#[cfg(target_os = "linux")]
#[test]
fn a_page_is_opened_by_the_desktop_and_an_opener_that_fails_is_a_note() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    fs::create_dir(desk.path("bin")).unwrap();
    let opener = |script: &str| {
        desk.write("bin/xdg-open", format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(desk.path("bin/xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    };
    let open = |words: &str, path: &std::ffi::OsStr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(words.split(' ')).current_dir(&desk.folder).env("PATH", path);
        command.stdout(Stdio::null()).output().unwrap()
    };
    let path = std::env::join_paths([desk.path("bin"), "/usr/bin".into(), "/bin".into()]).unwrap();
    opener("echo \"$1\" >> asked");
    let run = desk.json(WORDS)["run"].as_str().unwrap().to_owned();
    for words in [
        format!("{WORDS} --open"),
        format!("report {run} --open --output page.html"),
        format!("compare {run} {run} --open --output two.html"),
    ] {
        let output = open(&words, &path);
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let asked = fs::read_to_string(desk.path("asked")).unwrap();
    assert_eq!(asked, format!("{run}/report.html\npage.html\ntwo.html\n"));
    opener("exit 3");
    for path in [path.as_os_str(), std::ffi::OsStr::new("/nowhere")] {
        let output = open(&format!("report {run} --open"), path);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains("note: the page cannot be opened, xdg-open: "), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_an_error_and_the_run_is_kept() {
    let desk = Desk::new();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into();
    let (succeeded, said) = with_stdout(&desk, WORDS, full());
    assert!(!succeeded && said.contains("cannot write to standard output"), "{said}");
    assert_eq!(desk.json(WORDS)["reused"], true);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_outlives_those_who_listened_to_its_progress() {
    let desk = Desk::new();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
    let words = "run small steps=30 --json";
    let output = command.args(words.split(' ')).current_dir(&desk.folder).stderr(full).output().unwrap();
    assert!(output.status.success());
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok());
}
