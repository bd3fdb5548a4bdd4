//! A look at a page: the desktop opens it in the program for its kind.

use crate::say::note;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// The desktop's command that opens a file in the program for its kind.
const OPENER: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else if cfg!(target_os = "windows") {
    &["cmd", "/C", "start", ""]
} else {
    &["xdg-open"]
};
/// An opener that fails says so within this time; one that still runs then has found its program.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens a page in the browser; where that fails a note says so, for the page is there all the same.
pub(crate) fn open_page(path: &Path) {
    open(path.as_os_str());
}

/// Opens an address in the browser; where that fails a note says so.
pub(crate) fn open_address(address: &str) {
    open(address.as_ref());
}

fn open(what: &OsStr) {
    let (program, arguments) = OPENER.split_first().expect("an opener has a name");
    let opener = Command::new(program)
        .args(arguments)
        .arg(what)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut opener = match opener {
        Ok(opener) => opener,
        Err(error) => return note!("note: the page cannot be opened, {program}: {error}"),
    };
    for _ in 0..20 {
        match opener.try_wait() {
            Ok(None) => sleep(PATIENCE / 20),
            Ok(Some(status)) if !status.success() => {
                return note!("note: the page cannot be opened, {program}: {status}");
            }
            Ok(Some(_)) => return,
            Err(error) => return note!("note: the page cannot be opened, {program}: {error}"),
        }
    }
}
